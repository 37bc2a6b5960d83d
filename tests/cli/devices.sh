#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# devices.sh ERG: the list of devices that a person reads.
erg=$(realpath "$1")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
mkdir empty
export LC_ALL=C
"$erg" devices --root "$work/empty" >absent
"$erg" devices --sensor sim:a100-sxm4-80gb >present

fits() { cat absent present; awk 'length > 100 { bad = 1 } END { exit bad }' absent present; }
grouped() { cat absent; [ "$(grep -c '^Absent$' absent)" = 1 ] && grep -q '^  nvml  ' absent && ! grep -q n/a absent; }
cure_below() { cat absent; grep -A2 '^  nvml  ' absent | grep -q '^      no NVIDIA driver'; }
channels_told() { cat present; grep -q '^      energy .*simulated, board, new value every 100 ms' present; }
full_in_verbose() { "$erg" devices --verbose --sensor sim:a100-sxm4-80gb >out; cat out; grep -q update_period_s out; }
same_in_json() { "$erg" devices --format json --sensor sim:a100-sxm4-80gb >out; cat out; grep -q '"channels"' out; }

knobs_told() { cat present; grep -q '^      sm_clock .*can be turned, 210 to 1410 MHz, now 1410' present; }
knobs_listed() {
    "$erg" devices --sensor sim:a100-sxm4-80gb --table knobs --format csv >out; cat out
    grep -q '^sim:a100-sxm4-80gb,sm_clock,Hz,210000000,1410000000,1410000000,read and write,81,' out
}
nothing_left() {
    XDG_STATE_HOME="$work/none" "$erg" devices --restore --format csv >out; status=$?
    cat out; [ "$status" = 0 ] && [ "$(wc -l <out)" = 1 ]
}

check "no line is wider than 100 columns" fits
check "absent drivers stand together, without a wall of n/a" grouped
check "reason and cure are below their device" cure_below
check "a present device tells its channels" channels_told
check "--verbose prints the full tables" full_in_verbose
check "a present device tells its knobs" knobs_told
check "the table knobs lists them" knobs_listed
check "--restore has nothing to do where nothing was left" nothing_left
check "json keeps the full tables" same_in_json
echo "1..$number"
