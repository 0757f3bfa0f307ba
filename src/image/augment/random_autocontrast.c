/* SPDX-License-Identifier: Apache-2.0 */
#include "image/adjust.h"
#include "image/augment.h"

static fv_status apply(const void *parameters, float strength, image *im, rng *r, image_space *space)
{
    (void)parameters, (void)r, (void)space;
    adjust_autocontrast(im, strength);
    return FV_OK;
}

const augmentation augment_random_autocontrast = {
    .name = "random_autocontrast",
    .probability = 0.5f,
    .help = "stretch each channel to the whole range",
    .apply = apply,
};
