/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drawing with cairo, which is opened on first use (core/plugin.h): a build or a machine without it still works, and what
 * draws says so.
 *
 *     canvas *c;
 *     STATUS_TRY(canvas_create(640, 400, &c));
 *     canvas_color(c, 0x1f77b4, 1.0);
 *     canvas_line(c, 10, 10, 100, 50, 2.0);
 *     canvas_image(c, &out);        // RGB
 *     canvas_destroy(c);
 */
#ifndef IMAGE_DRAW_H
#define IMAGE_DRAW_H

#include "image/image.h"

typedef struct canvas canvas;

fv_status canvas_create(int64_t width, int64_t height, canvas **out); /* white */
void canvas_destroy(canvas *c);
fv_status canvas_image(canvas *c, image *out); /* copies the pixels as RGB */

/* Multiplies every coordinate and length of what follows, e.g. by 2 for a plot that stays sharp on dense screens. */
void canvas_scale(canvas *c, double factor);
void canvas_color(canvas *c, uint32_t rgb, double alpha); /* 0xRRGGBB, for what follows */
void canvas_fill(canvas *c);                              /* everything */
void canvas_rectangle(canvas *c, double x, double y, double width, double height); /* filled */
void canvas_circle(canvas *c, double x, double y, double radius);                  /* filled */
void canvas_line(canvas *c, double x0, double y0, double x1, double y1, double width);
void canvas_polyline(canvas *c, const double *xy, int64_t points, double width); /* round joins and caps */
/* Any bytes may be given: what is not UTF-8 is shown as '?'. anchor: 0 left, 0.5 middle, 1 right of x; y is the baseline. `angle` in radians. */
void canvas_text(canvas *c, const char *utf8, double x, double y, double size, double anchor, double angle);
double canvas_text_width(canvas *c, const char *utf8, double size);
/* Stretched to (width, height) without smoothing. */
void canvas_picture(canvas *c, const image *im, double x, double y, double width, double height);

#endif
