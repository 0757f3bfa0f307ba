/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax, the losses over (N, K) logits, and the count of right answers. Rows are few and short: most of the time one thread does. */
#include <math.h>

#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

/* y = softmax(x); returns the logarithm of the sum of e^(x - largest), plus the largest. */
static float softmax_row(int64_t classes, const float *x, float *y)
{
    float largest = x[0];
    for (int64_t k = 1; k < classes; k++)
        largest = x[k] > largest ? x[k] : largest;
    double total = 0;
    for (int64_t k = 0; k < classes; k += LANES) {
        int64_t left = classes - k;
        vec e = vec_exp(vec_load(x + k, left) - largest);
        vec_store(y + k, e, left);
        for (int64_t j = 0; j < smaller(left, LANES); j++)
            total += (double)e[j];
    }
    float scale = (float)(1 / total);
    for (int64_t k = 0; k < classes; k += LANES)
        vec_store(y + k, vec_load(y + k, classes - k) * scale, classes - k);
    return largest + (float)log(total);
}

void KERNEL(softmax)(int64_t rows, int64_t classes, const float *x, float *y)
{
#pragma omp parallel for schedule(static) if (rows * classes > PARALLEL_MINIMUM / 8)
    for (int64_t i = 0; i < rows; i++)
        softmax_row(classes, x + i * classes, y + i * classes);
}

void KERNEL(softmax_grad)(int64_t rows, int64_t classes, const float *y, const float *dy, float *dx)
{
#pragma omp parallel for schedule(static) if (rows * classes > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < rows; i++) {
        const float *py = y + i * classes, *pd = dy + i * classes;
        double dot = 0;
        for (int64_t k = 0; k < classes; k++)
            dot += (double)py[k] * (double)pd[k];
        for (int64_t k = 0; k < classes; k++)
            dx[i * classes + k] = (float)((double)py[k] * ((double)pd[k] - dot));
    }
}

/* The smoothed target of (i, k). */
static inline float target_at(const loss_arguments *a, const void *target, int64_t i, int64_t k)
{
    float t;
    if (!a->indices)
        t = ((const float *)target)[i * a->classes + k];
    else if (a->sigmoid && a->classes == 1)
        t = (float)((const int32_t *)target)[i];
    else
        t = ((const int32_t *)target)[i] == k ? 1.0f : 0.0f;
    return (1 - a->smoothing) * t + a->smoothing / (a->sigmoid ? 2.0f : (float)a->classes);
}

static double categorical_row(const loss_arguments *a, int64_t i, const float *x, const void *target,
                              float *probabilities)
{
    float logarithm = softmax_row(a->classes, x, probabilities);
    double l = 0;
    if (a->indices && a->smoothing == 0) {
        int32_t t = ((const int32_t *)target)[i];
        return t >= 0 && t < a->classes ? (double)logarithm - (double)x[t] : 0;
    }
    for (int64_t k = 0; k < a->classes; k++)
        l += (double)target_at(a, target, i, k) * ((double)logarithm - (double)x[k]);
    return l;
}

/* -t log p - (1 - t) log(1 - p) = max(x, 0) - t x + log(1 + e^-|x|), which never overflows. */
static double binary_row(const loss_arguments *a, int64_t i, const float *x, const void *target,
                         float *probabilities)
{
    double l = 0;
    for (int64_t k = 0; k < a->classes; k++) {
        double v = (double)x[k];
        probabilities[k] = (float)(1 / (1 + exp(-v)));
        l += (v > 0 ? v : 0) - (double)target_at(a, target, i, k) * v + log1p(exp(-fabs(v)));
    }
    return l / (double)a->classes;
}

void KERNEL(loss)(const loss_arguments *a, const float *logits, const void *target, const float *weight,
                  float *loss, float *probabilities)
{
    double total = 0, weights = 0;
    for (int64_t i = 0; i < a->n; i++) {
        const float *x = logits + i * a->classes;
        float *p = probabilities + i * a->classes;
        double l = a->sigmoid ? binary_row(a, i, x, target, p) : categorical_row(a, i, x, target, p);
        /* A row without weight is padding; it may hold anything. */
        if (weight[i] != 0)
            total += (double)weight[i] * l;
        weights += (double)weight[i];
    }
    *loss = weights != 0 ? (float)(total / weights) : 0;
}

void KERNEL(loss_grad)(const loss_arguments *a, const float *probabilities, const void *target,
                       const float *weight, float *dx)
{
    double weights = 0;
    for (int64_t i = 0; i < a->n; i++)
        weights += (double)weight[i];
    for (int64_t i = 0; i < a->n; i++) {
        float w = weights != 0 ? (float)((double)weight[i] / weights) : 0;
        if (a->sigmoid)
            w /= (float)a->classes;
        /* The targets of a row may not sum to one (two labels, mixed rows that were cut): d/dx_k = p_k * sum(t) - t_k. */
        double sum = 1;
        if (!a->sigmoid && !a->indices) {
            sum = 0;
            for (int64_t k = 0; k < a->classes; k++)
                sum += (double)target_at(a, target, i, k);
        }
        for (int64_t k = 0; k < a->classes; k++) {
            int64_t j = i * a->classes + k;
            dx[j] = weight[i] != 0 ? w * (probabilities[j] * (float)sum - target_at(a, target, i, k)) : 0;
        }
    }
}

/* The share of the classes on the side of the threshold where their targets are. */
static double right_share(const loss_arguments *a, int64_t i, const float *x, const void *target)
{
    int64_t count = 0;
    for (int64_t k = 0; k < a->classes; k++)
        count += (x[k] > 0) == (target_at(a, target, i, k) > 0.5f);
    return (double)count / (double)a->classes;
}

static bool largest_is_right(const loss_arguments *a, int64_t i, const float *x, const void *target)
{
    int64_t best = 0;
    for (int64_t k = 1; k < a->classes; k++)
        best = x[k] > x[best] ? k : best;
    if (a->indices)
        return best == ((const int32_t *)target)[i];
    const float *t = (const float *)target + i * a->classes;
    for (int64_t k = 0; k < a->classes; k++)
        if (t[k] > t[best])
            return false;
    return true;
}

void KERNEL(correct)(const loss_arguments *a, const float *logits, const void *target, const float *weight,
                     float *count)
{
    double total = 0;
    for (int64_t i = 0; i < a->n; i++) {
        const float *x = logits + i * a->classes;
        /* A row without weight is padding; it may hold anything. */
        if (weight[i] != 0)
            total += (double)weight[i] * (a->each || a->classes == 1 ? right_share(a, i, x, target)
                                                                     : largest_is_right(a, i, x, target));
    }
    *count = (float)total;
}
