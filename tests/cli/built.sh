#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# built.sh ERG ERGD: what this build leaves out is told, with the cure, wherever it is missed.
erg=$(realpath "$1") ergd=$(realpath "$2")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
"$erg" --version >version

# Each line names one thing and says "built", the library that was found, or how to get it.
# $1: kind, and how many there are at least.
told() { cat version
    awk -v kind="$1" -v least="$2" '$1 == kind { n++; if ($0 !~ /: ./) bad = 1
        if (/not built/ && $0 !~ /build again|-D[a-z]*=disabled/) bad = 1 }
        END { exit !(n >= least && !bad) }' version; }
engines() { told engine 2 && grep -q '^engine onednn: ' version && grep -q '^engine cuda: ' version; }
plugins() { told plugin 5 && for name in nvtx launch cupti mpi-openmpi mpi-mpich; do
    grep -q "^plugin liberg-$name: " version || return 1; done; }
daemon() { "$ergd" --version >of_ergd; cat of_ergd
    awk '/not built|are kept/ && !/build again/ { bad = 1 } END { exit bad || NR != 3 }' of_ergd; }
# Exit 3: not available here, and in the words of --version.
absent_engine() { cure=$(sed -n 's/^engine onednn: //p' version)
    case $cure in "not built"*) ;; *) return 0 ;; esac
    "$erg" replay run zoo:resnet18 --engine onednn --output out >said 2>&1; status=$?
    cat said; [ "$status" = 3 ] && grep -qF "$cure" said; }

check "the version lists the engines" engines
check "the version lists the plugins, built or not" plugins
check "ergd says what it was built with" daemon
check "an engine that is not built is refused with its cure" absent_engine
echo "1..$number"
