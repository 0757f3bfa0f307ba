/* SPDX-License-Identifier: Apache-2.0 */
/* The optimizers' updates. Outputs may be the very memory of the inputs: each element is read before it is
 * written. */
#include <math.h>

#include "engine/reference/kernels.h"

/* What the gradient is multiplied by: input i, if it is there. */
static double factor(const kernel_call *c, int i)
{
    return i < c->input_count && input(c, i) ? *input(c, i) : 1;
}

/* p, g, [buffer], lr, [factor] -> p, [buffer] */
KERNEL(update_sgd)
{
    const op_attributes *a = &c->a;
    const real *p = input(c, 0), *g = input(c, 1), *buffer = input(c, 2);
    real *new_p = output(c, 0), *new_buffer = output(c, 1);
    double rate = *input(c, 3) * (double)a->lr_scale;
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        double decay = (double)a->weight_decay * p[i];
        double d = factor(c, 4) * g[i] + (a->decoupled ? 0 : decay);
        if (buffer) {
            double moved = (double)a->momentum * buffer[i] + d;
            d = a->nesterov ? d + (double)a->momentum * moved : moved;
            new_buffer[i] = (real)moved;
        }
        new_p[i] = (real)(p[i] - rate * (a->decoupled ? d + decay : d));
    }
}

/* How Adam weighs its first moment and, where it looks ahead, the gradient itself. */
typedef struct adam_weights {
    double moment, gradient, second;
} adam_weights;

static adam_weights weigh(const op_attributes *a, double step)
{
    double b1 = a->beta_1, product = 1, mu = 0, next = 0;
    adam_weights w = {.moment = 1 / (1 - pow(b1, step)), .second = 1 / (1 - pow((double)a->beta_2, step))};
    if (!a->nesterov)
        return w;
    for (int64_t t = 1; t <= (int64_t)step; t++)
        product *= mu = b1 * (1 - 0.5 * pow(0.96, 0.004 * (double)t));
    next = b1 * (1 - 0.5 * pow(0.96, 0.004 * (step + 1)));
    w.gradient = (1 - mu) / (1 - product);
    w.moment = next / (1 - product * next);
    return w;
}

/* p, g, m, v, lr, t, [factor] -> p, m, v */
KERNEL(update_adam)
{
    const op_attributes *a = &c->a;
    const real *p = input(c, 0), *g = input(c, 1), *m = input(c, 2), *v = input(c, 3);
    real *new_p = output(c, 0), *new_m = output(c, 1), *new_v = output(c, 2);
    double rate = *input(c, 4) * (double)a->lr_scale, b1 = a->beta_1, b2 = a->beta_2;
    adam_weights w = weigh(a, *input(c, 5));
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        double decay = (double)a->weight_decay * p[i], d = factor(c, 6) * g[i] + (a->decoupled ? 0 : decay);
        double first = b1 * m[i] + (1 - b1) * d, second = b2 * v[i] + (1 - b2) * d * d;
        double moved = p[i] - (a->decoupled ? rate * decay : 0);
        new_m[i] = (real)first;
        new_v[i] = (real)second;
        new_p[i] = (real)(moved - rate * (w.moment * first + w.gradient * d) /
                                      (sqrt(second * w.second) + (double)a->epsilon));
    }
}

/* p, g, s, [buffer], lr, [factor] -> p, s, [buffer] */
KERNEL(update_rmsprop)
{
    const op_attributes *a = &c->a;
    const real *p = input(c, 0), *g = input(c, 1), *s = input(c, 2), *buffer = input(c, 3);
    real *new_p = output(c, 0), *new_s = output(c, 1), *new_buffer = output(c, 2);
    double rate = *input(c, 4) * (double)a->lr_scale, rho = a->beta_1;
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        double d = factor(c, 5) * g[i] + (double)a->weight_decay * p[i];
        double square = rho * s[i] + (1 - rho) * d * d, u = d / (sqrt(square) + (double)a->epsilon);
        if (buffer) {
            u += (double)a->momentum * buffer[i];
            new_buffer[i] = (real)u;
        }
        new_s[i] = (real)square;
        new_p[i] = (real)(p[i] - rate * u);
    }
}

/* p, g, s, lr, [factor] -> p, s */
KERNEL(update_adagrad)
{
    const op_attributes *a = &c->a;
    const real *p = input(c, 0), *g = input(c, 1), *s = input(c, 2);
    real *new_p = output(c, 0), *new_s = output(c, 1);
    double rate = *input(c, 3) * (double)a->lr_scale;
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        double d = factor(c, 4) * g[i] + (double)a->weight_decay * p[i], sum = s[i] + d * d;
        new_s[i] = (real)sum;
        new_p[i] = (real)(p[i] - rate * d / (sqrt(sum) + (double)a->epsilon));
    }
}

/* p, g, m, lr, [factor] -> p, m */
KERNEL(update_lion)
{
    const op_attributes *a = &c->a;
    const real *p = input(c, 0), *g = input(c, 1), *m = input(c, 2);
    real *new_p = output(c, 0), *new_m = output(c, 1);
    double rate = *input(c, 3) * (double)a->lr_scale, b1 = a->beta_1, b2 = a->beta_2;
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        double d = factor(c, 4) * g[i], mixed = b1 * m[i] + (1 - b1) * d;
        double sign = (double)(mixed > 0) - (double)(mixed < 0);
        new_m[i] = (real)(b2 * m[i] + (1 - b2) * d);
        new_p[i] = (real)(p[i] - rate * ((double)a->weight_decay * p[i] + sign));
    }
}

/* p, g, m, v, lr, t, [factor] -> p, m, v */
KERNEL(update_lamb)
{
    const op_attributes *a = &c->a;
    const real *p = input(c, 0), *g = input(c, 1);
    real *new_p = output(c, 0), *m = output(c, 1), *v = output(c, 2); /* in place */
    double rate = *input(c, 4) * (double)a->lr_scale, b1 = a->beta_1, b2 = a->beta_2;
    double length = 0, step_length = 0;
    adam_weights w = weigh(a, *input(c, 5));
    int64_t count = shape_count(&c->in[0].shape);
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1 && a->adapt && length > 0 && step_length > 0)
            rate *= sqrt(length / step_length);
        for (int64_t i = 0; i < count; i++) {
            if (pass == 0) {
                double d = factor(c, 6) * g[i];
                m[i] = (real)(b1 * m[i] + (1 - b1) * d);
                v[i] = (real)(b2 * v[i] + (1 - b2) * d * d);
            }
            double u = w.moment * m[i] / (sqrt(v[i] * w.second) + (double)a->epsilon) +
                       (double)a->weight_decay * p[i];
            length += pass == 0 ? (double)p[i] * p[i] : 0;
            step_length += pass == 0 ? u * u : 0;
            if (pass == 1)
                new_p[i] = (real)(p[i] - rate * u);
        }
    }
}
