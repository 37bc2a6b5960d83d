# SPDX-License-Identifier: Apache-2.0
"""Objects in images by YOLOv8. Images are decoded before work."""
import os
import sys
from pathlib import Path

from common import Run, have

run = Run("yolo", "image", model="yolov8n", size=640, confidence=0.25, precision="fp16", batch=1)
args = run.args


def read_images():
    """Images of the folder ERG_IMAGES as arrays, blue first as YOLO reads them; else random."""
    import numpy
    folder = os.environ.get("ERG_IMAGES")
    if not folder:
        random = numpy.random.default_rng(3)
        return [(f"random-{i}", random.integers(0, 256, (args.size, args.size, 3), "uint8"))
                for i in range(64)]
    from PIL import Image
    files = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in (".png", ".jpg"))
    if not files:
        sys.exit(f"yolo: {folder} holds no PNG and no JPEG file")
    return [(f.stem, numpy.array(Image.open(f).convert("RGB"))[..., ::-1].copy()) for f in files]


def load():
    import torch
    from ultralytics import YOLO
    if torch.cuda.is_available():
        run.sync = torch.cuda.synchronize
    elif args.precision == "fp16":
        sys.exit("yolo: fp16 needs a GPU here; use fp32")
    # A .yaml is the network alone, with random weights.
    return YOLO(args.model + (".yaml" if args.tiny else ".pt")), read_images()


def detect(model, block):
    """[x0, y0, x1, y1, score, class] of each image, at most 100."""
    found = model.predict([image for _, image in block], imgsz=args.size, conf=args.confidence,
                          half=args.precision == "fp16", max_det=100, verbose=False)
    return [[[*map(float, b.xyxy[0]), float(b.conf[0]), int(b.cls[0])] for b in one.boxes]
            for one in found]


def tiny_detect(network, block):
    """A box at each place of 8 x 8 whose best class is sure enough."""
    import tiny
    rows = network(block, places=True)
    score = 1 / (1 + tiny.np.exp(-rows[..., 4:].max(-1)))
    side, kinds = block.shape[1] // 8, rows[..., 4:].argmax(-1)
    return [[[8. * (p % side), 8. * (p // side), 8. * (p % side) + 8, 8. * (p // side) + 8,
              round(float(score[i, p]), 6), int(kinds[i, p])]
             for p in range(side * side) if score[i, p] >= args.confidence][:100]
            for i in range(len(block))]


if args.tiny and have("torch", "ultralytics"):
    import tiny
    blocks = tiny.batches(tiny.pictures(8, 32), args.batch)
    made = tiny.start(run, lambda: (tiny.Eye(args.precision, 4 + 3), blocks), tiny_detect)
    run.finish(8, [{"boxes": row} for block in made for row in block], note="tiny random network")
else:
    run.need("torch", "ultralytics")
    with run.region("load"):
        model, images = load()
    with run.region("warmup"):
        detect(model, images[:args.batch])
    with run.region("work"):
        made = [row for i in range(0, len(images), args.batch)
                for row in detect(model, images[i:i + args.batch])]
    run.finish(len(made), [{"id": name, "boxes": row} for (name, _), row in zip(images, made)])
