/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>

#include "engine/reference/kernels.h"

/* What x / scale is held in: whole numbers, counted from the zero point. */
typedef struct grid {
    real scale, low, high;
} grid;

static grid grid_of(const kernel_call *c)
{
    real scale = input(c, 1)[0], zero = (real)rint((double)input(c, 2)[0]);
    real least = (real)c->a.quant_min, most = (real)c->a.quant_max;
    zero = zero > most ? most : zero >= least ? zero : least;
    return (grid){scale > 0 ? scale : (real)FLT_MIN, least - zero, most - zero};
}

KERNEL(fake_quantize)
{
    const real *x = input(c, 0);
    real *y = output(c, 0);
    grid g = grid_of(c);
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        real v = x[i] / g.scale;
        v = v < g.low ? g.low : v > g.high ? g.high : v;
        y[i] = (real)rint((double)v) * g.scale;
    }
}

KERNEL(fake_quantize_grad)
{
    const real *x = input(c, 0), *dy = input(c, 3);
    real *dx = output(c, 0);
    grid g = grid_of(c);
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        real whole = (real)rint((double)(x[i] / g.scale));
        dx[i] = whole >= g.low && whole <= g.high ? dy[i] : 0;
    }
}
