/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/shift.h"

static fv_status apply(const void *parameters, float strength, image *im, rng *r, image_space *space)
{
    (void)parameters;
    return augment_shift(im, SHIFT_ZERO, strength, r, &space->spare[0]);
}

const augmentation augment_random_crop = {
    .name = "random_crop",
    .help = "pad with black and crop back at random, as for CIFAR",
    .apply = apply,
};
