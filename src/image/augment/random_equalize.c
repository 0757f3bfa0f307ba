/* SPDX-License-Identifier: Apache-2.0 */
#include "image/adjust.h"
#include "image/augment.h"

static fv_status apply(const void *parameters, float strength, image *im, rng *r, image_space *space)
{
    (void)parameters, (void)r, (void)space;
    adjust_equalize(im, strength);
    return FV_OK;
}

const augmentation augment_random_equalize = {
    .name = "random_equalize",
    .keras = "Equalization",
    .probability = 0.5f,
    .help = "make each channel's histogram flat",
    .apply = apply,
};
