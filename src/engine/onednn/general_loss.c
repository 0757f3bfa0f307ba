/* SPDX-License-Identifier: Apache-2.0 */
/* The losses beyond cross-entropy: focal, weighted, taught (graph/ops.h). In double precision and from the logits, so that neither
 * log p nor 1 - p loses anything however sure the network is; a batch's logits are few. */
#include <math.h>

#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct general_loss {
    int64_t rows, classes;
    double smoothing, gamma, alpha, temperature, share; /* share: the teacher's */
    bool indices;                                       /* the target is i32 (N), not f32 (N, K) */
} general_loss;

/* A row's target of class k, smoothed towards `uniform`; `value`: the class that an i32 target of one class stands for. */
static double target_at(const general_loss *l, const void *target, int64_t row, int64_t k, double uniform)
{
    double t = l->indices ? ((const int32_t *)target)[row] == k
                          : (double)((const float *)target)[row * l->classes + k];
    return (1 - l->smoothing) * t + l->smoothing * uniform;
}

static double power(double base, double exponent)
{
    return exponent == 0 ? 1 : exponent == 2 ? base * base : pow(base, exponent);
}

/* q log(q / p) */
static double divergence(double q, double log_p)
{
    return q > 0 ? q * (log(q) - log_p) : 0;
}

/* The largest of x / temperature, plus the logarithm of the sum of the exponentials of what is left. */
static double log_sum(const float *x, int64_t n, double temperature)
{
    double largest = (double)x[0], sum = 0;
    for (int64_t k = 1; k < n; k++)
        largest = fmax(largest, (double)x[k]);
    for (int64_t k = 0; k < n; k++)
        sum += exp(((double)x[k] - largest) / temperature);
    return largest / temperature + log(sum);
}

/* ---- softmax ---- */

/* Adds share T^2 sum q log(q / p(T)), whose derivative is share T (p(T) sum q - q). */
static double teach_softmax(const general_loss *l, const float *x, const float *q, float *slope)
{
    double normal = log_sum(x, l->classes, l->temperature), scale = l->share * l->temperature, sum = 0,
           total = 0;
    for (int64_t k = 0; k < l->classes; k++)
        sum += (double)q[k];
    for (int64_t k = 0; k < l->classes; k++) {
        double log_p = (double)x[k] / l->temperature - normal;
        total += divergence((double)q[k], log_p);
        slope[k] = (float)((double)slope[k] + scale * (exp(log_p) * sum - (double)q[k]));
    }
    return scale * l->temperature * total;
}

/* t times f = (1 - p)^gamma (-log p), and u = -t p f' = t (1 - p)^gamma (1 - gamma p log p / (1 - p)). */
static double softmax_term(const general_loss *l, double t, double log_p, double *u)
{
    double rest = -expm1(log_p), factor = t * power(rest, l->gamma);
    *u = factor * (1 - l->gamma * exp(log_p) * (rest > 0 ? log_p / rest : -1));
    return -factor * log_p;
}

/* The derivative by x_k is p_k sum u - u_k, written so that nothing cancels when p_k is nearly 1. */
static double softmax_row(const general_loss *l, int64_t row, const float *x, const void *target,
                          const float *teacher, float *slope)
{
    double normal = log_sum(x, l->classes, 1), total = 0, sum = 0, own = teacher ? 1 - l->share : 1, u;
    double uniform = 1 / (double)l->classes;
    for (int64_t k = 0; k < l->classes; k++) {
        double t = target_at(l, target, row, k, uniform);
        if (t == 0)
            continue;
        total += softmax_term(l, t, (double)x[k] - normal, &u);
        sum += u;
    }
    for (int64_t k = 0; k < l->classes; k++) {
        double t = target_at(l, target, row, k, uniform), log_p = (double)x[k] - normal;
        u = 0;
        if (t != 0)
            softmax_term(l, t, log_p, &u);
        slope[k] = (float)(own * (exp(log_p) * (sum - u) + expm1(log_p) * u));
    }
    return own * total + (teacher ? teach_softmax(l, x, teacher + row * l->classes, slope) : 0);
}

/* ---- sigmoids ---- */

static double log_sigmoid(double x)
{
    return fmin(x, 0) - log1p(exp(-fabs(x)));
}

/* f = (1 - p)^gamma (-log p) of p = sigmoid(x), and its derivative by x. */
static double binary_term(double gamma, double log_p, double log_rest, double *slope)
{
    double factor = gamma == 0 ? 1 : exp(gamma * log_rest);
    *slope = factor * (gamma * exp(log_p) * log_p - exp(log_rest));
    return -factor * log_p;
}

static double teach_sigmoid(const general_loss *l, double x, double q, double *slope)
{
    double yes = log_sigmoid(x / l->temperature), no = log_sigmoid(-x / l->temperature);
    *slope += l->share * l->temperature * (exp(yes) - q);
    return l->share * l->temperature * l->temperature * (divergence(q, yes) + divergence(1 - q, no));
}

