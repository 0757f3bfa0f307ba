/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/auto.h"
#include "image/augment/parameters.h"

typedef struct parameters {
    int64_t num_magnitude_bins;
    augment_look look;
} parameters;

static const option options[] = {{.name = "num_magnitude_bins",
                                  .type = OPTION_INT,
                                  .offset = offsetof(parameters, num_magnitude_bins),
                                  .low = 2,
                                  .high = 1000,
                                  .shown = "31",
                                  .help = "the number of magnitudes that one is drawn from"},
                                 AUGMENT_LOOK_OPTIONS(nearest, constant),
                                 {0}};

/* Müller and Hutter, "TrivialAugment: tuning-free yet state-of-the-art data augmentation", ICCV 2021. */
static fv_status apply(const void *parameters_, float strength, image *im, rng *r, image_space *space)
{
    const parameters *p = parameters_;
    int64_t bins = p->num_magnitude_bins ? p->num_magnitude_bins : 31;
    warp_style style = augment_style(&p->look, WARP_NEAREST, WARP_FILL);
    auto_operation operation = auto_draw(&auto_trivial, r);
    int64_t bin = (int64_t)rng_below(r, (uint64_t)bins);
    return auto_apply_bin(im, &auto_trivial, operation, bin, bins, strength, &style, r, space);
}

const augmentation augment_trivial_augment_wide = {
    .name = "trivial_augment_wide",
    .help = "one operation drawn from fourteen, as strong as chance will have it",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
