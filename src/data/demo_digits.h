/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ten digits as pen strokes in a unit square (x to the right, y down), each in a few ways of writing it.
 *
 *     const demo_glyph *g = demo_glyphs[digit][rng_below(&r, demo_glyph_counts[digit])];
 */
#ifndef DATA_DEMO_DIGITS_H
#define DATA_DEMO_DIGITS_H

#include <stdint.h>

typedef enum demo_turn {
    DEMO_SMOOTH = 0, /* the pen goes on in a curve */
    DEMO_CORNER,     /* the pen turns sharply */
    DEMO_LIFT        /* the pen is put down here: a new stroke begins */
} demo_turn;

typedef struct demo_knot {
    float x, y;
    demo_turn turn;
} demo_knot;

enum {
    DEMO_DIGITS = 10,
    DEMO_VARIANTS = 3,
    DEMO_MAX_KNOTS = 20
};

/* A way of writing a digit: `count` knots, the first of which is a DEMO_LIFT. */
typedef struct demo_glyph {
    int count;
    demo_knot knots[DEMO_MAX_KNOTS];
} demo_glyph;

extern const demo_glyph demo_glyphs[DEMO_DIGITS][DEMO_VARIANTS];

#endif
