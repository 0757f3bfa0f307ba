#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The README and the pages of docs/ are true: their commands run in order, print the lines they show (numbers may differ), and the
# README's program compiles and runs.
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
        echo "this command of $page fails: $1"
        cat output.txt
        bad=1
    fi
}
# follow PAGE: each page in a folder of its own, but for the README's, which its program goes on with.
follow() {
    page=$1 seen=0
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
                echo "$page: not printed any more: $line"
                bad=1
            fi
            ;;
        esac
    done < <(awk '/^```console/ { inside = 1; next } /^```/ { inside = 0 } inside' "$source/$page")
}
for file in "$source"/docs/*.md; do
    mkdir page && cd page
    follow "docs/${file##*/}"
    cd .. && rm -rf page
done
follow README.md
[ "$seen" -ge 6 ] || { echo "only $seen commands were found in the README"; bad=1; }

awk '/^```c$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$source/README.md" >digits.c
gcc -std=c17 -Wpedantic -Wall -Wextra -Werror -I"$source/include" digits.c -o program -L"$build" -lfovea -Wl,-rpath,"$build"
[ -z "$(./program)" ] && [ -s digits.safetensors ] || { echo "the README's program does not do its work"; bad=1; }
for link in $(grep -oE '\]\([^)]*\)' "$source/README.md" | tr -d ']()'); do
    [ -e "$source/$link" ] || { echo "README links to $link, which is not there"; bad=1; }
done
exit $bad
