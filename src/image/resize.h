/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing a part of a picture as if the whole had been resized and then cut:
 *
 *     // the middle (224, 224) of a resize to (256, 341)
 *     resize_part(&in, &box, 224, 224, 256, 341, FV_BILINEAR, &out);
 */
#ifndef IMAGE_RESIZE_H
#define IMAGE_RESIZE_H

#include "image/image.h"

/* image_resize with a box in double precision, and the order of the passes that a resize of everything to the
 * frame has. */
fv_status resize_part(const image *in, const image_box *box, int64_t height, int64_t width,
                      int64_t frame_height, int64_t frame_width, fv_interpolation interpolation, image *out);

#endif
