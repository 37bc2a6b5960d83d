#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mpi.sh ERG WORK LIBRARY ASAN FORTRAN LAUNCHER...: a program with and without the MPI library.
# shellcheck disable=SC2016,SC2086  # awk's own $; options are words.
here=$(cd "$(dirname "$0")" && pwd)
erg=$(realpath "$1") program=$(realpath "$2") library=$(realpath "$3")
asan=$4 fortran=$5 launcher=$6
shift 6
command -v "$launcher" >/dev/null || { echo "1..0 # SKIP $launcher is not installed"; exit 0; }
# shellcheck source=../../steps.sh
. "$here/../../steps.sh"
# The sanitizer's dlopen does not see the search path of the library that calls it.
LD_LIBRARY_PATH=$(dirname "$(dirname "$library")")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1
unset ERG_RING ERG_MPI ERG_MPI_OUTPUT

# RANKS CONFIG ARGUMENT...: shaped, the table left in table.csv.
shaped() {
    ranks=$1 config=$2
    shift 2
    rm -f table.csv
    timeout 240 "$launcher" $options -n "$ranks" env LD_PRELOAD="$asan $library" \
        ERG_MPI="$config" ERG_MPI_OUTPUT=table.csv "$program" "$@"
}
plain() {
    ranks=$1
    shift
    timeout 240 "$launcher" $options -n "$ranks" "$program" "$@"
}
options=$*
same() { cmp "$1" "$2" && [ -s "$1" ]; }
# Rounding may differ: the digests do, the means agree.
near() {
    paste -d' ' "$1" "$2" | awk '{ d = $3 - $6; if (d < 0) d = -d; if (d > 1e-9 * (1 + ($3 < 0 ? -$3 : $3))) bad = 1 }
                                 END { exit bad || NR != 4 }'
}
"$launcher" $options -n 4 true >/dev/null 2>log \
    || { echo "1..0 # SKIP $launcher starts no four ranks here: $(head -n 1 log)"; exit 0; }
calls=${CALLS:-1000}
plain 4 random 1 "$calls" >random.plain 2>log
say "a program runs without the library" $?

shaped 4 "" random 1 "$calls" >random.out 2>random.err
check "counting changes no result" same random.plain random.out
check "counting is silent" test ! -s random.err
check "the table has each call of each rank" awk -F, 'NR > 1 { n[$1]++; calls[$1] += $3 }
    END { for (r = 0; r < 4; r++) if (n[r] < 13 || calls[r] < '"$calls"') exit 1 }' table.csv

for config in wait=sleep wait=slack wait=sleep,wait_after=0s,stagger=50us \
              stagger=50us,pace=1MB/s,hierarchical=on,node_ranks=2; do
    shaped 4 $config random 1 "$calls" >random.out 2>log
    check "$config: $calls random collectives, bit for bit as without" same random.plain random.out
done
if [ "${MANY:-0}" -gt 0 ]; then
    plain 4 random 2 "$MANY" >many.plain 2>log
    shaped 4 wait=sleep,wait_after=0s,stagger=50us random 2 "$MANY" >many.out 2>log
    check "$MANY calls end, with the same bits" same many.plain many.out
fi
for config in wait=sleep,pace=2GB/s,deterministic=off \
              hierarchical=on,node_ranks=2,deterministic=off \
              hierarchical=on,node_ranks=3,wait=slack,pace=2GB/s,chunk=64KiB,deterministic=off; do
    shaped 4 $config random 1 "$calls" >random.out 2>log
    check "$config: the same but for rounding" near random.plain random.out
done

plain 4 messages 300 >messages.plain 2>log
for config in wait=busy wait=sleep,wait_after=0s wait=slack wait=freq,wait_after=0s; do
    shaped 4 $config messages 300 >messages.out 2>log
    check "$config: messages and every kind of wait" same messages.plain messages.out
done

plain 4 corners >corners.plain 2>log
for config in "" wait=sleep,wait_after=0s wait=slack,stagger=1ms \
              hierarchical=on,node_ranks=2,pace=2GB/s,deterministic=off,wait=sleep; do
    shaped 4 "$config" corners >corners.out 2>log
    check "${config:-counting}: mistakes, threads, odd types and requests" same corners.plain corners.out
done

