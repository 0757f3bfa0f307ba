#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Python package, with Python's own unittest, and the program of docs/python.md. Usage: check_python.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"
python=${FOVEA_TEST_PYTHON:-python3}
command -v "$python" >/dev/null || { echo "$python is missing"; exit 77; }
if "$python" -c 'import sys; sys.exit(sys.version_info >= (3, 9))'; then echo "$python is older than 3.9"; exit 77; fi
export FOVEA_COMMAND=$fovea FOVEA_LIBRARY=$build/libfovea.so PYTHONPATH=$source/bindings/python PYTHONDONTWRITEBYTECODE=1
"$python" "$source/bindings/python/tests/test_fovea.py" >out 2>&1 || { cat out; complain "the package's tests fail"; }

succeeds data demo digits --train 4 --test 2 --size 16
succeeds train digits --epochs 1 --threads 1 --out run
cp run/best.safetensors model.safetensors
cp digits/test/3/00000.png cat.jpg
awk '/^```python$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$source/docs/python.md" >program.py
[ -s program.py ] || complain "docs/python.md has no program"
"$python" program.py >out 2>&1 || { cat out; complain "the program of docs/python.md fails"; }
grep -qE '^[0-9] [0-9.]+ %$' out || complain "the program of docs/python.md prints $(cat out)"
exit $((failures > 0))
