/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/augment/parameters.h"

typedef struct parameters {
    float distortion_scale;
    augment_look look;
} parameters;

static const option options[] = {{.name = "distortion_scale",
                                  .type = OPTION_FLOAT,
                                  .offset = offsetof(parameters, distortion_scale),
                                  .low = 0.001,
                                  .high = 1,
                                  .shown = "0.5",
                                  .help = "how far a corner moves inwards at most, in parts of half a side"},
                                 AUGMENT_LOOK_OPTIONS(bilinear, constant),
                                 {0}};

/* A whole number of pixels from 0 to `most`. */
static double inwards(rng *r, int64_t most)
{
    return (double)rng_below(r, (uint64_t)most + 1);
}

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    const parameters *o = p;
    float distortion = fminf(strength * (o->distortion_scale != 0 ? o->distortion_scale : 0.5f), 1);
    int64_t h = im->height, w = im->width;
    int64_t dy = (int64_t)(distortion * (float)(h / 2)), dx = (int64_t)(distortion * (float)(w / 2));
    double right = (double)(w - 1), bottom = (double)(h - 1);
    double from[4][2] = {{0, 0}, {right, 0}, {right, bottom}, {0, bottom}}, to[4][2];
    for (int i = 0; i < 4; i++) {
        double x = inwards(r, dx), y = inwards(r, dy);
        to[i][0] = from[i][0] > 0 ? right - x : x;
        to[i][1] = from[i][1] > 0 ? bottom - y : y;
    }
    double c[8];
    /* Too small, or corners that fell together: there is no such map. */
    if (strength == 0 || !warp_coefficients(from, to, c))
        return FV_OK;
    warp_style style = augment_style(&o->look, WARP_BILINEAR, WARP_FILL);
    return warp_perspective(im, c, &style, space);
}

const augmentation augment_random_perspective = {
    .name = "random_perspective",
    .keras = "RandomPerspective",
    .probability = 0.5f,
    .help = "as seen from aside: the corners move inwards; strength multiplies how far",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
