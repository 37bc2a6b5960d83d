#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A run and what was logged of its training, in one file.
erg=$(realpath "$1") source=$(realpath "$2") train=$(realpath "$3")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
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
a_training_run_slows_as_its_simulated_gpu_warms() {
    mkdir gpu && "$erg" run --quiet --no-wait --rate 10Hz --log t.jsonl --output t.erg \
        --sensor sim:a100-sxm4-80gb,heat,tau=1s,ambient=70C,follow=gpu -- \
        "$train" --for 3 --gpu gpu --log t.jsonl &&
    "$erg" show t.erg --table regions --format csv | grep -q 'large batch' && python3 - <<'P'
import json
rows = [json.loads(line) for line in open("t.jsonl")]
assert {"step", "timestamp_shared", "loss", "grad_norm", "learning_rate", "step_s"} <= set(rows[0])
early, late = [[r["step_s"] for r in part] for part in (rows[:10], rows[-10:])]
assert sum(late) > 1.1 * sum(early), (early, late)
third = len(rows) // 3
assert sum(r["loss"] for r in rows[-third:]) < sum(r["loss"] for r in rows[:third])
P
}
marks_of_the_training_run_come_back_without_a_log() {
    "$erg" run --quiet --no-wait --sensor sim:plain --output m.erg -- "$train" --for 0.3 &&
    [ "$(marks m.erg | grep -c '^grad_norm ')" -gt 5 ] && marks m.erg | grep -q '^lr 0.0999'
}
a_recorded_run_is_studied_at_once() {
    mkdir g2 && "$erg" couple --record r.erg --off 0.5s --for 2s --rate 20Hz --ambient 21C --log r.jsonl --quiet \
        --pair clock:step_s --table verdict --format json \
        --sensor sim:a100-sxm4-80gb,heat,tau=1s,ambient=70C,follow=g2 -- \
        "$train" --for 60 --gpu g2 --log r.jsonl >study && python3 - <<'P'
import json, sqlite3
row, = json.load(open("study"))["tables"]["verdict"]
assert row["x"] == "clock" and row["n"] > 15 and row["evidence"] == "one run", row
run = sqlite3.connect("r.erg")
assert dict(run.execute("select key, value from meta"))["ambient_k"] == "294.15"
names = [name for name, in run.execute("select name from region")]
assert {"idle_before", "run", "idle_after"} <= set(names), names
P
}
what_cannot_be_recorded_is_said() {
    status_is 2 "$erg" couple --record x.erg && status_is 2 "$erg" couple --intervene sm_clock=1:2 &&
    mkdir -p "$work/empty" && status_is 3 "$erg" couple --root "$work/empty" --sensor rapl --record x.erg -- true
}
check "only records of the run become marks" only_records_of_the_run_become_marks
check "a log of another run is said to be so" a_log_of_another_run_is_said_to_be_so
check "the command's status counts first" the_commands_status_counts_first
check "logs of others become one run" logs_of_others_become_one_run
check "a training run slows as its simulated GPU warms" a_training_run_slows_as_its_simulated_gpu_warms
check "marks of the training run come back without a log" marks_of_the_training_run_come_back_without_a_log
check "a recorded run is studied at once" a_recorded_run_is_studied_at_once
check "what cannot be recorded is said" what_cannot_be_recorded_is_said
echo "1..$number"
