#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# compare.sh ERG: one sentence and one exit status for equal, different, not comparable.
set -u
erg=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
number=0
record() { # NAME WATTS SECONDS
    "$erg" run --sensor "sim:plain,load=constant:$2" --quiet --output "$1.erg" -- sleep "$3"; }
check() { # SENTENCE STATUS WORD A B
    number=$((number + 1))
    "$erg" compare "$4" "$5" >log 2>&1
    got=$?
    if [ $got = "$2" ] && grep -q "^\* $3" log; then echo "ok $number - $1"
    else echo "not ok $number - $1"; echo "status $got" >>log; sed 's/^/# /' log; fi
}
record a 200 1
record b 400 1
"$erg" run --sensor cpu_model --quiet --output c.erg -- sleep 0.6
check "a run is equal to itself" 0 "Equal: " a.erg a.erg
check "twice the power is different" 1 "Different: " a.erg b.erg
check "board and package are not comparable" 2 "Not comparable: " a.erg c.erg
echo "1..$number"