plain 4 exchange 20 >exchange.plain 2>log
for config in wait=busy wait=sleep,wait_after=0s wait=slack,stagger=50us wait=freq,wait_after=0s; do
    shaped 4 $config exchange 20 >exchange.out 2>log
    check "$config: messages both ways, persistent requests, large counts" \
        same exchange.plain exchange.out
done
check "and each is counted" awk -F, '$1 == 0 && $2 == "MPI_Sendrecv" && $3 >= 40 { n++ }
    $1 == 0 && $2 == "MPI_Sendrecv_replace" && $3 >= 60 { n++ }
    $1 == 0 && $2 == "MPI_Start" && $3 == 20 { n++ }
    $1 == 0 && $2 == "MPI_Startall" && $3 == 10 { n++ } END { exit n != 4 }' table.csv

plain 4 sparse 120 >sparse.plain 2>log
for config in "" wait=sleep,wait_after=0s; do
    shaped 4 "$config" sparse 120 >sparse.out 2>log
    check "${config:-counting}: a look into sums changes none" same sparse.plain sparse.out
    check "and finds an eighth of them" awk -F, '
        $2 ~ /^MPI_I?[aA]llreduce$/ { n++; if ($9 != 0.125) bad = 1 }
        NR > 1 && $2 !~ /llreduce$/ && $9 != "n/a" { bad = 1 } END { exit bad || n != 8 }' table.csv
done

# Half of 4 ms before each of 15 calls of the second half of the world, none before the first.
# What a busy machine oversleeps is on top: one of three tries has little of it.
alike() {
    for _ in 1 2 3; do
        shaped 4 "$1" groups 15 >log 2>&1
        awk -F, '$2 == "MPI_Allreduce" { held[$1] = $7 }
            END { exit !(held[0] == 0 && held[1] == 0 && held[2] >= 0.030 && held[3] >= 0.030 &&
                         held[2] < 0.3 && held[3] < 0.3) }' table.csv && return 0
    done
    return 1
}
check "ranks of a group are delayed alike" alike stagger=4ms

# 2 ms before each of 15 calls of either group, whatever the group.
jittered() {
    for _ in 1 2 3; do
        shaped 4 "$1" groups 15 >log 2>&1
        awk -F, '$2 == "MPI_Allreduce" { n++; if (!($7 >= 0.030 && $7 < 0.3)) bad = 1 }
            END { exit !(n == 4 && !bad) }' table.csv && return 0
    done
    return 1
}
check "jitter delays every group" jittered jitter_from=2ms,jitter=2ms

# The same from the configuration of a daemon.
ergd=$(dirname "$(dirname "$erg")")/daemon/ergd
if [ -x "$ergd" ]; then
    printf '%s\n' 'version: 1' "state: $work/state" "socket: {path: $work/ergd.sock}" \
        'node: {sensors: ["sim:plain"]}' 'shaper: {phase: {max_delay: 4ms}}' \
        'mpi: {stagger: true}' >ergd.yaml
    serve ergd.yaml ergd.sock
    check "ERG_MPI=ergd delays them as the daemon's configuration says" \
        alike "ergd:$work/ergd.sock"
    kill "$daemon" && wait "$daemon"
    shaped 2 "ergd:$work/ergd.sock" groups 5 >log 2>gone.err
    check "without the daemon the library says so and stays off" test ! -e table.csv -a -s gone.err
fi

# The figures are told. Somebody else's burst may fall into one of the two: thrice is enough.
spares() {
    for _ in 1 2 3; do
        plain 2 wait 30 100 >wait.plain 2>log
        shaped 2 wait=sleep wait 30 100 >wait.sleep 2>log
        awk '{ cpu[NR] = $2; wall[NR] = $4 }
            END { exit !(NR == 2 && cpu[2] < 0.25 * wall[2] && wall[2] < 1.2 * wall[1]) }' \
            wait.plain wait.sleep && return 0
    done
    return 1
}
check "a waiting rank burns little, and is hardly later" spares
echo "# 30 waits of 100 ms, one rank: plain $(cat wait.plain); naps $(cat wait.sleep)"

