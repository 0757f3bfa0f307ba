#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyTorch files for test_convert_torch.c and the fuzzer: golden/weights_*.pt, and fuzz/corpus/torch/.

Every tensor's k-th value (in its own order) is k - 3, in its own type: the test computes that.
"""
import collections
import os
import pickle
import sys
import zipfile

import torch

here = os.path.dirname(os.path.abspath(__file__))
corpus = os.path.join(here, "../../fuzz/corpus/torch")
os.makedirs(corpus, exist_ok=True)


def values(shape, dtype=torch.float32):
    count = 1
    for side in shape:
        count *= side
    numbers = torch.arange(count) - 3
    if dtype in (torch.uint8, torch.bool):
        numbers = numbers.clamp(min=0)
    return numbers.reshape(shape).to(dtype)


plain = collections.OrderedDict(
    f32=values((2, 3)), f16=values((5,), torch.float16), bf16=values((5,), torch.bfloat16),
    f64=values((4,), torch.float64), i8=values((6,), torch.int8), u8=values((6,), torch.uint8),
    i16=values((3,), torch.int16), i32=values((3,), torch.int32), i64=values((), torch.int64),
    flag=values((6,), torch.bool), empty=torch.zeros(0, 3),
    transposed=values((4, 3)).t().contiguous().t(),
    part=torch.cat([torch.zeros(7), values((6,)), torch.ones(4)])[7:13],
    strided=torch.stack([values((2, 3)), torch.zeros(2, 3)], -1)[..., 0],
    parameter=torch.nn.Parameter(values((2, 2))))
plain._metadata = {"": {"version": 1}}
checkpoint = {"epoch": 7, "loss": 0.25, "name": "net", "big": 1 << 80, "best": None, "steps": [1, -2, 300, 70000],
              "optimizer": {"state": {0: {"momentum": torch.zeros(3)}}, "param_groups": [{"lr": 0.1, "ok": True}]},
              "state_dict": {"module.w": values((2, 3))}}
os.chdir(here)
torch.save(plain, "weights_zip.pt")
torch.save(plain, "weights_legacy.pt", _use_new_zipfile_serialization=False)
torch.save(checkpoint, "weights_checkpoint.pt")
torch.save(checkpoint, os.path.join(corpus, "checkpoint-legacy"), _use_new_zipfile_serialization=False)
torch.save({"w": values((2, 2))}, os.path.join(corpus, "small-legacy"), _use_new_zipfile_serialization=False)
torch.save({"w": values((2, 2))}, os.path.join(corpus, "small-zip"))
torch.save({"w": values((2, 2))}, os.path.join(corpus, "protocol-4"), pickle_protocol=4)
torch.save(torch.nn.Linear(2, 2), os.path.join(corpus, "module"))
