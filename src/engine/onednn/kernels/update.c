/* SPDX-License-Identifier: Apache-2.0 */
/* The optimizers' updates. Parameter, gradient and state share one layout, so they are flat. */
#include <math.h>

#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

void KERNEL(update_sgd)(const update_arguments *a, float *p, const float *g, float *buffer, const float *lr)
{
    float rate = *lr * a->lr_scale, decay = a->weight_decay, momentum = a->momentum;
#pragma omp parallel for simd schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < a->count; i++) {
        float d = g[i] + decay * p[i];
        if (buffer) {
            float m = momentum * buffer[i] + d;
            buffer[i] = m;
            d = a->nesterov ? d + momentum * m : m;
        }
        p[i] -= rate * d;
    }
}

void KERNEL(update_adam)(const update_arguments *a, float *p, const float *g, float *m, float *v,
                         const float *lr, const float *t)
{
    float rate = *lr * a->lr_scale, b1 = a->beta_1, b2 = a->beta_2, epsilon = a->epsilon;
    float step = (float)((double)rate / (1 - pow((double)b1, (double)*t)));
    float root = (float)(1 / sqrt(1 - pow((double)b2, (double)*t)));
    float shrink = a->decoupled ? 1 - rate * a->weight_decay : 1, decay = a->decoupled ? 0 : a->weight_decay;
#pragma omp parallel for simd schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < a->count; i++) {
        float d = g[i] + decay * p[i];
        float first = b1 * m[i] + (1 - b1) * d, second = b2 * v[i] + (1 - b2) * d * d;
        m[i] = first;
        v[i] = second;
        p[i] = p[i] * shrink - step * first / (sqrtf(second) * root + epsilon);
    }
}

void KERNEL(update_rmsprop)(const update_arguments *a, float *p, const float *g, float *s, float *buffer,
                            const float *lr)
{
    float rate = *lr * a->lr_scale, rho = a->beta_1, decay = a->weight_decay, epsilon = a->epsilon;
#pragma omp parallel for simd schedule(static) if (a->count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < a->count; i++) {
        float d = g[i] + decay * p[i], square = rho * s[i] + (1 - rho) * d * d;
        s[i] = square;
        float u = d / (sqrtf(square) + epsilon);
        if (buffer)
            buffer[i] = u = a->momentum * buffer[i] + u;
        p[i] -= rate * u;
    }
}
