#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# gpu_bench.sh ERG SCRIPT FAKES PRELOAD [whole]: bench/gpu without a GPU, and on fakes.
here=$(cd "$(dirname "$0")" && pwd)
erg=$(realpath "$1") script=$(realpath "$2") fakes=$(realpath "$3") preload=$4 whole=${5:-}
# shellcheck source=../steps.sh
. "$here/../steps.sh"
# Meson adds the folder of the fakes to the path of libraries.
nothing() {
    status_is 3 env -u LD_LIBRARY_PATH "$script" --erg "$erg" >out && [ "$(cat out)" = "no GPU" ]
}
# Whoever looks whether a machine has one may not have built erg there.
nothing_built() {
    status_is 3 env -u LD_LIBRARY_PATH "$script" --erg ./no-erg >out && [ "$(cat out)" = "no GPU" ]
}
on_fakes() {
    env LD_PRELOAD="$preload" ASAN_OPTIONS=detect_leaks=0 FAKE_CUDA=sleep=1 FAKE_NVML=plain \
        PYTHONPATH="$here/../../python" \
        LD_LIBRARY_PATH="$fakes:$(dirname "$(dirname "$erg")")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" \
        "$script" --erg "$erg" --quick --output found.json
}
right() {
    python3 - <<'PY'
import json
found = json.load(open("found.json"))
assert found["schema"] == "erg.bench.gpu.v1" and found["machine"]["gpu"]
assert found["burst"]["energy_j"] > 0
assert {row["channel"] for row in found["sensor"]} >= {"power", "energy"}
# The fake takes 2 us and 50 TFLOP/s, by its own clock.
for row in found["kernels"]:
    assert abs(row["time_s"] - (2e-6 + row["flop"] / 50e12)) <= 1e-3 * row["time_s"], row
    assert row["floor_us"] > 0 and row["n"] > 0
assert all(check["passed"] for check in found["checks"])
PY
}
if [ -z "$whole" ]; then
    if [ -e /dev/nvidiactl ]; then echo "1..0 # SKIP this machine has a GPU"; exit 0; fi
    check "without a GPU it says so, with status 3" nothing
    check "and without erg, too" nothing_built
else
    check "on fakes of the libraries all of it runs" on_fakes
    check "its results are those that the fakes have" right
fi
echo "1..$number"
