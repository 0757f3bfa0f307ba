/* SPDX-License-Identifier: Apache-2.0 */
/* What random_crop and random_shift have in common: the picture is padded, and a part of its own size is cut out again. */
#ifndef IMAGE_AUGMENT_SHIFT_H
#define IMAGE_AUGMENT_SHIFT_H

#include "image/augment.h"

/* What lies outside; numpy.pad's and torchvision's names. */
typedef enum shift_edge {
    SHIFT_CONSTANT = 0,
    SHIFT_EDGE,     /* a a | a b c | c c */
    SHIFT_REFLECT,  /* c b | a b c | b a */
    SHIFT_SYMMETRIC /* b a | a b c | c b */
} shift_edge;

typedef struct shift_padding {
    int64_t left, top, right, bottom;
} shift_padding;

/* `given`: an option's left, top, right, bottom in pixels; all 0: an eighth of each side, 4 of 32. Times `strength`, and less than
 * the side. */
shift_padding shift_padding_of(const int64_t given[4], float strength, const image *im);
/* The result at (x, y) is the picture at (x + dx, y + dy), each less than a side. In place; `scratch` is memory to use again. */
fv_status shift_move(image *im, int64_t dy, int64_t dx, shift_edge edge, const uint8_t fill[3],
                     image *scratch);
/* The same by a chance move, from (-left, -top) to (right, bottom), all as likely. */
fv_status shift_crop(image *im, shift_padding padding, shift_edge edge, const uint8_t fill[3], rng *r,
                     image *scratch);

#endif
