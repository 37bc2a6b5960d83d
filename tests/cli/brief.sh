#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# brief.sh ERG: the one table that a person sees, measure.md 1.2.
erg=$(realpath "$1")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
unset ERG_RING NO_COLOR
LC_ALL=C.UTF-8 "$erg" run --sensor sim:a100-sxm4-80gb --repeat 2 --warmup 1 --idle 1s \
    --output idle.erg -- sleep 0.6 >/dev/null 2>table
"$erg" run --sensor sim:a100-sxm4-80gb --quiet --output plain.erg -- sleep 0.5

only_the_work() { cat table; grep -q '^  run ' table && ! grep -Eq '^  (idle_|warmup)' table; }
all_in_verbose() { "$erg" show idle.erg --verbose >out; grep -q '^  idle_before ' out && grep -q '^  warmup ' out; }
what_was_asked_for() { "$erg" show idle.erg --region warmup >out; cat out; grep -q '^  warmup ' out; }
sample_heads() { cat table; grep -Eq 'region +runs +time/run.* energy/run +net of context_idle +mean +peak +source +quality' table; }
nothing_na() { "$erg" show plain.erg >out; cat out; ! grep -Eq 'n/a|net|per unit' out && grep -q simulated out; }
units_named() { "$erg" show plain.erg --per tokens >out; cat out; ! grep -q 'per unit' out; }
sign_of_locale() { cat table; grep -q ' ± ' table || return 1
    LC_ALL=C "$erg" show plain.erg >out; cat out; grep -q ' J +- ' out && ! LC_ALL=C grep -q '[^ -~]' out; }
colour_only_when_asked() {
    esc=$(printf '\033')
    "$erg" show plain.erg >out; grep -q "$esc" out && return 1
    "$erg" show plain.erg --color always >out; grep -q "$esc" out || return 1
    command -v script >/dev/null || return 0
    script -qec "$erg show plain.erg" /dev/null >out </dev/null; grep -q "$esc" out || { cat out; return 1; }
    NO_COLOR=1 script -qec "$erg show plain.erg" /dev/null >out </dev/null; ! grep -q "$esc" out; }
# "990.0 J ± 9.5 J": as many decimals in the figure as in its interval.
digits_of_the_interval() { LC_ALL=C "$erg" show idle.erg >out; cat out
    awk '/^  run /{ for (i = 2; i < NF; i++) if ($i == "+-") {
        split($(i - 2), a, "."); split($(i + 1), b, "."); n++; if (length(a[2]) != length(b[2])) bad = 1 } }
        END { exit !(n >= 2 && !bad) }' out; }

# 0.4 J of a millisecond, known to 27 J, stood there as "0 J".
never_nothing() { "$erg" run --sensor sim:a100-sxm4-80gb --quiet --output brief.erg -- true
    LC_ALL=C "$erg" show brief.erg >out; cat out; grep '^  run ' out | grep -Eq ' \([0-9.]*[1-9][0-9.]* J \+- '; }

check "idle and warm-up are not lines of their own" only_the_work
check "energy that was not 0 J is not shown as 0 J" never_nothing
check "--verbose shows idle and warm-up" all_in_verbose
check "idle and warm-up are shown when asked for" what_was_asked_for
check "the heads are those of the specification, with the idle policy" sample_heads
check "columns that are n/a in every row are left out" nothing_na
check "units without a mark add no column" units_named
check "the interval's sign follows the locale" sign_of_locale
check "colour only on a terminal, and never with NO_COLOR" colour_only_when_asked
check "the interval decides the digits" digits_of_the_interval
echo "1..$number"
