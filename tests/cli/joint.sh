#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A run and what was logged of its training, in one file.
set -u
erg=$(realpath "$1") source=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
number=0
check() {
    number=$((number + 1))
    name=$1
    shift
    if "$@" >"$work/.log" 2>&1; then echo "ok $number - $name"
    else echo "not ok $number - $name"; sed 's/^/# /' "$work/.log"; fi
}
status_is() { want=$1; shift; "$@"; got=$?; [ "$got" = "$want" ] || { echo "status $got, not $want"; false; }; }
marks() { python3 -c 'import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute("select name, value from mark order by ns"): print(*row)' "$1"; }

cat >train.sh <<'E'
for i in 1 2 3; do
    sleep 0.05
    echo "{\"step\":$i,\"timestamp_shared\":$(date +%s.%N),\"loss\":$((9 - i)).5,\"grad_norm\":null}"
done >>"$1"
E
only_records_of_the_run_become_marks() {
    sh train.sh log.jsonl && sleep 0.02 &&
    "$erg" run --quiet --no-wait --rate 10Hz --sensor sim:plain --log log.jsonl --output a.erg -- sh train.sh log.jsonl &&
    marks a.erg >rows && printf 'step 1.0\nloss 8.5\nstep 2.0\nloss 7.5\nstep 3.0\nloss 6.5\n' | diff - rows
}
a_log_of_another_run_is_said_to_be_so() {
    status_is 125 "$erg" run --quiet --no-wait --sensor sim:plain --log log.jsonl --output b.erg -- true 2>said
    grep -q 'none of its records was written while the command ran' said && "$erg" show --quiet b.erg
}
the_commands_status_counts_first() {
    status_is 7 "$erg" run --quiet --no-wait --sensor sim:plain --log none.jsonl --output c.erg -- sh -c 'exit 7'
}
logs_of_others_become_one_run() {
    joint="$source/../shared/data/thermal/joint/reproducibility_test_1"
    [ -d "$joint" ] || return 0
    "$erg" import --quiet "$joint"/rle_data_*.csv "$joint"/training_log_*.json --output j.erg &&
    [ "$(marks j.erg | grep -c '^step ')" = 201 ] &&
    "$erg" show j.erg >/dev/null
}
check "only records of the run become marks" only_records_of_the_run_become_marks
check "a log of another run is said to be so" a_log_of_another_run_is_said_to_be_so
check "the command's status counts first" the_commands_status_counts_first
check "logs of others become one run" logs_of_others_become_one_run
echo "1..$number"
