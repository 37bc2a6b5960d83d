#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# launch.sh ERG WORK LIBRARY CUDA CUDART ASAN NCCL_WORK NCCL METER: the launch gate on a CUDA,
# and offsets of collectives on an NCCL, that are stubs.
# shellcheck disable=SC2016  # awk's own $.
here=$(cd "$(dirname "$0")" && pwd)
erg=$(realpath "$1") program=$(realpath "$2") library=$(realpath "$3")
cuda=$(realpath "$4") cudart=$(realpath "$5") asan=$6
nccl_work=$(realpath "$7") nccl=$(realpath "$8") meter=$(realpath "$9")
# shellcheck source=../../steps.sh
. "$here/../../steps.sh"
LD_LIBRARY_PATH=$(dirname "$(dirname "$library")")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH ASAN_OPTIONS=detect_leaks=0
unset ERG_RING ERG_LAUNCH STUB

gated() { # CONFIG STUB ARGUMENT...
    config=$1 stub=$2
    shift 2
    env LD_PRELOAD="$asan $library" ERG_LAUNCH="$config" STUB="$stub" "$program" "$@" >out 2>err
}
out() { awk '{ if (!('"$1"')) { print; exit 1 } }' out; }

gated "" "" driver 100 "$cuda"
check "without a wish all launches pass at once" out '$1 > 20 && $2 == 0'
for how in driver ex; do
    gated in_flight=4 "" $how 100 "$cuda"
    check "$how: no more than four are under way" out '$1 <= 4 && $2 == 100 && $3 > 0.09'
done
gated in_flight=1 "" runtime 50 "$cudart"
check "runtime: one at a time" out '$1 == 1 && $2 == 50 && $3 > 0.045'
gated in_flight=2,most=5ms forever driver 12 "$cuda"
check "work that never ends delays a launch by most, and locks nothing" out '$1 == 12 && $3 > 0.045 && $3 < 5'
gated in_flight=2 capture driver 100 "$cuda"
check "a stream that is captured is left alone" out '$1 > 20 && $2 == 0'
gated in_flight=2 broken driver 100 "$cuda"
check "without events there is no gate" out '$1 > 20 && $2 == 0'
gated in_flihgt=2 "" driver 100 "$cuda"
check "a wrong key is said, and the gate stays off" out '$1 > 20 && $2 == 0'
check "in one sentence" test "$(grep -c 'unknown key in_flihgt' err)" = 1
"$erg" run --quiet --no-wait --sensor sim:plain --output run.erg -- \
    env LD_PRELOAD="$asan $library" ERG_LAUNCH=in_flight=2 "$program" driver 50 "$cuda" >log 2>&1
"$erg" show run.erg >shown 2>>log
check "a recording tells how long launches were held" grep -q 'launch gate' shown

# Launches of 1 ms, 1000 W while they run and 100 W else, under 500 W: a share of
# (500 - 100) / (1000 - 100) of the time is left to them, 2.25 s for each second of them.
gated power=500W,idle=100W,busy=1000W "" driver 600 "$cuda"
check "by estimates alone: the closed form of a budget" out '$2 == 1200 && $3 > 1.25 && $3 < 3'
gated power=500W,idle=100W,busy=1000W "" runtime 300 "$cudart"
check "runtime: likewise" out '$3 > 0.6 && $3 < 2'
gated power=2kW,busy=1000W "" driver 300 "$cuda"
check "a budget that is never reached delays nothing" out '$3 < 0.6'
STUB_METER=$PWD/busy
export STUB_METER
gated "power=500W,idle=100W,busy=300W,sensor=exec:$meter $PWD/busy 100 1000" "" driver 2000 "$cuda"
check "a counter corrects a table that says a third: 500 W in the mean" out '$3 > 4.0 && $3 < 9'
unset STUB_METER
gated slot=900W,busy=400W "" driver 100 "$cuda"
check "a slot holds two of 400 W at once, not three" out '$1 == 2 && $3 > 0.045'
gated slot=300W,busy=400W "" driver 50 "$cuda"
check "what is larger than the slot goes alone" out '$1 == 1'
gated power=500W,busy=1000W capture driver 100 "$cuda"
check "under a budget, too, a stream that is captured is left alone" out '$2 == 0 && $3 < 0.5'
gated power=500W,busy=1000W forever driver 80 "$cuda"
check "work that never ends locks nothing under a budget" out '$1 == 80 && $3 < 8'
gated power=500W "" driver 50 "$cuda"
check "a budget of unknown joules is refused" grep -q 'sensor=nvml, or busy=' err
gated power=500W,busy=1000W,sensor=nosuch "" driver 50 "$cuda"
check "a sensor that is none is said, and estimates go on" grep -q 'launches are not measured' err

