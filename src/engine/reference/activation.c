/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "engine/reference/kernels.h"

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* The normal distribution's cumulative function and density. */
static double normal_below(double x)
{
    return 0.5 * (1 + erf(x * 0.70710678118654752440));
}
static double normal_density(double x)
{
    return 0.39894228040143267794 * exp(-0.5 * x * x);
}

/* 1 + tanh(u) = 2 sigmoid(2 u), where u = sqrt(2 / pi) (x + 0.044715 x^3) (Hendrycks & Gimpel 2016). */
static double gelu_gate(double x)
{
    return sigmoid(2 * 0.79788456080286535588 * (x + 0.044715 * x * x * x));
}
static double gelu_tanh_slope(double x)
{
    double s = gelu_gate(x), twice_slope = 2 * 0.79788456080286535588 * (1 + 3 * 0.044715 * x * x);
    return s + x * s * (1 - s) * twice_slope;
}

double REAL_NAME(activate)(double x, const op_attributes *a)
{
    switch (a->activation) {
    case FV_RELU:
        return x < 0 ? 0 : x;
    case FV_LEAKY_RELU:
        return x > 0 ? x : (double)a->alpha * x;
    case FV_RELU6:
        return x < 0 ? 0 : x > 6 ? 6 : x;
    case FV_GELU:
        return x * normal_below(x);
    case FV_SILU:
        return x * sigmoid(x);
    case FV_HARD_SWISH:
        return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6;
    case FV_SIGMOID:
        return sigmoid(x);
    case FV_TANH:
        return tanh(x);
    case FV_HARD_SIGMOID:
        return x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6;
    case FV_GELU_TANH:
        return x * gelu_gate(x);
    default:
        return x;
    }
}

/* The derivative from the input x or, for those whose output tells it, from the output y. */
static double derivative(double x, double y, const op_attributes *a)
{
    switch (a->activation) {
    case FV_RELU:
        return y > 0;
    case FV_LEAKY_RELU:
        return y > 0 ? 1 : (double)a->alpha;
    case FV_RELU6:
        return y > 0 && y < 6;
    case FV_GELU:
        return normal_below(x) + x * normal_density(x);
    case FV_SILU:
        return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
    case FV_HARD_SWISH:
        return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
    case FV_SIGMOID:
        return y * (1 - y);
    case FV_TANH:
        return 1 - y * y;
    case FV_HARD_SIGMOID:
        return y > 0 && y < 1 ? 1.0 / 6 : 0;
    case FV_GELU_TANH:
        return gelu_tanh_slope(x);
    default:
        return 1;
    }
}

KERNEL(activation)
{
    const real *x = input(c, 0);
    real *y = output(c, 0);
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++)
        y[i] = (real)REAL_NAME(activate)(x[i], &c->a);
}

KERNEL(activation_grad)
{
    const real *x = input(c, 0), *y = input(c, 1), *dy = input(c, 2);
    real *dx = output(c, 0);
    for (int64_t i = 0; i < shape_count(&c->in[2].shape); i++)
        dx[i] = (real)(dy[i] * derivative(x ? x[i] : 0, y ? y[i] : 0, &c->a));
}

KERNEL(softmax)
{
    const real *x = input(c, 0);
    real *y = output(c, 0);
    int64_t rows = rows_of(&c->in[0]), columns = columns_of(&c->in[0]);
    for (int64_t r = 0; r < rows; r++, x += columns, y += columns) {
        double largest = x[0], sum = 0;
        for (int64_t k = 1; k < columns; k++)
            largest = fmax(largest, x[k]);
        for (int64_t k = 0; k < columns; k++)
            sum += exp(x[k] - largest);
        for (int64_t k = 0; k < columns; k++)
            y[k] = (real)(exp(x[k] - largest) / sum);
    }
}

/* dx = y (dy - sum y dy) */
KERNEL(softmax_grad)
{
    const real *y = input(c, 0), *dy = input(c, 1);
    real *dx = output(c, 0);
    int64_t rows = rows_of(&c->in[0]), columns = columns_of(&c->in[0]);
    for (int64_t r = 0; r < rows; r++, y += columns, dy += columns, dx += columns) {
        double sum = 0;
        for (int64_t k = 0; k < columns; k++)
            sum += (double)y[k] * dy[k];
        for (int64_t k = 0; k < columns; k++)
            dx[k] = (real)(y[k] * (dy[k] - sum));
    }
}
