/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/augment/parameters.h"

typedef struct parameters {
    float degrees[2], translate[2], scale[2], shear[4];
    augment_look look;
} parameters;

static const option options[] = {
    {.name = "degrees",
     .type = OPTION_FLOATS,
     .length = 2,
     .offset = offsetof(parameters, degrees),
     .low = -360,
     .high = 360,
     .shown = "15 when nothing else is given, else 0",
     .help = "the angle's range, clockwise; d alone: -d,d"},
    {.name = "translate",
     .type = OPTION_FLOATS,
     .length = 2,
     .offset = offsetof(parameters, translate),
     .high = 1,
     .shown = "0",
     .help = "the most to move along x and y, in parts of the width and the height"},
    {.name = "scale",
     .type = OPTION_FLOATS,
     .length = 2,
     .offset = offsetof(parameters, scale),
     .low = 0.01,
     .high = 100,
     .shown = "1",
     .help = "the range of sizes; above 1 enlarges"},
    {.name = "shear",
     .type = OPTION_FLOATS,
     .length = 4,
     .offset = offsetof(parameters, shear),
     .low = -85,
     .high = 85,
     .shown = "0",
     .help = "slant along x in degrees: d alone is -d,d; four numbers: along x, along y"},
    AUGMENT_LOOK_OPTIONS(nearest, constant),
    {0}};

static bool given(const float *values)
{
    return values[0] != 0 || values[1] != 0;
}

static warp_move draw(const parameters *o, float strength, const image *im, rng *r)
{
    const augment_range none = {0, 0}, unchanged = {1, 1};
    bool alone = !given(o->translate) && !given(o->scale) && !given(o->shear) && !given(o->shear + 2);
    augment_range turn = augment_range_around(o->degrees, alone ? (augment_range){-15, 15} : none);
    warp_move m = {.degrees = (double)(strength * augment_draw(turn, r))};
    float tx = o->translate[0], ty = isnan(o->translate[1]) ? tx : o->translate[1];
    m.translate[0] = rint((double)(strength * rng_range(r, -tx, tx) * (float)im->width));
    m.translate[1] = rint((double)(strength * rng_range(r, -ty, ty) * (float)im->height));
    m.scale = pow((double)augment_draw(augment_range_of(o->scale, unchanged), r), (double)strength);
    /* With two of four numbers the last two places are NAN: no slant along y. */
    m.shear[0] = (double)(strength * augment_draw(augment_range_around(o->shear, none), r));
    m.shear[1] = isnan(o->shear[2]) || isnan(o->shear[3])
                     ? 0
                     : (double)(strength * rng_range(r, o->shear[2], o->shear[3]));
    for (int k = 0; k < 2; k++)
        m.shear[k] = fmin(fmax(m.shear[k], -85), 85); /* at 90 nothing is left of the picture */
    return m;
}

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    const parameters *o = p;
    warp_move move = draw(o, strength, im, r);
    if (strength == 0)
        return FV_OK;
    double m[6];
    warp_matrix(im->height, im->width, &move, m);
    warp_style style = augment_style(&o->look, WARP_NEAREST, WARP_FILL);
    return warp_affine(im, m, &style, space);
}

static fv_status check(const void *p)
{
    const parameters *o = p;
    STATUS_TRY(augment_check_range("random_affine", "degrees", o->degrees));
    STATUS_TRY(augment_check_range("random_affine", "scale", o->scale));
    if (isnan(o->shear[3]) && !isnan(o->shear[2]))
        return status_set(FV_ERROR_INVALID, "random_affine: shear must be 1, 2 or 4 numbers, not 3");
    STATUS_TRY(augment_check_range("random_affine", "shear", o->shear));
    return augment_check_range("random_affine", "shear", o->shear + 2);
}

const augmentation augment_random_affine = {
    .name = "random_affine",
    .keras = "RandomAffine",
    .help = "turn, move, resize and slant about the middle, all at once; strength multiplies the angles and "
            "moves, and is the "
            "exponent of the scale",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
    .check = check,
};
