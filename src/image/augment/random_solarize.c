/* SPDX-License-Identifier: Apache-2.0 */
#include "image/adjust.h"
#include "image/augment.h"

typedef struct parameters {
    float threshold;
} parameters;

static const option options[] = {{.name = "threshold",
                                  .type = OPTION_FLOAT,
                                  .offset = offsetof(parameters, threshold),
                                  .low = 0,
                                  .high = 255,
                                  .zero_is_off = true,
                                  .shown = "128",
                                  .help = "samples from here up are inverted"},
                                 {0}};

static fv_status apply(const void *parameters_, float strength, image *im, rng *r, image_space *space)
{
    (void)r, (void)space;
    const parameters *p = parameters_;
    float threshold = p->threshold == 0 ? 128 : p->threshold == FV_OFF ? 0 : p->threshold;
    /* At 256 nothing changes. */
    adjust_solarize(im, 256 - strength * (256 - threshold));
    return FV_OK;
}

const augmentation augment_random_solarize = {
    .name = "random_solarize",
    .keras = "Solarization",
    .probability = 0.5f,
    .help = "invert what is bright",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
