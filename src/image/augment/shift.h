/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the augmentations that move the picture: augment_shift(im, SHIFT_ZERO, 0.5f, r, scratch). */
#ifndef IMAGE_AUGMENT_SHIFT_H
#define IMAGE_AUGMENT_SHIFT_H

#include "image/augment.h"

typedef enum shift_edge {
    SHIFT_ZERO,   /* what comes in is black */
    SHIFT_REFLECT /* what comes in mirrors the picture about its outermost pixels, which are not repeated */
} shift_edge;

/* Moves the picture by up to strength * 25 % of each side, every whole number of pixels being as likely. */
fv_status augment_shift(image *im, shift_edge edge, float strength, rng *r, image *scratch);

#endif
