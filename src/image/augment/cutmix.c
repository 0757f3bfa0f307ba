/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "image/augment.h"
#include "image/augment/beta.h"

/* From a to b along a side of n pixels: `half` to either side of a pixel, cut off at the border. */
static void place(rng *r, int64_t n, int64_t half, int64_t *a, int64_t *b)
{
    int64_t middle = (int64_t)rng_below(r, (uint64_t)n);
    *a = middle - half < 0 ? 0 : middle - half;
    *b = middle + half > n ? n : middle + half;
}

/* Yun et al., "CutMix: regularization strategy to train strong classifiers with localizable features", ICCV 2019: a box of the
 * other's share of the area; what the border cuts off corrects the share. */
static fv_status mix(const void *parameters, float strength, image *im, const image *other, rng *r,
                     float *share)
{
    int64_t h = im->height, w = im->width, c = im->channels, top, bottom, left, right;
    float half = 0.5f * sqrtf(1 - beta_share(parameters, strength, r));
    place(r, h, (int64_t)(half * (float)h), &top, &bottom);
    place(r, w, (int64_t)(half * (float)w), &left, &right);
    for (int64_t y = top; y < bottom; y++)
        memcpy(im->data + (y * w + left) * c, other->data + (y * w + left) * c, (size_t)((right - left) * c));
    *share = 1 - (float)((bottom - top) * (right - left)) / (float)(h * w);
    return FV_OK;
}

const augmentation augment_cutmix = {
    .name = "cutmix",
    .keras = "CutMix",
    .help = "put a box of another picture into it, and mix the labels by area",
    .options = beta_options,
    .size = sizeof(beta_parameters),
    .mix = mix,
};
