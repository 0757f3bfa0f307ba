/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/parameters.h"
#include "image/augment/shift.h"

typedef struct parameters {
    int64_t padding[4];
    int padding_mode; /* a shift_edge */
    float fill[3];
} parameters;

static const char *const modes[] = {[SHIFT_CONSTANT] = "constant",
                                    [SHIFT_EDGE] = "edge",
                                    [SHIFT_REFLECT] = "reflect",
                                    [SHIFT_SYMMETRIC] = "symmetric",
                                    NULL};

static const option options[] = {
    {.name = "padding",
     .type = OPTION_INTS,
     .length = 4,
     .offset = offsetof(parameters, padding),
     .high = 100000,
     .shown = "an eighth of the side, 4 of 32",
     .help = "pixels added left, top, right and bottom; one number: everywhere"},
    {.name = "padding_mode",
     .type = OPTION_CHOICE,
     .offset = offsetof(parameters, padding_mode),
     .choices = modes,
     .shown = "constant",
     .help = "what they show: the colour of fill, the nearest edge, or a mirror (symmetric: with the "
             "outermost pixel twice)"},
    {.name = "fill",
     .type = OPTION_FLOATS,
     .length = 3,
     .offset = offsetof(parameters, fill),
     .high = 255,
     .shown = "0",
     .help = "their colour, 0 to 255: one number or R,G,B"},
    {0}};

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    const parameters *o = p;
    uint8_t fill[3];
    augment_colour(o->fill, fill);
    return shift_crop(im, shift_padding_of(o->padding, strength, im), (shift_edge)o->padding_mode, fill, r,
                      &space->spare[0]);
}

const augmentation augment_random_crop = {
    .name = "random_crop",
    .keras = "RandomCrop",
    .help = "pad the picture and crop it back at random, as for CIFAR; strength multiplies the padding",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
