# SPDX-License-Identifier: Apache-2.0
"""Packs class folders of JPEG files as a WebDataset shard, for a build without `fovea data pack`.

Usage: pack.py FOLDER OUT SHORTER_SIDE QUALITY
"""
import io
import os
import sys
import tarfile

from PIL import Image


def encode(path, side, quality):
    picture = Image.open(path).convert("RGB")
    scale = side / min(picture.size)
    if scale < 1:
        picture = picture.resize([round(n * scale) for n in picture.size], Image.BICUBIC)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, subsampling="4:2:0", optimize=True)
    return out.getvalue()


def main(folder, out, side, quality):
    os.makedirs(out)
    with tarfile.open(os.path.join(out, "shard-000000.tar"), "w") as shard:
        paths = [(name, os.path.join(folder, name, file))
                 for name in sorted(os.listdir(folder)) for file in sorted(os.listdir(os.path.join(folder, name)))]
        for number, (name, path) in enumerate(paths):
            for end, data in (("jpg", encode(path, side, quality)), ("cls", name.encode())):
                entry = tarfile.TarInfo(f"{number:06d}.{end}")
                entry.size = len(data)
                shard.addfile(entry, io.BytesIO(data))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
