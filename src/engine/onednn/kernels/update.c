/* SPDX-License-Identifier: Apache-2.0 */
/* The optimizers' updates. Parameter, gradient and state share one layout, so they are flat. */
#include <math.h>

#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

static inline float sign(float x)
{
    return (float)(x > 0) - (float)(x < 0);
}

void KERNEL(update_sgd)(const update_arguments *a, float *p, const float *g, float *buffer, const float *lr,
                        const float *factor)
{
    float rate = *lr * a->lr_scale, momentum = a->momentum, scale = factor ? *factor : 1;
    float shrink = a->decoupled ? 1 - rate * a->weight_decay : 1, decay = a->decoupled ? 0 : a->weight_decay;
#pragma omp parallel for simd schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < a->count; i++) {
        float d = scale * g[i] + decay * p[i];
        if (buffer) {
            float m = momentum * buffer[i] + d;
            buffer[i] = m;
            d = a->nesterov ? d + momentum * m : m;
        }
        p[i] = p[i] * shrink - rate * d;
    }
}

/* What Adam multiplies its first moment by, and, where it looks ahead, the gradient; and the root of the second moment. */
typedef struct adam_weights {
    float moment, gradient, root;
} adam_weights;

static double look_ahead(double b1, double t)
{
    return b1 * (1 - 0.5 * pow(0.96, 0.004 * t));
}

static adam_weights weigh(const update_arguments *a, float rate, double t)
{
    const double nothing = 1e-12; /* a product below it changes no float */
    double b1 = (double)a->beta_1, product = 1;
    float root = (float)(1 / sqrt(1 - pow((double)a->beta_2, t)));
    if (!a->nesterov)
        return (adam_weights){(float)((double)rate / (1 - pow(b1, t))), 0, root};
    for (double k = 1; k <= t && product > nothing; k++)
        product *= look_ahead(b1, k);
    double mu = look_ahead(b1, t), next = look_ahead(b1, t + 1);
    return (adam_weights){(float)((double)rate * next / (1 - product * next)),
                          (float)((double)rate * (1 - mu) / (1 - product)), root};
}

void KERNEL(update_adam)(const update_arguments *a, float *p, const float *g, float *m, float *v,
                         const float *lr, const float *t, const float *factor)
{
    float rate = *lr * a->lr_scale, b1 = a->beta_1, b2 = a->beta_2, epsilon = a->epsilon;
    float shrink = a->decoupled ? 1 - rate * a->weight_decay : 1, decay = a->decoupled ? 0 : a->weight_decay;
    float scale = factor ? *factor : 1;
    adam_weights w = weigh(a, rate, (double)*t);
#pragma omp parallel for simd schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < a->count; i++) {
        float d = scale * g[i] + decay * p[i];
        float first = b1 * m[i] + (1 - b1) * d, second = b2 * v[i] + (1 - b2) * d * d;
        m[i] = first;
        v[i] = second;
        p[i] = p[i] * shrink - (w.moment * first + w.gradient * d) / (sqrtf(second) * w.root + epsilon);
    }
}

void KERNEL(update_rmsprop)(const update_arguments *a, float *p, const float *g, float *s, float *buffer,
                            const float *lr, const float *factor)
{
    float rate = *lr * a->lr_scale, rho = a->beta_1, decay = a->weight_decay, epsilon = a->epsilon;
    float scale = factor ? *factor : 1;
#pragma omp parallel for simd schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < a->count; i++) {
        float d = scale * g[i] + decay * p[i], square = rho * s[i] + (1 - rho) * d * d;
        s[i] = square;
        float u = d / (sqrtf(square) + epsilon);
        if (buffer)
            buffer[i] = u = a->momentum * buffer[i] + u;
        p[i] -= rate * u;
    }
}

void KERNEL(update_adagrad)(const update_arguments *a, float *p, const float *g, float *s, const float *lr,
                            const float *factor)
{
    float rate = *lr * a->lr_scale, decay = a->weight_decay, epsilon = a->epsilon,
          scale = factor ? *factor : 1;
#pragma omp parallel for simd schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < a->count; i++) {
        float d = scale * g[i] + decay * p[i], sum = s[i] + d * d;
        s[i] = sum;
        p[i] -= rate * d / (sqrtf(sum) + epsilon);
    }
}

void KERNEL(update_lion)(const update_arguments *a, float *p, const float *g, float *m, const float *lr,
                         const float *factor)
{
    float rate = *lr * a->lr_scale, b1 = a->beta_1, b2 = a->beta_2, scale = factor ? *factor : 1;
    float shrink = 1 - rate * a->weight_decay;
#pragma omp parallel for simd schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < a->count; i++) {
        float d = scale * g[i];
        p[i] = p[i] * shrink - rate * sign(b1 * m[i] + (1 - b1) * d);
        m[i] = b2 * m[i] + (1 - b2) * d;
    }
}

/* A first pass moves the moments and measures parameter and step, a second takes the step. */
void KERNEL(update_lamb)(const update_arguments *a, float *p, const float *g, float *m, float *v,
                         const float *lr, const float *t, const float *factor)
{
    float rate = *lr * a->lr_scale, b1 = a->beta_1, b2 = a->beta_2, epsilon = a->epsilon;
    float decay = a->weight_decay, scale = factor ? *factor : 1;
    adam_weights w = weigh(a, 1, (double)*t);
    double lengths[SUM_PIECES], steps[SUM_PIECES], length = 0, step_length = 0;
    int64_t piece = sum_piece(a->count);
#pragma omp parallel for schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t k = 0; k < SUM_PIECES; k++) {
        lengths[k] = steps[k] = 0;
        for (int64_t from = k * piece, end = smaller(from + piece, a->count); from < end; from += CHUNK) {
            float of_p = 0, of_u = 0;
#pragma omp simd reduction(+ : of_p, of_u)
            for (int64_t i = from; i < smaller(from + CHUNK, end); i++) {
                float d = scale * g[i];
                m[i] = b1 * m[i] + (1 - b1) * d;
                v[i] = b2 * v[i] + (1 - b2) * d * d;
                float u = w.moment * m[i] / (sqrtf(v[i]) * w.root + epsilon) + decay * p[i];
                of_p += p[i] * p[i];
                of_u += u * u;
            }
            lengths[k] += (double)of_p;
            steps[k] += (double)of_u;
        }
    }
    for (int k = 0; k < SUM_PIECES; k++) {
        length += lengths[k];
        step_length += steps[k];
    }
    if (a->adapt && length > 0 && step_length > 0)
        rate = (float)((double)rate * sqrt(length / step_length));
#pragma omp parallel for simd schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < a->count; i++)
        p[i] -= rate * (w.moment * m[i] / (sqrtf(v[i]) * w.root + epsilon) + decay * p[i]);
}
