/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/adjust.h"
#include "image/augment.h"

enum {
    BITS_DEFAULT = 4
};

typedef struct parameters {
    int64_t bits;
} parameters;

static const option options[] = {{.name = "bits",
                                  .type = OPTION_INT,
                                  .offset = offsetof(parameters, bits),
                                  .low = 1,
                                  .high = 8,
                                  .shown = "4",
                                  .help = "bits of a sample that are kept"},
                                 {0}};

static fv_status apply(const void *parameters_, float strength, image *im, rng *r, image_space *space)
{
    (void)r, (void)space;
    const parameters *p = parameters_;
    float lost = strength * (float)(8 - (p->bits ? p->bits : BITS_DEFAULT));
    adjust_posterize(im, 8 - (int)lrintf(fminf(lost, 8)));
    return FV_OK;
}

const augmentation augment_random_posterize = {
    .name = "random_posterize",
    .keras = "RandomPosterization",
    .probability = 0.5f,
    .help = "keep a few levels of each channel",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
