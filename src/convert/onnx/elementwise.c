/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on each value: functions, and sums and products of two tensors or with numbers. */
#include <math.h>
#include <string.h>

#include "convert/onnx/importer.h"

/* ---- functions of one value; p: up to three parameters ---- */

#define FUNCTION(NAME, EXPRESSION)                                                                           \
    static double NAME(double x, const double *p)                                                            \
    {                                                                                                        \
        (void)p;                                                                                             \
        return EXPRESSION;                                                                                   \
    }
FUNCTION(f_relu, x > 0 ? x : 0)
FUNCTION(f_leaky_relu, x > 0 ? x : p[0] * x)
FUNCTION(f_hold, x<p[0] ? p[0] : x> p[1] ? p[1] : x)
FUNCTION(f_sigmoid, 1 / (1 + exp(-x)))
FUNCTION(f_tanh, tanh(x))
FUNCTION(f_hard_sigmoid, fmin(fmax(p[0] * x + p[1], 0), 1))
FUNCTION(f_hard_swish, x *fmin(fmax(x / 6 + 0.5, 0), 1))
FUNCTION(f_gelu, x *(1 + erf(x / sqrt(2))) / 2)
FUNCTION(f_gelu_tanh, x *(1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))) / 2)
FUNCTION(f_swish, x / (1 + exp(-p[0] * x)))
FUNCTION(f_elu, x > 0 ? x : p[0] * expm1(x))
FUNCTION(f_softplus, log1p(exp(x)))
FUNCTION(f_mish, x *tanh(log1p(exp(x))))
FUNCTION(f_erf, erf(x))
FUNCTION(f_exp, exp(x))
FUNCTION(f_sqrt, sqrt(x))
FUNCTION(f_absolute, fabs(x))
FUNCTION(f_negative, -x)
FUNCTION(f_inverse, 1 / x)
FUNCTION(f_add, x + p[0])
FUNCTION(f_subtract, x - p[0])
FUNCTION(f_subtract_from, p[0] - x)
FUNCTION(f_multiply, x *p[0])
FUNCTION(f_divide, x / p[0])
FUNCTION(f_divide_by, p[0] / x)
FUNCTION(f_power, pow(x, p[0]))
FUNCTION(f_least, fmin(x, p[0]))
FUNCTION(f_most, fmax(x, p[0]))

static const struct {
    const char *op;
    curve_function f;
    struct {
        const char *attribute;
        double otherwise;
    } p[2];
} functions[] = {
    {"Relu", f_relu, {{0}}},
    {"LeakyRelu", f_leaky_relu, {{"alpha", 0.01}}},
    {"Sigmoid", f_sigmoid, {{0}}},
    {"Tanh", f_tanh, {{0}}},
    {"HardSigmoid", f_hard_sigmoid, {{"alpha", 0.2}, {"beta", 0.5}}},
    {"HardSwish", f_hard_swish, {{0}}},
    {"Swish", f_swish, {{"alpha", 1}}},
    {"Elu", f_elu, {{"alpha", 1}}},
    {"Softplus", f_softplus, {{0}}},
    {"Mish", f_mish, {{0}}},
    {"Erf", f_erf, {{0}}},
    {"Exp", f_exp, {{0}}},
    {"Sqrt", f_sqrt, {{0}}},
    {"Abs", f_absolute, {{0}}},
    {"Neg", f_negative, {{0}}},
    {"Reciprocal", f_inverse, {{0}}},
};

static fv_status function(call *c)
{
    operand *x;
    double p[3] = {0};
    STATUS_TRY(call_value(c, 0, &x));
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].op, c->node->op_type) == 0) {
            for (int k = 0; k < 2; k++)
                if (functions[i].p[k].attribute)
                    p[k] = call_float(c, functions[i].p[k].attribute, (float)functions[i].p[k].otherwise);
            return curve_apply(c, x, functions[i].f, p);
        }
    return call_error(c, FV_ERROR_INTERNAL, "has no function");
}

static fv_status gelu(call *c)
{
    operand *x;
    char buffer[32];
    STATUS_TRY(call_value(c, 0, &x));
    bool by_tanh = strcmp(call_word(c, "approximate", "none", buffer), "tanh") == 0;
    return curve_apply(c, x, by_tanh ? f_gelu_tanh : f_gelu, (double[3]){0});
}

static fv_status clip(call *c)
{
    operand *x;
    double p[3] = {-INFINITY, INFINITY}, number;
    bool found;
    static const char *const names[2] = {"min", "max"};
    STATUS_TRY(call_value(c, 0, &x));
    for (int i = 0; i < 2; i++) {
        STATUS_TRY(call_number(c, names[i], 1 + i, &number, &found));
        if (found)
            p[i] = number;
    }
    return curve_apply(c, x, f_hold, p);
}

static fv_status power(call *c)
{
    operand *x;
    double p[3] = {0};
    bool found;
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_number(c, NULL, 1, &p[0], &found));
    return curve_apply(c, x, f_power, p);
}

static fv_status prelu(call *c)
{
    operand *x;
    double p[3] = {0};
    bool found;
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_number(c, NULL, 1, &p[0], &found));
    return curve_apply(c, x, f_leaky_relu, p);
}

/* ---- two tensors, or one and numbers ---- */

