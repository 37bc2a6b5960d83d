# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Sourced by shell tests once they know their arguments: a folder of their own to work in,
# and a line of TAP for each step.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
number=0
say() { # SENTENCE STATUS [LOG]
    number=$((number + 1))
    if [ "$2" = 0 ]; then echo "ok $number - $1"
    else echo "not ok $number - $1"; cut -c1-300 "${3:-log}" | sed 's/^/# /'; fi
}
check() { # SENTENCE COMMAND...
    sentence=$1
    shift
    "$@" >"$work/.log" 2>&1
    say "$sentence" $? "$work/.log"
}
status_is() { # STATUS COMMAND...
    want=$1
    shift
    "$@"
    got=$?
    [ "$got" = "$want" ] || { echo "status $got, not $want"; false; }
}
# Starts $ergd, and returns once it listens; its process is in $daemon.
serve() { # CONFIG SOCKET OPTION...
    config=$1 socket=$2 tries=0
    shift 2
    # shellcheck disable=SC2154  # The caller says which.
    "$ergd" --config "$config" "$@" 2>ergd.log &
    # shellcheck disable=SC2034  # The caller ends it.
    daemon=$!
    while [ ! -S "$socket" ] && [ $((tries += 1)) -le 100 ]; do sleep 0.3; done
}
