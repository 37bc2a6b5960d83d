# SPDX-License-Identifier: Apache-2.0
"""Classes of images by a vision transformer. Images are decoded before work."""
import os
import sys
from pathlib import Path

from common import Run, have, torch_device

run = Run("vit", "image", model="google/vit-base-patch16-224", precision="fp16", batch=4,
          images=1200)
args = run.args


def read_images():
    """(images, labels): of the folder ERG_IMAGES, CLASS/NAME or NAME; else random ones."""
    folder = os.environ.get("ERG_IMAGES")
    if not folder:
        import numpy
        random = numpy.random.default_rng(3)
        return [random.integers(0, 256, (224, 224, 3), "uint8") for _ in range(args.images)], None
    from PIL import Image
    files = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in (".png", ".jpg"))
    if not files:
        sys.exit(f"vit: {folder} holds no PNG and no JPEG file")
    files = (files * (args.images // len(files) + 1))[:args.images]
    return [Image.open(f).convert("RGB") for f in files], [f.parent.name for f in files]


def load():
    from transformers import AutoImageProcessor, ViTConfig, ViTForImageClassification
    torch, device, kind = torch_device(run, args.precision)
    if args.tiny:
        torch.manual_seed(1)
        model = ViTForImageClassification(ViTConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
            image_size=32, patch_size=8, num_labels=10)).to(device, kind).eval()
        return torch, model, torch.rand(8, 3, 32, 32).to(device, kind), None
    processor = AutoImageProcessor.from_pretrained(args.model)
    model = ViTForImageClassification.from_pretrained(args.model, torch_dtype=kind)
    images, labels = read_images()
    pixels = torch.cat([processor(i, return_tensors="pt")["pixel_values"] for i in images])
    return torch, model.to(device, kind).eval(), pixels.to(device, kind), labels


def best(torch, model, block):
    with torch.inference_mode():
        return model(block).logits.topk(5).indices.tolist()


if args.tiny and have("torch", "transformers"):
    import tiny
    blocks = tiny.batches(tiny.pictures(16, 32), args.batch)
    made = tiny.start(run, lambda: (tiny.Eye(args.precision, 10), blocks),
                      lambda network, block: network(block).argsort(-1)[:, :-6:-1].tolist())
    run.finish(16, [{"predicted": row} for block in made for row in block],
               note="tiny random network")
else:
    run.need("torch", "transformers", "PIL")
    with run.region("load"):
        torch, model, pixels, labels = load()
    with run.region("warmup"):
        best(torch, model, pixels[:args.batch])
    with run.region("work"):
        made = [row for i in range(0, len(pixels), args.batch)
                for row in best(torch, model, pixels[i:i + args.batch])]
    names = model.config.id2label
    run.finish(len(made), [{"predicted": [names[j] for j in row],
                            **({"label": labels[i]} if labels else {})}
                           for i, row in enumerate(made)])
