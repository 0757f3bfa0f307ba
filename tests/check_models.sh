#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fovea models and models get: the listing, and published weights from a local server that answers well and badly.
# Usage: check_models.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"
weights=${FOVEA_TEST_DATA:-$source/../shared/data}/weights/resnet20-12fca82f.th
export FOVEA_CACHE=$work/cache
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY FOVEA_WEIGHTS_MIRROR

# fails WORDS ARGUMENTS...: status 1 or 2, the words in the error, and no path printed.
fails() {
    local words=$1
    shift
    "$fovea" "$@" >out 2>err </dev/null && complain "fovea $*: succeeded"
    grep -qF -- "$words" err || complain "fovea $*: does not say '$words': $(tail -n 1 err)"
    [ -s out ] && complain "fovea $*: prints $(head -n 1 out)"
}

# ---- the listing ----
succeeds models
awk 'length($0) > 120 { exit 1 }' out || complain "models: lines of more than 120 columns"
grep -qE '^mobilenet_v2 +3\.50 +300\.8 +224x224x3 +72\.2 +tv2_in1k tv_in1k ra_in1k$' out || complain "models: $(grep '^mobilenet_v2 ' out)"
succeeds models resnet50
grep -qx 'weights     resnet50.tv2_in1k (the default)' out || complain "models resnet50: no default"
grep -q 'resnet50-0676ba61.pth' out && grep -q 'arXiv:1512.03385' out && grep -q 'BSD-3-Clause' out ||
    complain "models resnet50: no address, paper or licence"
cp out network
succeeds models resnet50.tv_in1k
cmp -s network out || complain "models: the name of weights tells something else than their network's"
succeeds models wide_resnet10_1
grep -q '^parameters  77850 ' out || complain "models wide_resnet10_1: $(grep '^parameters' out)"
fails "there is no network" models wide_resnet11_1
fails "there is no network" models mobilenet_v1_75
succeeds models --json
python3 - <<'PY' || complain "models --json"
import json, re
networks = json.load(open("out"))
names = [w["name"] for n in networks for w in n["weights"]]
assert len(networks) > 40 and len(names) > 50 and len(set(names)) == len(names)
for n in networks:
    assert n["flops"] == 2 * n["multiply_adds"] > 0 and [w["default"] for w in n["weights"]] == [i == 0 for i in range(len(n["weights"]))]
    for w in n["weights"]:
        assert w["name"].split(".")[0] == n["name"] and w["url"].startswith("https://") and 50 < w["top1"] < 95, w
        assert re.fullmatch("([0-9a-f]{8}|[0-9a-f]{64}|)", w["sha256"]) and w["sha256"][:8] in w["url"], w
        assert w["size"] == n["height"] and 0.8 < w["crop_fraction"] <= 1 and w["licence"], w
PY

# ---- downloads that go wrong ----
mkdir -p files/resnet20.cifar10 files/mobilenetv4_conv_small.e2400_r224_in1k files/mobilenet_v2.tv2_in1k
head -c 700000 /dev/urandom >files/resnet20.cifar10/resnet20-12fca82f.th
cp files/resnet20.cifar10/resnet20-12fca82f.th files/mobilenet_v2.tv2_in1k/mobilenet_v2-7ebf99e0.pth
printf '<html>not weights</html>' >files/mobilenetv4_conv_small.e2400_r224_in1k/model.safetensors
python3 "$source/tests/serve.py" files port &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
url=http://127.0.0.1:$(cat port)
log=port.log

fails "did you mean 'resnet20'" models get resent20
fails "no weights of the network small_cnn are published" models get small_cnn
fails "404: there is no such file" models get resnet32 --mirror "$url/plain"
fails "has the SHA-256" models get resnet20 --mirror "$url/plain"
fails ", not 7ebf99e0…" models get mobilenet_v2 --mirror "$url/plain"
fails "what came is not what was published, and was deleted" models get mobilenetv4_conv_small --mirror "$url/plain"
[ -z "$(find cache -type f -size +0)" ] || complain "a false file was kept: $(find cache -type f -size +0)"
(trap '' XFSZ; ulimit -f 300; "$fovea" models get resnet20 --mirror "$url/slow" >out 2>err) && complain "a full disk is no error"
grep -q "cannot be written" err || complain "a full disk: $(cat err)"

if [ ! -e "$weights" ]; then
    [ $failures -eq 0 ] || exit 1
    echo "$weights is missing (FOVEA_TEST_DATA names the folder of real data)"
    exit 77
fi

# ---- downloads that go well ----
cp "$weights" files/resnet20.cifar10/
rm -rf cache
"$fovea" models get resnet20 --mirror "$url/slow" >out 2>err & pid=$!
sleep 1; kill -INT $pid; code=0; wait $pid || code=$?
[ $code = 130 ] || complain "SIGINT: status $code"
grep -q "goes on from here" err || complain "SIGINT: $(cat err)"
: >"$log"
FOVEA_WEIGHTS_MIRROR=$url/moved succeeds models get resnet20.cifar10
grep -q "/plain/.* bytes=[1-9]" "$log" || complain "after SIGINT it began anew: $(cat "$log")"
model=$(cat out)
[ "$(find cache -type f)" = "${model#"$work"/}" ] || complain "models get: left $(find cache -type f)"
kill $server
FOVEA_WEIGHTS_MIRROR=http://127.0.0.1:1 succeeds models get resnet20 # it is here: nothing is asked for
[ "$(cat out)" = "$model" ] || complain "models get: another place the second time"
succeeds models get resnet20 -o own.safetensors
cmp -s "$model" own.safetensors || complain "models get -o: another model"

# The same model as importing the file with everything said.
printf '%s\n' airplane automobile bird cat deer dog frog horse ship truck >names.txt
succeeds import "$weights" --model resnet20 --classes names.txt --preprocess 'torch crop_pct=1' -o imported.safetensors
cmp -s "$model" imported.safetensors || complain "models get: another model than import makes"

# As the value of --weights: the network is theirs, and all of its tensors are taken.
succeeds data demo digits --train 8 --test 2
succeeds train digits --weights resnet20 --epochs 2 --freeze backbone --threads 1 --out a
grep -q 'resnet20: 32x32x3' err || complain "train --weights resnet20: $(cat err)"
grep -q '97 of the network' err || grep -q '97 of the network' out || complain "train --weights resnet20: $(cat err)"
succeeds train digits --model resnet20 --weights pretrained --epochs 2 --freeze backbone --threads 1 --out b
cmp -s a/best.safetensors b/best.safetensors || complain "train --weights pretrained: another model"
fails "--model must name the network" train digits --weights pretrained --out c
fails "did you mean 'resnet20'" train digits --weights resnet2O --out c
fails "no weights of the network resnet8 are published" train digits --model resnet8 --weights pretrained --out c
[ -e c ] && complain "train: a failure left a run folder"
exit $((failures > 0))
