/* SPDX-License-Identifier: Apache-2.0 */
#include "image/adjust.h"
#include "image/augment/parameters.h"

typedef struct parameters {
    float factor[2];
} parameters;

static const option options[] = {{.name = "factor",
                                  .type = OPTION_FLOATS,
                                  .offset = offsetof(parameters, factor),
                                  .length = 2,
                                  .low = -1,
                                  .high = 1,
                                  .shown = "0.2",
                                  .help = "adds -F to F of the whole range, or [lowest, highest]"},
                                 {0}};

static fv_status apply(const void *parameters_, float strength, image *im, rng *r, image_space *space)
{
    (void)space;
    const parameters *p = parameters_;
    augment_range limits = augment_range_around(p->factor, (augment_range){-0.2f, 0.2f});
    adjust_add(im, 255 * strength * augment_draw(limits, r));
    return FV_OK;
}

static fv_status check(const void *parameters_)
{
    return augment_check_range("random_brightness", "factor", ((const parameters *)parameters_)->factor);
}

const augmentation augment_random_brightness = {
    .name = "random_brightness",
    .help = "Keras's: add the same number to every sample",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
    .check = check,
};
