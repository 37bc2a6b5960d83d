#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# compare.sh ERG: one sentence and one exit status for equal, different, not comparable.
erg=$(realpath "$1")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
record() { # NAME WATTS SECONDS
    "$erg" run --sensor "sim:plain,load=constant:$2" --quiet --output "$1.erg" -- sleep "$3"; }
finds() { # STATUS WORD A B
    "$erg" compare "$3" "$4" >log 2>&1
    got=$?
    cat log
    [ $got = "$1" ] && grep -q "^\* $2" log || { echo "status $got"; false; }
}
record a 200 1
record b 400 1
"$erg" run --sensor cpu_model --quiet --output c.erg -- sleep 0.6
check "a run is equal to itself" finds 0 "Equal: " a.erg a.erg
check "twice the power is different" finds 1 "Different: " a.erg b.erg
check "board and package are not comparable" finds 2 "Not comparable: " a.erg c.erg
echo "1..$number"
