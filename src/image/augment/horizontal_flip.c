/* SPDX-License-Identifier: Apache-2.0 */
#include "image/image.h"

static fv_status apply(image *im, float strength, float probability, rng *r, image *scratch)
{
    (void)strength, (void)scratch;
    if (rng_uniform(r) >= probability)
        return FV_OK;
    int64_t c = im->channels;
    for (int64_t y = 0; y < im->height; y++) {
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

const augmentation augment_horizontal_flip = {
    .name = "horizontal_flip",
    .help = "mirror left and right; wrong where left and right differ in meaning, as in letters",
    .colour_only = 1,
    .apply = apply,
};
