/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Curves as SVG within a page, whose colours are the page's variables: --text, --soft, --line, and --c0 to --c9 for the curves.
 *
 *     svg_plot p = {.title = "Loss", .series = list, .count = 2};
 *     svg_add_plot(&html, &p);
 */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include <stdbool.h>

#include "core/text.h"

enum {
    SVG_WIDTH = 440,
    SVG_HEIGHT = 270,
    SVG_COLORS = 10 /* then they begin again, dashed */
};

typedef struct svg_series {
    const char *name;
    int color;
    const double *x, *y; /* `count` each; what is not finite is a gap */
    int64_t count;
} svg_series;

typedef struct svg_plot {
    const char *title;
    bool percent;
    const char *by;     /* the horizontal axis; NULL: "epoch" */
    bool square;        /* both axes are parts of one, shown as 0..100 % */
    bool diagonal;      /* drawn, of a square */
    bool marked;        /* a dot at each point */
    const double *mark; /* a vertical line at this x, as of the best epoch; NULL: none */
    const svg_series *series;
    int64_t count;
} svg_plot;

/* A <figure>; nothing when no series has a value. */
void svg_add_plot(text *out, const svg_plot *p);

#endif
