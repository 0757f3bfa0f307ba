/* SPDX-License-Identifier: Apache-2.0 */
#include "train/logistic.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum {
    MEMORY = 10, /* pairs of steps and gradient changes that L-BFGS keeps */
    ITERATIONS_MOST = 2000,
    HALVINGS_MOST = 40
};
static const double tolerance = 1e-7; /* of the gradient's largest entry, per unit of weight */

typedef struct fit {
    const logistic_problem *p;
    bool intercept;
    double *mean, *scale; /* (features) */
    int64_t size;         /* of x: (classes, features), then (classes) with an intercept */
    double *scaled;       /* (features), a row */
    double *logits;       /* (classes) */
} fit;

/* ---- the objective ---- */

static void scale_row(const fit *f, int64_t i)
{
    for (int64_t d = 0; d < f->p->features; d++)
        f->scaled[d] = ((double)f->p->rows[i][d] - f->mean[d]) / f->scale[d];
}

/* Weighted mean and deviation, biased as StandardScaler's; a feature that never changes keeps its scale. */
static void measure_scale(const fit *f)
{
    const logistic_problem *p = f->p;
    double total = 0;
    for (int64_t i = 0; i < p->count; i++) {
        total += (double)p->weights[i];
        for (int64_t d = 0; d < p->features; d++)
            f->mean[d] += (double)p->weights[i] * (double)p->rows[i][d];
    }
    for (int64_t d = 0; d < p->features; d++)
        f->mean[d] /= total;
    for (int64_t i = 0; i < p->count; i++)
        for (int64_t d = 0; d < p->features; d++) {
            double x = (double)p->rows[i][d] - f->mean[d];
            f->scale[d] += (double)p->weights[i] * x * x;
        }
    for (int64_t d = 0; d < p->features; d++) {
        f->scale[d] = sqrt(f->scale[d] / total);
        if (!(f->scale[d] > 1e-12 * fabs(f->mean[d])))
            f->scale[d] = 1;
        if (!f->intercept)
            f->mean[d] = 0;
    }
}

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Softmax of f->logits in place; returns the cross-entropy. */
static double softmax_loss(const fit *f, int32_t label)
{
    double most = f->logits[0], sum = 0, own = f->logits[label];
    for (int64_t k = 1; k < f->p->classes; k++)
        most = fmax(most, f->logits[k]);
    for (int64_t k = 0; k < f->p->classes; k++)
        sum += f->logits[k] = exp(f->logits[k] - most);
    for (int64_t k = 0; k < f->p->classes; k++)
        f->logits[k] /= sum;
    return most + log(sum) - own;
}

static double objective(const fit *f, const double *x, double *gradient)
{
    const logistic_problem *p = f->p;
    int64_t d = p->features, weights = p->classes * d;
    double value = dot(x, x, weights) / 2; /* an intercept is not penalised */
    memcpy(gradient, x, (size_t)weights * sizeof *x);
    memset(gradient + weights, 0, (size_t)(f->size - weights) * sizeof *x);
    for (int64_t i = 0; i < p->count; i++) {
        scale_row(f, i);
        for (int64_t k = 0; k < p->classes; k++)
            f->logits[k] = dot(x + k * d, f->scaled, d) + (f->intercept ? x[weights + k] : 0);
        double weight = p->c * (double)p->weights[i];
        value += weight * softmax_loss(f, p->labels[i]);
        for (int64_t k = 0; k < p->classes; k++) {
            double error = weight * (f->logits[k] - (k == p->labels[i]));
            for (int64_t j = 0; j < d; j++)
                gradient[k * d + j] += error * f->scaled[j];
            if (f->intercept)
                gradient[weights + k] += error;
        }
    }
    return value;
}

/* ---- L-BFGS (Nocedal 1980; Nocedal & Wright, Numerical Optimization, algorithm 7.4) ---- */

typedef struct lbfgs {
    double *x, *gradient, *next, *next_gradient, *direction; /* (size) */
    double *steps, *changes;                                 /* (MEMORY, size) */
    double curvature[MEMORY];
    int64_t kept; /* pairs so far */
    double value;
} lbfgs;

static void find_direction(lbfgs *l, int64_t n)
{
    double part[MEMORY];
    int64_t first = l->kept > MEMORY ? l->kept - MEMORY : 0;
    for (int64_t i = 0; i < n; i++)
        l->direction[i] = -l->gradient[i];
    for (int64_t k = l->kept - 1; k >= first; k--) {
        const double *s = l->steps + k % MEMORY * n, *y = l->changes + k % MEMORY * n;
        part[k % MEMORY] = dot(s, l->direction, n) / l->curvature[k % MEMORY];
        for (int64_t i = 0; i < n; i++)
            l->direction[i] -= part[k % MEMORY] * y[i];
    }
    if (l->kept > 0) {
        const double *y = l->changes + (l->kept - 1) % MEMORY * n;
        double size = l->curvature[(l->kept - 1) % MEMORY] / dot(y, y, n);
        for (int64_t i = 0; i < n; i++)
            l->direction[i] *= size;
    }
    for (int64_t k = first; k < l->kept; k++) {
        const double *s = l->steps + k % MEMORY * n, *y = l->changes + k % MEMORY * n;
        double back = dot(y, l->direction, n) / l->curvature[k % MEMORY];
        for (int64_t i = 0; i < n; i++)
            l->direction[i] += s[i] * (part[k % MEMORY] - back);
    }
}

