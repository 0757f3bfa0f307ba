/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of each value. Exporters write activations out in many ways (x * sigmoid(x), 0.5 * x * (1 + erf(x / sqrt(2))), …); they are not
 * matched by their form but by what they do: along a chain of such operations the function's values at some points are kept,
 * and compared with those of the activations that there are.
 */
#include <math.h>
#include <string.h>

#include "convert/onnx/importer.h"

static double point(int i)
{
    return (i - CURVE_POINTS / 2) * 0.5;
}

/* ---- making ---- */

static double value_at(const step *s, int i)
{
    return s->kind == STEP_CURVE ? s->curve[i] : point(i);
}

static step *root_of(step *s)
{
    return s->kind == STEP_CURVE ? s->root : s;
}

static step *add_curve(call *c, step *const *in, int count, double **curve)
{
    step *s = step_add(c, STEP_CURVE, in, count);
    if (!s || !(*curve = import_array(c->import, CURVE_POINTS, sizeof **curve)))
        return NULL;
    s->root = root_of(in[0]);
    s->curve = *curve;
    return s;
}

fv_status curve_apply(call *c, const operand *x, curve_function f, const double p[3])
{
    double *curve, *last = import_array(c->import, CURVE_POINTS, sizeof *last);
    step *s = last ? add_curve(c, &x->step, 1, &curve) : NULL;
    if (!s)
        return status_last();
    for (int i = 0; i < CURVE_POINTS; i++) {
        curve[i] = f(value_at(x->step, i), p);
        last[i] = f(point(i), p);
    }
    s->last_curve = last;
    operand_set(&c->out[0], s, x->view);
    return FV_OK;
}

fv_status curve_pair(call *c, const operand *a, const operand *b, char combination, bool *done)
{
    double *curve;
    *done = root_of(a->step) == root_of(b->step) && view_equal(&a->view, &b->view);
    if (!*done)
        return FV_OK;
    step *s = add_curve(c, (step *[]){a->step, b->step}, 2, &curve);
    if (!s)
        return status_last();
    s->combination = combination;
    for (int i = 0; i < CURVE_POINTS; i++) {
        double x = value_at(a->step, i), y = value_at(b->step, i);
        curve[i] = combination == '+'   ? x + y
                   : combination == '-' ? x - y
                   : combination == '*' ? x * y
                                        : x / y;
    }
    operand_set(&c->out[0], s, a->view);
    return FV_OK;
}

/* ---- recognising ---- */

bool curve_is_affine(const double *curve, double *scale, double *shift)
{
    double largest = 0;
    *shift = curve[CURVE_POINTS / 2];
    *scale = (curve[CURVE_POINTS - 1] - curve[0]) / (point(CURVE_POINTS - 1) - point(0));
    for (int i = 0; i < CURVE_POINTS; i++)
        largest = fmax(largest, fabs(curve[i]));
    for (int i = 0; i < CURVE_POINTS; i++)
        if (!(fabs(curve[i] - *scale * point(i) - *shift) <= 1e-7 * largest))
            return false;
    return true;
}

bool curve_is_square(const double *curve)
{
    for (int i = 0; i < CURVE_POINTS; i++)
        if (!(fabs(curve[i] - point(i) * point(i)) <= 1e-6))
            return false;
    return true;
}

bool curve_is_deviation(const double *curve, bool inverse, float *epsilon)
{
    double first = inverse ? 1 / curve[CURVE_POINTS / 2] : curve[CURVE_POINTS / 2];
    for (int i = CURVE_POINTS / 2; i < CURVE_POINTS; i++) {
        double wanted = sqrt(point(i) + first * first);
        if (!(fabs((inverse ? 1 / curve[i] : curve[i]) - wanted) <= 1e-5 * (1 + wanted)))
            return false;
    }
    *epsilon = (float)(first * first);
    return *epsilon > 0;
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double hold(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double evaluate(fv_activation_kind kind, double x, double alpha)
{
    switch (kind) {
    case FV_RELU:
        return x > 0 ? x : 0;
    case FV_LEAKY_RELU:
        return x > 0 ? x : alpha * x;
    case FV_RELU6:
        return hold(x, 0, 6);
    case FV_GELU:
        return x * (1 + erf(x / sqrt(2))) / 2;
    case FV_GELU_TANH:
        return x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))) / 2;
    case FV_SILU:
        return x * sigmoid(x);
    case FV_SIGMOID:
        return sigmoid(x);
    case FV_TANH:
        return tanh(x);
    case FV_HARD_SIGMOID:
        return hold(x / 6 + 0.5, 0, 1);
    case FV_HARD_SWISH:
        return x * hold(x / 6 + 0.5, 0, 1);
    case FV_LINEAR:
    case FV_SOFTMAX:
        break;
    }
    return x;
}

/* The nearest, if it is near: files of 16-bit numbers have their constants rounded, and the two GELUs differ by 5e-4. */
bool curve_activation(const double *curve, fv_activation_kind *kind, float *alpha)
{
    static const fv_activation_kind kinds[] = {FV_RELU,       FV_RELU6,       FV_LEAKY_RELU, FV_GELU,
                                               FV_GELU_TANH,  FV_SILU,        FV_SIGMOID,    FV_TANH,
                                               FV_HARD_SWISH, FV_HARD_SIGMOID};
    double best = 1e-3, slope = curve[0] / point(0);
    *kind = FV_LINEAR;
    *alpha = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        double worst = 0;
        if (kinds[k] == FV_LEAKY_RELU && !(slope > 0 && slope < 1))
            continue;
        for (int i = 0; i < CURVE_POINTS; i++) {
            double y = evaluate(kinds[k], point(i), slope), off = fabs(curve[i] - y) / (1 + fabs(y));
            worst = off <= worst ? worst : isnan(off) ? INFINITY : off;
        }
        if (worst < best) {
            best = worst;
            *kind = kinds[k];
            *alpha = kinds[k] == FV_LEAKY_RELU ? (float)slope : 0;
        }
    }
    return *kind != FV_LINEAR;
}
