/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/adjust.h"
#include "image/augment.h"

typedef struct parameters {
    float sharpness_factor;
} parameters;

static const option options[] = {{.name = "sharpness_factor",
                                  .type = OPTION_FLOAT,
                                  .offset = offsetof(parameters, sharpness_factor),
                                  .low = 0,
                                  .high = 100,
                                  .zero_is_off = true,
                                  .shown = "2",
                                  .help = "0 smooths, 1 changes nothing, 2 sharpens"},
                                 {0}};

static fv_status apply(const void *parameters_, float strength, image *im, rng *r, image_space *space)
{
    (void)r;
    const parameters *p = parameters_;
    float factor = p->sharpness_factor == 0 ? 2 : p->sharpness_factor == FV_OFF ? 0 : p->sharpness_factor;
    return adjust_sharpness(im, fmaxf(1 + strength * (factor - 1), 0), &space->spare[0]);
}

const augmentation augment_random_adjust_sharpness = {
    .name = "random_adjust_sharpness",
    .probability = 0.5f,
    .help = "sharpen or smooth",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
