#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# train --cache: the same training with pictures from files, from memory and from disk, in a first and a second run; what the log says.
# Usage: check_cache.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"
export FOVEA_CACHE=$work/cache

# trained NAME OPTIONS...: what is learnt is as without a cache; the log in err.
trained() {
    "$fovea" train digits --model small_cnn --epochs 2 --batch 32 --seed 1 --threads 2 --out "$1" "${@:2}" >out 2>err </dev/null ||
        complain "train ${*:2}: status $?: $(tail -n 1 err)"
    cut -d, -f1,3-7 "$1/results.csv" >"$1.columns"
    cmp -s none.columns "$1.columns" || complain "${*:2}: other results than without a cache"
}

"$fovea" data demo digits --train 8 --test 2 --size 16 --seed 1 >out 2>err || complain "data demo: $(tail -n 1 err)"
trained none
grep -q 'kept in' err && complain "without --cache pictures are kept"
trained ram --cache ram
grep -q 'training: decoded pictures are kept in memory, up to ' err || complain "--cache ram: nothing is said"
trained first --cache disk
grep -qE "training: .* kept in $work/cache/pictures/[0-9a-f]{16}\.pictures, .* 0 of [0-9]+ are there" err ||
    complain "--cache disk: '$(grep kept err)'"
# All the training pictures are there now, and the validation ones in a file of their own.
[ "$(find cache/pictures -type f | wc -l)" -eq 2 ] || complain "not two files: $(ls cache/pictures)"
before=$(stat -c %s cache/pictures/*)
trained second --cache disk
grep -qE ' 0 of [0-9]+ are there' err && complain "the second run finds nothing: '$(grep kept err)'"
[ "$before" = "$(stat -c %s cache/pictures/*)" ] || complain "the second run adds to what is complete"
trained folder --cache "disk:$work/other" --cache-limit 1
[ "$(find other -type f | wc -l)" -eq 2 ] || complain "disk:FOLDER is not used"

"$fovea" train digits --epochs 1 --cache disc --out wrong >out 2>err && complain "--cache disc: status 0"
grep -q "none, ram, disk and disk:FOLDER" err || complain "--cache disc: '$(tail -n 1 err)'"
[ "$failures" -eq 0 ]
