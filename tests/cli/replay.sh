#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# erg replay where a user errs: status 2, one sentence with the cure, nothing left behind.
erg=$(realpath "$1")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
# STATUS REGEX VERB..: with little memory and time; no file or folder may be new.
refused() {
    want=$1 said=$2
    shift 2
    ls >before
    timeout 60 "$erg" "$@" >out 2>err
    got=$?
    ls >after
    [ "$got" = "$want" ] || { echo "status $got, not $want"; cat err; return 1; }
    [ "$(wc -l <err)" = 1 ] && grep -q "$said" err || { echo "stderr:"; cat err; return 1; }
    cmp before after
}
# What nothing was found in must stay as it was.
: >empty
: >before
: >after
: >out
: >err
mkdir folder nothing foreign named broken torn
head -c 5000 /dev/zero >binary
echo '{"a": 1}' >foreign/a.json
echo '{"hello": 1}' >named/full_model_timing.json
echo '{"full_model_inference_us": ' >broken/full_model_timing.json
head -c 5000 /dev/zero >torn/run.erg
printf '{"traceEvents":[{"ph":"X","cat":"cpu_op","name":"aten::mm","ts":1,"du' >torn.json
whole='replay run zoo:resnet18 --no-energy --only whole --output new'

check "an empty file is no plan" refused 2 'empty is empty: name a graph' replay plan empty
check "a folder is no plan" refused 2 'cannot read folder: Is a directory: name a file in it' replay plan folder --output new
check "zeros are no plan" refused 2 'binary holds no kernels .*: name a graph' replay plan binary
check "a missing file is no plan" refused 2 'cannot read none.json: .*: check the name' replay plan none.json
check "a trace that is cut before its kernels is no plan" refused 2 'torn.json: .* it is cut before them' replay plan torn.json
check "an unknown network is no plan" refused 2 'erg zoo' replay run zoo:nothing --output new
check "an unknown engine is answered with those that are known" refused 2 "'foo', only onednn" replay run zoo:resnet18 --engine foo --output new
check "a word that is no state is refused" refused 2 '^erg replay: --state is hot or cold, not' replay run zoo:resnet18 --state warm --output new
check "a word that is no part is refused" refused 2 '^erg replay: --only is whole or kernels, not' replay run zoo:resnet18 --only half --output new
check "an unknown preset is refused" refused 2 'none of quick' replay run zoo:resnet18 --preset frob --output new
check "a device that is no number is refused" refused 2 '^erg replay: --device is a number' replay run zoo:resnet18 --device frob --output new
check "no energy and a log of power exclude each other" refused 2 'give one of them' replay run zoo:resnet18 --no-energy --power-log p.csv --output new
check "runs below zero are refused" refused 2 "'-5' is below 0" replay run zoo:resnet18 --runs -5 --output new
check "no runs at all are refused" refused 2 "'0' is not above 0" replay run zoo:resnet18 --runs 0 --output new
check "more runs than a year holds are refused" refused 2 'at most 1e+07' replay run zoo:resnet18 --runs 1e12 --output new
check "steps below zero are refused" refused 2 "'-3' is below 0" replay run zoo:resnet18 --steps -3 --output new
for verb in audit recompose; do
    check "$verb refuses an empty folder" refused 2 'nothing holds no files of a replay: name' replay $verb nothing
    check "$verb refuses a missing folder" refused 2 'cannot read none: .*: check the name' replay $verb none
    check "$verb refuses a folder of foreign JSON" refused 2 'foreign: nothing of a replay was found: name' replay $verb foreign
    check "$verb refuses a report of other keys" refused 2 'full_model_timing.json is no full_model' replay $verb named
    check "$verb refuses a report that is cut" refused 2 'full_model_timing.json:2: ' replay $verb broken
    check "$verb refuses a recording of zeros" refused 2 'torn/run.erg is not a recording' replay $verb torn
done
stopped() { # a warm-up that would never end
    # shellcheck disable=SC2086
    env --default-signal=INT "$erg" $whole --warmup 2000000000 2>err & pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -s new/run.erg ] && break; sleep 0.1; done
    sleep 1
    kill -INT $pid
    wait $pid
    got=$?
    [ $got = 130 ] && grep -q 'nothing of it is reported' err || { echo "status $got"; cat err; return 1; }
    [ "$(ls new)" = run.erg ] && "$erg" show new/run.erg >shown && ! grep -q INTERRUPTED shown
}
if "$erg" --version | grep -q '^engine onednn: libdnnl'; then
    # shellcheck disable=SC2086
    check "a batch that no memory holds is refused before it is taken" refused 2 'memory more, and .* free: take a smaller batch' $whole --batch 100000
    # shellcheck disable=SC2086
    check "more threads than processors are refused" refused 2 'this process has [0-9]* processors' $whole --threads 100000
    check "a file is no folder" refused 2 'binary is no folder: name another' replay run zoo:resnet18 --no-energy --output binary
    check "SIGINT ends a replay at once, and its recording is complete" stopped
fi
echo "1..$number"