# The same from the configuration of a daemon, which reads the counter for its jobs.
gated "ergd:$work/nowhere.sock" "" driver 50 "$cuda"
check "without the daemon it is said, and the gate stays off" grep -q 'the launch gate stays off' err
ergd=$(dirname "$(dirname "$erg")")/daemon/ergd
if [ -x "$ergd" ]; then
    STUB_METER=$PWD/fed
    export STUB_METER
    printf '%s\n' 'version: 1' "state: $work/state" "socket: {path: $work/ergd.sock}" \
        "node: {sensors: [\"exec:$meter $PWD/fed 100 1000\"]}" 'cap: {scope: gpu, limit: 500W,' \
        '  policy: token_bucket, window: 50ms, enforcement: [launch_gate]}' \
        'shaper: {nccl_ctas: 8}' >ergd.yaml
    serve ergd.yaml ergd.sock
    gated "ergd:$work/ergd.sock" "" driver 2000 "$cuda"
    check "ERG_LAUNCH=ergd keeps the cap of its configuration" out '$3 > 3.8 && $3 < 9'
    gated "" "" driver 500 "$cuda"
    check "which nobody keeps who does not ask" out '$3 < 0.5'
    env STUB_NCCL_TELLS=1 LD_PRELOAD="$asan $library" ERG_LAUNCH="ergd:$work/ergd.sock" \
        "$nccl_work" "$nccl" reduce 1 1 >out 2>err
    check "and blocks of NCCL's kernels are as it says" grep -q 'blocks 8 channels 8' err
    kill "$daemon" && wait "$daemon"
    # It follows what the daemon grants while it runs: of 1 ms at 1000 W, idling at 100 W,
    # (R - 100) / 0.9 launches a second.
    STUB_METER=$PWD/followed
    export STUB_METER
    printf '%s\n' 'version: 1' 'mode: enforce' "state: $work/state" \
        "socket: {path: $work/ergd.sock, set: {users: [$(id -u)]}}" \
        "node: {fallback: 200W, sensors: [\"exec:$meter $PWD/followed 100 1000\"]}" \
        'cap: {scope: gpu, limit: 600W,' \
        '  policy: token_bucket, window: 50ms, enforcement: [launch_gate]}' >follow.yaml
    done_s() { od -An -tf8 -N8 followed; }
    rate() { # launches a second, over two of them
        from=$(date +%s%N) was=$(done_s)
        sleep 2
        echo "$was $(done_s) $from $(date +%s%N)" |
            awk '{ printf "%.0f\n", 1e12 * ($2 - $1) / ($4 - $3) }'
    }
    until_rate() { # LOW HIGH: within half a minute
        for _ in $(seq 15); do
            now=$(rate)
            [ "$now" -ge "$1" ] && [ "$now" -le "$2" ] && return 0
        done
        echo "# $now launches a second, not $1 to $2"
        return 1
    }
    kept() { until_rate "$1" "$2" && sleep 4 && until_rate "$1" "$2"; }
    serve follow.yaml ergd.sock
    env LD_PRELOAD="$asan $library" ERG_LAUNCH="ergd:$work/ergd.sock" "$program" driver 1000000 \
        "$cuda" >out 2>err &
    launching=$!
    check "a budget that follows begins with the cap" until_rate 380 640
    "$erg" govern set --cap 280W --socket "$work/ergd.sock" >set.log 2>&1
    check "a lower grant reaches launches that go on" until_rate 140 260
    "$erg" govern set --cap 150W --socket "$work/ergd.sock" >>set.log 2>&1
    check "one near to what idling takes is kept as well" kept 30 90
    "$erg" govern release --socket "$work/ergd.sock" >>set.log 2>&1
    check "as does a higher one" until_rate 380 640
    kill -9 "$daemon"
    # 200 W less 100 of idling: the counter is gone with the daemon, what it saw is not.
    check "of a daemon that was killed the fallback is kept, idling included" until_rate 60 130
    wait "$daemon" 2>/dev/null
    rm -f ergd.sock
    serve follow.yaml ergd.sock
    check "and left when another grants again" until_rate 380 640
    kill -STOP "$daemon"
    check "as of one that hangs" until_rate 60 130
    kill -CONT "$daemon"
    check "until it goes on" until_rate 380 640
    kill "$launching" && wait "$launching"
    kill "$daemon" && wait "$daemon"
    unset STUB_METER
