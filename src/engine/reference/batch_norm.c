/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch normalisation (Ioffe & Szegedy 2015) over the rows of x (rows, C).
 * With xhat = (x - mean) / sqrt(variance + epsilon) and n rows, the gradient is
 *     dgamma = sum dy xhat,  dbeta = sum dy,  dx = gamma / sqrt(variance + epsilon) * (dy - dbeta / n - xhat
 * dgamma / n).
 */
#include <math.h>

#include "engine/reference/kernels.h"

/* Mean and biased variance of channel k. */
static void statistics(const operand *x, int64_t k, double *mean, double *variance)
{
    const real *data = x->data;
    int64_t rows = rows_of(x), channels = columns_of(x);
    double sum = 0, squares = 0;
    for (int64_t r = 0; r < rows; r++)
        sum += data[r * channels + k];
    *mean = sum / (double)rows;
    for (int64_t r = 0; r < rows; r++)
        squares += (data[r * channels + k] - *mean) * (data[r * channels + k] - *mean);
    *variance = squares / (double)rows;
}

static double inverse_deviation(const kernel_call *c, double variance)
{
    return 1 / sqrt(variance + (double)c->a.epsilon);
}

/* y = act(gamma (x - mean) / deviation + beta + residual) for channel k. */
static void scale_channel(const kernel_call *c, int64_t k, double mean, double variance, const real *residual)
{
    const real *x = input(c, 0), *gamma = input(c, 1), *beta = input(c, 2);
    real *y = output(c, 0);
    int64_t rows = rows_of(&c->in[0]), channels = columns_of(&c->in[0]);
    double inverse = inverse_deviation(c, variance);
    for (int64_t r = 0; r < rows; r++) {
        int64_t i = r * channels + k;
        double sum = gamma[k] * (x[i] - mean) * inverse + beta[k] + (residual ? residual[i] : 0);
        y[i] = (real)REAL_NAME(activate)(sum, &c->a);
    }
}

/* x, gamma, beta, running_mean, running_var, [residual] -> y, mean, variance, workspace, running_mean,
 * running_var */
KERNEL(batch_norm)
{
    const real *running_mean = input(c, 3), *running_variance = input(c, 4);
    real *mean = output(c, 1), *variance = output(c, 2), *new_mean = output(c, 4),
         *new_variance = output(c, 5);
    int64_t rows = rows_of(&c->in[0]), channels = columns_of(&c->in[0]);
    double momentum = c->a.momentum, unbiased = rows > 1 ? (double)rows / (double)(rows - 1) : 1;
    for (int64_t k = 0; k < channels; k++) {
        double m, v;
        statistics(&c->in[0], k, &m, &v);
        scale_channel(c, k, m, v, input(c, 5));
        mean[k] = (real)m;
        variance[k] = (real)v;
        new_mean[k] = (real)((1 - momentum) * running_mean[k] + momentum * m);
        new_variance[k] = (real)((1 - momentum) * running_variance[k] + momentum * v * unbiased);
    }
}

/* x, dy, gamma, mean, variance, workspace, y -> dx, dgamma, dbeta, [dresidual] */
KERNEL(batch_norm_grad)
{
    const real *x = input(c, 0), *dy = input(c, 1), *gamma = input(c, 2), *mean = input(c, 3),
               *variance = input(c, 4);
    const real *y = input(c, 6);
    real *dx = output(c, 0), *dgamma = output(c, 1), *dbeta = output(c, 2), *dresidual = output(c, 3);
    int64_t rows = rows_of(&c->in[0]), channels = columns_of(&c->in[0]);
    for (int64_t k = 0; k < channels; k++) {
        double inverse = inverse_deviation(c, variance[k]), sum = 0, product = 0;
        for (int64_t i = k; i < rows * channels; i += channels) {
            double d = y && !(y[i] > 0) ? 0 : dy[i]; /* through ReLU */
            sum += d;
            product += d * (x[i] - mean[k]) * inverse;
            if (dresidual)
                dresidual[i] = (real)d;
        }
        dgamma[k] = (real)product;
        dbeta[k] = (real)sum;
        for (int64_t i = k; i < rows * channels; i += channels) {
            double d = y && !(y[i] > 0) ? 0 : dy[i], normal = (x[i] - mean[k]) * inverse;
            dx[i] = (real)(gamma[k] * inverse * (d - (sum + normal * product) / (double)rows));
        }
    }
}

/* x, gamma, beta, running_mean, running_var, [residual] -> y */
KERNEL(batch_norm_inference)
{
    const real *mean = input(c, 3), *variance = input(c, 4);
    for (int64_t k = 0; k < columns_of(&c->in[0]); k++)
        scale_channel(c, k, mean[k], variance[k], input(c, 5));
}

/* x, dy, gamma, running_mean, running_var -> dx, [dgamma], [dbeta] */
KERNEL(batch_norm_inference_grad)
{
    const real *x = input(c, 0), *dy = input(c, 1), *gamma = input(c, 2), *mean = input(c, 3),
               *variance = input(c, 4);
    real *dx = output(c, 0), *dgamma = output(c, 1), *dbeta = output(c, 2);
    int64_t rows = rows_of(&c->in[0]), channels = columns_of(&c->in[0]);
    for (int64_t k = 0; k < channels; k++) {
        double inverse = inverse_deviation(c, variance[k]), sum = 0, product = 0;
        for (int64_t i = k; i < rows * channels; i += channels) {
            sum += dy[i];
            product += dy[i] * (x[i] - (double)mean[k]) * inverse;
            dx[i] = (real)(dy[i] * gamma[k] * inverse);
        }
        if (dgamma)
            dgamma[k] = (real)product;
        if (dbeta)
            dbeta[k] = (real)sum;
    }
}

/* w (O, ...), [b], gamma, beta, running_mean, running_var -> w', b' */
KERNEL(fold_batch_norm)
{
    const real *w = input(c, 0), *b = input(c, 1), *gamma = input(c, 2), *beta = input(c, 3);
    const real *mean = input(c, 4), *variance = input(c, 5);
    real *new_w = output(c, 0), *new_b = output(c, 1);
    int64_t outputs = c->in[0].shape.d[0], each = shape_count(&c->in[0].shape) / outputs;
    for (int64_t o = 0; o < outputs; o++) {
        double scale = gamma[o] * inverse_deviation(c, variance[o]);
        for (int64_t i = 0; i < each; i++)
            new_w[o * each + i] = (real)(w[o * each + i] * scale);
        new_b[o] = (real)(((b ? b[o] : 0) - (double)mean[o]) * scale + beta[o]);
    }
}
