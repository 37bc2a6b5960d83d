# SPDX-License-Identifier: Apache-2.0
"""Steps of a test as TAP: check() numbers and prints each, plan() ends them."""
import subprocess
import sys

number = 0


def need(program, what):
    """Ends a test as skipped where this build of the daemon leaves out what it is about."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    for line in told.splitlines():
        if line.startswith(what + ": not built"):
            print("1..0 # SKIP", line)
            sys.exit(0)


def check(what, good, why=""):
    global number
    number += 1
    print(("ok" if good else "not ok"), number, "-", what)
    if not good:
        print("#", str(why)[:2000].replace("\n", "\n# "))


def plan():
    print("1..%d" % number)
