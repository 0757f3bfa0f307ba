# SPDX-License-Identifier: Apache-2.0
"""decode.py ROUNDS FILE...: as bench_decode.c, with Pillow; every picture ends as 8-bit grey or RGB."""
import io
import sys
import time

from PIL import Image, ImageOps

Image.MAX_IMAGE_PIXELS = None
for path in sys.argv[2:]:
    data, best = open(path, "rb").read(), 1e9
    for _ in range(int(sys.argv[1])):
        begin = time.process_time()
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        picture = picture.convert("L" if picture.mode in ("1", "L", "I;16", "I", "F") else "RGB")
        best = min(best, time.process_time() - begin)
    print(f"{path}\t{best * 1e3:.3f}\t{picture.width * picture.height / best * 1e-6:.1f}")