fi

offset() { # CONFIG ARGUMENT...: a line a communicator: what a call took of either rank
    config=$1
    shift
    env LD_PRELOAD="$asan $library" ERG_LAUNCH="$config" "$nccl_work" "$nccl" "$@" >out 2>err
}
# The least of eight calls: a busy machine only makes sleeps longer.
alike='{ d = $1 - $2; if (d < 0) d = -d; if (d > 0.004 || $1 > 0.044) bad = 1;
         if (NR == 1 || $1 < low) low = $1; if ($1 > high) high = $1 }
       END { exit !(NR == 8 && !bad && high - low > 0.015) }'
for how in reduce scatter gather split; do
    offset stagger=40ms $how 8 8
    check "$how: ranks of a communicator are delayed alike, communicators are not" awk "$alike" out
done
offset stagger=40ms,slack=2ms reduce 8 8
check "no delay is above the slack" awk '$1 > 0.004 { exit 1 }' out
offset stagger=40ms,timeout=100ms reduce 8 8
check "nor above a hundredth of the timeout" awk '$1 > 0.003 { exit 1 }' out
offset stagger=40ms,every=4 reduce 8 8
check "one of four is delayed" awk '$1 > 0.002 { exit 1 } { all += $3 } END { exit !(all > 0.05) }' out
offset jitter_from=20ms,jitter=40ms reduce 8 8
check "jitter delays ranks of a communicator alike, each call anew" \
    awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 0.004 || $1 < 0.0195 || $1 > 0.044) bad = 1 }
         END { exit !(NR == 8 && !bad) }' out
offset jitter_from=40ms,jitter=20ms reduce 8 8
check "and one that ends before it begins is refused" grep -q 'jitter_from=0.04s is above' err
offset "" reduce 8 8
check "without a wish none is" awk '$1 > 0.002 { exit 1 } { all += $3 } END { exit !(all < 0.5) }' out
export STUB_NCCL_TELLS=1
offset nccl_ctas=8 reduce 1 1
check "blocks of NCCL's kernels are bounded before it reads its limits" grep -q 'blocks 8 channels 8' err
NCCL_MAX_CTAS=16 offset nccl_ctas=8 reduce 1 1
check "but not where the program has said how many" grep -q 'blocks 16 channels 8' err
offset "" reduce 1 1
check "nor without a wish" grep -q 'blocks (null) channels (null)' err
offset nccl_ctas=65 reduce 1 1
check "more than NCCL has is refused" grep -q 'nccl_ctas' err
unset STUB_NCCL_TELLS
"$erg" run --quiet --no-wait --sensor sim:plain --output nccl.erg -- env \
    LD_PRELOAD="$asan $library" ERG_LAUNCH=stagger=10ms "$nccl_work" "$nccl" reduce 4 4 >log 2>&1
"$erg" show nccl.erg >shown 2>>log
check "a recording tells how long collectives were held" grep -q 'NCCL offset' shown
echo "1..$number"
