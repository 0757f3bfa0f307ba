/* SPDX-License-Identifier: Apache-2.0 */
/* A table of pictures; a.png and b.png are there. */
#include "fuzz.h"
#include "image/image.h"

static void make_pictures(void)
{
    image im = {0};
    uint8_t *png;
    size_t size;
    expect(image_reshape(&im, 2, 3, 1) == FV_OK && image_encode_png(&im, &png, &size) == FV_OK);
    fuzz_file("a.png", png, size);
    fuzz_file("b.png", png, size);
    free(png);
    image_release(&im);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool made;
    if (!made)
        make_pictures();
    made = true;
    return fuzz_dataset(fuzz_file(size > 0 && bytes[size - 1] & 1 ? "table.tsv" : "table.csv", bytes, size));
}
