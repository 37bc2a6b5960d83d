# SPDX-License-Identifier: Apache-2.0
"""How many joules did each phase take? erg run -- python3 regions.py"""
import erg


@erg.measured
def prefill(size):
    return sum(i * i for i in range(size))


total = prefill(2_000_000)
with erg.region("decode"):
    for step in range(10):
        total += sum(range(100_000))
        erg.mark("token", step)
print(total)
