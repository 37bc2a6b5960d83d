#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# setup.sh SOURCE: what tools/setup does where it may not install, on a PATH of stubs.
# shellcheck disable=SC2016,SC2034  # Checks are evaluated later.
set -u
setup=$1/tools/setup
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
number=0
stub() { printf '#!/bin/sh\n%s\n' "$2" >"$stage/$1"; chmod +x "$stage/$1"; }
check() {
    number=$((number + 1))
    if eval "$2"; then echo "ok $number - $1"; else
        sed 's/^/# /' "$stage/out"
        echo "not ok $number - $1"
    fi
}
run() { PATH=$stage:$PATH "$setup" "$@" >"$stage/out" 2>&1; status=$?; }

stub dpkg-query 'case "$*" in *libcsv-dev|*meson) exit 1 ;; *) echo "install ok installed" ;; esac'
stub id 'echo 1000'
stub sudo 'exit 1'
stub apt-get "touch $stage/called"
run
check "one who may not install is told and fails" '[ $status = 1 ]'
check "the one line to type names what is missing, and only that" \
    'grep -qx "    sudo apt-get install -y --no-install-recommends meson libcsv-dev" "$stage/out"'
check "nothing is tried that must fail" '[ ! -e "$stage/called" ]'
stub id 'echo 0'
run
check "root installs by name, without a question" '[ $status = 0 ] && [ -e "$stage/called" ]'
stub dpkg-query 'echo "install ok installed"'
stub apt-get 'exit 9'
run --all
check "with everything there it does nothing and says nothing" \
    '[ $status = 0 ] && [ ! -s "$stage/out" ]'
echo "1..$number"
