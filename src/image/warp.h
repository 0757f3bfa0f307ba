/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving pixels: every pixel of the result is looked up somewhere in the picture. In place, the shape stays.
 *
 *     image_space space = {0};
 *     STATUS_TRY(warp_rotate(&picture, 15, &(warp_style){.filter = WARP_BILINEAR}, &space));
 *
 * Conventions and results are Pillow's (and so those of torchvision's functions for PIL pictures): the pixel (x, y) covers
 * [x, x + 1) x [y, y + 1), so its centre is (x + 0.5, y + 0.5); what lies outside of the picture is filled; at the picture's border
 * bilinear interpolation repeats the outermost pixels. Nearest is equal to Pillow's bytes; bilinear is rounded to the nearest value, where
 * Pillow drops the fraction.
 */
#ifndef IMAGE_WARP_H
#define IMAGE_WARP_H

#include <stdbool.h>

#include "image/image.h"

typedef enum warp_filter {
    WARP_NEAREST = 0,
    WARP_BILINEAR
} warp_filter;

typedef struct warp_style {
    warp_filter filter;
    uint8_t fill[3]; /* the colour of what lies outside; grey pictures take the first */
} warp_style;

/* `style` NULL: nearest, black. `space` is memory to use again; its contents are lost. */

/* The result at the centre (x, y) is the picture at (m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5]). */
fv_status warp_affine(image *im, const double m[6], const warp_style *style, image_space *space);
/* Likewise at ((c[0] x + c[1] y + c[2]) / d, (c[3] x + c[4] y + c[5]) / d), d = c[6] x + c[7] y + 1. */
fv_status warp_perspective(image *im, const double c[8], const warp_style *style, image_space *space);
/* Likewise at (x + dx, y + dy); dx and dy: (height, width), in pixels. */
fv_status warp_field(image *im, const float *dx, const float *dy, const warp_style *style,
                     image_space *space);

/* ---- torchvision.transforms.functional ---- */

/* Counter-clockwise about the middle: rotate(). */
fv_status warp_rotate(image *im, double degrees, const warp_style *style, image_space *space);
/* affine(center=(0, 0), shear): the part of a row's number by which its pixels move, as ShearX in AutoAugment and its kin. */
fv_status warp_shear_x(image *im, double slope, const warp_style *style, image_space *space);
fv_status warp_shear_y(image *im, double slope, const warp_style *style, image_space *space);
/* affine(translate): whole pixels to the right, and downwards. */
fv_status warp_translate_x(image *im, int64_t pixels, const warp_style *style, image_space *space);
fv_status warp_translate_y(image *im, int64_t pixels, const warp_style *style, image_space *space);

/* The matrix of affine() for a picture of (height, width): degrees clockwise about the middle, then moved by translate (x, y)
 * pixels; scale above 1 enlarges; shear (x, y) in degrees. */
typedef struct warp_move {
    double degrees, translate[2], scale, shear[2];
} warp_move;
void warp_matrix(int64_t height, int64_t width, const warp_move *move, double m[6]);

/* The coefficients with which the picture's corners (from[i], in pixels) come to lie at to[i]; the points are (x, y). False: no
 * such map exists. */
bool warp_coefficients(const double from[4][2], const double to[4][2], double c[8]);

#endif
