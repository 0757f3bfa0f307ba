/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing a part of a picture as if the whole had been resized and then cut:
 *
 *     // the middle (224, 224) of a resize to (256, 341)
 *     resize_part(&in, &box, 224, 224, 256, 341, FV_BILINEAR, &space, &out);
 */
#ifndef IMAGE_RESIZE_H
#define IMAGE_RESIZE_H

#include "image/image.h"

/* What resizing uses again: the weights of both axes, also as they are when the geometry is the same, and the picture
 * between the passes. */
typedef struct resize_memory resize_memory;
void resize_memory_destroy(resize_memory *m); /* NULL is fine */

/* image_resize with a box in double precision, and the order of the passes that a resize of everything to the
 * frame has. */
fv_status resize_part(const image *in, const image_box *box, int64_t height, int64_t width,
                      int64_t frame_height, int64_t frame_width, fv_interpolation interpolation,
                      image_space *space, image *out);

#endif
