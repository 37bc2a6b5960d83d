# SPDX-License-Identifier: Apache-2.0
"""Tiny random networks in numpy: the shape of the real work, nothing downloaded.

Weights come from a fixed start and are rounded to the precision that was asked for, so that
settings change answers as they do in earnest, and the same setting gives the same bytes.
"""
import math
import sys

try:
    import numpy as np
except ImportError:
    sys.exit("tiny: the Python module numpy is missing; without it only burn.py runs")


def rounded(weights, precision):
    """As numbers of that precision would be: fp16, bf16, or the steps of int8 and int4."""
    if precision == "fp16":
        return weights.astype(np.float16).astype(np.float32)
    if precision == "bf16":
        return (weights.view(np.uint32) & np.uint32(0xffff0000)).view(np.float32)
    if precision in ("int8", "int4"):
        step = np.abs(weights).max() / (127 if precision == "int8" else 7)
        return (np.round(weights / step) * step).astype(np.float32)
    return weights


class Weights:
    """Normal numbers from a fixed start, scaled to keep the size of what they multiply."""

    def __init__(self, start, precision):
        self.random, self.precision, self.count = np.random.default_rng(start), precision, 0

    def __call__(self, *shape):
        made = self.random.standard_normal(shape).astype(np.float32) / math.sqrt(shape[0])
        self.count += made.size
        return rounded(made, self.precision)


def softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def norm(x):
    return (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + 1e-5)


class Transformer:
    """Layers of attention and two products each; of a batch, (items, tokens, width)."""

    def __init__(self, weights, width=32, layers=2):
        self.layers = [(weights(width, 3 * width), weights(width, width),
                        weights(width, 4 * width), weights(4 * width, width))
                       for _ in range(layers)]

    def __call__(self, x, causal=False):
        mask = np.triu(np.full((x.shape[1],) * 2, -1e9, np.float32), 1) if causal else 0
        for qkv, out, up, down in self.layers:
            q, k, v = np.split(norm(x) @ qkv, 3, -1)
            x = x + softmax(q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1]) + mask) @ v @ out
            x = x + np.maximum(norm(x) @ up, 0) @ down
        return norm(x)


class Writer:
    """A causal network over bytes; greedy, each step the whole text again."""

    def __init__(self, precision, width=32):
        weights = Weights(1, precision)
        self.words, self.body = weights(256, width) * 16, Transformer(weights, width)

    def __call__(self, rows, new, memory=None, after=None):
        """The tokens made and ln p of each; after is called behind each."""
        rows, logs = np.asarray(rows), []
        for _ in range(new):
            x = self.words[rows]
            if memory is not None:
                x = np.concatenate([memory, x], 1)
            p = softmax(self.body(x, causal=True)[:, -1] @ self.words.T)
            best = p.argmax(-1)
            logs.append(np.log(p[np.arange(len(p)), best]))
            rows = np.concatenate([rows, best[:, None]], 1)
            if after:
                after()
        return rows[:, -new:], np.stack(logs, 1)


def batches(items, size):
    return [items[i:i + size] for i in range(0, len(items), size)]


def start(run, load, work):
    """load, one batch of warm-up, then all: what every runner does."""
    with run.region("load"):
        network, blocks = load()
    with run.region("warmup"):
        work(network, blocks[0])
    with run.region("work"):
        return [work(network, block) for block in blocks]


def text(run, prompts, new=8):
    cut = [list(p.encode()[:16].ljust(16)) for p in prompts]

    def write(network, block):
        with run.phases("prefill", "decode") as over:
            return network(block, new, after=over)
    done = start(run, lambda: (Writer(run.args.precision), batches(cut, run.args.batch)), write)
    rows = [(r, p) for rows, logs in done for r, p in zip(rows, logs)]
    run.finish(new * len(prompts), [
        {"prompt": prompts[i], "output": " ".join(map(str, r.tolist())), "tokenizer": "bytes",
         "model": "tiny", "logprobs": [round(float(v), 6) for v in p]}
        for i, (r, p) in enumerate(rows)], note="tiny random network")


def patches(images, size):
    n, side = len(images), images.shape[1] // size
    cut = images.reshape(n, side, size, side, size, -1).transpose(0, 1, 3, 2, 4, 5)
    return cut.reshape(n, side * side, -1)


class Eye:
    """A vision transformer: patches of 8, one vector an image or a place."""

    def __init__(self, precision, outputs, width=32):
        weights = Weights(2, precision)
        self.first, self.last = weights(8 * 8 * 3, width), weights(width, outputs)
        self.body = Transformer(weights, width)

    def __call__(self, images, places=False):
        x = self.body(patches(images, 8) @ self.first)
        return (x if places else x.mean(1)) @ self.last


def pictures(count, side):
    """Random images, decoded: 0..1, (count, side, side, 3)."""
    return np.random.default_rng(3).random((count, side, side, 3), np.float32)


class Picture:
    """8-bit RGB that can be saved as diffusers' images are, with Python's own zlib."""

    def __init__(self, pixels):
        self.pixels = (255 * np.clip(pixels, 0, 1)).round().astype(np.uint8)

    def save(self, path):
        import struct
        import zlib
        high, wide = self.pixels.shape[:2]
        rows = b"".join(b"\0" + row.tobytes() for row in self.pixels)
        with open(path, "wb") as out:
            out.write(b"\x89PNG\r\n\x1a\n")
            for kind, data in ((b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)),
                               (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
                out.write(struct.pack(">I", len(data)) + kind + data
                          + struct.pack(">I", zlib.crc32(kind + data)))


def paint(run, prompts, calls):
    """Noise of start i, made clearer by calls of a network over patches."""
    side = min(32, run.args.resolution // 16)

    def work(network, block):
        x = np.stack([np.random.default_rng(i).standard_normal((side, side, 3)) for i in block])
        x = x.astype(np.float32)
        for _ in range(calls):
            noise = network(x, places=True).reshape(len(x), side // 8, side // 8, 8, 8, 3)
            noise = noise.transpose(0, 1, 3, 2, 4, 5).reshape(x.shape)
            x = x - noise / calls
        return 0.5 + 0.25 * x

    made = start(run, lambda: (Eye(run.args.precision, 8 * 8 * 3),
                               batches(range(len(prompts)), run.args.batch)), work)
    return [Picture(one) for block in made for one in block]
