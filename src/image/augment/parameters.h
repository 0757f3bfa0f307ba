/* SPDX-License-Identifier: Apache-2.0 */
/* How the augmentations' options are read: ranges that may be given as one number, colours, and what lies outside of a picture. */
#ifndef IMAGE_AUGMENT_PARAMETERS_H
#define IMAGE_AUGMENT_PARAMETERS_H

#include "image/augment.h"
#include "image/warp.h"

typedef struct augment_range {
    float low, high;
} augment_range;

/* An option of two numbers that was left out (all zero), given as one number d, which means (-d, d), or as (low, high). */
augment_range augment_range_around(const float given[2], augment_range standard);
/* The same where one number d means d itself. */
augment_range augment_range_of(const float given[2], augment_range standard);
float augment_draw(augment_range range, rng *r);

/* Refuses a range whose ends are the wrong way round: "NAME: OPTION must ...". */
fv_status augment_check_range(const char *name, const char *option, const float given[2]);

/* One number for all channels, or R, G, B. */
void augment_colour(const float given[3], uint8_t out[3]);

/* The options of everything that looks pixels up elsewhere. */
typedef struct augment_look {
    int interpolation; /* of these choices the default and the type's first have changed places */
    float fill[3];
    int fill_mode;
} augment_look;

extern const char *const augment_nearest_first[], *const augment_bilinear_first[];
extern const char *const augment_constant_first[], *const augment_reflect_first[];

/* Their rows in the table of `parameters`, whose field is `look`, with the defaults nearest or bilinear and constant or
 * reflect. */
#define AUGMENT_LOOK_OPTIONS(filter, edge)                                                                   \
    {.name = "interpolation",                                                                                \
     .type = OPTION_CHOICE,                                                                                  \
     .offset = offsetof(parameters, look.interpolation),                                                     \
     .choices = augment_##filter##_first,                                                                    \
     .shown = #filter,                                                                                       \
     .help = "nearest copies pixels, bilinear mixes four and is smoother"},                                  \
        {.name = "fill",                                                                                     \
         .type = OPTION_FLOATS,                                                                              \
         .length = 3,                                                                                        \
         .offset = offsetof(parameters, look.fill),                                                          \
         .high = 255,                                                                                        \
         .shown = "0",                                                                                       \
         .help = "the colour of what comes in from outside, 0 to 255: one number or R,G,B"},                 \
    {                                                                                                        \
        .name = "fill_mode", .type = OPTION_CHOICE, .offset = offsetof(parameters, look.fill_mode),          \
        .choices = augment_##edge##_first, .shown = #edge,                                                   \
        .help =                                                                                              \
            "what comes in from outside: the colour of fill, the nearest edge, a mirror, or the other side"  \
    }

/* `filter` and `edge`: the defaults, as in the table. */
warp_style augment_style(const augment_look *look, warp_filter filter, warp_edge edge);

#endif
