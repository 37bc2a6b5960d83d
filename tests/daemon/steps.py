# SPDX-License-Identifier: Apache-2.0
"""Steps of a test as TAP: check() numbers and prints each, plan() ends them."""
number = 0


def check(what, good, why=""):
    global number
    number += 1
    print(("ok" if good else "not ok"), number, "-", what)
    if not good:
        print("#", str(why)[:2000].replace("\n", "\n# "))


def plan():
    print("1..%d" % number)
