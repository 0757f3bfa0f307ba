/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment.h"

static fv_status apply(const void *parameters, float strength, image *im, rng *r, image_space *space)
{
    (void)parameters, (void)r, (void)space;
    int64_t c = im->channels;
    for (int64_t y = 0; strength > 0 && y < im->height; y++) {
        uint8_t *left = im->data + y * im->width * c, *right = left + (im->width - 1) * c;
        for (; left < right; left += c, right -= c)
            for (int64_t k = 0; k < c; k++) {
                uint8_t sample = left[k];
                left[k] = right[k];
                right[k] = sample;
            }
    }
    return FV_OK;
}

const augmentation augment_random_horizontal_flip = {
    .name = "random_horizontal_flip",
    .probability = 0.5f,
    .help = "mirror left and right; wrong where left and right differ in meaning, as in letters",
    .apply = apply,
};
