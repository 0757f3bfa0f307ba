/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo data set's pictures: a digit, written by hand on some paper and photographed badly.
 *
 *     demo_painter p;
 *     STATUS_TRY(demo_painter_init(&p, 32));
 *     rng r = rng_at(seed, part, index);
 *     STATUS_TRY(demo_paint(&p, 7, &r, &picture));   // (32, 32, 3)
 *     demo_painter_release(&p);
 */
#ifndef DATA_DEMO_H
#define DATA_DEMO_H

#include "core/random.h"
#include "image/draw.h"

typedef struct demo_painter {
    int64_t size;  /* side in pixels */
    canvas *board; /* reused for every picture */
    image mask;    /* (size, size, 3): what was drawn on the board, grey */
    float *light;  /* (size, size, 3): the picture in 0..255 while it is composed */
    float *spare;  /* (size, size, 3) */
} demo_painter;

fv_status demo_painter_init(demo_painter *p, int64_t size);
void demo_painter_release(demo_painter *p);

/* Everything random is taken from `r`, so equal streams give equal pictures. */
fv_status demo_paint(demo_painter *p, int digit, rng *r, image *out);

/* Fills `light` (size, size, 3) with paper of the colour `base`, whose texture stays within `amplitude` grey
 * levels of it. */
void demo_paper(float *light, int64_t size, const float base[3], float amplitude, rng *r);

#endif
