#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fovea import: what it prints and refuses, and published weights on photos with each trap of preprocessing.
# Usage: check_import.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"
data=${FOVEA_TEST_DATA:-$source/../shared/data}
weights=$data/weights

# fails WORDS ARGUMENTS...: status 1 or 2, and the words in the error.
fails() {
    local words=$1
    shift
    "$fovea" "$@" >out 2>err </dev/null && complain "fovea $*: succeeded"
    grep -qF -- "$words" err || complain "fovea $*: does not say '$words': $(tail -n 1 err)"
}

fails "name the network that its tensors belong to" import "$source/tests/golden/weights_zip.pt" -o x.safetensors
fails "-o must name" import "$source/tests/golden/weights_zip.pt" --model resnet20
fails "conv1.weight of the network resnet20 is missing" import "$source/tests/golden/weights_zip.pt" --model resnet20 -o x.safetensors
grep -qx 'left over  bf16' out || complain "import: does not say what was left over"
grep -qx 'missing    bn1.weight' out || complain "import: does not say what was missing"
fails "none of torch, tf, caffe" import x.pt --model resnet20 --preprocess keras -o x.safetensors
fails "std" import x.pt --model resnet20 --preprocess std=0 -o x.safetensors
fails "one number or three" import x.pt --model resnet20 --preprocess mean=1,2 -o x.safetensors
printf 'a\n\nb\n' >gap.txt
fails "line 2 is empty" import x.pt --model resnet20 --classes gap.txt -o x.safetensors
printf 'not weights at all' >words.bin
fails "holds a whole network: 'fovea import'" import "$source/tests/golden/tflite_grey.tflite" --model resnet20 -o x.safetensors
succeeds import "$source/tests/golden/tflite_grey_labelled.tflite" --preprocess "mean=1 std=2" -o t.safetensors
grep -q "the softmax at the end is left out" err || complain "import: does not say that the softmax is left out"
succeeds info t.safetensors
grep -qE '^mean +1$' out && grep -qE '^classes +5: goose, crane' out || complain "import: a TFLite file: $(head -n 8 out)"

# A quantised one rounds, says so, and cannot be exported so.
succeeds import "$source/tests/golden/tflite_grey_uint8.tflite" -o q.safetensors
grep -qh "5 layers round what is computed" out err || complain "import: a quantised file: $(cat out err)"
fails "import the quantised file with --dequantize" export q.safetensors -o q.onnx
succeeds import "$source/tests/golden/tflite_grey_uint8.tflite" --dequantize -o w.safetensors
succeeds export w.safetensors -o w.onnx
rm t.safetensors
fails "weights are read from safetensors, PyTorch" import words.bin --model resnet20 -o x.safetensors
onnx=$source/tests/golden/onnx
fails "has the height 32, not 64" import "$onnx/resnet_ts.onnx" --preprocess size=64 -o x.safetensors
fails "import its whole network instead" import "$onnx/resnet_ts.onnx" --model resnet18 -o x.safetensors
fails "holds no whole network" import words.bin -o x.safetensors
[ -e x.safetensors ] && complain "import: a failure left a file"
succeeds import "$onnx/halves.onnx" --preprocess size=40 -o onnx.safetensors
grep -q '^the softmax at the end was left out' out err || complain "import: does not say that the softmax was left out"
grep -q '^ONNX, operations of version 17' out err || complain "import: does not say what the ONNX file is"
succeeds info onnx.safetensors
grep -q '40' out || complain "import: --preprocess size= was not used for an ONNX file: $(cat out)"
unsaid='does not say how pictures are normalised'
succeeds import "$onnx/vit_dyn.onnx" -o onnx.safetensors
grep -q "$unsaid" err || complain "import: does not say that an ONNX file lacks the normalisation"
succeeds import "$onnx/vit_dyn.onnx" --preprocess "mean=1 std=2" -o onnx.safetensors
grep -q "$unsaid" err && complain "import --preprocess: says that the normalisation is missing"
printf 'a\nb\n' >two.txt
succeeds import "$onnx/vit_dyn.onnx" --classes two.txt -o two.safetensors

