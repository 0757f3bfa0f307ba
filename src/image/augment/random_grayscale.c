/* SPDX-License-Identifier: Apache-2.0 */
#include "image/adjust.h"
#include "image/augment.h"

static fv_status apply(const void *parameters, float strength, image *im, rng *r, image_space *space)
{
    (void)parameters, (void)r, (void)space;
    adjust_saturation(im, strength < 1 ? 1 - strength : 0);
    return FV_OK;
}

const augmentation augment_random_grayscale = {
    .name = "random_grayscale",
    .probability = 0.1f,
    .colour_only = true,
    .help = "take the colours away",
    .apply = apply,
};
