/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "image/augment/auto.h"
#include "image/augment/parameters.h"

enum {
    BINS = 10,
    WIDTH_MOST = 16,
    DEPTH_MOST = 3 /* of chains of any depth */
};

typedef struct parameters {
    int64_t severity, mixture_width, chain_depth;
    float alpha;
    augment_look look;
} parameters;

static const option options[] = {{.name = "severity",
                                  .type = OPTION_INT,
                                  .offset = offsetof(parameters, severity),
                                  .low = 1,
                                  .high = BINS,
                                  .shown = "3",
                                  .help = "the strongest of ten magnitudes that one is drawn from"},
                                 {.name = "mixture_width",
                                  .type = OPTION_INT,
                                  .offset = offsetof(parameters, mixture_width),
                                  .low = 1,
                                  .high = WIDTH_MOST,
                                  .shown = "3",
                                  .help = "chains of operations"},
                                 {.name = "chain_depth",
                                  .type = OPTION_INT,
                                  .offset = offsetof(parameters, chain_depth),
                                  .low = -1,
                                  .high = 16,
                                  .shown = "-1",
                                  .help = "operations of a chain; -1: 1 to 3"},
                                 {.name = "alpha",
                                  .type = OPTION_FLOAT,
                                  .offset = offsetof(parameters, alpha),
                                  .low = 1e-3,
                                  .high = 1000,
                                  .shown = "1",
                                  .help = "of the distributions that the shares are drawn from"},
                                 AUGMENT_LOOK_OPTIONS(bilinear, constant),
                                 {0}};

/* Shares of a Dirichlet distribution, equal in all directions; they sum to 1. */
static void draw_shares(rng *r, double alpha, int64_t count, double *shares)
{
    double most = -HUGE_VAL, sum = 0;
    for (int64_t i = 0; i < count; i++) {
        shares[i] = rng_log_gamma(r, alpha);
        most = fmax(most, shares[i]);
    }
    for (int64_t i = 0; i < count; i++)
        sum += shares[i] = exp(shares[i] - most);
    for (int64_t i = 0; i < count; i++)
        shares[i] /= sum;
}

static fv_status run_chain(const parameters *p, float strength, image *im, rng *r, image_space *space)
{
    warp_style style = augment_style(&p->look, WARP_BILINEAR, WARP_FILL);
    int64_t depth = p->chain_depth > 0 ? p->chain_depth : 1 + (int64_t)rng_below(r, DEPTH_MOST);
    for (int64_t i = 0; i < depth; i++) {
        auto_operation operation = auto_draw(&auto_augmix, r);
        int64_t bin = (int64_t)rng_below(r, (uint64_t)(p->severity ? p->severity : 3));
        STATUS_TRY(auto_apply_bin(im, &auto_augmix, operation, bin, BINS, strength, &style, r, space));
    }
    return FV_OK;
}

/* sum (count) of the picture and its chains, each times its share. */
static fv_status mix_chains(const parameters *p, float strength, const image *im, image *chain, float *sum,
                            rng *r, image_space *space)
{
    double alpha = p->alpha > 0 ? (double)p->alpha : 1, own[2], shares[WIDTH_MOST];
    int64_t width = p->mixture_width ? p->mixture_width : 3, count = im->height * im->width * im->channels;
    draw_shares(r, alpha, 2, own);
    draw_shares(r, alpha, width, shares);
    for (int64_t i = 0; i < count; i++)
        sum[i] = (float)own[0] * im->data[i];
    for (int64_t k = 0; k < width; k++) {
        STATUS_TRY(image_reshape(chain, im->height, im->width, im->channels));
        memcpy(chain->data, im->data, (size_t)count);
        STATUS_TRY(run_chain(p, strength, chain, r, space));
        float share = (float)(own[1] * shares[k]);
        for (int64_t i = 0; i < count; i++)
            sum[i] += share * chain->data[i];
    }
    return FV_OK;
}

/* Hendrycks et al., "AugMix: a simple data processing method to improve robustness and uncertainty", ICLR 2020; torchvision's
 * operations. The result is rounded, where torchvision drops the fraction. */
static fv_status apply(const void *parameters_, float strength, image *im, rng *r, image_space *space)
{
    int64_t count = im->height * im->width * im->channels;
    image chain = {0};
    float *sum = mem_array((size_t)count, sizeof *sum);
    fv_status status = sum ? mix_chains(parameters_, strength, im, &chain, sum, r, space) : status_last();
    for (int64_t i = 0; status == FV_OK && i < count; i++)
        im->data[i] = (uint8_t)fminf(sum[i] + 0.5f, 255);
    image_release(&chain);
    free(sum);
    return status;
}

const augmentation augment_aug_mix = {
    .name = "aug_mix",
    .help = "mix the picture with chains of operations on it",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
