#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the command says and returns when it is asked for help or called wrongly; no training.
# Usage: check_command.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

# expect STATUS PATTERN ARGUMENTS...: nothing on standard output and one line on standard error that matches.
expect() {
    local wanted=$1 pattern=$2 status
    shift 2
    "$fovea" "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq "$wanted" ] || complain "fovea $*: status $status, not $wanted"
    [ -s out ] && complain "fovea $*: wrote to standard output"
    [ "$(wc -l <err)" -eq 1 ] || complain "fovea $*: $(wc -l <err) lines on standard error"
    grep -qE -- "$pattern" err || complain "fovea $*: '$(cat err)' does not match '$pattern'"
}

# prints PATTERN ARGUMENTS...: status 0, nothing on standard error, standard output matches.
prints() {
    local pattern=$1
    shift
    "$fovea" "$@" >out 2>err </dev/null || complain "fovea $*: status $?"
    [ -s err ] && complain "fovea $*: said '$(cat err)'"
    grep -qE -- "$pattern" out || complain "fovea $*: standard output does not match '$pattern'"
}

verbs='train cv tune export serve calibrate average import runs eval predict explain info models models:get doctor data:augment data:check data:demo data:get data:info data:pack data:split'

# Help
"$fovea" >out 2>err
[ $? -eq 2 ] || complain "fovea alone: status is not 2"
grep -q '^usage: fovea VERB' out || complain "fovea alone: no usage"
prints '^fovea [0-9]+\.[0-9]+\.[0-9]+$' --version
prints '^  train ' --help
prints '^  train ' -h
for verb in $verbs; do
    words=${verb/:/ }
    # shellcheck disable=SC2086 # two words on purpose
    prints "^usage: fovea $words" $words --help
    awk -v v="$words" 'length > 80 { print "too wide: " v ": " $0; bad = 1 } END { exit bad }' out ||
        complain "$words --help is wider than 80 columns"
    grep -q '^Example:' out || complain "$words --help has no example"
    prints "^  ${words}" --help
done
prints 'usage: fovea train' train photos --epochs 3 --help
prints 'usage: fovea eval' help eval
prints 'default: 20' train --help
prints '1\.\.1000000' train --help

# Verbs and options that are none
expect 2 "trian: .*did you mean 'train'" trian photos
expect 2 "unknown verb; 'fovea --help'" zzzzzzzzzz
expect 2 "data dmeo: .*did you mean 'data demo'" data dmeo
expect 2 'data: ' data
expect 2 'the verb comes first' --epochs 3
expect 2 '--ephocs: unknown option; did you mean --epochs\?' train photos --ephocs 3
expect 2 '--weight-deacy: .*--weight-decay' train photos --weight_deacy=3
expect 2 '-x: unknown option' train -x
expect 2 "--schedule: .*did you mean 'cosine'" train photos --schedule cosin
expect 2 "--optimizer: .*lamb or muon" train photos --optimizer qqqqqqq
expect 2 "--epochs: .*1\.\.1000000, not '0'" train photos --epochs 0
expect 2 "--epochs: .*'3x'" train photos --epochs=3x
expect 2 "--lr: .*'nan'" train photos --lr nan
expect 2 "--val-split: .*'1'" train photos --val-split 1
expect 2 "--seed: .*'-1'" train photos --seed -1
expect 2 "--size: .*'12y'" train photos --size 12y
expect 2 "--size: .*'0'" train photos --size 0
expect 2 "--size: .*'3x'" train photos --size 3x
expect 2 "--model: .*'smal_cnn'.*did you mean 'small_cnn'" train photos --model smal_cnn
expect 2 '--out: needs a value' train photos --out --epochs 3
expect 2 '--epochs: needs a value' train photos --epochs
expect 2 "--json: must be yes or no" models --json=perhaps
expect 2 'leave out --epochs' train --resume run --epochs 3
expect 2 "train needs DATA" train
expect 2 "train takes DATA and nothing more" train a b
expect 2 "eval needs MODEL DATA" eval model
expect 2 "predict needs MODEL PICTURE" predict model
expect 2 "explain needs -o DIR" explain model picture
expect 2 "data split needs -o OUT" data split photos
expect 2 "--format: .*did you mean 'symlink'" data split photos -o out --format symlnk
expect 2 "models takes .NAME. and nothing more" models small_cnn resnet20
expect 2 "models get needs NAME" models get
expect 2 "--verify: .* is not a model file" info . --verify

