/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/auto.h"
#include "image/augment/parameters.h"

typedef struct parameters {
    int64_t num_ops, magnitude, num_magnitude_bins;
    augment_look look;
} parameters;

static const option options[] = {{.name = "num_ops",
                                  .type = OPTION_INT,
                                  .offset = offsetof(parameters, num_ops),
                                  .low = 1,
                                  .high = 16,
                                  .shown = "2",
                                  .help = "operations, one after the other"},
                                 {.name = "magnitude",
                                  .type = OPTION_INT,
                                  .offset = offsetof(parameters, magnitude),
                                  .low = 0,
                                  .high = 999,
                                  .zero_is_off = true,
                                  .shown = "9",
                                  .help = "how far all of them go, from 0 to num_magnitude_bins - 1"},
                                 {.name = "num_magnitude_bins",
                                  .type = OPTION_INT,
                                  .offset = offsetof(parameters, num_magnitude_bins),
                                  .low = 2,
                                  .high = 1000,
                                  .shown = "31",
                                  .help = "the number of magnitudes"},
                                 AUGMENT_LOOK_OPTIONS(nearest, constant),
                                 {0}};

static parameters complete(const parameters *p)
{
    parameters full = *p;
    full.num_ops = p->num_ops ? p->num_ops : 2;
    full.magnitude = p->magnitude == 0 ? 9 : p->magnitude == FV_OFF ? 0 : p->magnitude;
    full.num_magnitude_bins = p->num_magnitude_bins ? p->num_magnitude_bins : 31;
    return full;
}

/* Cubuk et al., "RandAugment: practical automated data augmentation with a reduced search space", NeurIPS 2020. */
static fv_status apply(const void *parameters_, float strength, image *im, rng *r, image_space *space)
{
    parameters p = complete(parameters_);
    warp_style style = augment_style(&p.look, WARP_NEAREST, WARP_FILL);
    for (int64_t i = 0; i < p.num_ops; i++)
        STATUS_TRY(auto_apply_bin(im, &auto_rand, auto_draw(&auto_rand, r), p.magnitude, p.num_magnitude_bins,
                                  strength, &style, r, space));
    return FV_OK;
}

static fv_status check(const void *parameters_)
{
    parameters p = complete(parameters_);
    if (p.magnitude < p.num_magnitude_bins)
        return FV_OK;
    return status_set(FV_ERROR_INVALID,
                      "rand_augment: magnitude %lld must be less than num_magnitude_bins, %lld",
                      (long long)p.magnitude, (long long)p.num_magnitude_bins);
}

const augmentation augment_rand_augment = {
    .name = "rand_augment",
    .help = "a few operations drawn from fourteen, all equally strong",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
    .check = check,
};