if [ ! -e "$weights/resnet20-12fca82f.th" ]; then
    [ $failures -eq 0 ] || exit 1
    echo "$weights is missing (FOVEA_TEST_DATA names the folder of real data)"
    exit 77
fi
succeeds import "$weights/resnet20-12fca82f.th" --model resnet20 -o a.safetensors
grep -qx "matched    97 of the network's 97 tensors" out || complain "import: $(cat out)"
succeeds import "$weights/resnet20_cifar10.safetensors" --model resnet20 -o b.safetensors
cmp a.safetensors b.safetensors || complain "resnet20: the .th file makes another model than its twin"
printf 'a\nb\nc\n' >three.txt
succeeds import "$weights/resnet20-12fca82f.th" --model resnet20 --classes three.txt -o c.safetensors
grep -q '^missing    linear.weight: (10, 64) where the network has (3, 64) (of the last layer' out || complain "import: $(cat out)"
# A model that was imported is weights too, and brings its normalisation.
succeeds import "$weights/resnet20-12fca82f.th" --model resnet20 --preprocess 'caffe,std=2' -o d.safetensors
succeeds import d.safetensors --model resnet20 -o e.safetensors
succeeds info e.safetensors
grep -qE '^mean +104 117 123$' out && grep -qE '^std +2 2 2$' out || complain "import: the file's normalisation was lost"

# The class and picture of each photo, as a table.
photos=$data/photos/imagenet-samples
awk -F'\t' -v photos="$photos" 'NR == FNR { name[n++] = $0; next }
    $2 ~ /^[0-9]+$/ { print photos "/" $1 "\t" name[$2] }' "$weights/imagenet_classes.txt" "$photos/labels.tsv" >rows
{ printf 'file\tlabel\n'; cat rows; } >photos.tsv
# The same network from the file that the tensors below were taken from, of whose 1001 outputs that for background is left out.
succeeds import "$weights/mobilenet_v2_1.0_224_quant.tflite" --dequantize --classes "$weights/imagenet_classes.txt" \
    --preprocess "mean=127.5 std=127.5 crop_pct=0.875" -o m.safetensors
succeeds eval m.safetensors photos.tsv --json tflite.json
# right WEIGHTS NETWORK PREPROCESS: how many of the 71 photos are right, and among the first five, in $first and $five.
right() {
    succeeds import "$weights/$1" --model "$2" --classes "$weights/imagenet_classes.txt" --preprocess "$3" -o m.safetensors
    succeeds eval m.safetensors photos.tsv --json m.json
    read -r first five < <(python3 -c 'import json; e = json.load(open("m.json")); n = e["images"]
print(round(n * e["accuracy"]), round(n * e["top5"])) if n == 71 else print(0, 0)')
    echo "$2, $3: $first of 71, $five among the first five"
}
right squeezenet1_1_caffe_fp16.safetensors squeezenet1_1 caffe
[ "$first" -ge 52 ] && [ "$five" -ge 62 ] || complain "squeezenet1_1: $first and $five of 71 photos, not 52 and 62"
caffe=$first
right squeezenet1_1_caffe_fp16.safetensors squeezenet1_1 caffe,order=rgb
[ "$first" -le $((caffe - 10)) ] || complain "squeezenet1_1: the order of the channels makes no difference"
right mobilenet_v2_1.0_224_dequant.safetensors mobilenet_v2 tf
[ "$first" -ge 60 ] && [ "$five" -ge 67 ] || complain "mobilenet_v2: $first and $five of 71 photos, not 60 and 67"
cp m.json tf.json
python3 -c 'import json; a, b = (json.load(open(f)) for f in ("tf.json", "tflite.json"))
exit(b["images"] != 71 or a["accuracy"] != b["accuracy"] or abs(a["loss"] - b["loss"]) > 1e-4)' ||
    complain "mobilenet_v2: the TFLite file is not the network that its tensors make"
right mobilenet_v2_1.0_224_dequant.safetensors mobilenet_v2 tf,padding=same
cmp -s m.json tf.json && complain "mobilenet_v2: the padding makes no difference"
exit $((failures > 0))
