#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install.sh SOURCE BUILD: what `make install` leaves is all that a user's program needs.
# The build is of its own, as a release has no sanitizer to link against.
set -u
source=$1 folder=$2/installed
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
log=$stage/log number=0
check() {
    number=$((number + 1))
    name=$1
    shift
    if "$@" >"$log" 2>&1; then
        echo "ok $number - $name"
    else
        sed 's/^/# /' "$log"
        echo "not ok $number - $name"
    fi
}
install() {
    [ -f "$folder/build.ninja" ] \
        || meson setup "$folder" "$source" -Dtests=none --buildtype=release --prefix=/usr --libdir=lib || return 1
    ninja -C "$folder" && DESTDIR=$stage meson install -C "$folder" --no-rebuild
}
config() { pkg-config --define-prefix "$@" erg; }
# shellcheck disable=SC2046  # Flags are words.
shared() {
    cc -o "$stage/shared" "$source/examples/regions.c" $(config --cflags --libs) -lm \
        && ldd "$stage/shared" | grep "$stage.*liberg.so.0" && "$stage/shared"
}
# shellcheck disable=SC2046  # Flags are words.
static() {
    cc -o "$stage/static" "$source/examples/regions.c" $(config --cflags) \
        -Wl,-Bstatic -L"$stage/usr/lib" -lerg -Wl,-Bdynamic $(config --static --libs-only-l | sed 's/-lerg//') -lm \
        && ! ldd "$stage/static" | grep liberg && "$stage/static"
}
python() {
    cd "$stage" && PYTHONPATH=$(find "$stage/usr" -path '*/erg/__init__.py') \
        && PYTHONPATH=${PYTHONPATH%/erg/*} && export PYTHONPATH \
        && erg run --device sim:a100-sxm4-80gb -o run.erg -- python3 "$source/examples/regions.py" \
        && erg show run.erg --region decode
}
unset ERG_RING ERG_LIBRARY
export PKG_CONFIG_PATH="$stage/usr/lib/pkgconfig" LD_LIBRARY_PATH="$stage/usr/lib" \
    PATH="$stage/usr/bin:$PATH"
check "everything is installed below DESTDIR" install
check "a program compiles against the shared library and runs" shared
check "a program compiles against the static library and runs" static
check "Python measures with what is installed" python
check "the manual is installed" test -f "$stage/usr/share/man/man1/erg.1"
echo "1..$number"
