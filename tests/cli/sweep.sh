#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sweep.sh ERG REGIONS: commands that fail, hang, are cut short or run as a job array.
erg=$(realpath "$1") regions=$(realpath "$2")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
mkdir bin && ln -s "$erg" bin/erg
PATH=$work/bin:$PATH
states() { cut -d, -f"$(head -1 log | tr , '\n' | grep -nx state | cut -d: -f1)" log | tail -n +2 | sort | uniq -c | tr -s ' \n' ' '; }
quick="--sensor sim:plain --knob sm_clock=500,1000 --settle 1ms --repeat 1 --format csv --table visits"

# shellcheck disable=SC2086
{
erg sweep $quick --no-warmup --output a.erg -- false >log 2>&1
[ "$(states)" = " 4 failed " ]; say "a command that fails is failed" $?
erg sweep $quick --no-warmup --timeout 100ms --output b.erg -- sleep 9 >log 2>&1
[ "$(states)" = " 4 timeout " ]; say "one that hangs is ended and a timeout" $?
erg sweep $quick --no-warmup --output c.erg -- /no/such/program >log 2>&1
[ $? = 3 ]; say "one that is not there ends the sweep" $?
erg sweep $quick --knob cpu_clock=1000 --output d.erg -- true >log 2>&1
[ $? = 3 ] && [ ! -e d.erg ]; say "a knob that is not there is not available" $?
erg sweep --sensor sim:plain --mode baseline --repeat 1 --no-warmup --output e.erg -- true >log 2>&1
grep -q "INCLUDES_START" log; say "a whole command includes its start" $?
erg sweep --sensor sim:plain --mode baseline --repeat 1 --no-warmup --output f.erg -- "$regions" \
    >log 2>&1 && ! grep -q "INCLUDES_START" log; say "one that marks its work does not" $?
}

# A variable of the environment is a knob: each visit has its own, and choose takes it as it is.
# shellcheck disable=SC2016
printf '%s\n' 'echo "$DEPTH" >>depths' 'sleep 0.0$((9 - DEPTH))' >depth.sh
erg sweep --sensor sim:plain --knob env:DEPTH=1,2,8 --repeat 2 --no-warmup --output env.erg --format csv \
    --table visits -- sh depth.sh >log 2>err && [ "$(sort depths | uniq -c | tr -s ' \n' ' ')" = " 6 1 2 2 2 8 " ] \
    && head -1 log | grep -q 'llc_misses,env:DEPTH$'
say "env:DEPTH is set for each visit, the first value as the reference" $? log
erg choose env.erg --objective energy --format csv >log 2>&1; grep -q 'env:DEPTH' log
say "and erg choose names it" $? log
erg sweep --sensor sim:a100-sxm4-80gb --knob env:DEPTH=1,2 --work p0=60 --output w.erg >log 2>&1
[ $? = 2 ] && grep -q "no environment" log; say "simulated work has none" $? log

# One command in variants: an application each, of which choose takes one.
erg sweep --sensor sim:plain,load=constant:100 --mode baseline --variant 3,1,2 --repeat 3 --no-warmup --output v.erg \
    --format csv -- sh -c 'sleep 0.{}' {} >log 2>err
[ "$(tail -n +2 log | cut -d, -f1,4 | tr '\n' ';')" = "sh -c sleep 0.3 3,3;sh -c sleep 0.1 1,3;sh -c sleep 0.2 2,3;" ]
say "variants of a command are applications of a sweep" $? log
erg choose v.erg --variants --objective energy --format csv >log 2>&1; grep -q '^[^,]*sleep 0.1 1' log
say "and choose --variants takes the one that uses least" $? log
for wrong in 3 3,3 ,3; do
    erg sweep --sensor sim:plain --mode baseline --variant "$wrong" --output x.erg -- sleep 0.{} >log 2>&1
    [ $? = 2 ] && grep -q "2 to 64 words" log; say "variants that are none are refused: $wrong" $? log
