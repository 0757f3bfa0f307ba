/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of colour and tone, in place. Each gives what torchvision's function of that name gives for a Pillow picture, to
 * the last bit. A factor of 1 leaves the picture as it is, less and more go either way.
 *
 *     adjust_brightness(&picture, 1.2f);
 *     STATUS_TRY(adjust_sharpness(&picture, 2, &spare));
 */
#ifndef IMAGE_ADJUST_H
#define IMAGE_ADJUST_H

#include "image/image.h"

void adjust_brightness(image *im, float factor); /* 0: black */
void adjust_contrast(image *im, float factor);   /* 0: the mean grey everywhere */
void adjust_saturation(image *im, float factor); /* 0: grey. Grey pictures are left alone, here and below */
/* Turns the hue, `turn` in -0.5..0.5 of the circle. As Pillow's, hue and saturation are rounded to 8 bits on the way. */
void adjust_hue(image *im, float turn);
/* 0: smoothed with a 3 x 3 kernel; the outermost pixels stay. `spare` is overwritten. */
fv_status adjust_sharpness(image *im, float factor, image *spare);

/* What follows maps each sample by its value alone. */
void adjust_posterize(image *im, int bits);       /* keeps the highest `bits` (0..8) */
void adjust_solarize(image *im, float threshold); /* inverts samples from `threshold` up */
/* `strength` 1 is torchvision's; less goes only that part of the way, sample by sample. */
void adjust_invert(image *im, float strength);
void adjust_autocontrast(image *im, float strength); /* stretches each channel to 0..255 */
void adjust_equalize(image *im, float strength);     /* makes each channel's histogram flat */

/* a * part + b * (1 - part) into `a`, rounded; part in 0..1 and shapes equal. */
void adjust_mix(image *a, const image *b, float part);

#endif
