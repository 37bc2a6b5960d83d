#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/man and docs/erg.bash are what the option tables say (make docs rewrites them).
set -u
erg=$(realpath "$1") source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$source/tools/docs" "$erg" "$work"
number=0
for made in "$work"/man/* "$work/erg.bash"; do
    number=$((number + 1))
    name=${made#"$work"/}
    diff -u "$source/docs/$name" "$made" >"$work/diff" && echo "ok $number - $name" \
        || { sed 's/^/# /' "$work/diff"; echo "not ok $number - $name"; }
done
echo "1..$number"
