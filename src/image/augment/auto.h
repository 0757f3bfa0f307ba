/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations that automatic policies choose from, and how far each goes: torchvision's tables.
 *
 *     double magnitude = auto_magnitude(&auto_rand, AUTO_ROTATE, 9, 31, height, width);   // 9 degrees
 *     STATUS_TRY(auto_apply(&picture, AUTO_ROTATE, -magnitude, &style, &space));
 */
#ifndef IMAGE_AUGMENT_AUTO_H
#define IMAGE_AUGMENT_AUTO_H

#include <stdbool.h>

#include "core/options.h"
#include "core/random.h"
#include "image/warp.h"

typedef enum auto_operation {
    AUTO_SHEAR_X = 0, /* slope */
    AUTO_SHEAR_Y,
    AUTO_TRANSLATE_X, /* pixels */
    AUTO_TRANSLATE_Y,
    AUTO_ROTATE,     /* degrees */
    AUTO_BRIGHTNESS, /* up to here a magnitude has either sign; a factor of 1 + magnitude, here and below */
    AUTO_COLOR,
    AUTO_CONTRAST,
    AUTO_SHARPNESS,
    AUTO_POSTERIZE, /* bits that are kept */
    AUTO_SOLARIZE,  /* threshold */
    AUTO_AUTOCONTRAST,
    AUTO_EQUALIZE,
    AUTO_IDENTITY,
    AUTO_OPERATIONS
} auto_operation;

/* The greatest magnitudes of a space; bins lie evenly from none to these. */
typedef struct auto_space {
    double shear, translate, degrees, factor;
    bool translate_relative;   /* translate is a part of the side, else pixels */
    int bits_first, bits_lost; /* posterize: bits kept at first, and how many fewer at last */
    bool has_identity;
} auto_space;

/* RandAugment, TrivialAugmentWide, AugMix */
extern const auto_space auto_rand, auto_trivial, auto_augmix;

/* Each operation of the space is as likely. */
auto_operation auto_draw(const auto_space *s, rng *r);
bool auto_is_signed(auto_operation operation);
/* torchvision's figure for bin `bin` of `bins` (2 or more); 0 for operations without one. */
double auto_magnitude(const auto_space *s, auto_operation operation, int64_t bin, int64_t bins,
                      int64_t height, int64_t width);
/* `strength` times as far from what changes nothing. */
double auto_stronger(auto_operation operation, double magnitude, float strength);
fv_status auto_apply(image *im, auto_operation operation, double magnitude, const warp_style *style,
                     image_space *space);
/* Draws the sign and applies. */
fv_status auto_apply_bin(image *im, const auto_space *s, auto_operation operation, int64_t bin, int64_t bins,
                         float strength, const warp_style *style, rng *r, image_space *space);

#endif
