#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the table of published weights with what torchvision and timm say of them, and checks that their networks' tensors are all taken
and give the same logits: needs torch, torchvision and timm, no network. Run it after changing src/convert/pretrained_table.c.

    python3 tests/golden/check_pretrained.py build/fovea [NETWORK...]
"""
import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np
import timm
import torch
import torchvision.models as tv
from PIL import Image
from safetensors.torch import save_file
from timm.models import get_pretrained_cfg

fovea, only = sys.argv[1], sys.argv[2:]
TIMM = {"mobilenet_v1": "mobilenetv1_100", "mobilenet_v1_125": "mobilenetv1_125", "mobilenet_v2": "mobilenetv2_100",
        "mobilenet_v2_140": "mobilenetv2_140", "mobilenet_v2_050": "mobilenetv2_050",
        "mobilenet_v3_small": "mobilenetv3_small_100", "mobilenet_v3_large": "mobilenetv3_large_100",
        "regnet_y_400mf": "regnety_004"}


def close(a, b):
    return math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-5)


def check_torchvision(w):
    """By its address among those of the network: accuracy and preprocessing."""
    found = [e for e in tv.get_model_weights(w["name"].split(".")[0]) if e.url == w["url"]]
    assert len(found) == 1, w["url"]
    transform, meta = found[0].transforms(), found[0].meta
    assert close(w["top1"], meta["_metrics"]["ImageNet-1K"]["acc@1"])
    assert w["size"] == transform.crop_size[0] and close(w["crop_fraction"], transform.crop_size[0] / transform.resize_size[0])
    assert w["interpolation"] == transform.interpolation.value
    assert all(close(a, 255 * b) for a, b in zip(w["mean"] + w["std"], [*transform.mean, *transform.std]))
    return tv.get_model(w["name"].split(".")[0])


def check_timm(w):
    network, tag = w["name"].split(".")
    name = TIMM.get(network, network)
    c = get_pretrained_cfg(f"{name}.{tag}")
    if "huggingface.co" in w["url"]:
        assert w["url"] == f"https://huggingface.co/{c.hf_hub_id}/resolve/main/model.safetensors"
    else:
        assert w["url"] == c.url.replace("/rwightman/", "/huggingface/"), c.url
    assert c.input_size == (3, w["size"], w["size"]) and close(c.crop_pct, w["crop_fraction"]) and c.interpolation == w["interpolation"]
    assert all(close(a, 255 * b) for a, b in zip(w["mean"] + w["std"], [*c.mean, *c.std])) and c.num_classes == 1000
    assert c.license == w["licence"].lower() and c.crop_mode == "center"
    return timm.create_model(name)


def logits_difference(m, network, size, folder, as_pth):
    """Of log-probabilities on noise, as a part of their range; the weights are random."""
    torch.manual_seed(1)
    norms = [x for x in m.modules() if isinstance(x, torch.nn.modules.batchnorm._BatchNorm)]
    for x in norms:
        x.momentum = None  # the plain mean over batches
        torch.nn.init.uniform_(x.weight, 0.5, 1)
    # With statistics of noise activations neither grow nor vanish from layer to layer: rounding alone would tell the logits apart.
    with torch.no_grad():
        if norms:
            m.train()(torch.randn(4, 3, size, size))
    m = m.eval()
    pixels = np.random.default_rng(1).integers(0, 256, (size, size, 3), dtype=np.uint8)
    x = ((torch.tensor(pixels) - 127.5) / 127.5).permute(2, 0, 1)[None]
    with torch.no_grad():
        scale = 8 / np.ptp(m(x).numpy())  # the smallest probability must not be 0
        for module in m.modules():
            if getattr(module, "weight", None) is not None and len(module.weight) == 1000:
                module.weight *= scale
                module.bias *= scale
    path, model = os.path.join(folder, "w"), os.path.join(folder, "m.safetensors")
    state = {k: v.contiguous() for k, v in m.state_dict().items()}
    torch.save(state, path) if as_pth else save_file(state, path)
    out = subprocess.run([fovea, "import", path, "--model", network, "--preprocess", f"mean=127.5 std=127.5 crop_pct=1 size={size}", "-o", model],
                         capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert "missing" not in out.stdout and "left over" not in out.stdout, out.stdout
    picture = os.path.join(folder, "p.png")
    Image.fromarray(pixels).save(picture)
    with torch.no_grad():
        expected = m.double()(x.double())[0].log_softmax(0).numpy()
    top = json.loads(subprocess.run([fovea, "predict", model, picture, "--json", "--top", "1000"], capture_output=True, text=True, check=True).stdout)["top"]
    got = np.zeros(1000)
    for t in top:
        got[int(t["class"])] = math.log(max(t["probability"], 1e-30))
    return np.abs(got - expected).max() / np.ptp(expected)


worst = 0
for n in json.loads(subprocess.run([fovea, "models", "--json"], capture_output=True, check=True).stdout):
    for w in n["weights"]:
        if (only and n["name"] not in only) or w["data"] != "imagenet1k":
            continue
        m = check_torchvision(w) if w["source"] == "torchvision" else check_timm(w)
        with tempfile.TemporaryDirectory() as folder:
            d = logits_difference(m, n["name"], w["size"], folder, w["url"].endswith(".pth"))
        print(f"{w['name']:<55}{d:.2g}", flush=True)
        worst = max(worst, d)
        assert d < 1e-4, w["name"]
print(f"all as they are published; the largest difference of logits is {worst:.2g} of their range")
