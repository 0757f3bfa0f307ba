#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Downloads from a local server that answers well and badly: whole, cut short, slow, moved, changed, refused; interrupted,
# killed, two at once, a full disk. What arrives is compared with what was served.
set -euo pipefail
build=$1 source=$2
fovea=$build/fovea
work=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
export FOVEA_CACHE=$work/cache
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY || true
mkdir "$work/files"
head -c 1000000 /dev/urandom >"$work/files/big.bin"
printf 'x' >"$work/files/one.bin"
: >"$work/files/empty.bin"
python3 "$source/tests/serve.py" "$work/files" "$work/port" &
server=$!
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.1; done
url=http://127.0.0.1:$(cat "$work/port")
log=$work/port.log
sum=$(sha256sum "$work/files/big.bin" | cut -d' ' -f1)

fail() { echo "FAILED: $*"; exit 1; }
# get URL: downloads, compares with big.bin, and forgets it
get() {
    path=$("$fovea" data get "$1") || fail "data get $1"
    cmp "$path" "$work/files/big.bin" || fail "$1: other bytes"
    [ ! -e "$path.part" ] && [ ! -e "$path.part.tag" ] || fail "$1: something is left behind"
}
# refuse WORDS URL: fails with these words, and leaves no file
refuse() {
    if "$fovea" data get "$2" >"$work/out" 2>"$work/err"; then fail "$2 was taken"; fi
    grep -q -e "$1" "$work/err" || fail "$2: '$1' is not said: $(cat "$work/err")"
    [ ! -s "$work/out" ] || fail "$2: a path is printed"
}

get "$url/plain/big.bin"
get "$url/plain/big.bin#sha256=$sum"                      # here already: nothing is asked for
[ "$(wc -l <"$log")" = 1 ] || fail "what was there was downloaded again"
get "$url/plain/big.bin?key=1#sha256=$sum"
get "$url/moved/big.bin"
for name in one empty; do
    path=$("$fovea" data get "$url/plain/$name.bin")
    cmp "$path" "$work/files/$name.bin" || fail "$name.bin"
done

# A connection that ends early is gone on with: half, then half of the rest, then half of that, then no more.
refuse "cannot be downloaded" "$url/cut/big.bin"
grep -q "/cut/big.bin bytes=500000-" "$log" || fail "the second attempt did not go on at the middle"
[ "$(grep -c /cut/ "$log")" = 4 ] || fail "not four attempts"
part=$(find "$work/cache" -name big.bin.part)
[ "$(stat -c %s "$part")" = 937500 ] || fail "the parts do not add up: $(stat -c %s "$part")"
cmp -n 937500 "$part" "$work/files/big.bin" || fail "the parts are wrong"
get "$url/norange/big.bin"                                # a server that begins again is believed

# Another file under the same address: what came of the old one is dropped.
cp "$work/files/big.bin" "$work/files/changing.bin"
refuse "cannot be downloaded" "$url/cut/changing.bin"
head -c 1000000 /dev/urandom >"$work/files/changing.bin"
: >"$log"
refuse "cannot be downloaded" "$url/cut/changing.bin"
part=$(find "$work/cache" -name changing.bin.part)
cmp -n "$(stat -c %s "$part")" "$part" "$work/files/changing.bin" || fail "two files were mixed"

# Interrupted and killed, then gone on with.
"$fovea" data get "$url/slow/big.bin" >/dev/null 2>"$work/err" & pid=$!
sleep 1; kill -INT $pid; code=0; wait $pid || code=$?
[ $code = 130 ] || fail "SIGINT: status $code"
grep -q "goes on from here" "$work/err" || fail "not said how it goes on"
: >"$log"
"$fovea" data get "$url/slow/big.bin" >/dev/null & pid=$!
sleep 0.7; kill -KILL $pid; wait $pid 2>/dev/null || true
grep -q "bytes=[1-9]" "$log" || fail "after SIGINT it began anew"
: >"$log"
(trap '' XFSZ; ulimit -f 700; "$fovea" data get "$url/slow/big.bin") >/dev/null 2>"$work/err" && fail "a full disk is no error"
grep -q "bytes=[1-9]" "$log" || fail "after SIGKILL it began anew"
grep -q "cannot be written" "$work/err" || fail "a full disk: $(cat "$work/err")"
# Two at once: one downloads, the other waits and takes what is there.
: >"$log"
"$fovea" data get "$url/slow/big.bin" >"$work/a" & one=$!
sleep 0.2
"$fovea" data get "$url/slow/big.bin" >"$work/b" & two=$!
wait $one || fail "the first of two"
wait $two || fail "the second of two"
cmp "$work/a" "$work/b"
cmp "$(cat "$work/a")" "$work/files/big.bin" || fail "two at once"
[ "$(wc -l <"$log")" = 1 ] || fail "two at once: downloaded twice"

refuse "404: there is no such file" "$url/plain/nothing.bin"
refuse "403" "$url/status/403"
refuse "cannot be downloaded" "$url/status/500"
refuse "cannot be downloaded" "$url/loop/big.bin"
refuse "cannot be downloaded" "http://127.0.0.1:1/x"
refuse "64 hexadecimal digits" "$url/plain/big.bin#sha256=12"
refuse "has the SHA-256" "$url/plain/big.bin?other#sha256=$(printf '0%.0s' $(seq 64))"
[ -z "$(find "$work/cache" -name 'big.bin*' -path "*$(printf '%s' "$url/plain/big.bin?other" | sha256sum | cut -c1-16)*")" ] ||
    fail "what had the wrong checksum is still there"
refuse "did you mean 'mnist'" minst
# The known sets' files from a mirror that has others.
mkdir -p "$work/files/mnist"
cp "$work/files/big.bin" "$work/files/mnist/train-images-idx3-ubyte.gz"
if "$fovea" data get mnist --mirror "$url/plain" >/dev/null 2>"$work/err"; then fail "a false mnist was taken"; fi
grep -q "has the SHA-256" "$work/err" || fail "the false mnist: $(cat "$work/err")"

# As DATA: a name that is drawn, and a file address.
"$fovea" data get --list | grep -q '^fashion-mnist' || fail "--list"
"$fovea" data info demo >"$work/out" || fail "demo as data"
grep -q "12000 pictures, 10 classes" "$work/out" || fail "demo: $(head -1 "$work/out")"
"$fovea" data info "file://$work/cache/demo" | grep -q "12000 pictures" || fail "a file address as data"
echo "all downloads as they should be"
