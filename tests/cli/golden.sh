#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# golden.sh ERG FOLDER [--write]: each case's cmd runs in a folder of its own with erg
# on the PATH; stdout, stderr and status must be what the files say.
set -u
erg=$(realpath "$1") golden=$2 write=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$erg" "$work/bin/erg"
PATH=$work/bin:$PATH
export PATH LC_ALL=C NO_COLOR=1 GOLDEN="$golden" ASAN_OPTIONS=detect_leaks=1
unset ERG_RING
number=0
for folder in "$golden"/*/; do
    name=$(basename "$folder")
    number=$((number + 1))
    mkdir "$work/$name"
    (cd "$work/$name" && sh "$folder/cmd" >"$work/stdout" 2>"$work/stderr" </dev/null)
    echo $? >"$work/status"
    if [ "$write" = --write ]; then
        cp "$work/stdout" "$work/stderr" "$work/status" "$folder"
        continue
    fi
    good=1
    for part in stdout stderr status; do
        diff -u "$folder/$part" "$work/$part" >"$work/diff" || { good=0; sed 's/^/# /' "$work/diff"; }
    done
    [ $good = 1 ] && echo "ok $number - $name" || echo "not ok $number - $name"
done
echo "1..$number"
