#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo_couple.sh SOURCE BUILD: make demo-couple finds what was planted, and nothing where
# nothing was.
source=$(realpath "$1") build=$(realpath "$2")
# shellcheck source=../steps.sh
. "$(dirname "$0")/../steps.sh"
between() { sed -n "/^$1/,/^$2/p" out; }

# The demo takes a build folder below where it stands.
ln -s "$build" build
"$source/tools/demo-couple" build 90 >out 2>log
say "the demo runs" $?
between Coupled: Uncoupled: | grep -Eq '(clock|temp) +step_s .*(coupling shown|associated)'
say "a clock that makes steps longer is found" $?
between Uncoupled: 'On this machine' | grep -E '(clock|temp) +step_s ' >rows
[ "$(wc -l <rows)" = 2 ] && ! grep -Eq 'coupling shown: (clock|temp) leads' rows
say "steps that are deaf to it are not said to follow it" $?
sed -n '/^On this machine/,$p' out | grep -q 'verdict\|nothing could be studied'
say "this machine has its say" $?
echo "1..$number"
