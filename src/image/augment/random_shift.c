/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/shift.h"

static fv_status apply(const void *parameters, float strength, image *im, rng *r, image_space *space)
{
    (void)parameters;
    return augment_shift(im, SHIFT_REFLECT, strength, r, &space->spare[0]);
}

const augmentation augment_random_shift = {
    .name = "random_shift",
    .help = "move the picture; what comes in at the edges mirrors it",
    .apply = apply,
};
