# SPDX-License-Identifier: Apache-2.0
"""Burns a given time and writes answers; no dependency. --fail and --silent are for tests.

Takes any --setting value, so that it can stand in for every other runner.
"""
import sys
import time

from common import Run


def burn(seconds):
    end = time.perf_counter() + seconds
    total = 0
    while time.perf_counter() < end:
        total += sum(range(100))
    return total


def answer(i, precision):
    """Each eleventh answer of int8 differs in one word: never with a clock."""
    words = [f"word{(7 * i + j) % 13}" for j in range(8)]
    if precision == "int8" and i % 11 == 0:
        words[3] = "other"
    return " ".join(words)


# What is not ours, as other runners' settings, is taken and left alone.
known = ("--precision", "--seconds", "--units", "--outputs", "--tiny")
argv, flags = sys.argv[1:], {"--fail", "--silent"} & set(sys.argv)
kept = [w for i, w in enumerate(argv) if w in known or (i and argv[i - 1] in known)]
sys.argv[1:] = [w for w in kept if w != "--tiny"]
run = Run("burn", "token", precision="fp16", seconds=0.0, units=24)
with run.region("load"):
    burn(run.args.seconds / 4)
with run.region("warmup"):
    burn(run.args.seconds / 4)
if "--fail" in flags:
    sys.exit("burn: out of memory, as asked for")
with run.region("work"):
    for step in range(run.args.units):
        burn(run.args.seconds / run.args.units)
        run.mark("token", step)
if "--silent" not in flags:
    run.finish(run.args.units, [{"output": answer(i, run.args.precision)} for i in range(24)])
