#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The README and docs/data.md are true: their commands run in order, print the lines they show (numbers may differ), and the README's
# program compiles and runs.
# Training is cut to one epoch, which is all that this test has time for.
set -euo pipefail
build=$(realpath "$1") source=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
PATH=$build:$PATH
bad=0
shape() { # numbers, times and the mark of the best epoch differ from run to run
    sed -E 's/[0-9]+(\.[0-9]+)?/#/g; s/ +/ /g'
}
run() {
    local command=${1/--epochs 16/--epochs 1}
    if ! bash -c "$command" >output.txt 2>&1; then
        echo "this command of the documentation fails: $1"
        cat output.txt
        bad=1
    fi
}
# page FILE LEAST: at least so many commands.
page() {
    local seen=0 line
    mkdir "$work/${1##*/}"
    cd "$work/${1##*/}"
    while IFS= read -r line; do
        case $line in
        '$ '*)
            run "${line#\$ }"
            shape <output.txt >printed.txt
            seen=$((seen + 1))
            ;;
        *…* | epoch* | test* | 'best epoch'*) ;;
        *)
            if ! grep -qxF -- "$(shape <<<"$line")" printed.txt; then
                echo "$1: not printed any more: $line"
                bad=1
            fi
            ;;
        esac
    done < <(awk '/^```console/ { inside = 1; next } /^```/ { inside = 0 } inside' "$source/$1")
    [ "$seen" -ge "$2" ] || { echo "only $seen commands were found in $1"; bad=1; }
}
page docs/data.md 10
page README.md 6

awk '/^```c$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$source/README.md" >digits.c
gcc -std=c17 -Wpedantic -Wall -Wextra -Werror -I"$source/include" digits.c -o program -L"$build" -lfovea -Wl,-rpath,"$build"
[ -z "$(./program)" ] && [ -s digits.safetensors ] || { echo "the README's program does not do its work"; bad=1; }
for link in $(grep -oE '\]\([^)]*\)' "$source/README.md" | tr -d ']()'); do
    [ -e "$source/$link" ] || { echo "README links to $link, which is not there"; bad=1; }
done
exit $bad
