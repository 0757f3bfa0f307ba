/* SPDX-License-Identifier: Apache-2.0 */
/* Dense layers: y (N, O) = x (N, I) w (O, I)^T. A picture x (N, H, W, C) is read in the order C, H, W, as
 * PyTorch flattens it, or has a row for each place. */
#include "engine/reference/kernels.h"

/* The place in one sample of x of the i-th input of the layer. */
static int64_t place(const shape *x, int64_t i)
{
    if (x->rank == 2)
        return i;
    int64_t area = x->d[1] * x->d[2];
    return i % area * x->d[3] + i / area;
}

static shape rows_as_seen(const kernel_call *c, const operand *x)
{
    return c->a.each_place ? shape_2(rows_of(x), columns_of(x)) : x->shape;
}

static int64_t features(const shape *x)
{
    return shape_count(x) / x->d[0];
}

KERNEL(dense)
{
    const shape seen = rows_as_seen(c, &c->in[0]), *s = &seen;
    const real *x = input(c, 0), *w = input(c, 1), *b = input(c, 2), *residual = input(c, 3);
    real *y = output(c, 0);
    int64_t inputs = features(s), outputs = c->in[1].shape.d[0];
    for (int64_t n = 0; n < s->d[0]; n++)
        for (int64_t o = 0; o < outputs; o++) {
            double sum = (b ? b[o] : 0) + (residual ? residual[n * outputs + o] : 0);
            for (int64_t i = 0; i < inputs; i++)
                sum += (double)x[n * inputs + place(s, i)] * w[o * inputs + i];
            y[n * outputs + o] = (real)REAL_NAME(activate)(sum, &c->a);
        }
}

KERNEL(dense_grad_input)
{
    const shape seen = rows_as_seen(c, &c->out[0]), *s = &seen;
    const real *dy = input(c, 0), *w = input(c, 1);
    real *dx = output(c, 0);
    int64_t inputs = features(s), outputs = c->in[1].shape.d[0];
    for (int64_t n = 0; n < s->d[0]; n++)
        for (int64_t i = 0; i < inputs; i++) {
            double sum = 0;
            for (int64_t o = 0; o < outputs; o++)
                sum += (double)dy[n * outputs + o] * w[o * inputs + i];
            dx[n * inputs + place(s, i)] = (real)sum;
        }
}

KERNEL(dense_grad_weight)
{
    const shape seen = rows_as_seen(c, &c->in[0]), *s = &seen;
    const real *x = input(c, 0), *dy = input(c, 1);
    real *dw = output(c, 0), *db = output(c, 1);
    int64_t inputs = features(s), outputs = c->out[0].shape.d[0];
    for (int64_t o = 0; o < outputs; o++) {
        for (int64_t i = 0; i < inputs; i++) {
            double sum = 0;
            for (int64_t n = 0; n < s->d[0]; n++)
                sum += (double)dy[n * outputs + o] * x[n * inputs + place(s, i)];
            dw[o * inputs + i] = (real)sum;
        }
        double sum = 0;
        for (int64_t n = 0; n < s->d[0]; n++)
            sum += dy[n * outputs + o];
        if (db)
            db[o] = (real)sum;
    }
}
