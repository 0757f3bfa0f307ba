#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Libraries that are opened at run time, as if each were broken: what needs it says what to install, the rest works.
# Usage: check_libraries.sh BUILD_DIR SOURCE_DIR
. "$(dirname "$0")/checking.sh"

# The file of a golden record, by its name: extract GOLDEN NAME FILE. Record: name, 5 or 6 numbers, file, pixels.
extract() {
    python3 - "$source/tests/golden/$1" "$2" "$3" <<'END' || complain "no golden file $2"
import struct, sys
data, at = open(sys.argv[1], "rb").read(), 0
profiled = sys.argv[1].endswith("image_icc.bin")
while at < len(data):
    name = data[at:at + 24].rstrip(b"\0").decode()
    numbers = struct.unpack_from("<6i" if profiled else "<5i", data, at + 24)
    h, w, c, size = numbers[-4:]
    at += 24 + 4 * len(numbers)
    if name == sys.argv[2]:
        open(sys.argv[3], "wb").write(data[at:at + size])
        sys.exit()
    at += size + h * w * c * (2 if profiled else 1)
sys.exit(1)
END
}

extract image_decode.bin 'JPEG 420' plain.jpg
extract image_decode.bin 'PNG rgb' plain.png
extract image_formats.bin 'WebP lossy rgb' picture.webp
extract image_formats.bin 'GIF palette' picture.gif
extract image_formats.bin 'HEIF AVIF' picture.avif
extract image_tiff.bin 'strips' picture.tif
extract image_icc.bin 'PNG Adobe RGB' profiled.png
extract image_icc.bin 'sRGB as formula' srgb.png

"$fovea" data demo digits --train 4 --test 2 --size 28 --seed 1 >out 2>&1 || complain "data demo: $(tail -n 1 out)"
"$fovea" train digits --model small_cnn --epochs 1 --threads 2 --out run >out 2>&1 || complain "train: $(tail -n 1 out)"
model=run/best.safetensors

mkdir broken
while read -r name picture; do
    library=$("$fovea" doctor | grep -o "\<$name\.so\.[0-9]*" | head -n 1)
    [ -n "$library" ] || { complain "doctor does not list $name"; continue; }
    "$fovea" doctor | grep -q "$library *yes" || continue # is not here
    "$fovea" predict $model "$picture" >out 2>err || complain "$picture: $(cat err)"
    : >"broken/$library"
    LD_LIBRARY_PATH=$work/broken "$fovea" doctor | grep -q "$library *no .*install the package" || complain "doctor on a broken $library"
    LD_LIBRARY_PATH=$work/broken "$fovea" predict $model "$picture" plain.jpg plain.png srgb.png >out 2>err &&
        complain "$picture without $library: status 0"
    grep -q "$picture: $library is needed for .*install the package" err || complain "$picture without $library: $(cat err)"
    [ "$(wc -l <out)" -eq 3 ] || complain "without $library other pictures fail: $(cat err)"
    rm "broken/$library"
done <<'END'
libwebp picture.webp
libgif picture.gif
libheif picture.avif
libtiff picture.tif
liblcms2 profiled.png
END
[ $failures -eq 0 ]
