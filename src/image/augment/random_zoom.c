/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/augment/parameters.h"

typedef struct parameters {
    float height_factor[2], width_factor[2];
    augment_look look;
} parameters;

static const option options[] = {
    {.name = "height_factor",
     .type = OPTION_FLOATS,
     .length = 2,
     .offset = offsetof(parameters, height_factor),
     .low = -0.95,
     .high = 10,
     .shown = "0.2",
     .help = "the range of zooms along y: 0.2 shows a fifth more, -0.2 a fifth less; "
             "f alone: -f,f"},
    {.name = "width_factor",
     .type = OPTION_FLOATS,
     .length = 2,
     .offset = offsetof(parameters, width_factor),
     .low = -0.95,
     .high = 10,
     .shown = "the same zoom as along y",
     .help = "likewise along x"},
    AUGMENT_LOOK_OPTIONS(bilinear, reflect),
    {0}};

/* How much of a side is seen: 1 + factor at strength 1. */
static double draw(const float given[2], float strength, rng *r)
{
    float factor = augment_draw(augment_range_around(given, (augment_range){-0.2f, 0.2f}), r);
    return pow(1 + (double)factor, (double)strength);
}

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    const parameters *o = p;
    double y = draw(o->height_factor, strength, r), x = y;
    if (o->width_factor[0] != 0 || o->width_factor[1] != 0)
        x = draw(o->width_factor, strength, r);
    if (strength == 0)
        return FV_OK;
    warp_style style = augment_style(&o->look, WARP_BILINEAR, WARP_REFLECT);
    double m[6] = {x, 0, (1 - x) * (double)im->width / 2, 0, y, (1 - y) * (double)im->height / 2};
    return warp_affine(im, m, &style, space);
}

static fv_status check(const void *p)
{
    const parameters *o = p;
    STATUS_TRY(augment_check_range("random_zoom", "height_factor", o->height_factor));
    return augment_check_range("random_zoom", "width_factor", o->width_factor);
}

const augmentation augment_random_zoom = {
    .name = "random_zoom",
    .keras = "RandomZoom",
    .help = "show more or less of the picture, as Keras does; strength is the exponent of the zoom",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
    .check = check,
};
