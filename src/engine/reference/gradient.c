/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to gradients before an update, and running averages. */
#include <math.h>

#include "engine/reference/kernels.h"

/* g, p -> y */
KERNEL(adjust_gradient)
{
    const op_attributes *a = &c->a;
    const real *g = input(c, 0), *p = input(c, 1);
    real *y = output(c, 0);
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        double sign = (double)(p[i] > 0) - (double)(p[i] < 0);
        double d = g[i] + (double)a->l1 * sign + (double)a->l2 * p[i], limit = a->limit;
        if (limit > 0)
            d = d > limit ? limit : d < -limit ? -limit : d;
        y[i] = (real)d;
    }
}

/* x, [total] -> y */
KERNEL(square_sum)
{
    const real *x = input(c, 0), *total = input(c, 1);
    double sum = total ? *total : 0;
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++)
        sum += (double)x[i] * x[i];
    *output(c, 0) = (real)sum;
}

/* total -> factor, norm */
KERNEL(clip_factor)
{
    double norm = sqrt((double)*input(c, 0)), factor = c->a.limit / (norm + 1e-6);
    if (output(c, 0))
        *output(c, 0) = (real)(factor > 1 ? 1 : factor);
    if (output(c, 1))
        *output(c, 1) = (real)norm;
}

/* average, x, share -> average */
KERNEL(average)
{
    const real *before = input(c, 0), *x = input(c, 1);
    double share = *input(c, 2);
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++)
        output(c, 0)[i] = (real)((1 - share) * before[i] + share * x[i]);
}
