/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several views of one picture, for test-time augmentation: the model looks at each, and the probabilities are averaged.
 *
 *     image_views v;
 *     STATUS_TRY(image_views_parse("flip", &v));
 *     STATUS_TRY(image_views_make(&v, &decoded, &preprocess, fill, &space, pixels));   // (v.count, height, width, channels)
 *
 * Views depend on their number and on the picture's shape only, so that a picture has the same ones wherever it stands.
 */
#ifndef IMAGE_VIEWS_H
#define IMAGE_VIEWS_H

#include "image/image.h"

enum {
    VIEWS_MOST = 100
};

typedef struct image_views {
    bool corners;  /* the corners and the middle of the picture, instead of the whole and parts of it */
    bool mirrored; /* each also as its mirror image */
    int64_t count;
} image_views;

/* "none" (or NULL), "flip", "five-crop", "ten-crop", or a number of views. */
fv_status image_views_parse(const char *words, image_views *out);
/* `out` has room for v->count pictures of the network's size; `space` NULL: memory for this call alone. */
fv_status image_views_make(const image_views *v, const image *in, const fv_preprocess *p,
                           const uint8_t fill[3], image_space *space, uint8_t *out);

#endif
