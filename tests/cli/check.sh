#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# erg devices --check -- LOAD on the fake NVML: T_u 101 ms and w 25 ms are the truth.
# Polls that come too late, on a machine busy with other things, show no period, and the
# check says so: it is asked again, so often as a user would.
set -u
erg=$(realpath "$1") load=$(realpath "$2") fakes=$(realpath "$3")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export XDG_STATE_HOME="$work/state"
export FAKE_NVML='a100-sxm4-80gb,uuid=7,noise=0.5W,start=0s,load=square:60:260:0.537s'
echo 1..2
check() {
    "$erg" devices --check --sensor nvml --nvml "$fakes/libnvidia-ml.so.1" --format json \
        -- "$load" 0.537 14 >out 2>err
}
for _ in 1 2 3; do
    check
    status=$?
    grep -q 'follow no period' out || break
done
if [ "$status" = 0 ] && python3 - <<'P'
import json
rows = json.load(open("out"))["tables"]["check"]
power = next(row for row in rows if row["channel"] == "power")
assert abs(power["update_period_s"] - 0.101) < 0.0005, power
assert abs(power["window_s"] - 0.025) < 0.010 and power["against"] == "regions", power
assert abs(power["delay_s"]) < 0.015, power
P
then echo "ok 1 - a load that marks its regions shows the window"
else echo "not ok 1 - a load that marks its regions shows the window"; sed 's/^/# /' out err; fi
if "$erg" run --sensor nvml --nvml "$fakes/libnvidia-ml.so.1" --quiet --output a.erg -- true \
    && python3 - <<'P'
import sqlite3
[(window, used)] = sqlite3.connect("a.erg").execute(
    "SELECT window_ns, calibration FROM channel WHERE name = 'power'")
assert abs(window - 25e6) < 10e6 and used.startswith("GPU-7-0 nvml 20"), (window, used)
P
then echo "ok 2 - the next run uses what was found"
else echo "not ok 2 - the next run uses what was found"; fi
