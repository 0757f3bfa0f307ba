/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution: x (N, H, W, C), w (O, C/groups, KH, KW), y (N, OH, OW, O).
 * Output (oh, ow) reads input (oh * stride - pad + kh * dilation, likewise) for each place (kh, kw) of the
 * kernel.
 */
#include "engine/reference/kernels.h"

typedef struct geometry {
    int64_t n, h, w, c;          /* input */
    int64_t oh, ow, o;           /* output */
    int64_t kh, kw;              /* kernel */
    int64_t group_in, group_out; /* channels of one group */
    const window *window;
} geometry;

static geometry geometry_of(const shape *x, const shape *w, const shape *y, const window *win)
{
    return (geometry){.n = x->d[0],
                      .h = x->d[1],
                      .w = x->d[2],
                      .c = x->d[3],
                      .oh = y->d[1],
                      .ow = y->d[2],
                      .o = y->d[3],
                      .kh = w->d[2],
                      .kw = w->d[3],
                      .group_in = w->d[1],
                      .group_out = y->d[3] / win->groups,
                      .window = win};
}

/* Where in the input the output at `out` finds the kernel's place `k`; may lie in the padding. */
static int64_t row_read(const geometry *g, int64_t out, int64_t k)
{
    return out * g->window->stride[0] - g->window->pad[0] + k * g->window->dilation[0];
}
static int64_t column_read(const geometry *g, int64_t out, int64_t k)
{
    return out * g->window->stride[1] - g->window->pad[2] + k * g->window->dilation[1];
}

static double convolve(const geometry *g, const real *x, const real *w, int64_t n, int64_t oh, int64_t ow,
                       int64_t o)
{
    int64_t first = o / g->group_out * g->group_in; /* channel of the group */
    double sum = 0;
    for (int64_t kh = 0; kh < g->kh; kh++) {
        int64_t h = row_read(g, oh, kh);
        if (h < 0 || h >= g->h)
            continue;
        for (int64_t kw = 0; kw < g->kw; kw++) {
            int64_t v = column_read(g, ow, kw);
            if (v < 0 || v >= g->w)
                continue;
            const real *from = x + ((n * g->h + h) * g->w + v) * g->c + first;
            for (int64_t i = 0; i < g->group_in; i++)
                sum += (double)from[i] * w[((o * g->group_in + i) * g->kh + kh) * g->kw + kw];
        }
    }
    return sum;
}

KERNEL(conv2d)
{
    geometry g = geometry_of(&c->in[0].shape, &c->in[1].shape, &c->out[0].shape, &c->a.window);
    const real *x = input(c, 0), *w = input(c, 1), *b = input(c, 2), *residual = input(c, 3);
    real *y = output(c, 0);
    int64_t i = 0;
    for (int64_t n = 0; n < g.n; n++)
        for (int64_t oh = 0; oh < g.oh; oh++)
            for (int64_t ow = 0; ow < g.ow; ow++)
                for (int64_t o = 0; o < g.o; o++, i++) {
                    double sum =
                        convolve(&g, x, w, n, oh, ow, o) + (b ? b[o] : 0) + (residual ? residual[i] : 0);
                    y[i] = (real)REAL_NAME(activate)(sum, &c->a);
                }
}

/* The output that reads input place `in` with the kernel's place `k`: -1 when there is none. */
static int64_t reader(int64_t in, int64_t k, int64_t pad, int64_t stride, int64_t dilation, int64_t limit)
{
    int64_t scaled = in + pad - k * dilation;
    return scaled >= 0 && scaled % stride == 0 && scaled / stride < limit ? scaled / stride : -1;
}

static double gradient_input(const geometry *g, const real *dy, const real *w, int64_t n, int64_t h,
                             int64_t v, int64_t channel)
{
    const window *win = g->window;
    int64_t group = channel / g->group_in, i = channel % g->group_in;
    double sum = 0;
    for (int64_t kh = 0; kh < g->kh; kh++) {
        int64_t oh = reader(h, kh, win->pad[0], win->stride[0], win->dilation[0], g->oh);
        for (int64_t kw = 0; oh >= 0 && kw < g->kw; kw++) {
            int64_t ow = reader(v, kw, win->pad[2], win->stride[1], win->dilation[1], g->ow);
            for (int64_t o = group * g->group_out; ow >= 0 && o < (group + 1) * g->group_out; o++)
                sum += (double)dy[((n * g->oh + oh) * g->ow + ow) * g->o + o] *
                       w[((o * g->group_in + i) * g->kh + kh) * g->kw + kw];
        }
    }
    return sum;
}

KERNEL(conv2d_grad_input)
{
    geometry g = geometry_of(&c->out[0].shape, &c->in[1].shape, &c->in[0].shape, &c->a.window);
    const real *dy = input(c, 0), *w = input(c, 1);
    real *dx = output(c, 0);
    for (int64_t n = 0; n < g.n; n++)
        for (int64_t h = 0; h < g.h; h++)
            for (int64_t v = 0; v < g.w; v++)
                for (int64_t channel = 0; channel < g.c; channel++)
                    *dx++ = (real)gradient_input(&g, dy, w, n, h, v, channel);
}

static double gradient_weight(const geometry *g, const real *x, const real *dy, int64_t o, int64_t i,
                              int64_t kh, int64_t kw)
{
    int64_t channel = o / g->group_out * g->group_in + i;
    double sum = 0;
    for (int64_t n = 0; n < g->n; n++)
        for (int64_t oh = 0; oh < g->oh; oh++) {
            int64_t h = row_read(g, oh, kh);
            for (int64_t ow = 0; h >= 0 && h < g->h && ow < g->ow; ow++) {
                int64_t v = column_read(g, ow, kw);
                if (v >= 0 && v < g->w)
                    sum += (double)x[((n * g->h + h) * g->w + v) * g->c + channel] *
                           dy[((n * g->oh + oh) * g->ow + ow) * g->o + o];
            }
        }
    return sum;
}

KERNEL(conv2d_grad_weight)
{
    geometry g = geometry_of(&c->in[0].shape, &c->out[0].shape, &c->in[1].shape, &c->a.window);
    const real *x = input(c, 0), *dy = input(c, 1);
    real *dw = output(c, 0), *db = output(c, 1);
    for (int64_t o = 0; o < g.o; o++)
        for (int64_t i = 0; i < g.group_in; i++)
            for (int64_t kh = 0; kh < g.kh; kh++)
                for (int64_t kw = 0; kw < g.kw; kw++)
                    *dw++ = (real)gradient_weight(&g, x, dy, o, i, kh, kw);
    for (int64_t o = 0; db && o < g.o; o++) {
        double sum = 0;
        for (int64_t r = 0; r < g.n * g.oh * g.ow; r++)
            sum += dy[r * g.o + o];
        db[o] = (real)sum;
    }
}
