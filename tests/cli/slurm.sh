#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# slurm.sh ERG FAKES: erg sweep --slurm on a real Slurm of one node, started here for the test:
# its own munge key, ports, spool and configuration in a folder that goes away.
set -u
erg=$(realpath "$1") fakes=$(realpath "$2")
PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd sbatch srun squeue scancel; do
    if ! command -v "$program" >/dev/null; then
        echo "1..0 # SKIP there is no $program: tools/setup --all installs Slurm"
        exit 0
    fi
done
work=$(mktemp -d)
host=$(hostname -s)
port=$((20000 + $$ % 20000))
number=0

end() {
    for daemon in slurmd slurmctld munged; do
        [ -s "$work/$daemon.pid" ] && kill "$(cat "$work/$daemon.pid")" 2>/dev/null
    done
    sleep 0.5
    rm -rf "$work"
}
trap end EXIT
say() { # SENTENCE STATUS [LOG...]
    number=$((number + 1))
    if [ "$2" = 0 ]; then echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        shift 2
        for log in "${@:-log}"; do sed 's/^/# /' "$log" | tail -n 20; done
    fi
}
until_true() { # SECONDS COMMAND...
    tries=$(($1 * 10)); shift
    while [ $tries -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        tries=$((tries - 1)); sleep 0.1
    done
    return 1
}

mkdir "$work/spool" "$work/state" "$work/bin" "$work/home" && ln -s "$erg" "$work/bin/erg"
cd "$work" || exit 1
chmod 755 "$work"
head -c 1024 /dev/urandom >munge.key && chmod 400 munge.key
cat >slurm.conf <<CONF
ClusterName=erg
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 Gres=gpu:2 State=UNKNOWN
PartitionName=gpu Nodes=ALL Default=YES MaxTime=10:00 State=UP
CONF
# Slurm counts a GPU for each file that is there; these are no devices.
: >nvidia0; : >nvidia1
echo "NodeName=$host Name=gpu File=$work/nvidia[0-1]" >gres.conf
export SLURM_CONF="$work/slurm.conf" XDG_STATE_HOME="$work/home" PATH="$work/bin:$PATH"

munged --key-file="$work/munge.key" --socket="$work/munge.socket" --force \
    --pid-file="$work/munged.pid" --log-file="$work/munged.log" --seed-file="$work/seed" \
    >log 2>&1
slurmctld -c >>log 2>&1
slurmd >>log 2>&1
is_idle() { sinfo -h -o %T | grep -q idle; }
until_true 30 is_idle; say "a Slurm of one node starts" $? log slurmctld.log slurmd.log
is_idle || { echo "1..1"; exit 1; }
queue_is_empty() { [ -z "$(squeue -h)" ]; }

sim="--sensor=sim:a100-pcie-40gb --knob=sm_clock=510:1410:150 --work=noise=1%"
# shellcheck disable=SC2086
{
erg sweep $sim --repeat 4 --slurm --partition gpu --time 5 --cpus-per-task 1 --output blocks \
    >log 2>&1
say "the job array is handed over" $?
until_true 60 queue_is_empty; say "and ends" $? slurmctld.log slurmd.log
[ "$(find blocks -name 'block-[0-3].erg' | wc -l)" = 4 ]
say "each task leaves its block" $? blocks/block-*.log slurmd.log
[ "$(find blocks -name '*.part*' | wc -l)" = 0 ]; say "under its name only once it is whole" $?
erg sweep --gather blocks --output all.erg --format csv --table points >got 2>log
say "the blocks are gathered" $?
erg sweep $sim --repeat 4 --output one.erg --format csv --table points >want 2>log
cut -d, -f2-4 got >got.points; cut -d, -f2-4 want >want.points
[ -s got.points ] && cmp -s got.points want.points
say "to the points and repeats of the same sweep done here" $? got want
erg show all.erg >log 2>&1; say "one file that erg show reads" $?

# A GPU whose clock root alone may turn, in a job: each run is a step of its own, so that
# srun may ask for a clock. Nobody here can set it, which the step is told and goes on.
# shellcheck disable=SC2016
FAKE_NVML="a100-sxm4-80gb,load=constant:200;rights=0" erg sweep --sensor nvml \
    --nvml "$fakes/libnvidia-ml.so.1" --knob sm_clock=900,1200 --repeat 1 --settle 1ms \
    --no-warmup --slurm --output asked -- sh -c 'printenv SLURM_STEP_ID >>steps' >log 2>&1
until_true 60 queue_is_empty
[ "$(tr '\n' ' ' <steps)" = "0 1 2 3 " ] && grep -q BY_SRUN asked/block-0.log
say "a clock that root alone may turn is asked of srun, a step for each run" $? asked/block-0.log

# A task that is cancelled leaves no block; gather names it.
# shellcheck disable=SC2016
sed 's/^exec /sleep $((SLURM_ARRAY_TASK_ID == 2 ? 60 : 0)); exec /' blocks/sweep.sh |
    sed 's|blocks/|other/|g' >slow.sh
mkdir other
job=$(sbatch --parsable slow.sh 2>log); say "a second array" $?
others_done() { [ "$(find other -name 'block-[013].erg' | wc -l)" = 3 ]; }
until_true 60 others_done; scancel "${job}_2"
until_true 30 queue_is_empty
erg sweep --gather other --output rest.erg >log 2>&1
say "is gathered without the block that was cancelled" "$([ -e rest.erg ]; echo $?)"
grep -q "2" log; say "which is named" $?
}
echo "1..$number"
