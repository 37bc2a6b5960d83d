# SPDX-License-Identifier: Apache-2.0
"""Text from speech: temperature 0, exactly 128 tokens a file, stored or synthetic audio."""
import os
import sys
import wave
from pathlib import Path

from common import Run, torch_device

RATE, TOKENS = 16000, 128
run = Run("whisper", "audio second", model="tiny", precision="fp16", batch=1, beam=1, audio=30)
args = run.args


def synthetic(start, seconds):
    """Five harmonics of 150 Hz, a tenth silent, noise, 300 to 3400 Hz: no words in it."""
    import numpy as np
    random, t = np.random.default_rng(start), np.arange(RATE * seconds) / RATE
    tone = sum(np.sin(2 * np.pi * 150 * k * t + random.random()) / k for k in range(1, 6))
    loud = np.repeat(random.random(10 * seconds) > 0.1, RATE // 10)
    spectrum = np.fft.rfft(0.2 * tone * loud + 0.05 * random.standard_normal(len(t)))
    hertz = np.fft.rfftfreq(len(t), 1 / RATE)
    return np.fft.irfft(spectrum * ((hertz >= 300) & (hertz <= 3400)), len(t)).astype("float32")


def read_audio(count=8):
    import numpy as np
    folder, sounds = os.environ.get("ERG_AUDIO"), []
    if not folder:
        return [(f"synthetic-{i}", synthetic(i, args.audio)) for i in range(count)]
    for path in sorted(Path(folder).glob("*.wav")):
        with wave.open(str(path)) as file:
            if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
                sys.exit(f"whisper: {path} is not 16 kHz, one channel, 16 bit")
            data = np.frombuffer(file.readframes(RATE * args.audio), "<i2")
        sounds.append((path.stem, (data / 32768).astype("float32")))
    return sounds or sys.exit(f"whisper: {folder} holds no .wav file")


def load():
    from transformers import WhisperForConditionalGeneration, WhisperProcessor
    torch, device, kind = torch_device(run, args.precision)
    name, sounds = "openai/whisper-" + args.model, read_audio()
    processor = WhisperProcessor.from_pretrained(name)
    model = WhisperForConditionalGeneration.from_pretrained(name, torch_dtype=kind)
    features = [processor(s, sampling_rate=RATE, return_tensors="pt").input_features
                for _, s in sounds]
    return processor, model.to(device, kind).eval(), torch.cat(features).to(device, kind), sounds


def transcribe(processor, model, block):
    made = model.generate(block, num_beams=args.beam, do_sample=False, min_new_tokens=TOKENS,
                          max_new_tokens=TOKENS)
    return processor.batch_decode(made, skip_special_tokens=True)


if args.tiny:       # its tokenizer is part of what is downloaded
    import tiny
    np, frames = tiny.np, [synthetic(i, 1).reshape(-1, 400)[:, :32] for i in range(4)]
    made = tiny.start(run, lambda: (tiny.Writer(args.precision), tiny.batches(frames, args.batch)),
                      lambda net, block: net([[0]] * len(block), 6, memory=np.stack(block))[0])
    run.finish(4, [{"output": " ".join(map(str, r.tolist()))} for block in made for r in block],
               note="tiny random network")
else:
    run.need("torch", "transformers")
    with run.region("load"):
        processor, model, features, sounds = load()
    with run.region("warmup"):
        transcribe(processor, model, features[:args.batch])
    with run.region("work"):
        made = [text for i in range(0, len(features), args.batch)
                for text in transcribe(processor, model, features[i:i + args.batch])]
    run.finish(sum(len(s) for _, s in sounds) / RATE,
               [{"id": name, "output": text} for (name, _), text in zip(sounds, made)])