/* Halves the step until the value falls enough (Armijo). False: it falls no more, which is as far as the arithmetic goes. */
static bool search(const fit *f, lbfgs *l)
{
    double slope = dot(l->gradient, l->direction, f->size), length = 1;
    if (l->kept == 0)
        length = 1 / fmax(1, sqrt(dot(l->gradient, l->gradient, f->size)));
    for (int k = 0; k < HALVINGS_MOST && slope < 0; k++, length /= 2) {
        for (int64_t i = 0; i < f->size; i++)
            l->next[i] = l->x[i] + length * l->direction[i];
        double value = objective(f, l->next, l->next_gradient);
        if (value <= l->value + 1e-4 * length * slope) {
            l->value = value;
            return true;
        }
    }
    return false;
}

/* The objective is convex and its curvature positive, but for rounding. */
static void keep_pair(lbfgs *l, int64_t n)
{
    double *s = l->steps + l->kept % MEMORY * n, *y = l->changes + l->kept % MEMORY * n;
    for (int64_t i = 0; i < n; i++) {
        s[i] = l->next[i] - l->x[i];
        y[i] = l->next_gradient[i] - l->gradient[i];
    }
    double curvature = dot(s, y, n);
    if (curvature > 1e-14 * dot(y, y, n))
        l->curvature[l->kept++ % MEMORY] = curvature;
    memcpy(l->x, l->next, (size_t)n * sizeof *s);
    memcpy(l->gradient, l->next_gradient, (size_t)n * sizeof *s);
}

static void minimise(const fit *f, lbfgs *l, logistic_result *result)
{
    double total = 0;
    for (int64_t i = 0; i < f->p->count; i++)
        total += f->p->c * (double)f->p->weights[i];
    l->value = objective(f, l->x, l->gradient);
    for (result->iterations = 0;; result->iterations++) {
        double largest = 0;
        for (int64_t i = 0; i < f->size; i++)
            largest = fmax(largest, fabs(l->gradient[i]));
        result->gradient = largest / total;
        if (result->gradient <= tolerance || result->iterations == ITERATIONS_MOST)
            return;
        find_direction(l, f->size);
        if (!search(f, l))
            return;
        keep_pair(l, f->size);
    }
}

/* ---- all of it ---- */

/* Weights of scaled features into those of the features themselves. */
static void unscale(const fit *f, const double *x, float *w, float *b)
{
    int64_t d = f->p->features, weights = f->p->classes * d;
    for (int64_t k = 0; k < f->p->classes; k++) {
        double shift = 0;
        for (int64_t j = 0; j < d; j++) {
            double unscaled = x[k * d + j] / f->scale[j];
            shift += unscaled * f->mean[j];
            w[k * d + j] = (float)unscaled;
        }
        if (b)
            b[k] = (float)(x[weights + k] - shift);
    }
}

static fv_status run(fit *f, lbfgs *l, float *w, float *b, logistic_result *result)
{
    const logistic_problem *p = f->p;
    size_t n = (size_t)f->size, d = (size_t)p->features;
    double *block = mem_array(5 * n + 2 * MEMORY * n + 3 * d + (size_t)p->classes, sizeof *block);
    if (!block)
        return status_last();
    double **const places[] = {&l->x, &l->gradient, &l->next, &l->next_gradient, &l->direction};
    double *at = block;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++, at += n)
        *places[i] = at;
    l->steps = at;
    l->changes = at + MEMORY * n;
    f->mean = at + 2 * MEMORY * n;
    f->scale = f->mean + d;
    f->scaled = f->scale + d;
    f->logits = f->scaled + d;
    measure_scale(f);
    minimise(f, l, result);
    unscale(f, l->x, w, b);
    free(block);
    return FV_OK;
}

fv_status logistic_fit(const logistic_problem *p, float *w, float *b, logistic_result *result)
{
    fit f = {.p = p, .intercept = b != NULL};
    lbfgs l = {0};
    int64_t column = p->features + (b != NULL);
    size_t bytes;
    if (__builtin_mul_overflow(p->classes, column, &f.size) ||
        __builtin_mul_overflow((size_t)f.size, (5 + 2 * MEMORY) * sizeof(double), &bytes))
        return status_set(FV_ERROR_MEMORY, "logistic regression: too many classes and features");
    return run(&f, &l, w, b, result);
}
