/* SPDX-License-Identifier: Apache-2.0 */
/* The optimizers' updates. Outputs may be the very memory of the inputs: each element is read before it is
 * written. */
#include <math.h>

#include "engine/reference/kernels.h"

/* p, g, [buffer], lr -> p, [buffer] */
KERNEL(update_sgd)
{
    const op_attributes *a = &c->a;
    const real *p = input(c, 0), *g = input(c, 1), *buffer = input(c, 2);
    real *new_p = output(c, 0), *new_buffer = output(c, 1);
    double rate = *input(c, 3) * (double)a->lr_scale;
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        double d = g[i] + (double)a->weight_decay * p[i];
        if (buffer) {
            double moved = (double)a->momentum * buffer[i] + d;
            d = a->nesterov ? d + (double)a->momentum * moved : moved;
            new_buffer[i] = (real)moved;
        }
        new_p[i] = (real)(p[i] - rate * d);
    }
}

/* p, g, m, v, lr, t -> p, m, v */
KERNEL(update_adam)
{
    const op_attributes *a = &c->a;
    const real *p = input(c, 0), *g = input(c, 1), *m = input(c, 2), *v = input(c, 3);
    real *new_p = output(c, 0), *new_m = output(c, 1), *new_v = output(c, 2);
    double rate = *input(c, 4) * (double)a->lr_scale, step = *input(c, 5);
    double b1 = a->beta_1, b2 = a->beta_2, correct_1 = 1 - pow(b1, step), correct_2 = 1 - pow(b2, step);
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        double decay = (double)a->weight_decay * p[i], d = a->decoupled ? g[i] : g[i] + decay;
        double first = b1 * m[i] + (1 - b1) * d, second = b2 * v[i] + (1 - b2) * d * d;
        double moved = p[i] - (a->decoupled ? rate * decay : 0);
        new_m[i] = (real)first;
        new_v[i] = (real)second;
        new_p[i] =
            (real)(moved - rate * (first / correct_1) / (sqrt(second / correct_2) + (double)a->epsilon));
    }
}

/* p, g, s, [buffer], lr -> p, s, [buffer] */
KERNEL(update_rmsprop)
{
    const op_attributes *a = &c->a;
    const real *p = input(c, 0), *g = input(c, 1), *s = input(c, 2), *buffer = input(c, 3);
    real *new_p = output(c, 0), *new_s = output(c, 1), *new_buffer = output(c, 2);
    double rate = *input(c, 4) * (double)a->lr_scale, rho = a->beta_1;
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        double d = g[i] + (double)a->weight_decay * p[i], square = rho * s[i] + (1 - rho) * d * d;
        double u = d / (sqrt(square) + (double)a->epsilon);
        if (buffer) {
            u += (double)a->momentum * buffer[i];
            new_buffer[i] = (real)u;
        }
        new_s[i] = (real)square;
        new_p[i] = (real)(p[i] - rate * u);
    }
}
