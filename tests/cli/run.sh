#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# erg run changes nothing of what the command does.
erg=$(realpath "$1") regions=$(realpath "$2")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
sim="--sensor sim:a100-sxm4-80gb"

passes_stdin_and_stdout() { # shellcheck disable=SC2086
    printf 'a\0b' | "$erg" run $sim --no-wait --output a.erg -- cat >out 2>table && printf 'a\0b' | cmp - out; }
json_on_stdout_when_asked() { # shellcheck disable=SC2086
    "$erg" run $sim --format json --output b.erg -- sleep 0.5 >out && python3 - <<'P'
import json
run = json.load(open("out"))
assert run["erg"] == "run" and run["format"] == 1
row = run["tables"]["summary"][0]
assert row["command"] == "sleep 0.5" and row["exit_status"] == 0
assert row["method"] == "simulated", row
P
}
no_sensor_still_works() {
    "$erg" run --root "$work/empty" --no-wait --format json --output c.erg -- true >out && python3 - <<'P'
import json
row = json.load(open("out"))["tables"]["summary"][0]
assert row["energy_j"] is None or row["method"] == "model", row
P
}
# Beside the one that is killed a second later.
an_interrupt_leaves_a_complete_file() { # shellcheck disable=SC2086
    "$erg" run $sim --quiet --output e.erg -- sleep 5 & killed=$!
    # shellcheck disable=SC2086
    env --default-signal=INT "$erg" run $sim --quiet --output d.erg -- sleep 20 & pid=$!
    sleep 1.5; kill -INT $pid; wait $pid; got=$?
    [ $got = 130 ] || { echo "status $got"; return 1; }
    "$erg" show d.erg --format json >out && ! grep -q INTERRUPTED out && [ ! -e d.erg-wal ]
}
killed_it_still_opens() {
    sleep 1; kill -KILL "$killed"; wait "$killed"
    "$erg" show e.erg --format json >out && grep -qi interrupted out
}
regions_arrive() { # shellcheck disable=SC2086
    "$erg" run $sim --quiet --output f.erg -- "$regions" >words && "$erg" show f.erg --table regions --format csv | grep -q '^work,'
}
strict_sees_the_flags_of_figures() { # shellcheck disable=SC2086
    status_is 1 "$erg" run $sim --strict --quiet --output t.erg -- sleep 0.1 &&
    status_is 1 "$erg" show --strict t.erg >out && grep -q TOO_SHORT out && grep -q '  (-*[0-9]' out &&
    status_is 0 "$erg" run $sim,load=constant:200 --strict --quiet --output u.erg -- sleep 2
}
no_energy_per_run_of_a_failure() { # shellcheck disable=SC2086
    "$erg" run $sim --repeat 2 --format text --output g.erg -- sh -c 'sleep 0.3; exit 3' >out
    ! grep -q 'energy/run.*[0-9] *m*J' out && ! sed -n 2p out | grep -q 'J' && grep -q 'No energy per run' out || { cat out; return 1; }
}
contradictions_are_refused() {
    for words in "--repeat 0" "--rate 0Hz" "--until 0%" "--until 200%" "--tag =x" \
        "--power-cap 275" "--power-cap 0W" "--dvfs now" "--slowdown 3%" "--objective edp" \
        "--idle 1s --idle-state gross" "--max-repeat 5" "--until 1% --repeat 3" "--for 1s" "--looks naive"; do
        # shellcheck disable=SC2086
        status_is 125 "$erg" run $words --output never.erg -- true || { echo "$words"; return 1; }
    done
    [ ! -e never.erg ]
}
many_at_once_have_a_file_each() { # shellcheck disable=SC2086
    mkdir many && cd many || return 1
    pids=
    for _ in 1 2 3 4 5 6 7 8; do
        # shellcheck disable=SC2086
        "$erg" run $sim --quiet --no-wait -- true & pids="$pids $!"
    done
    for pid in $pids; do wait "$pid" || return 1; done
    [ "$(find . -name '*.erg' | wc -l)" = 8 ]
}
closed_streams_stay_closed() { # shellcheck disable=SC2086
    "$erg" run $sim --no-wait --output h.erg -- sh -c '! [ -e /proc/$$/fd/1 ] && ! [ -e /proc/$$/fd/2 ]' >&- 2>&- </dev/null
    got=$?
    "$erg" show h.erg --format json >out && [ $got = 0 ] || { echo "status $got"; false; }
}
a_logger_lets_go_of_its_callers_pipe() { # shellcheck disable=SC2086
    timeout 10 sh -c "'$erg' run $sim --detach --output i.erg 2>&1 | cat" || return 1
    sleep 0.5
    "$erg" run --stop i.erg && "$erg" show i.erg --format json >out
}
mkdir empty
check "options that contradict each other are refused" contradictions_are_refused
check "the command keeps its stdin and stdout" passes_stdin_and_stdout
check "json goes to stdout when it is asked for" json_on_stdout_when_asked
check "the command's status is handed on" status_is 7 "$erg" run --quiet --no-wait --output s1.erg -- sh -c 'exit 7'
check "a signal gives 128 and its number" status_is 143 "$erg" run --quiet --no-wait --output s2.erg -- sh -c 'kill -TERM $$'
check "a command that is not found gives 127" status_is 127 "$erg" run --quiet --no-wait --output s3.erg -- ./nothing-here
check "a command that cannot be executed gives 126" status_is 126 "$erg" run --quiet --no-wait --output s4.erg -- "$work"
check "no command gives 125" status_is 125 "$erg" run
check "a bad option gives 125" status_is 125 "$erg" run --nonsense -- true
check "a rate needs its unit" status_is 125 "$erg" run --rate 100 -- true
check "without any sensor it works and nothing reads 0" no_sensor_still_works
check "an interrupt leaves a complete file" an_interrupt_leaves_a_complete_file
check "killed, the file opens and says interrupted" killed_it_still_opens
check "regions of the program arrive" regions_arrive
check "strict turns the flags of figures into status 1" strict_sees_the_flags_of_figures
check "a command that failed has no energy per run" no_energy_per_run_of_a_failure
check "eight at once have a file each" many_at_once_have_a_file_each
check "closed streams stay closed, and the command's status stays" closed_streams_stay_closed
check "a logger lets go of its caller's pipe" a_logger_lets_go_of_its_callers_pipe
check "a time below 0 gives 125" status_is 125 "$erg" run --idle -2s -- true
# shellcheck disable=SC2086
mkdir outs && "$erg" run $sim --no-wait --quiet --output outs/a.erg -- true
check "a region that is not there is bad input, 2" status_is 2 "$erg" show outs/a.erg --region nothing
check "a channel that is not there is bad input, 2" status_is 2 "$erg" export outs/a.erg --format tape --channel nothing
# shellcheck disable=SC2086
check "a logger that cannot begin gives 125" status_is 125 "$erg" run $sim --detach --output nowhere/a.erg
check "a logger that is not there gives 125" status_is 125 "$erg" run --stop outs/a.erg
check "an unknown command gives 2" status_is 2 "$erg" measure
check "a missing file is bad input, 2" status_is 2 "$erg" show no.erg
check "devices without a sensor gives 3" status_is 3 "$erg" devices --root "$work/empty"
echo "1..$number"
