/* SPDX-License-Identifier: Apache-2.0 */
/* Losses on logits (N, K): the mean over the samples by their weights. A target is a class (N) or K numbers
 * (N, K). */
#include <math.h>

#include "engine/reference/kernels.h"

typedef struct loss_call {
    int64_t samples, classes;
    const real *scores; /* logits or probabilities (N, K) */
    const operand *target;
    const real *weight;
    double total; /* of the weights */
    double smoothing;
} loss_call;

/* The losses take their inputs in the same order, and so do their gradients. */
static loss_call open_call(const kernel_call *c)
{
    loss_call l = {.samples = c->in[0].shape.d[0],
                   .classes = c->in[0].shape.d[1],
                   .scores = input(c, 0),
                   .target = &c->in[1],
                   .weight = input(c, 2),
                   .smoothing = c->a.smoothing};
    for (int64_t n = 0; n < l.samples; n++)
        l.total += l.weight[n];
    return l;
}

/* The share of sample n in the loss. */
static double share(const loss_call *l, int64_t n)
{
    return l->total != 0 ? l->weight[n] / l->total : 0;
}

/* Element (n, k) of the targets; `uniform` is what smoothing mixes in. */
static double target_at(const loss_call *l, int64_t n, int64_t k, double uniform)
{
    double t;
    if (l->target->type == TYPE_I32)
        t = ((const int32_t *)l->target->data)[n] == k;
    else
        t = ((const real *)l->target->data)[n * l->classes + k];
    return (1 - l->smoothing) * t + l->smoothing * uniform;
}

static double softmax_target(const loss_call *l, int64_t n, int64_t k)
{
    return target_at(l, n, k, 1 / (double)l->classes);
}

/* A single class's i32 target is the value itself: it is met when it equals 1. */
static double sigmoid_target(const loss_call *l, int64_t n, int64_t k)
{
    return target_at(l, n, l->classes == 1 && l->target->type == TYPE_I32 ? 1 : k, 0.5);
}

/* log(sum exp x) */
static double log_sum(const real *x, int64_t count)
{
    double largest = x[0], sum = 0;
    for (int64_t k = 1; k < count; k++)
        largest = fmax(largest, x[k]);
    for (int64_t k = 0; k < count; k++)
        sum += exp(x[k] - largest);
    return largest + log(sum);
}

/* -> loss, probabilities */
KERNEL(softmax_cross_entropy)
{
    loss_call l = open_call(c);
    real *probabilities = output(c, 1);
    double loss = 0;
    for (int64_t n = 0; n < l.samples; n++) {
        const real *logits = l.scores + n * l.classes;
        double normal = log_sum(logits, l.classes), sum = 0;
        for (int64_t k = 0; k < l.classes; k++) {
            sum -= softmax_target(&l, n, k) * (logits[k] - normal);
            probabilities[n * l.classes + k] = (real)exp(logits[k] - normal);
        }
        if (l.weight[n] != 0)
            loss += share(&l, n) * sum;
    }
    *output(c, 0) = (real)loss;
}

/* dlogits = share (p sum t - t) */
KERNEL(softmax_cross_entropy_grad)
{
    loss_call l = open_call(c);
    real *dlogits = output(c, 0);
    for (int64_t n = 0; n < l.samples; n++) {
        double sum = 0;
        for (int64_t k = 0; k < l.classes; k++)
            sum += softmax_target(&l, n, k);
        for (int64_t k = 0; k < l.classes; k++) {
            int64_t i = n * l.classes + k;
            dlogits[i] = (real)(share(&l, n) * (l.scores[i] * sum - softmax_target(&l, n, k)));
        }
    }
}

/* -> loss, probabilities. The binary loss of x is log(1 + e^x) - t x, written so that nothing overflows. */
KERNEL(sigmoid_cross_entropy)
{
    loss_call l = open_call(c);
    real *probabilities = output(c, 1);
    double loss = 0;
    for (int64_t n = 0; n < l.samples; n++) {
        double sum = 0;
        for (int64_t k = 0; k < l.classes; k++) {
            double x = l.scores[n * l.classes + k];
            sum += fmax(x, 0) + log1p(exp(-fabs(x))) - sigmoid_target(&l, n, k) * x;
            probabilities[n * l.classes + k] = (real)(1 / (1 + exp(-x)));
        }
        if (l.weight[n] != 0)
            loss += share(&l, n) * sum / (double)l.classes;
    }
    *output(c, 0) = (real)loss;
}

/* dlogits = share (p - t) / K */
KERNEL(sigmoid_cross_entropy_grad)
{
    loss_call l = open_call(c);
    real *dlogits = output(c, 0);
    for (int64_t n = 0; n < l.samples; n++)
        for (int64_t k = 0; k < l.classes; k++) {
            int64_t i = n * l.classes + k;
            dlogits[i] = (real)(share(&l, n) * (l.scores[i] - sigmoid_target(&l, n, k)) / (double)l.classes);
        }
}

/* How much of sample n is right: 0 or 1, or the share of its classes. */
static double right(const loss_call *l, int64_t n, bool each)
{
    const real *logits = l->scores + n * l->classes;
    if (l->classes == 1 || each) {
        double count = 0;
        for (int64_t k = 0; k < l->classes; k++)
            count += (logits[k] > 0) == (target_at(l, n, l->target->type == TYPE_I32 ? 1 : k, 0) > 0.5);
        return count / (double)l->classes;
    }
    int64_t best = 0;
    for (int64_t k = 1; k < l->classes; k++)
        best = logits[k] > logits[best] ? k : best;
    for (int64_t k = 0; k < l->classes; k++)
        if (target_at(l, n, k, 0) > target_at(l, n, best, 0))
            return 0;
    return 1;
}

KERNEL(correct)
{
    loss_call l = open_call(c);
    double count = 0;
    for (int64_t n = 0; n < l.samples; n++)
        count += l.weight[n] != 0 ? l.weight[n] * right(&l, n, c->a.each != 0) : 0;
    *output(c, 0) = (real)count;
}
