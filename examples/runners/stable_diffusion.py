# SPDX-License-Identifier: Apache-2.0
"""Images from text: variants, schedulers and resolutions of Stable Diffusion."""
import sys
from pathlib import Path

from common import Run, torch_device

MODELS = {"sd-v1.4": "CompVis/stable-diffusion-v1-4", "sd-v1.5": "runwayml/stable-diffusion-v1-5",
          "sd-v2.0": "stabilityai/stable-diffusion-2",
          "sd-v2.1": "stabilityai/stable-diffusion-2-1", "sd-turbo": "stabilityai/sd-turbo",
          "sdxl": "stabilityai/stable-diffusion-xl-base-1.0",
          "sdxl-refiner": "stabilityai/stable-diffusion-xl-refiner-1.0",
          "sdxl-turbo": "stabilityai/sdxl-turbo", "sd-lightning": "ByteDance/SDXL-Lightning"}
# diffusers' class, what it is made with, calls of the network a step
SCHEDULERS = {"dpm++": ("DPMSolverMultistep", {"algorithm_type": "dpmsolver++"}, 1),
              "euler": ("EulerDiscrete", {}, 1), "ddim": ("DDIM", {}, 1), "ddpm": ("DDPM", {}, 1),
              "euler-ancestral": ("EulerAncestralDiscrete", {}, 1), "lms": ("LMSDiscrete", {}, 1),
              "heun": ("HeunDiscrete", {}, 2), "dpm-sde": ("DPMSolverSDE", {}, 2),
              "unipc": ("UniPCMultistep", {}, 1), "deis": ("DEISMultistep", {}, 1)}
PROMPTS = ["a red bicycle against a white wall", "a harbour at dawn, oil painting",
           "a bowl of lemons on a wooden table", "an owl in the snow"]

run = Run("stable_diffusion", "image", model="sd-v1.5", precision="fp16", scheduler="dpm++",
          resolution=512, steps=50, guidance=7.5, batch=1)
args, known = run.args, run.args.model in MODELS or "/" in run.args.model
if args.scheduler not in SCHEDULERS or args.resolution % 8 or not known:
    sys.exit("stable_diffusion: an unknown scheduler or model, or a size that is no multiple of 8")
if args.model == "sd-lightning" and args.steps not in (2, 4, 8):
    sys.exit("stable_diffusion: sd-lightning was distilled for 2, 4 or 8 steps")
kind_of, more, calls = SCHEDULERS[args.scheduler]
refines, folder = args.model == "sdxl-refiner", Path(run.outputs).with_suffix("")


def load():
    import diffusers
    torch, device, kind = torch_device(run, args.precision)
    name = "sdxl" if args.model == "sd-lightning" else args.model
    kin = "StableDiffusionXLImg2ImgPipeline" if refines else "AutoPipelineForText2Image"
    pipe = getattr(diffusers, kin).from_pretrained(MODELS.get(name, name), torch_dtype=kind)
    if args.model == "sd-lightning":    # a distilled network in place of the base's
        from huggingface_hub import hf_hub_download as fetch
        from safetensors.torch import load_file
        file = f"sdxl_lightning_{args.steps}step_unet.safetensors"
        pipe.unet.load_state_dict(load_file(fetch(MODELS[args.model], file)))
        more["timestep_spacing"] = "trailing"
    pipe.scheduler = getattr(diffusers, kind_of + "Scheduler").from_config(
        pipe.scheduler.config, **more)
    pipe.set_progress_bar_config(disable=True)
    return torch, pipe.to(device)


def paint(torch, pipe, texts, first):
    """Image i begins from start i, whatever the setting."""
    starts = [torch.Generator("cpu").manual_seed(first + i) for i in range(len(texts))]
    size = {"height": args.resolution, "width": args.resolution}
    if refines:     # with strength 1 all steps are made
        from PIL import Image
        size = {"strength": 1., "image": [Image.new("RGB", (args.resolution,) * 2)] * len(texts)}
    return pipe(texts, num_inference_steps=args.steps, guidance_scale=args.guidance,
                generator=starts, **size).images


if args.tiny:
    import tiny
    made = tiny.paint(run, PROMPTS, calls * args.steps)
else:
    run.need("torch", "diffusers", "transformers")
    with run.region("load"):
        torch, pipe = load()
    with run.region("warmup"):
        paint(torch, pipe, PROMPTS[:args.batch], 0)
    with run.region("work"):
        made = [image for i in range(0, len(PROMPTS), args.batch)
                for image in paint(torch, pipe, PROMPTS[i:i + args.batch], i)]
folder.mkdir(exist_ok=True)
for i, image in enumerate(made):
    image.save(folder / f"{i:04}.png")
run.finish(len(made), [{"prompt": p, "output": str(folder / f"{i:04}.png")}
                       for i, p in enumerate(PROMPTS)], calls=len(made) * calls * args.steps)
