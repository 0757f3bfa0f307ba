/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows into a picture that is fitted to a larger frame than the network's input; image_fit (image.h) is the usual one.
 *
 *     fit_window w;
 *     fit_frame(&preprocess, picture.height, picture.width, 0.875, &w);
 *     fit_place(&preprocess, 0, 1, &w);                                   // the corner at the top right
 *     STATUS_TRY(fit_make_window(&picture, &preprocess, &w, fill, &space, &out));
 */
#ifndef IMAGE_FIT_H
#define IMAGE_FIT_H

#include "image/image.h"

/* The picture at the size (height, width), and where in it the network's input lies. */
typedef struct fit_window {
    int64_t height, width, top, left;
} fit_window;

/* The size at which the input is `fraction` of the sides that the resize mode fits: of the shorter one for a crop, which keeps all
 * of the longer one; of both else. */
void fit_frame(const fv_preprocess *p, int64_t height, int64_t width, double fraction, fit_window *w);
/* The place: from 0, at the top or left, to 1. Halves are rounded as torchvision does. */
void fit_place(const fv_preprocess *p, double at_y, double at_x, fit_window *w);
fv_status fit_make_window(const image *in, const fv_preprocess *p, const fit_window *w, const uint8_t fill[3],
                          image_space *space, image *out);

#endif
