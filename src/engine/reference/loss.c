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

/* The terms of a distribution's cross-entropy with another, q log(q / p) from q and log p. */
static double divergence(double q, double log_p)
{
    return q > 0 ? q * (log(q) - log_p) : 0;
}

/* The focal term (1 - p)^gamma (-log p) of a softmax's probability, and p times its derivative by p, from log p. */
static double focal(double log_p, double gamma, double *derivative)
{
    double q = -expm1(log_p), power = pow(q, gamma), ratio = q > 0 ? log_p / q : -1;
    *derivative = power * (gamma * exp(log_p) * ratio - 1);
    return power * -log_p;
}

/* Adds share T^2 sum q log(q / p(T)) and its derivatives T (p(T) sum q - q). */
static double softmax_teacher(const loss_call *l, const op_attributes *a, const real *logits, const real *q,
                              real *slope)
{
    double scale = (double)a->teacher_share * (double)a->temperature, total = 0, sum = 0, largest = logits[0],
           exponents = 0;
    for (int64_t k = 0; k < l->classes; k++) {
        largest = fmax(largest, logits[k]);
        sum += q[k];
    }
    for (int64_t k = 0; k < l->classes; k++)
        exponents += exp((logits[k] - largest) / (double)a->temperature);
    for (int64_t k = 0; k < l->classes; k++) {
        double log_p = (logits[k] - largest) / (double)a->temperature - log(exponents);
        total += divergence(q[k], log_p);
        slope[k] = (real)(slope[k] + scale * (exp(log_p) * sum - q[k]));
    }
    return scale * (double)a->temperature * total;
}

/* -> loss, slope. With u_k = -t_k p_k f'(p_k), where f is the focal term, dl / dx_k = p_k sum u - u_k. */
KERNEL(softmax_loss)
{
    loss_call l = open_call(c);
    const real *teacher = c->input_count > 3 ? input(c, 3) : NULL;
    double loss = 0, own = teacher ? 1 - (double)c->a.teacher_share : 1;
    for (int64_t n = 0; n < l.samples; n++) {
        const real *logits = l.scores + n * l.classes;
        real *slope = output(c, 1) + n * l.classes;
        double normal = log_sum(logits, l.classes), sum = 0, all = 0, derivative;
        for (int64_t k = 0; k < l.classes; k++) {
            double t = softmax_target(&l, n, k);
            sum += t * focal(logits[k] - normal, (double)c->a.gamma, &derivative);
            all -= t * derivative;
        }
        for (int64_t k = 0; k < l.classes; k++) {
            focal(logits[k] - normal, (double)c->a.gamma, &derivative);
            slope[k] = (real)(own * (exp(logits[k] - normal) * all + softmax_target(&l, n, k) * derivative));
        }
        sum *= own;
        if (teacher)
            sum += softmax_teacher(&l, &c->a, logits, teacher + n * l.classes, slope);
        if (l.weight[n] != 0)
            loss += share(&l, n) * sum;
    }
    *output(c, 0) = (real)loss;
}

/* log(1 / (1 + e^-x)) */
static double log_sigmoid(double x)
{
    return fmin(x, 0) - log1p(exp(-fabs(x)));
}

/* (1 - p)^gamma (-log p) of p = sigmoid(x), and its derivative by x, (1 - p)^gamma (gamma p log p - (1 - p)). */
static double binary_focal(double x, double gamma, double *derivative)
{
    double log_p = log_sigmoid(x), log_q = log_sigmoid(-x), power = exp(gamma * log_q);
    *derivative = power * (gamma * exp(log_p) * log_p - exp(log_q));
    return power * -log_p;
}

/* -> loss, slope */
KERNEL(sigmoid_loss)
{
    loss_call l = open_call(c);
    const real *teacher = c->input_count > 3 ? input(c, 3) : NULL,
               *positive = c->input_count > 4 ? input(c, 4) : NULL;
    double gamma = (double)c->a.gamma, alpha = (double)c->a.alpha, temperature = (double)c->a.temperature,
           loss = 0, scale = 1 / (double)l.classes;
    double own = teacher ? 1 - (double)c->a.teacher_share : 1, taught = (double)c->a.teacher_share;
    for (int64_t n = 0; n < l.samples; n++) {
        double sum = 0;
        for (int64_t k = 0; k < l.classes; k++) {
            int64_t i = n * l.classes + k;
            double x = l.scores[i], t = sigmoid_target(&l, n, k), rise, fall;
            double a = (positive ? positive[k] : 1) * (alpha > 0 ? alpha : 1), b = alpha > 0 ? 1 - alpha : 1;
            double yes = binary_focal(x, gamma, &fall), no = binary_focal(-x, gamma, &rise);
            double slope = own * (a * t * fall - b * (1 - t) * rise);
            sum += own * (a * t * yes + b * (1 - t) * no);
            if (teacher) {
                double q = teacher[i], soft = x / temperature;
                sum += taught * temperature * temperature *
                       (divergence(q, log_sigmoid(soft)) + divergence(1 - q, log_sigmoid(-soft)));
                slope += taught * temperature * (exp(log_sigmoid(soft)) - q);
            }
            output(c, 1)[i] = (real)(scale * slope);
        }
        if (l.weight[n] != 0)
            loss += share(&l, n) * scale * sum;
    }
    *output(c, 0) = (real)loss;
}

KERNEL(loss_grad)
{
    int64_t samples = rows_of(&c->in[0]), classes = columns_of(&c->in[0]);
    const real *slope = input(c, 0), *weight = input(c, 1);
    double total = 0;
    for (int64_t n = 0; n < samples; n++)
        total += weight[n];
    for (int64_t i = 0; i < samples * classes; i++) {
        double w = weight[i / classes];
        output(c, 0)[i] = w != 0 ? (real)(slope[i] * (w / total)) : 0;
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
