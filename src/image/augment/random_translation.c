/* SPDX-License-Identifier: Apache-2.0 */
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
     .low = -1,
     .high = 1,
     .shown = "0.1",
     .help = "the range of moves downwards, in parts of the height; f alone: -f,f"},
    {.name = "width_factor",
     .type = OPTION_FLOATS,
     .length = 2,
     .offset = offsetof(parameters, width_factor),
     .low = -1,
     .high = 1,
     .shown = "0.1",
     .help = "the range of moves to the right, in parts of the width; f alone: -f,f"},
    AUGMENT_LOOK_OPTIONS(bilinear, reflect),
    {0}};

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    const parameters *o = p;
    const augment_range standard = {-0.1f, 0.1f};
    double dy = (double)(strength * augment_draw(augment_range_around(o->height_factor, standard), r));
    double dx = (double)(strength * augment_draw(augment_range_around(o->width_factor, standard), r));
    if (strength == 0)
        return FV_OK;
    warp_style style = augment_style(&o->look, WARP_BILINEAR, WARP_REFLECT);
    double m[6] = {1, 0, -dx * (double)im->width, 0, 1, -dy * (double)im->height};
    return warp_affine(im, m, &style, space);
}

static fv_status check(const void *p)
{
    const parameters *o = p;
    STATUS_TRY(augment_check_range("random_translation", "height_factor", o->height_factor));
    return augment_check_range("random_translation", "width_factor", o->width_factor);
}

const augmentation augment_random_translation = {
    .name = "random_translation",
    .keras = "RandomTranslation",
    .help = "move by parts of a pixel as well, as Keras does; strength multiplies how far",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
    .check = check,
};
