/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment.h"

static fv_status apply(const void *parameters, float strength, image *im, rng *r, image_space *space)
{
    (void)parameters, (void)r, (void)space;
    int64_t row = im->width * im->channels;
    for (int64_t y = 0; strength > 0 && y < im->height / 2; y++) {
        uint8_t *top = im->data + y * row, *bottom = im->data + (im->height - 1 - y) * row;
        for (int64_t i = 0; i < row; i++) {
            uint8_t sample = top[i];
            top[i] = bottom[i];
            bottom[i] = sample;
        }
    }
    return FV_OK;
}

const augmentation augment_random_vertical_flip = {
    .name = "random_vertical_flip",
    .probability = 0.5f,
    .help =
        "mirror top and bottom; for pictures that have no upright position: from above, through a microscope",
    .apply = apply,
};