# On a tree as cpufreq has it, with both ranks on one core: one of them turns its clock,
# and which one it is no rank can tell. So each waits for the other in turn.
cpu=$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')
clock=tree/sys/devices/system/cpu/cpu$cpu/cpufreq
mkdir -p "$clock"
echo 800000 >"$clock/scaling_min_freq"
echo 3500000 >"$clock/scaling_max_freq"
echo "$cpu" >"$clock/affected_cpus"
# CONFIG ROOT: slowed and ended tell what was seen.
waits_with() {
    timeout 240 "$launcher" $options -n 2 env LD_PRELOAD="$asan $library" ERG_MPI="$1" \
        ERG_MPI_ROOT="$2" taskset -c "$cpu" "$program" turns 20 100 >log 2>freq.err & waits=$!
    slowed=no
    while kill -0 "$waits" 2>/dev/null; do
        grep -qx 800000 "$clock/scaling_max_freq" && slowed=yes
        sleep 0.02
    done
    wait "$waits"
    ended=$?
}
waits_with wait=freq "$work/tree"
others=$(grep -vc 'another process turns the clock' freq.err)
check "wait=freq ends well, and says no more than whose the clock is" \
    test "$ended" = 0 -a "$others" = 0
check "a waiting core is at its least clock" test $slowed = yes
check "and as it was when the program has ended" grep -qx 3500000 "$clock/scaling_max_freq"
# By ergd, which writes for them: they see no tree of their own.
if [ -x "$ergd" ]; then
    printf '%s\n' 'version: 1' 'mode: enforce' "state: $work/freq.state" \
        "socket: {path: $work/freq.sock}" 'node: {sensors: ["sim:plain"]}' \
        'mpi: {wait: freq}' >freq.yaml
    serve freq.yaml freq.sock --root "$work/tree"
    mkdir -p bare
    waits_with "ergd:$work/freq.sock" "$work/bare"
    check "ergd puts a waiting core at its least clock" test "$slowed" = yes -a "$ended" = 0
    check "and back when the program has ended" grep -qx 3500000 "$clock/scaling_max_freq"
    kill "$daemon" && wait "$daemon"
fi
rm "$clock/scaling_max_freq"
shaped 2 wait=freq groups 5 >log 2>freq.err
check "where the clock cannot be turned it is said, and naps do" grep -q 'it sleeps instead' freq.err

shaped 2 wiat=sleep groups 5 >log 2>wrong.err
check "a wrong key is said once" test "$(grep -c 'unknown key wiat' wrong.err)" = 1
check "and the library stays off" test ! -e table.csv

# SOURCE WHAT WAIT IS_COUNTED: each call counted once, whichever way Fortran takes to C; a
# request that the program waits for by WAIT is one more.
fortran_runs() {
    if ! command -v "$fortran" >/dev/null || ! "$fortran" -o fortran "$here/$1" >log 2>&1; then
        number=$((number + 1))
        echo "ok $number - $2 # SKIP no $fortran that compiles $1"
        return
    fi
    c_program=$program program=$work/fortran
    plain 4 >out 2>log
    sort out >fortran.plain
    for config in wait=busy wait=sleep,wait_after=0s; do
        shaped 4 $config >out 2>log
        sort out >fortran.out
        check "$config: $2" same fortran.plain fortran.out
        [ "$4" = yes ] || continue
        check "$config: its calls are counted once" awk -F, '
            $1 == 0 && $3 != 1 + ($2 == "'"$3"'") { print; bad = 1 }
            $1 == 0 { n++ } END { exit bad || n != 12 }' table.csv
    done
    program=$c_program
}
fortran_runs mpi_work.f90 "a Fortran program" MPI_Waitany yes
# In MPICH mpi_f08 reaches the library past every wrapper: there nothing is counted.
is_counted=no
[ "$launcher" = mpirun.openmpi ] && is_counted=yes
fortran_runs mpi_work_08.f90 "a program that uses mpi_f08" MPI_Wait $is_counted

"$erg" run --quiet --no-wait --sensor sim:plain --output run.erg -- "$launcher" $options -n 2 \
    env LD_PRELOAD="$asan $library" ERG_MPI=wait=sleep "$program" wait 6 20 >log 2>&1
"$erg" show run.erg >shown 2>>log
check "a recording holds the collectives" grep -q MPI_Allreduce shown
check "and the waits in them" grep -q 'MPI wait' shown
echo "1..$number"
