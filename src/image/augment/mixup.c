/* SPDX-License-Identifier: Apache-2.0 */
#include "image/adjust.h"
#include "image/augment.h"
#include "image/augment/beta.h"

/* Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018. */
static fv_status mix(const void *parameters, float strength, image *im, const image *other, rng *r,
                     float *share)
{
    *share = beta_share(parameters, strength, r);
    adjust_mix(im, other, *share);
    return FV_OK;
}

const augmentation augment_mixup = {
    .name = "mixup",
    .keras = "MixUp",
    .help = "blend two pictures, and their labels likewise",
    .options = beta_options,
    .size = sizeof(beta_parameters),
    .mix = mix,
};
