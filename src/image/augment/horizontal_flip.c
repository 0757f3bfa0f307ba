/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment.h"

#include <string.h>

/* `channels` is a constant wherever this is inlined: a pixel is then moved as a whole. */
static inline __attribute__((always_inline)) void mirror(image *im, size_t channels)
{
    size_t row = (size_t)im->width * channels;
    uint8_t a[FV_MAX_CHANNELS], b[FV_MAX_CHANNELS];
    for (int64_t y = 0; y < im->height; y++) {
        uint8_t *left = im->data + (size_t)y * row, *right = left + row - channels;
        for (; left < right; left += channels, right -= channels) {
            memcpy(a, left, channels);
            memcpy(b, right, channels);
            memcpy(left, b, channels);
            memcpy(right, a, channels);
        }
    }
}

static fv_status apply(const void *parameters, float strength, image *im, rng *r, image_space *space)
{
    (void)parameters, (void)r, (void)space;
    if (strength > 0 && im->channels == 3)
        mirror(im, 3);
    else if (strength > 0)
        mirror(im, (size_t)im->channels);
    return FV_OK;
}

const augmentation augment_random_horizontal_flip = {
    .name = "random_horizontal_flip",
    .probability = 0.5f,
    .help = "mirror left and right; wrong where left and right differ in meaning, as in letters",
    .apply = apply,
};
