#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# When the run file cannot be written, or a signal comes: the command is not disturbed.
erg=$(realpath "$1")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
# status, then what stderr must be: one line that begins and ends as said
said() {
    [ "$got" = "$1" ] || { echo "status $got, not $1"; cat err; return 1; }
    [ "$(wc -l <err)" = 1 ] && grep -q "$2" err || { echo "stderr:"; cat err; return 1; }
}
# A limit on the size of files, in 512-byte units, stands for a full disk. The ring of
# regions fits into it, a run file with a long command does not.
full_disk() { # STATUS-OF-THE-COMMAND
    long=$(head -c 100000 /dev/zero | tr '\0' x)
    (ulimit -f 1100; exec "$erg" run --sensor sim:a100-sxm4-80gb --quiet --no-wait \
        --output full.erg -- sh -c "echo begun; sleep 1.5; echo done; exit $1" \
        "$long" "$long" "$long" "$long" "$long" "$long" "$long" "$long") >out 2>err
    got=$?
    printf 'begun\ndone\n' | cmp - out
}
a_full_disk_costs_the_recording() { full_disk 0 && said 125 '^erg run: cannot write full.erg: .*: free some'; }
a_full_disk_keeps_the_status() { full_disk 7 && said 7 '^erg run: cannot write full.erg: .*: free some'; }
nothing_fits() {
    (ulimit -f 8; exec "$erg" run --quiet --output none.erg -- touch ran) 2>err
    got=$?
    said 125 '^erg run: cannot .*: ' && [ ! -e ran ] && [ ! -e none.erg ]
}
no_folder() {
    "$erg" run --quiet --output nowhere/a.erg -- touch ran 2>err
    got=$?
    said 125 '^erg run: cannot write nowhere/a.erg: No such file or directory: name a file' && [ ! -e ran ]
}
read_only_folder() {
    mkdir -p shut && chmod 555 shut
    if [ "$(id -u)" = 0 ]; then as_user="setpriv --reuid 65534 --clear-groups"; chmod 755 "$work"; else as_user=; fi
    $as_user env HOME="$work" "$erg" run --quiet --output shut/a.erg -- true 2>err
    got=$?
    said 125 '^erg run: cannot write shut/a.erg: Permission denied: name a file'
}
home_of_another() {
    mkdir -p home open && chmod 700 home && chmod 777 open
    $as_user env -u XDG_STATE_HOME HOME="$work/home" "$erg" run --quiet --no-wait --output open/a.erg -- true
}
signal() { # NAME: to erg alone; the command says what reached it
    rm -f out sig.erg*
    env --default-signal="$1" "$erg" run --sensor sim:a100-sxm4-80gb --quiet --no-wait --output sig.erg \
        -- sh -c "trap 'echo got it; kill \$!; exit 9' $1; sleep 20 & echo ready; wait" >out & pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do grep -q ready out 2>/dev/null && break; sleep 0.1; done
    kill -"$1" $pid; wait $pid; got=$?
    [ $got = 9 ] && grep -q 'got it' out || { echo "status $got"; cat out; return 1; }
    [ ! -e sig.erg-wal ] && [ ! -e sig.erg-shm ] && "$erg" show sig.erg >shown && ! grep -q INTERRUPTED shown
}
dies_by_it() {
    rm -f out sig.erg*
    env --default-signal="$1" "$erg" run --sensor sim:a100-sxm4-80gb --quiet --no-wait --output sig.erg -- sh -c 'echo ready; exec sleep 20' >out & pid=$!
    tries=0
    while ! grep -q ready out 2>/dev/null && [ $((tries += 1)) -le 100 ]; do sleep 0.05; done
    kill -"$1" $pid; wait $pid; got=$?
    [ $got = "$2" ] || { echo "status $got"; return 1; }
    [ ! -e sig.erg-wal ] && "$erg" show sig.erg >shown && ! grep -q INTERRUPTED shown
}
a_signal_for_the_command_ends_no_repeats() {
    rm -f out sig.erg* begun
    cat >once.sh <<'S'
[ -e begun ] && exit 0
: >begun
trap 'kill $!; exit 0' USR1
sleep 20 & echo ready; wait
S
    env --default-signal=USR1 "$erg" run --sensor sim:a100-sxm4-80gb --quiet --no-wait --repeat 2 --output sig.erg -- sh once.sh >out & pid=$!
    tries=0
    while ! grep -q ready out 2>/dev/null && [ $((tries += 1)) -le 100 ]; do sleep 0.1; done
    kill -USR1 $pid; wait $pid; got=$?
    [ $got = 0 ] || { echo "status $got"; return 1; }
    "$erg" show sig.erg --table regions --format csv | grep '^run,[^,]*,2,'
}
nobody_reads_the_table() { # STATUS-OF-THE-COMMAND: stderr goes where nobody listens any more
    { "$erg" run --sensor sim:a100-sxm4-80gb --no-wait --output deaf.erg -- sh -c "sleep 0.3; exit $1" 2>&1; echo $? >got; } | true
    tries=0
    while [ ! -s got ] && [ $((tries += 1)) -le 100 ]; do sleep 0.1; done
    [ "$(cat got)" = "$1" ] || { echo "status $(cat got)"; return 1; }
    rm -f got; "$erg" show deaf.erg >shown && ! grep -q INTERRUPTED shown
}
a_pipe_is_written_and_stays() {
    "$erg" run --sensor sim:plain --no-wait --quiet --output piped.erg -- true && mkfifo pipe && timeout 20 cat pipe >got & reader=$!
    tries=0
    while [ ! -p pipe ] && [ $((tries += 1)) -le 100 ]; do sleep 0.1; done
    timeout 20 "$erg" show piped.erg --format csv --output pipe; wait $reader
    [ -p pipe ] && grep -q '^true,0,' got || { ls -l; return 1; }
    rm -f got
    status_is 125 "$erg" run --sensor sim:plain --no-wait --output pipe -- touch ran 2>err && [ -p pipe ] && [ ! -e ran ] && grep -q 'name a file' err
}
check "a full disk costs the recording, not the command" a_full_disk_costs_the_recording
check "a full disk does not hide the command's status" a_full_disk_keeps_the_status
check "where nothing can be written the command is not started" nothing_fits
check "a folder that is not there is said in one sentence" no_folder
check "a folder that is read only is said in one sentence" read_only_folder
check "the home of another user is no hindrance" home_of_another
check "SIGINT reaches the command and the file is complete" signal INT
check "SIGTERM reaches the command and the file is complete" signal TERM
check "SIGHUP reaches the command and the file is complete" signal HUP
check "SIGUSR1 reaches the command and the file is complete" signal USR1
check "SIGUSR2 reaches the command and the file is complete" signal USR2
check "SIGQUIT reaches the command and the file is complete" signal QUIT
check "SIGALRM reaches the command and the file is complete" signal ALRM
check "a signal for the command ends no repeats" a_signal_for_the_command_ends_no_repeats
check "a reader that leaves does not hide a failure" nobody_reads_the_table 7
check "a reader that leaves does not make one" nobody_reads_the_table 0
check "a pipe is written as a pipe, and is no run file" a_pipe_is_written_and_stays
check "a command that dies by SIGINT gives 130" dies_by_it INT 130
check "a command that dies by SIGTERM gives 143" dies_by_it TERM 143
echo "1..$number"
