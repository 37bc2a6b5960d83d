#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# prometheus.sh ERG: what promtool, and Prometheus' own Python client, say of our metrics.
erg=$(realpath "$1")
command -v promtool >/dev/null || {
    echo "1..0 # SKIP no promtool is installed (package prometheus)"
    exit 0
}
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
gpu="--sensor=sim:a100-sxm4-80gb"
"$erg" run "$gpu" --idle 0s --quiet --output a.erg -- sleep 0.3

clean() { # COMMAND...
    "$erg" "$@" --format prometheus >metrics.prom && [ -s metrics.prom ] \
        && promtool check metrics <metrics.prom 2>&1; }
devices() { clean devices "$gpu"; }
run() { clean show a.erg; }
regions() { clean show a.erg --table regions; }
shape() { clean shape --synthetic square:1000W/750ms,300W/250ms --policy none,stagger=4 --explain; }
hardware() { clean hardware; }
estimate() { clean estimate zoo:resnet18 --on l4; }
refuses() { ! printf 'erg_ms{a="1"} 1\nerg_ms{a="1"} 2\n' | promtool check metrics 2>/dev/null; }
parser='import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
families = list(read(open(sys.argv[1]).read()))
print(len(families)); assert len(families) > 5'
strict() {
    /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null || return 0
    "$erg" devices "$gpu" --format openmetrics >a.om && /usr/bin/python3 -c "$parser" a.om \
        && "$erg" show a.erg --format openmetrics >b.om && /usr/bin/python3 -c "$parser" b.om; }

check "promtool finds nothing in devices" devices
check "nor in a run" run
check "nor in one table of a run" regions
check "nor in policies over a load" shape
check "nor in the catalogue" hardware
check "nor in an estimate" estimate
check "promtool would have said so" refuses
check "the strict reader of OpenMetrics takes them, where it is installed" strict
echo "1..$number"
