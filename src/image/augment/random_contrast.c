/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/adjust.h"
#include "image/augment.h"

typedef struct parameters {
    float factor[2];
} parameters;

static const option options[] = {{.name = "factor",
                                  .type = OPTION_FLOATS,
                                  .offset = offsetof(parameters, factor),
                                  .length = 2,
                                  .low = 0,
                                  .high = 1,
                                  .shown = "0.5",
                                  .help = "factors 1 - F to 1 + F; [A, B]: 1 - A to 1 + B"},
                                 {0}};

static fv_status apply(const void *parameters_, float strength, image *im, rng *r, image_space *space)
{
    (void)space;
    const parameters *p = parameters_;
    float below = p->factor[0], above = isnan(p->factor[1]) ? below : p->factor[1];
    if (below == 0 && above == 0)
        below = above = 0.5f;
    adjust_contrast_each(im, fmaxf(1 + strength * rng_range(r, -below, above), 0));
    return FV_OK;
}

const augmentation augment_random_contrast = {
    .name = "random_contrast",
    .help = "Keras's: change the contrast of each channel about its own mean",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
