/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/shift.h"

static fv_status apply(image *im, float strength, float probability, rng *r, image *scratch)
{
    if (rng_uniform(r) >= probability)
        return FV_OK;
    return augment_shift(im, SHIFT_ZERO, strength, r, scratch);
}

const augmentation augment_random_crop = {
    .name = "random_crop",
    .help = "pad with black and crop back at random, as for CIFAR",
    .apply = apply,
};