done
erg sweep --sensor sim:plain --mode baseline --variant 1,2 --output x.erg -- true >log 2>&1
[ $? = 2 ] && grep -q "{} in the command" log; say "and so are those that go nowhere" $? log

# Killed at whatever moment: the file is valid, and the rest can be done.
mark() { echo "sleep 0.1; echo x >>\"$work/$1\"" >"$1.sh"; : >"$1"; }
mark killed
erg sweep --sensor sim:plain --knob sm_clock=500,1000 --settle 1ms --no-warmup --repeat 3 \
    --quiet --output k.erg -- sh killed.sh >/dev/null 2>&1 &
child=$!
while [ "$(wc -l <killed)" -lt 4 ]; do sleep 0.05; done
kill -9 $child; wait $child 2>/dev/null
before=$(wc -l <killed)
erg show k.erg >/dev/null 2>&1; say "a killed sweep is a valid file" $?
erg sweep --resume k.erg --format csv --table points >log 2>log2 \
    && [ "$(tail -n +2 log | cut -d, -f4 | tr '\n' ' ')" = "9 3 " ]
say "and is resumed to all visits" $? log
[ "$(wc -l <killed)" -le $((before + 9)) ]; say "without doing again what was done" $?
erg sweep --resume k.erg --repeat 3 >log 2>&1
[ $? = 2 ]; say "a resumed sweep takes no other options" $?
mark ended
erg sweep --sensor sim:plain --knob sm_clock=500,1000 --settle 1ms --no-warmup --repeat 3 \
    --output t.erg -- sh ended.sh >/dev/null 2>log &
child=$!
while [ "$(wc -l <ended)" -lt 2 ]; do sleep 0.05; done
kill -TERM $child; wait $child
[ $? = 143 ] && grep -q "erg sweep --resume t.erg" log
say "a signal ends it and says how to go on" $?

# A job array: the fake runs its tasks one after the other, here.
cat >bin/sbatch <<'FAKE'
#!/bin/sh
last=$(sed -n 's/^#SBATCH --array=0-//p' "$1")
for SLURM_ARRAY_TASK_ID in $(seq 0 "$last"); do
    export SLURM_ARRAY_TASK_ID
    sh "$1" >/dev/null || exit 1
done
echo "Submitted batch job 42"
FAKE
chmod +x bin/sbatch
sim="--sensor=sim:a100-pcie-40gb --knob=sm_clock=510:1410:150 --work=noise=1%"
# shellcheck disable=SC2086
{
erg sweep $sim --slurm --output blocks >log 2>&1 && grep -q "job 42" log \
    && [ "$(find blocks -name 'block-?.erg' | wc -l)" = 5 ]
say "a job array leaves a file a block" $?
erg sweep --gather blocks --output all.erg --format csv --table points >log 2>&1
erg sweep $sim --output one.erg --format csv --table points >want 2>&1
diff want log >log2; say "and its blocks are the sweep" $? log2
rm blocks/block-3.erg
erg sweep --gather blocks >log 2>&1 && grep -q "of 5 blocks 1 is not there: 3" log; say "a missing block is named" $?
cp blocks/block-1.erg blocks/block-3.erg
erg sweep --gather blocks >log 2>&1
[ $? = 2 ] && grep -q "block 1 is there twice" log; say "a double one refused" $?
erg sweep --sensor sim:a10 --work noise=1% --block 3 --output blocks/block-3.erg >log 2>&1
erg sweep --gather blocks >log 2>&1
[ $? = 2 ]; say "and so is one of another sweep" $?
erg sweep $sim --slurm --objective energy --slowdown 8% --drift-correct --output wish >log 2>&1
erg sweep --gather wish >log 2>&1 && grep -q "CHOICE: energy of simulated work is least" log
say "an objective of the array is chosen by where it is gathered" $? log
rm bin/sbatch
PATH=$work/bin erg sweep $sim --slurm --output blocks >log 2>&1
[ $? = 3 ] && grep -q "no sbatch" log; say "without sbatch there is no array" $?
}
echo "1..$number"
