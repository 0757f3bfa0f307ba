/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of this folder are pasted into what `fovea export --to c` writes: a part begins with a line that names it, and only
 * the parts that a network needs are taken (parts.c). They are C99 without anything else.
 */
#ifndef CSOURCE_EMITTED_WINDOW_H
#define CSOURCE_EMITTED_WINDOW_H

/* ---- window ---- */
/* A window that slides over a picture (height, width, channels); [0] is vertical, [1] horizontal. */
typedef struct window {
    int in[3], out[3];
    int kernel[2], stride[2], dilation[2];
    int before[2]; /* rows and columns of padding at the top and on the left */
    int groups;
} window;

/* Where the window at output `place` (row by row) finds its place (ky, kx): a pixel of x, or NULL in the padding. */
static const float *under(const window *v, const float *x, int place, int ky, int kx)
{
    int row = place / v->out[1] * v->stride[0] - v->before[0] + ky * v->dilation[0];
    int column = place % v->out[1] * v->stride[1] - v->before[1] + kx * v->dilation[1];
    int inside = row >= 0 && row < v->in[0] && column >= 0 && column < v->in[1];
    return inside ? x + (row * v->in[1] + column) * v->in[2] : NULL;
}

/* ---- bounded ---- */
/* ReLU, ReLU6 and no activation at all are bounds. */
static float bounded(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}
/* ---- end ---- */
#endif
