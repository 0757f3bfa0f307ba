/* SPDX-License-Identifier: Apache-2.0 */
/* Colour profiles, on a small picture of each number of channels. */
#include "fuzz.h"
#include "image/icc.h"

enum {
    HEIGHT = 3,
    WIDTH = 5
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    image_space space = {0};
    bool srgb = icc_is_srgb(bytes, size);
    expect(file_bytes_resize(&space.profile, size) == FV_OK);
    memcpy(space.profile.data, bytes, size);
    for (int64_t channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1) {
        image im = {0}, copy = {0};
        expect(image_reshape(&im, HEIGHT, WIDTH, channels) == FV_OK &&
               image_reshape(&copy, HEIGHT, WIDTH, channels) == FV_OK);
        for (int64_t i = 0; i < HEIGHT * WIDTH * channels; i++)
            copy.data[i] = im.data[i] = (uint8_t)(i * 37);
        if (fuzz_ok(icc_convert(&space, &im))) {
            expect(im.height == HEIGHT && im.width == WIDTH && im.channels == (channels == 4 ? 3 : channels));
            /* The transform that is kept from last time is the same. */
            expect(icc_convert(&space, &copy) == FV_OK);
            expect(memcmp(im.data, copy.data, (size_t)(HEIGHT * WIDTH * im.channels)) == 0);
            for (int64_t i = 0; srgb && channels == 3 && i < HEIGHT * WIDTH * 3; i++)
                expect(im.data[i] == (uint8_t)(i * 37));
        }
        image_release(&im);
        image_release(&copy);
    }
    image_space_release(&space);
    return 0;
}
