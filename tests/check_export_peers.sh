#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Exports run by others: ONNX's checker, ONNX Runtime and LiteRT (FOVEA_TEST_PYTHON names a Python that has them, or some; else python3), on networks
# with every operation, and what the properties of an ONNX file say.
. "$(dirname "$0")/checking.sh"
python=${FOVEA_TEST_PYTHON:-python3}
formats=()
"$python" -c 'import onnx, onnxruntime, PIL' 2>/dev/null && formats+=(onnx)
"$python" -c 'import ai_edge_litert, PIL' 2>/dev/null || "$python" -c 'import tensorflow' 2>/dev/null && formats+=(tflite)
[ ${#formats[@]} -gt 0 ] || { echo "neither onnx and onnxruntime nor TensorFlow are installed for $python"; exit 77; }
export OMP_NUM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=3

"$fovea" data demo digits --train 4 --test 1 --size 16 >/dev/null
mkdir nets pictures
find digits/test -name '*.png' -exec cp {} pictures/ \;
"$build/tests/test_export_onnx" "$PWD/nets" >out 2>&1 || complain "the networks were not made: $(cat out)"
for format in "${formats[@]}"; do
    for input in normalised pixels; do
        "$python" "$source/bench/peers/export_check.py" pictures --build "$build" --format "$format" --input $input --count 4 nets/*.safetensors \
            >out 2>err || complain "$format, $input: $(cat out; tail -n 2 err)"
        [ "$(grep -c safetensors out)" -eq "$(ls nets | wc -l)" ] || complain "$format, $input: not all networks ran"
    done
done
if [ "${formats[0]}" = onnx ]; then
    succeeds export nets/windows.safetensors -o net.onnx
    "$python" - net.onnx <<'END' || complain "the properties of an ONNX file are not what they should be"
import ast, sys, onnx
model = onnx.load(sys.argv[1])
properties = {p.key: p.value for p in model.metadata_props}
assert ast.literal_eval(properties["names"]) == {0: "cat", 1: "été \"x\"", 2: "a\\b", 3: "jack-o'-lantern", 4: "a, b"}, properties["names"]
assert ast.literal_eval(properties["imgsz"]) == [13, 10] and properties["task"] == "classify" and properties["order"] == "bgr"
assert all(abs(255 * m - 100.1 - 7 * c) < 1e-4 for c, m in enumerate(ast.literal_eval(properties["mean"])))
assert all(abs(255 * s - 50.7 - c) < 1e-4 for c, s in enumerate(ast.literal_eval(properties["std"])))
assert abs(float(properties["crop_pct"]) - 0.9) < 1e-6 and properties["interpolation"] == "bicubic"
sides = model.graph.input[0].type.tensor_type.shape.dim
assert sides[0].dim_param == "batch" and [d.dim_value for d in sides[1:]] == [3, 13, 10] and model.opset_import[0].version == 17
END
fi
exit $((failures > 0))
