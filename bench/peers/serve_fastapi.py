#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server of bench/serve's peer: FastAPI and uvicorn, Pillow, ONNX Runtime.

    serve_fastapi.py export NETWORK FILE.onnx                    a network of torchvision with weights drawn from seed 0, 224 x 224
    serve_fastapi.py serve FILE.onnx PORT PROCESSES THREADS      POST /classify with a picture; THREADS: of ONNX Runtime, in each process
"""
import io
import os
import sys


def export(network, path):
    import torch
    import torchvision

    torch.manual_seed(0)
    model = torchvision.models.get_model(network, weights=None)
    # Statistics of noise, or the logits of random weights would all be nearly the same.
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        model(torch.randn(16, 3, 224, 224))
    model.eval()
    torch.onnx.export(model, torch.zeros(1, 3, 224, 224), path, dynamo=False, input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "n"}, "logits": {0: "n"}})


def make_app():
    import numpy as np
    import onnxruntime
    from fastapi import FastAPI, Request
    from fastapi.concurrency import run_in_threadpool
    from PIL import Image

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["SERVE_THREADS"])
    session = onnxruntime.InferenceSession(os.environ["SERVE_MODEL"], options, providers=["CPUExecutionProvider"])
    mean = np.array([0.485, 0.456, 0.406], np.float32) * 255
    std = np.array([0.229, 0.224, 0.225], np.float32) * 255
    app = FastAPI()

    def classify(body):
        picture = Image.open(io.BytesIO(body)).convert("RGB")
        scale = 256 / min(picture.size)
        picture = picture.resize([round(s * scale) for s in picture.size], Image.Resampling.BILINEAR)
        left, top = (picture.width - 224) // 2, (picture.height - 224) // 2
        x = (np.asarray(picture.crop((left, top, left + 224, top + 224)), np.float32) - mean) / std
        logits = session.run(None, {"image": np.ascontiguousarray(x.transpose(2, 0, 1)[None])})[0][0]
        p = np.exp(logits - logits.max())
        p /= p.sum()
        best = np.argsort(-p)[:5]
        return {"class": str(best[0]), "probability": float(p[best[0]]),
                "top": [{"class": str(i), "probability": float(p[i])} for i in best]}

    @app.post("/classify")
    async def _(request: Request):
        return await run_in_threadpool(classify, await request.body())

    return app


if __name__ == "__main__":
    if sys.argv[1] == "export":
        export(sys.argv[2], sys.argv[3])
    else:
        import uvicorn

        os.environ["SERVE_MODEL"], os.environ["SERVE_THREADS"] = sys.argv[2], sys.argv[5]
        sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
        uvicorn.run("serve_fastapi:make_app", factory=True, host="127.0.0.1", port=int(sys.argv[3]), workers=int(sys.argv[4]),
                    log_level="error", access_log=False)
