# SPDX-License-Identifier: Apache-2.0
"""How many joules did each phase take? erg run -- python3 regions.py"""
import os
import sys

# An installed erg goes first; in a source tree it lies beside this folder.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
import erg  # noqa: E402


@erg.measured
def prefill(size):
    return sum(i * i for i in range(size))


total = prefill(2_000_000)
with erg.region("decode"):
    for step in range(10):
        total += sum(range(100_000))
        erg.mark("token", step)
print(total)
