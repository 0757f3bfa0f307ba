/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/parameters.h"

typedef struct parameters {
    float degrees[2];
    augment_look look;
} parameters;

static const option options[] = {{.name = "degrees",
                                  .type = OPTION_FLOATS,
                                  .length = 2,
                                  .offset = offsetof(parameters, degrees),
                                  .low = -360,
                                  .high = 360,
                                  .shown = "15",
                                  .help = "the angle's range, counter-clockwise; d alone: -d,d"},
                                 AUGMENT_LOOK_OPTIONS(nearest, constant),
                                 {0}};

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    const parameters *o = p;
    float degrees = strength * augment_draw(augment_range_around(o->degrees, (augment_range){-15, 15}), r);
    warp_style style = augment_style(&o->look, WARP_NEAREST, WARP_FILL);
    return degrees == 0 ? FV_OK : warp_rotate(im, (double)degrees, &style, space);
}

static fv_status check(const void *p)
{
    return augment_check_range("random_rotation", "degrees", ((const parameters *)p)->degrees);
}

const augmentation augment_random_rotation = {
    .name = "random_rotation",
    .keras = "RandomRotation",
    .help = "turn about the middle; strength multiplies the angle",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
    .check = check,
};
