/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/shift.h"

typedef struct parameters {
    int64_t padding[4];
} parameters;

static const option options[] = {
    {.name = "padding",
     .type = OPTION_INTS,
     .length = 4,
     .offset = offsetof(parameters, padding),
     .high = 100000,
     .shown = "an eighth of the side",
     .help = "the most pixels to the right, down, left and up; one number: for all"},
    {0}};

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    const parameters *o = p;
    static const uint8_t unused[3] = {0};
    return shift_crop(im, shift_padding_of(o->padding, strength, im), SHIFT_REFLECT, unused, r,
                      &space->spare[0]);
}

const augmentation augment_random_shift = {
    .name = "random_shift",
    .help =
        "move by whole pixels; what comes in at the edges mirrors the picture; strength multiplies how far",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