# What is not there, or is not what it should be
mkdir -p one/only empty-folder
printf 'not a model\n' >text.safetensors
printf 'epochs: 3\nlearn: 0.1\n' >bad.yaml
printf 'epochs: [3\n' >broken.yaml
expect 1 'no-such-folder' train no-such-folder
expect 1 'two lines' train $'two\nlines'
expect 2 'a \[31mb' train --$'a\e[31mb'
expect 1 'empty-folder' train empty-folder
expect 1 'leave nothing for training' data split one -o out.csv --val 0.6 --test 0.6
expect 1 'one' train one
expect 1 'no-such-run: .*args.yaml' train --resume no-such-run
expect 2 'bad.yaml: line 2: learn: unknown option' train one --config bad.yaml
expect 2 'broken.yaml: line [0-9]+: is not YAML' train one --config broken.yaml
expect 2 'no-such.yaml' train one --config no-such.yaml
expect 1 'no-such.safetensors' eval no-such.safetensors one
expect 1 'text.safetensors' predict text.safetensors picture.jpg
expect 1 'text.safetensors' info text.safetensors --verify
expect 1 'no-such.safetensors' explain no-such.safetensors picture.jpg -o out-folder
[ -e runs ] && complain "a run folder was made for data that cannot be used"

# A full disk behind standard output is a failure
if [ -w /dev/full ]; then
    "$fovea" --help >/dev/full 2>err && complain "--help to a full disk: status 0"
    grep -q 'standard output' err || complain "--help to a full disk: '$(cat err)'"
fi

# Tables and JSON
prints '^small_cnn +[0-9]+' models
prints 'reference +yes' doctor
for what in models doctor; do
    "$fovea" $what --json >out || complain "$what --json: status $?"
    python3 -c 'import json, sys; json.load(sys.stdin)' <out || complain "$what --json: is not JSON"
done

# Every option of every verb is in its manual page and in the completion
"$fovea" --manuals man || complain "--manuals: status $?"
for shell in bash zsh fish; do
    "$fovea" --completion $shell >completion.$shell || complain "--completion $shell: status $?"
    ! command -v $shell >where || $shell -n completion.$shell || complain "the completion is not $shell"
done
expect 2 'bash, zsh' --completion tcsh
for verb in $verbs; do
    page=man/man1/fovea-${verb/:/-}.1
    [ -s "$page" ] || complain "$page is missing"
    # shellcheck disable=SC2086
    for flag in $("$fovea" ${verb/:/ } --help | grep -oE '^  (-., )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+'); do
        [ "$flag" = --help ] && continue
        tr -d '\\' <"$page" | grep -q -- "^fB$flag" || tr -d '\\' <"$page" | grep -q -- "fB$flag" ||
            complain "$page lacks $flag"
        grep -q -- "$flag" completion.bash || complain "the completion lacks $flag of $verb"
        grep -q -- "'$flag\[" completion.zsh || complain "zsh's completion lacks $flag of $verb"
        grep -q -- "verb ${verb/:/ }' -l ${flag#--} " completion.fish || complain "fish's completion lacks $flag of $verb"
    done
done

# The command calls the public API and the helpers of core/, nothing else of ours
objects=$(find "$build" -path '*fovea_command.dir*' -name '*.o')
[ -n "$objects" ] || complain "the command's objects are not there"
# shellcheck disable=SC2086
own=$(nm --defined-only $objects | awk 'NF == 3 { print $3 }' | sort -u)
declared=$(grep -ohE '\bfv_[a-z_0-9]+ *\(' "$source"/include/fovea/*.h | tr -d ' (' | sort -u)
# shellcheck disable=SC2086
for symbol in $(nm -u $objects | awk '$1 == "U" { print $2 }' | grep -E '^[a-z]+_' | sort -u); do
    case $symbol in
    options_* | text_* | mem_* | file_* | status_* | json_* | yaml_* | sched_* | clock_* | posix_* | web_* | strtok_r) continue ;;
    esac
    grep -qx -- "$symbol" <<<"$own" || grep -qx -- "$symbol" <<<"$declared" ||
        complain "the command uses $symbol, which is not public"
done

[ $failures -eq 0 ] && echo "the command's usage: all as it should be"
exit $((failures > 0))
