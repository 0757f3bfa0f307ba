/* SPDX-License-Identifier: Apache-2.0 */
/* The orientation tag: whatever the bytes, one of the eight turns, which is a turn of the picture and back. */
#include "fuzz.h"
#include "image/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    int orientation = exif_orientation(bytes, size);
    expect(orientation >= 1 && orientation <= 8);
    rng r = fuzz_random(bytes, size);
    int64_t height = 1 + (int64_t)rng_below(&r, 9), width = 1 + (int64_t)rng_below(&r, 9);
    image im = {0};
    expect(image_reshape(&im, height, width, 1) == FV_OK);
    for (int64_t i = 0; i < height * width; i++)
        im.data[i] = (uint8_t)i;
    expect(exif_turn(&im, orientation) == FV_OK);
    for (int64_t y = 0; y < im.height; y++)
        for (int64_t x = 0; x < im.width; x++) {
            image_region pixel = {.top = y, .left = x, .height = 1, .width = 1};
            exif_find_stored(&pixel, orientation, height, width);
            expect(im.data[y * im.width + x] == pixel.top * width + pixel.left);
        }
    image_release(&im);
    return 0;
}
