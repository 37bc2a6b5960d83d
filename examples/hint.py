# SPDX-License-Identifier: Apache-2.0
"""May this loop run at 275 W? erg run -- python3 hint.py

ergd holds the cap where it governs, until the region ends; else the reason is told and the
loop runs as ever.
"""
import os
import sys

# An installed erg goes first; in a source tree it lies beside this folder.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
import erg  # noqa: E402

with erg.region("work") as work:
    why_not = work.hint(power_cap_w=275)
    total = sum(i * i for i in range(2_000_000))
print("not held to 275 W: " + why_not if why_not else "held to 275 W")
print(total)
