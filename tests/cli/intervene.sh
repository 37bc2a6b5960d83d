#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# intervene.sh ERG FAKES: a power limit that makes steps 3 % longer on the fake NVML, one that
# does not, and what is left turned when erg is stopped or killed.
erg=$(realpath "$1") fakes=$(realpath "$2")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
export XDG_STATE_HOME="$work/home" FAKE_NVML_STATE="$work/gpus"
export FAKE_NVML="a100-sxm4-80gb,load=constant:180"
# Trains nothing, but steps: longer by SLOWER where the limit of the fake GPU is below 180 W.
cat >steps.py <<'P'
import json, struct, sys, time
slower, log, step, seed = float(sys.argv[1]), open(sys.argv[2], "w"), 0, 1
gpus = open("gpus", "rb", buffering=0)
while True:
    gpus.seek(0)
    limit_mw = struct.unpack_from("6I", gpus.read(24))[4]
    seed = (1103515245 * seed + 12345) % 2**31
    step_s = 0.02 * (1 + slower * (limit_mw < 180000)) + 0.0002 * (seed / 2**31 - 0.5)
    time.sleep(step_s)
    step += 1
    row = {"step": step, "timestamp_shared": time.time(), "loss": 3 / step, "step_s": step_s}
    log.write(json.dumps(row) + "\n")
    log.flush()
P
intervene() { # SLOWER OPTIONS...
    slower=$1; shift
    rm -f i.erg
    "$erg" couple --nvml "$fakes/libnvidia-ml.so.1" --sensor nvml --intervene power_limit=150W:200W \
        --record i.erg --log t.jsonl --quiet "$@" -- python3 steps.py "$slower" t.jsonl
}
limit_w() { python3 -c 'import struct; print(struct.unpack_from("6I", open("gpus", "rb").read())[4] // 1000)'; }
nothing_left() { [ -z "$(find home -name '*.json')" ]; }
of_step() { # COLUMN: of the row step_s
    python3 -c 'import json, sys
rows = json.load(open("out"))["tables"]["verdict"]
print(*[row[sys.argv[1]] for row in rows if row["y"] == "step_s"])' "$1"; }

"$erg" devices --nvml "$fakes/libnvidia-ml.so.1" --sensor nvml --quiet >/dev/null 2>&1
before=$(limit_w)
intervene 0.03 --block 0.4s --blocks 20 --format json >out 2>log
[ "$(of_step verdict)" = "coupling shown: power_limit leads step_s" ] && [ "$(of_step evidence)" = caused ]
say "steps that a power limit makes 3 % longer are found, and caused" $?
python3 -c 'import sys; sys.exit(not abs(float(sys.argv[1]) + 0.03 / 1.03) < 0.004)' "$(of_step relative)" 2>>log
say "with their size" $?
[ "$(limit_w)" = "$before" ] && nothing_left; say "the limit is put back" $?
grep -q SHORT_BLOCK out; say "blocks too short for heat are noted" $?
intervene 0 --block 0.4s --blocks 20 --format json >out 2>log
python3 -c 'import sys; sys.exit(not abs(float(sys.argv[1])) < 0.002)' "$(of_step relative)" 2>>log
say "where steps do not depend on it they do not differ" $?

turned() { tries=100; until [ -n "$(find home -name '*.json')" ] || [ $tries = 0 ]; do tries=$((tries - 1)); sleep 0.05; done; sleep 0.3; }
intervene 0 --block 5s >out 2>log & pid=$!
turned; kill -TERM "$(pgrep -P $pid -x erg || echo $pid)"; wait $pid
[ "$(limit_w)" = "$before" ] && nothing_left; say "a signal puts the limit back" $?
intervene 0 --block 5s >out 2>log & pid=$!
turned; worker=$(pgrep -P $pid -x erg || echo $pid)
program=$(pgrep -P "$worker")
kill -KILL "$worker"; wait $pid 2>/dev/null; kill "$program"
[ "$(limit_w)" != "$before" ] && ! nothing_left &&
    "$erg" devices --nvml "$fakes/libnvidia-ml.so.1" --restore >>log 2>&1 &&
    [ "$(limit_w)" = "$before" ] && nothing_left
say "after kill -9 the next start can put it back" $?

# A fan that is held stays held, whatever the heat, until NVML gets its own policy back.
export FAKE_NVML="a100-pcie-40gb,load=constant:180;fan=40,fans=2" FAKE_NVML_STATE="$work/fans"
fans() { python3 -c 'import struct
held = struct.unpack_from("10I", open("fans", "rb").read())
print(*[pct if policy else "auto" for policy, pct in zip(held[6:8], held[8:10])])'; }
blow() {
    rm -f i.erg
    "$erg" couple --nvml "$fakes/libnvidia-ml.so.1" --sensor nvml --intervene fan=40%:90% \
        --record i.erg --quiet "$@" -- sleep 60
}
blow --block 0.2s --blocks 4 >out 2>log
[ "$(fans)" = "auto auto" ] && nothing_left; say "fans are given back to their policy" $?
blow --block 5s >out 2>log & pid=$!
turned; worker=$(pgrep -P $pid -x erg || echo $pid)
case $(fans) in "40 40" | "90 90") true ;; *) false ;; esac; say "fans are held in a block" $?
program=$(pgrep -P "$worker")
kill -KILL "$worker"; wait $pid 2>/dev/null; kill "$program"
[ "$(fans)" != "auto auto" ] &&
    "$erg" devices --nvml "$fakes/libnvidia-ml.so.1" --restore >>log 2>&1 &&
    [ "$(fans)" = "auto auto" ] && nothing_left
say "after kill -9 the next start gives them back" $?
# A calibration turns both: the limit moves the power, the fan is held.
held_limit_w() { python3 -c 'import struct; print(struct.unpack_from("6I", open("fans", "rb").read())[4] // 1000)'; }
before=$(held_limit_w)
calibrate() {
    rm -f c.erg
    "$erg" thermal fit --nvml "$fakes/libnvidia-ml.so.1" --sensor nvml --record c.erg --quiet \
        --by power_limit --fan 80% --plan "$1" -- sleep 60
}
calibrate hold=200W:1s >out 2>log
[ "$(fans)" = "auto auto" ] && [ "$(held_limit_w)" = "$before" ] && nothing_left
say "a calibration puts limit and fans back" $?
calibrate hold=200W:50s >out 2>log & pid=$!
turned; sleep 0.5; worker=$(pgrep -P $pid -x erg || echo $pid)
[ "$(fans)" = "80 80" ] && [ "$(held_limit_w)" = 200 ]; say "which it has turned" $?
program=$(pgrep -P "$worker")
kill -KILL "$worker"; wait $pid 2>/dev/null; kill -KILL "$program"
[ "$(fans)" = "80 80" ] && "$erg" devices --nvml "$fakes/libnvidia-ml.so.1" --restore >>log 2>&1 &&
    [ "$(fans)" = "auto auto" ] && [ "$(held_limit_w)" = "$before" ] && nothing_left
say "after kill -9 the next start does" $?
"$erg" sweep --nvml "$fakes/libnvidia-ml.so.1" --sensor nvml --knob fan=40,90 -- true >out 2>log
[ $? = 2 ] && grep -q "moves heat and no work" log; say "a sweep turns no fan" $?
echo "1..$number"