/* An i32 target of one class is the value itself: it is met when it equals 1. */
static double sigmoid_row(const general_loss *l, int64_t row, const float *x, const void *target,
                          const float *teacher, const float *positive, float *slope)
{
    double total = 0, own = teacher ? 1 - l->share : 1, scale = 1 / (double)l->classes;
    double yes = l->alpha > 0 ? l->alpha : 1, no = l->alpha > 0 ? 1 - l->alpha : 1, rise, fall;
    for (int64_t k = 0; k < l->classes; k++) {
        double t = target_at(l, target, row, l->indices && l->classes == 1 ? 1 : k, 0.5);
        double log_p = log_sigmoid((double)x[k]), log_rest = log_sigmoid(-(double)x[k]);
        double a = own * yes * t * (positive ? (double)positive[k] : 1), b = own * no * (1 - t);
        total += a * binary_term(l->gamma, log_p, log_rest, &fall) +
                 b * binary_term(l->gamma, log_rest, log_p, &rise);
        double s = a * fall - b * rise;
        if (teacher)
            total += teach_sigmoid(l, (double)x[k], (double)teacher[row * l->classes + k], &s);
        slope[k] = (float)(scale * s);
    }
    return scale * total;
}

/* ---- steps ---- */

/* Buffers: logits, target, weight, loss, slope, the rows' losses (f64), teacher, positive; the last two NULL where absent. */
static fv_status run_rows(const general_loss *l, void *const *memory, bool sigmoid)
{
    const float *weight = memory[2], *teacher = memory[6], *positive = memory[7];
    double *losses = memory[5], total = 0, weights = 0;
#pragma omp parallel for schedule(static) if (l->rows * l->classes > 4096)
    for (int64_t i = 0; i < l->rows; i++) {
        const float *x = (const float *)memory[0] + i * l->classes;
        float *slope = (float *)memory[4] + i * l->classes;
        losses[i] = sigmoid ? sigmoid_row(l, i, x, memory[1], teacher, positive, slope)
                            : softmax_row(l, i, x, memory[1], teacher, slope);
    }
    for (int64_t i = 0; i < l->rows; i++) {
        /* A row without weight is padding; it may hold anything. */
        if (weight[i] != 0)
            total += (double)weight[i] * losses[i];
        weights += (double)weight[i];
    }
    *(float *)memory[3] = weights != 0 ? (float)(total / weights) : 0;
    return FV_OK;
}

static fv_status softmax_run(void *context, void *const *memory)
{
    return run_rows(context, memory, false);
}

static fv_status sigmoid_run(void *context, void *const *memory)
{
    return run_rows(context, memory, true);
}

/* Buffers: slope, weight, dlogits. */
static fv_status grad_run(void *context, void *const *memory)
{
    const general_loss *l = context;
    const float *slope = memory[0], *weight = memory[1];
    float *dlogits = memory[2];
    double weights = 0;
    for (int64_t i = 0; i < l->rows; i++)
        weights += (double)weight[i];
    for (int64_t i = 0; i < l->rows * l->classes; i++) {
        float w = weight[i / l->classes];
        dlogits[i] = w != 0 ? slope[i] * (float)((double)w / weights) : 0;
    }
    return FV_OK;
}

static general_loss *general_loss_new(compiler *c, const op *o)
{
    general_loss *l = mem_array(1, sizeof *l);
    const shape *s = compiler_shape(c, o->inputs[0]);
    if (l)
        *l = (general_loss){.rows = s->d[0],
                            .classes = s->d[1],
                            .smoothing = (double)o->a.smoothing,
                            .gamma = (double)o->a.gamma,
                            .alpha = (double)o->a.alpha,
                            .temperature = (double)o->a.temperature,
                            .share = (double)o->a.teacher_share,
                            .indices = compiler_value(c, o->inputs[1])->type == TYPE_I32};
    return l;
}

/* A result that nothing needs still has to be written somewhere. */
static buffer_id define(compiler *c, value_id v, size_t bytes)
{
    return v == NO_VALUE ? compiler_scratch(c, bytes) : compiler_define_dense(c, v);
}

fv_status compile_general_loss(compiler *c, const op *o)
{
    const shape *s = compiler_shape(c, o->inputs[0]);
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]),
                     compiler_use_dense(c, o->inputs[1]),
                     compiler_use_dense(c, o->inputs[2]),
                     define(c, o->outputs[0], sizeof(float)),
                     define(c, o->outputs[1], (size_t)shape_count(s) * sizeof(float)),
                     compiler_scratch(c, (size_t)s->d[0] * sizeof(double)),
                     compiler_use_dense(c, op_input(o, 3)),
                     compiler_use_dense(c, op_input(o, 4))};
    return compiler_step(c, o, o->kind == OP_SOFTMAX_LOSS ? softmax_run : sigmoid_run, general_loss_new(c, o),
                         b, sizeof b / sizeof *b);
}

fv_status compile_general_loss_grad(compiler *c, const op *o)
{
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]), compiler_use_dense(c, o->inputs[1]),
                     compiler_define_dense(c, o->outputs[0])};
    return compiler_step(c, o, grad_run, general_loss_new(c, o), b, 3);
}
