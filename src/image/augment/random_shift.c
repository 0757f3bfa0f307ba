/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/shift.h"

static fv_status apply(image *im, float strength, float probability, rng *r, image *scratch)
{
    if (rng_uniform(r) >= probability)
        return FV_OK;
    return augment_shift(im, SHIFT_REFLECT, strength, r, scratch);
}

const augmentation augment_random_shift = {
    .name = "random_shift",
    .help = "move the picture; what comes in at the edges mirrors it",
    .apply = apply,
};