static fv_status two_tensors(call *c, const operand *v, const operand *w, step_kind kind)
{
    operand a, b;
    view out;
    step *s = NULL;
    STATUS_TRY(operand_whole(c, v, &a));
    STATUS_TRY(operand_whole(c, w, &b));
    if (!view_broadcast(&a.view, &b.view, &out))
        return call_layout_error(c);
    for (int i = 0; i < SIDES; i++)
        if (a.step->size[i] != b.step->size[i] && a.step->size[i] != 1 && b.step->size[i] != 1)
            return call_layout_error(c);
    if (kind == STEP_MULTIPLY)
        STATUS_TRY(excitation_find(c, a.step, b.step, &s));
    if (kind == STEP_MULTIPLY && !s)
        STATUS_TRY(excitation_find(c, b.step, a.step, &s));
    if (!s && !(s = step_add(c, kind, (step *[]){a.step, b.step}, 2)))
        return status_last();
    for (int i = 0; i < SIDES; i++)
        s->size[i] = a.step->size[i] > b.step->size[i] ? a.step->size[i] : b.step->size[i];
    operand_set(&c->out[0], s, out);
    return FV_OK;
}

/* With one number: a function. With several: affine. */
static fv_status with_numbers(call *c, const operand *x, constant *numbers, curve_function f,
                              affine_kind kind)
{
    if (numbers->count == 1 && numbers->rank <= x->view.rank)
        return curve_apply(c, x, f, (double[3]){constant_get(numbers, 0)});
    return affine_apply(c, x, numbers, kind);
}

static fv_status check_two(const call *c)
{
    return c->in_count == 2 && c->in[0] && c->in[1] ? FV_OK
                                                    : call_error(c, FV_ERROR_FORMAT, "needs two inputs");
}

static fv_status add(call *c)
{
    bool done;
    STATUS_TRY(check_two(c));
    const operand *a = c->in[0], *b = c->in[1];
    if (a->constant || b->constant)
        return with_numbers(c, a->constant ? b : a, a->constant ? a->constant : b->constant, f_add,
                            AFFINE_ADD);
    STATUS_TRY(curve_pair(c, a, b, '+', &done));
    return done ? FV_OK : two_tensors(c, a, b, STEP_ADD);
}

static fv_status multiply(call *c)
{
    bool done;
    STATUS_TRY(check_two(c));
    const operand *a = c->in[0], *b = c->in[1];
    if (a->constant || b->constant)
        return with_numbers(c, a->constant ? b : a, a->constant ? a->constant : b->constant, f_multiply,
                            AFFINE_MULTIPLY);
    STATUS_TRY(curve_pair(c, a, b, '*', &done));
    if (!done)
        STATUS_TRY(norm_quotient(c, a, b, true, &done));
    if (!done)
        STATUS_TRY(norm_quotient(c, b, a, true, &done));
    return done ? FV_OK : two_tensors(c, a, b, STEP_MULTIPLY);
}

static fv_status subtract(call *c)
{
    bool done;
    STATUS_TRY(check_two(c));
    const operand *a = c->in[0], *b = c->in[1];
    if (b->constant)
        return with_numbers(c, a, b->constant, f_subtract, AFFINE_SUBTRACT);
    if (a->constant && a->constant->count == 1)
        return curve_apply(c, b, f_subtract_from, (double[3]){constant_get(a->constant, 0)});
    STATUS_TRY(curve_apply(c, b, f_negative, (double[3]){0}));
    operand negative = c->out[0];
    if (a->constant)
        return affine_apply(c, &negative, a->constant, AFFINE_ADD);
    STATUS_TRY(curve_pair(c, a, b, '-', &done));
    if (!done)
        STATUS_TRY(norm_difference(c, a, b, &done));
    return done ? FV_OK : two_tensors(c, a, &negative, STEP_ADD);
}

static fv_status divide(call *c)
{
    bool done;
    STATUS_TRY(check_two(c));
    const operand *a = c->in[0], *b = c->in[1];
    if (b->constant)
        return with_numbers(c, a, b->constant, f_divide, AFFINE_DIVIDE);
    if (a->constant && a->constant->count == 1)
        return curve_apply(c, b, f_divide_by, (double[3]){constant_get(a->constant, 0)});
    done = false;
    if (!a->constant)
        STATUS_TRY(curve_pair(c, a, b, '/', &done));
    if (!a->constant && !done)
        STATUS_TRY(norm_quotient(c, a, b, false, &done));
    return done ? FV_OK : call_error(c, FV_ERROR_UNSUPPORTED, "divides one tensor by another");
}

static fv_status extreme(call *c)
{
    STATUS_TRY(check_two(c));
    const operand *a = c->in[0], *b = c->in[1];
    const constant *k = a->constant ? a->constant : b->constant;
    if (!k || k->count != 1)
        return call_error(c, FV_ERROR_UNSUPPORTED, "takes the larger or smaller of two tensors");
    bool most = strcmp(c->node->op_type, "Max") == 0;
    return curve_apply(c, a->constant ? b : a, most ? f_most : f_least, (double[3]){constant_get(k, 0)});
}

const operation elementwise_operations[] = {{"Add", add},
                                            {"Mul", multiply},
                                            {"Sub", subtract},
                                            {"Div", divide},
                                            {"Min", extreme},
                                            {"Max", extreme},
                                            {"Pow", power},
                                            {"PRelu", prelu},
                                            {"Clip", clip},
                                            {"Gelu", gelu},
                                            {"Relu", function},
                                            {"LeakyRelu", function},
                                            {"Sigmoid", function},
                                            {"Tanh", function},
                                            {"Swish", function},
                                            {"HardSigmoid", function},
                                            {"Elu", function},
                                            {"Softplus", function},
                                            {"Mish", function},
                                            {"HardSwish", function},
                                            {"Erf", function},
                                            {"Exp", function},
                                            {"Sqrt", function},
                                            {"Abs", function},
                                            {"Neg", function},
                                            {"Reciprocal", function},
                                            {0}};
