#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# knobs.sh ERG FAKES: a sweep on the fake NVML, whose GPU refuses, throttles, is split or closed.
erg=$(realpath "$1") fakes=$(realpath "$2") dcgmi=$(realpath "$(dirname "$0")/../fixtures/dcgmi")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
export XDG_STATE_HOME="$work/home"
# SCRIPT OPTIONS... : the states and seen clocks of the visits, without doubles.
sweep() {
    script=$1; shift
    rm -f s.erg
    FAKE_NVML="a100-sxm4-80gb,load=constant:300$script" FAKE_NVML_STATE="$work/gpus" \
        "$erg" sweep --nvml "$fakes/libnvidia-ml.so.1" --sensor nvml --settle 1ms --repeat 1 \
        --no-warmup --output s.erg --format csv "$@" >out 2>log
    status=$?
    cat out >>log
    return $status
}
column() { cut -d, -f"$(head -1 out | tr , '\n' | grep -nx "$1" | cut -d: -f1)" out | tail -n +2 | sort -u; }
nothing_left() { [ -z "$(find home -name '*.json')" ]; }

sweep ",refuse=1230MHz" --knob sm_clock=1230 --table visits -- sleep 1.1
[ "$(column state) $(column sm_clock_seen_mhz)" = "clock_not_reached 1410" ]
say "a clock that is accepted and not taken is seen under load" $?
sweep ";throttle=4" --knob sm_clock=900 --table visits -- sleep 1.1
[ "$(column state) $(column sm_clock_seen_mhz)" = "throttled 900" ]
say "a GPU at its power cap is throttled" $?
sweep "" --knob sm_clock=907 --table visits -- sleep 1.1
[ "$(column state) $(column sm_clock_seen_mhz)" = "ok 900" ]
say "one that takes its clock is ok" $?
sweep "" --knob sm_clock=907 --knob power_limit=20 --table knobs -- true
[ "$(column requested | tr '\n' ' ')$(column clamped | tr '\n' ' ')$(column enforced | tr '\n' ' ')" \
    = "20 907000000 100 900000000  100 " ]
say "requested, clamped and enforced are three columns, and a lock does not say" $?
sweep "" --knob sm_clock=907 --format json -- true; grep -q CLOCK_NOT_SEEN log
say "a clock that nobody saw is noted" $?
sweep ";rights=0" --knob sm_clock=900 -- true
[ $? = 3 ] && grep -q "sudo nvidia-smi -i GPU-fake-0 -acp UNRESTRICTED" log
say "without rights it is not available, and the command that grants them is told" $?
sweep ";mig=1" --knob sm_clock=900 -- true
[ $? = 1 ] && grep -q -- "--shared" log; say "a split GPU is refused" $?
sweep ";mig=1" --knob sm_clock=900 --shared -- true; say "unless that is wanted" $?
sweep ";gpus=2" --knob sm_clock=900 -- true
[ $? = 2 ] && grep -q -- "--device all" log; say "of two GPUs one must be named" $?
sweep "" --mode baseline --table knobs -- true && [ "$(wc -l <out)" = 1 ]
say "a baseline turns nothing" $?
nothing_left; say "nothing is left turned" $?
PATH="$dcgmi:$PATH" sweep "" --knob sm_clock=900 --table visits -- sleep 1.1
[ "$(column fp_active) $(column dram_active) $(column definition)" = "0.375 0.4 half" ]
say "dcgmi tells of each visit what the units were at" $?

# In a job of Slurm: the fake srun runs the step, and says what it was asked for.
mkdir bin
cat >bin/srun <<'FAKE'
#!/bin/sh
echo "$*" >>"$SRUN_LOG"
while [ "${1#--}" != "$1" ]; do shift; done
exec "$@"
FAKE
chmod +x bin/srun
export SRUN_LOG="$work/srun.log" PATH="$work/bin:$PATH"
rm gpus     # which is another GPU after, as Slurm would have set it
sweep ",clock=900MHz;rights=0" --srun --knob sm_clock=900 --table visits -- sleep 1.1
[ "$(column state) $(column sm_clock_seen_mhz)" = "ok 900" ] \
    && [ "$(sort -u srun.log)" = "--ntasks=1 --gpu-freq=900 sleep 1.1" ]
say "a clock that this user may not turn is asked of Slurm" $?
rm gpus
sweep ";rights=0" --srun --knob sm_clock=900 --format json -- sleep 1.1
grep -q clock_not_reached log && grep -q BY_SRUN log
say "and that it was asked is no proof" $?
: >srun.log
sweep "" --srun --knob sm_clock=900 -- true && [ ! -s srun.log ]
say "who may turn it does without Slurm" $?
sweep ";rights=1" --srun --knob power_limit=200 -- true
[ $? = 3 ]; say "a power limit is nothing that srun sets" $?
nothing_left; say "what was refused is not left for the next start to put back" $?

# Another sweep holds the GPU: this one is refused, and what the other turned stays.
FAKE_NVML="a100-sxm4-80gb" FAKE_NVML_STATE="$work/gpus" "$erg" sweep \
    --nvml "$fakes/libnvidia-ml.so.1" --sensor nvml --knob sm_clock=600 --settle 1ms --repeat 1 \
    --no-warmup --output other.erg -- sleep 30 >/dev/null 2>&1 &
other=$!
tries=100
while nothing_left && [ $tries -gt 0 ]; do tries=$((tries - 1)); sleep 0.1; done
sweep "" --knob sm_clock=900 -- true
[ $? = 1 ] && grep -q "another process of erg turns" log; say "two sweeps of one GPU are refused" $?
kill -TERM $other; wait $other
nothing_left; say "and a sweep that is asked to end puts back" $?
echo "1..$number"
