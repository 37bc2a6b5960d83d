#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A calibration's plan, played and recorded; a log that is watched; the page of a fit.
erg=$(realpath "$1")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"

cat >load.sh <<'E'
echo $$ >load.pid
while :; do :; done
E
python3 - >log.csv <<'E'
x = 80
print("time,temp_c,power_w")
for k in range(400):
    p = 200 if (k // 20 * 7919) % 13 < 6 else 80
    x += (p - x) / 30
    print(f"{k},{30 + 0.22 * x:.2f},{p}")
E
a_load_works_as_long_as_the_plan_asks_and_ends_with_it() {
    "$erg" thermal fit --record duty.erg --sensor sim:a100-sxm4-80gb --plan steps=100W/50W:1s \
        -- sh load.sh >out 2>said && grep -q 'steps .*duty 0[.][5-8][0-9]* (asked for 0.7' said &&
    ! kill -0 "$(cat load.pid)" 2>gone
}
a_plan_that_is_none_is_bad_usage() {
    status_is 2 "$erg" thermal fit --record nap.erg --plan nap=1s -- true 2>said
    grep -q 'there is no part' said
}
a_plan_is_recorded_as_regions() {
    mkdir -p drive &&
    "$erg" thermal fit --quiet --record cal.erg --plan step=100W:200W:1s,hold=150W:1s --rate 10Hz \
        --sensor "sim:a100-sxm4-80gb,heat,follow=$PWD/drive" --drive drive/load >out 2>said &&
    grep -q 'no steady stretch' out && "$erg" show cal.erg --table regions >rows &&
    grep -q plan_step rows && grep -q plan_hold rows
}
a_coupling_study_begins_with_a_calibration() {
    "$erg" couple --quiet --calibration step=100W:200W:1s --record pre.erg \
        --sensor sim:a100-sxm4-80gb -- sleep 9 >out 2>said &&
    grep -q 'no steady stretch' out && "$erg" show pre.erg --table regions | grep -q plan_step &&
    status_is 2 "$erg" couple --calibration step=100W:200W:1s --record pre.erg 2>said &&
    grep -q 'a load' said &&
    status_is 2 "$erg" couple --calibration jump=3 --record pre.erg -- true 2>said &&
    grep -q jump said
}
the_curves_of_a_fit_become_a_page() {
    "$erg" thermal fit log.csv --curves --format json --output t.json &&
    "$erg" report t.json --output t.html && grep -q 'Z_th' t.html && grep -q 'held out' t.html &&
    ! grep -q 'https\?://' t.html &&
    "$erg" thermal fit log.csv --format html --output d.html && grep -q 'Z_th' d.html
}
a_log_is_watched() {
    [ "$("$erg" thermal forecast log.csv --watch --for 1s | grep -c ' C  ')" = 2 ] || return 1
    status_is 1 "$erg" thermal forecast log.csv --watch --gate --limit 60C --power 250W >out
    grep -q 'the limit 60 C is reached' out
}
a_gate_is_the_answer() {
    status_is 1 "$erg" thermal fit log.csv --window 0s:40s --gate >out
}
# A meter's tape: NAME WATTS, ten readings a second.
meter_tape() {
    printf '# erg tape 1\n# device=%s\n# quantity=power\n# unit=W\n# update_ns=100000000\n' "$1"
    for t in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do
        echo "${t}00000000,1000,$2"
    done
}
# RUN METERS: kind, closure and the watts between the outer meter and those inside it.
balance_of() {
    "$erg" thermal fit "$1" --meters "$2" --table balance --format csv >rows 2>said &&
    awk -F, -v outer="${2%%=*}" -v inner="${2#*=}" '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
        $1 == outer && $2 == inner {
            printf "%s %.3f %.1f %s\n", $at["kind"], $at["closure"], $at["rest_w"], $at["closes"]
        }' rows
}
# GPU 60 W and CPU 40 W; the supply takes a fifth of what the wall gives, fans take 10 W.
a_recorded_wall_is_held_against_gpu_and_cpu() {
    meter_tape wattsup:0 135 >wall.tape &&
    "$erg" run --quiet --no-wait --for 2s --tape wall.tape --output wall.erg --device \
        sim:plain,load=constant:60,update=50ms,sim:plain,load=constant:40,update=50ms >out &&
    [ "$(balance_of wall.erg "wattsup:0=sim:plain+sim:plain#2")" = \
        "independent 0.259 35.0 false" ] &&
    status_is 2 "$erg" thermal fit wall.erg --meters "wattsup:0=sim:plain+psu" 2>said &&
    grep -q "'psu' is neither" said
}
a_recorded_regulator_is_held_against_its_package() {
    meter_tape vr:0 50 >vr.tape &&
    "$erg" run --quiet --no-wait --for 2s --tape vr.tape --output vr.erg \
        --device sim:plain,load=constant:49,update=50ms >out &&
    [ "$(balance_of vr.erg "vr:0=sim:plain")" = "independent 0.020 1.0 true" ]
}
check "a load works as long as the plan asks and ends with it" a_load_works_as_long_as_the_plan_asks_and_ends_with_it
a_power_limit_is_turned_and_the_fan_held() {
    "$erg" thermal fit --record limit.erg --sensor sim:a100-sxm4-80gb,heat,load=constant:350 \
        --by power_limit --fan 80% --plan step=200W:300W:1s -- sh load.sh >out 2>said &&
    grep -q 'fan: held at 80' said && grep -q 'step .*duty 1[.]00' said &&
    status_is 2 "$erg" thermal fit --record none.erg --sensor sim:a100-sxm4-80gb,heat \
        --by power_limit --plan step=20W:300W:1s -- sh load.sh 2>said &&
    grep -q 'goes from 160 to 400 W' said
}
a_load_that_ends_early_is_told() {
    status_is 1 "$erg" thermal fit --record early.erg --sensor sim:a100-sxm4-80gb \
        --plan hold=100W:5s -- true 2>said &&
    grep -q 'ended before its plan' said
}
check "a plan that is none is bad usage" a_plan_that_is_none_is_bad_usage
check "a power limit is turned and the fan held" a_power_limit_is_turned_and_the_fan_held
check "a load that ends early is told" a_load_that_ends_early_is_told
check "a plan is recorded as regions" a_plan_is_recorded_as_regions
check "a coupling study begins with a calibration" a_coupling_study_begins_with_a_calibration
check "the curves of a fit become a page" the_curves_of_a_fit_become_a_page
check "a log is watched" a_log_is_watched
check "a gate is the answer" a_gate_is_the_answer
check "a recorded wall is held against gpu and cpu" a_recorded_wall_is_held_against_gpu_and_cpu
check "a recorded regulator is held against its package" a_recorded_regulator_is_held_against_its_package
echo "1..$number"
