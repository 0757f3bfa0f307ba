/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling. The part of a window that lies in the padding never counts, except in an average with
 * count_padding. */
#include <math.h>
#include <string.h>

#include "engine/reference/kernels.h"

/* Visits the windows of x (N, H, W, C) one after the other, in the order of the outputs' elements. */
typedef struct cursor {
    const shape *x, *y;
    const window *window;
    int64_t n, oh, ow, channel;
} cursor;

static bool next(cursor *at)
{
    if (++at->channel < at->y->d[3])
        return true;
    at->channel = 0;
    if (++at->ow < at->y->d[2])
        return true;
    at->ow = 0;
    if (++at->oh < at->y->d[1])
        return true;
    at->oh = 0;
    return ++at->n < at->y->d[0];
}

/* The element of x under place (kh, kw) of the window; -1 in the padding. */
static int64_t element(const cursor *at, int64_t kh, int64_t kw)
{
    const window *w = at->window;
    int64_t h = at->oh * w->stride[0] - w->pad[0] + kh * w->dilation[0];
    int64_t v = at->ow * w->stride[1] - w->pad[2] + kw * w->dilation[1];
    if (h < 0 || h >= at->x->d[1] || v < 0 || v >= at->x->d[2])
        return -1;
    return ((at->n * at->x->d[1] + h) * at->x->d[2] + v) * at->x->d[3] + at->channel;
}

/* The first of the largest elements, row by row; a NaN is larger than all. -1 when all lie in the padding. */
static int64_t largest(const cursor *at, const real *x)
{
    int64_t best = -1;
    for (int64_t kh = 0; kh < at->window->kernel[0]; kh++)
        for (int64_t kw = 0; kw < at->window->kernel[1]; kw++) {
            int64_t e = element(at, kh, kw);
            if (e >= 0 && (best < 0 || x[e] > x[best] || (isnan(x[e]) && !isnan(x[best]))))
                best = e;
        }
    return best;
}

KERNEL(max_pool2d)
{
    const real *x = input(c, 0);
    real *y = output(c, 0);
    cursor at = {.x = &c->in[0].shape, .y = &c->out[0].shape, .window = &c->a.window};
    do {
        int64_t e = largest(&at, x);
        *y++ = e >= 0 ? x[e] : 0;
    } while (next(&at));
}

/* x, dy, workspace -> dx: finds the maxima again rather than keeping them in the workspace. */
KERNEL(max_pool2d_grad)
{
    const real *x = input(c, 0), *dy = input(c, 1);
    real *dx = output(c, 0);
    memset(dx, 0, (size_t)shape_count(&c->in[0].shape) * sizeof *dx);
    cursor at = {.x = &c->in[0].shape, .y = &c->in[1].shape, .window = &c->a.window};
    do {
        int64_t e = largest(&at, x);
        if (e >= 0)
            dx[e] += *dy;
        dy++;
    } while (next(&at));
}

/* What the sum over the window is divided by. */
static double divisor(const cursor *at, bool count_padding)
{
    int64_t inside = 0;
    for (int64_t kh = 0; kh < at->window->kernel[0]; kh++)
        for (int64_t kw = 0; kw < at->window->kernel[1]; kw++)
            inside += count_padding || element(at, kh, kw) >= 0;
    return inside > 0 ? (double)inside : 1;
}

KERNEL(average_pool2d)
{
    const real *x = input(c, 0);
    real *y = output(c, 0);
    cursor at = {.x = &c->in[0].shape, .y = &c->out[0].shape, .window = &c->a.window};
    do {
        double sum = 0;
        for (int64_t kh = 0; kh < at.window->kernel[0]; kh++)
            for (int64_t kw = 0; kw < at.window->kernel[1]; kw++) {
                int64_t e = element(&at, kh, kw);
                sum += e >= 0 ? x[e] : 0;
            }
        *y++ = (real)(sum / divisor(&at, c->a.count_padding));
    } while (next(&at));
}

KERNEL(average_pool2d_grad)
{
    const real *dy = input(c, 0);
    real *dx = output(c, 0);
    memset(dx, 0, (size_t)shape_count(&c->out[0].shape) * sizeof *dx);
    cursor at = {.x = &c->out[0].shape, .y = &c->in[0].shape, .window = &c->a.window};
    do {
        double share = *dy++ / divisor(&at, c->a.count_padding);
        for (int64_t kh = 0; kh < at.window->kernel[0]; kh++)
            for (int64_t kw = 0; kw < at.window->kernel[1]; kw++) {
                int64_t e = element(&at, kh, kw);
                if (e >= 0)
                    dx[e] += (real)share;
            }
    } while (next(&at));
}

KERNEL(global_average_pool2d)
{
    const real *x = input(c, 0);
    real *y = output(c, 0);
    const shape *s = &c->in[0].shape;
    int64_t area = s->d[1] * s->d[2], channels = s->d[3];
    for (int64_t n = 0; n < s->d[0]; n++)
        for (int64_t k = 0; k < channels; k++) {
            double sum = 0;
            for (int64_t i = 0; i < area; i++)
                sum += x[(n * area + i) * channels + k];
            y[n * channels + k] = (real)(sum / (double)area);
        }
}

KERNEL(global_average_pool2d_grad)
{
    const real *dy = input(c, 0);
    real *dx = output(c, 0);
    const shape *s = &c->out[0].shape;
    int64_t area = s->d[1] * s->d[2], channels = s->d[3];
    for (int64_t n = 0; n < s->d[0]; n++)
        for (int64_t i = 0; i < area; i++)
            for (int64_t k = 0; k < channels; k++)
                dx[(n * area + i) * channels + k] = dy[n * channels + k] / (real)area;
}
