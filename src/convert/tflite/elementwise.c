/* SPDX-License-Identifier: Apache-2.0 */
/* The operators that work on each number, or on pairs of them. */
#include <math.h>
#include <stdlib.h>

#include "convert/tflite/builder.h"
#include "convert/tflite/schema.h"

/* ---- activations ---- */

static fv_status activate(tflite_builder *b, const tflite_operator *o, fv_activation_kind kind, float alpha)
{
    tflite_value *v;
    STATUS_TRY(tflite_pass(b, o, 0, &v));
    STATUS_TRY(tflite_settle(b, v));
    v->sole = false;
    v->grid = (tflite_grid){0};
    v->node = fv_activation(v->node, .kind = kind, .alpha = alpha);
    return v->node ? FV_OK : status_last();
}

fv_status tflite_relu(tflite_builder *b, const tflite_operator *o)
{
    return activate(b, o, FV_RELU, 0);
}

fv_status tflite_relu6(tflite_builder *b, const tflite_operator *o)
{
    return activate(b, o, FV_RELU6, 0);
}

fv_status tflite_tanh(tflite_builder *b, const tflite_operator *o)
{
    return activate(b, o, FV_TANH, 0);
}

fv_status tflite_hard_swish(tflite_builder *b, const tflite_operator *o)
{
    return activate(b, o, FV_HARD_SWISH, 0);
}

fv_status tflite_gelu(tflite_builder *b, const tflite_operator *o)
{
    bool approximate = flat_uint8(&b->file.flat, o->options, GELU_APPROXIMATE, 0) != 0;
    return activate(b, o, approximate ? FV_GELU_TANH : FV_GELU, 0);
}

fv_status tflite_leaky_relu(tflite_builder *b, const tflite_operator *o)
{
    float alpha = flat_float(&b->file.flat, o->options, LEAKY_RELU_ALPHA, 0);
    return activate(b, o, alpha == 0 ? FV_RELU : FV_LEAKY_RELU, alpha);
}

/* Those that may be the network's last, or a part of another: kept back. */
static fv_status keep_back(tflite_builder *b, const tflite_operator *o, fv_activation_kind kind)
{
    tflite_value *v;
    STATUS_TRY(tflite_pass(b, o, 0, &v));
    STATUS_TRY(tflite_settle(b, v));
    v->sole = false;
    v->grid = (tflite_grid){0};
    v->activation = kind;
    return FV_OK;
}

/* One factor for all logits before the sigmoid at the end is a model's temperature. */
static void take_temperature(tflite_builder *b, tflite_value *v)
{
    int64_t channels = tflite_node_channels(v->node);
    if (!v->scale || !(1 / v->scale[0] >= 0.001f) || !(1 / v->scale[0] <= 1000))
        return;
    for (int64_t c = 0; c < channels; c++)
        if (v->scale[c] != v->scale[0] || v->offset[c] != 0)
            return;
    b->temperature = 1 / v->scale[0];
    free(v->scale);
    free(v->offset);
    v->scale = v->offset = NULL;
}

fv_status tflite_logistic(tflite_builder *b, const tflite_operator *o)
{
    tflite_value *v;
    STATUS_TRY(tflite_input(b, o, 0, &v));
    if (o->output == b->file.output && b->uses[o->inputs[0]] == 1)
        take_temperature(b, v);
    return keep_back(b, o, FV_SIGMOID);
}

/* A factor of its logits is a model's temperature: it is the network's last then, and no other reads it. */
fv_status tflite_softmax(tflite_builder *b, const tflite_operator *o)
{
    float beta = flat_float(&b->file.flat, o->options, SOFTMAX_BETA, 0);
    if (beta != 1 && (o->output != b->file.output || !(1 / beta >= 0.001f) || !(1 / beta <= 1000)))
        return status_set(FV_ERROR_UNSUPPORTED, "a softmax of something times %g, where 1 is what there is",
                          (double)beta);
    b->temperature = 1 / beta;
    return keep_back(b, o, FV_SOFTMAX);
}

/* Numbers become another type: the same numbers here. */
fv_status tflite_same(tflite_builder *b, const tflite_operator *o)
{
    int32_t constant = tflite_input_constant(b, o, 0);
    tflite_value *y = &b->values[o->output];
    if (constant < 0)
        return tflite_pass(b, o, 0, NULL);
    if (y->state != VALUE_ABSENT)
        return status_set(FV_ERROR_FORMAT,
                          "its output is that of an operator before it; the file is damaged");
    *y = (tflite_value){.state = VALUE_CONSTANT, .constant = constant};
    return FV_OK;
}

/* ---- with constants ---- */

/* The constant's numbers, one for each channel of the other input's value; the caller frees them. */
static fv_status read_channels(tflite_builder *b, const tflite_value *x, int32_t constant, float **out)
{
    const tflite_tensor *t = &b->file.tensors[constant];
    int64_t channels = tflite_node_channels(x->node);
    int place = t->rank - (x->channels_first ? 3 : 1); /* of the channels among the constant's sides */
    bool fits =
        t->count == 1 || (!x->flat && t->count == channels && place >= 0 && t->shape[place] == channels);
    float *values = NULL;
    if (!fits)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "works with a constant that is neither one number nor one for each channel");
    STATUS_TRY(tflite_constant(&b->file, constant, &values));
    if (t->count == channels) {
        *out = values;
        return FV_OK;
    }
    fv_status status = tflite_channel_numbers(b, channels, values[0], out);
    free(values);
    return status;
}

typedef enum arithmetic {
    SUM,
    DIFFERENCE,
    PRODUCT,
    QUOTIENT
} arithmetic;

/* x op constant, or constant op x, as scale * x + offset: `k` and `other` are the constant's numbers, and become those. */
static fv_status to_affine(arithmetic kind, bool constant_first, float *k, float *other, int64_t channels,
                           float **scale, float **offset)
{
    bool factor = kind == PRODUCT || kind == QUOTIENT;
    if (kind == QUOTIENT && constant_first)
        return status_set(FV_ERROR_UNSUPPORTED, "divides by what it computes, which fovea has no layer for");
    for (int64_t c = 0; c < channels; c++) {
        other[c] = factor ? 0 : kind == DIFFERENCE && constant_first ? -1 : 1;
        if (kind == DIFFERENCE && !constant_first)
            k[c] = -k[c];
        else if (kind == QUOTIENT)
            k[c] = 1 / k[c];
        if (!isfinite(k[c]))
            return status_set(FV_ERROR_FORMAT,
                              "works with a constant that is infinite or not a number, or divides by 0");
    }
    *scale = factor ? k : other;
    *offset = factor ? other : k;
    return FV_OK;
}

static fv_status with_constant(tflite_builder *b, const tflite_operator *o, arithmetic kind, int x,
                               int32_t constant, int64_t activation)
{
    tflite_value *v;
    float *k = NULL, *other = NULL, *scale = NULL, *offset = NULL;
    STATUS_TRY(tflite_input(b, o, x, &v));
    int64_t channels = tflite_node_channels(v->node);
    fv_status status = read_channels(b, v, constant, &k);
    if (status == FV_OK)
        status = tflite_channel_numbers(b, channels, 0, &other);
    if (status == FV_OK)
        status = to_affine(kind, x == 1, k, other, channels, &scale, &offset);
    if (status == FV_OK)
        status = tflite_affine(b, o, x, scale, offset, activation);
    free(k);
    free(other);
    return status;
}

/* ---- of two pictures ---- */

/* x * sigmoid(x), and the output is none of an activation's. */
static bool is_silu(const tflite_value *x, const tflite_value *gate)
{
    return gate->activation == FV_SIGMOID && gate->node == x->node && x->activation == FV_LINEAR &&
           !x->scale && !x->padded && !x->rounds && !gate->rounds;
}

static fv_status silu(tflite_builder *b, const tflite_operator *o, const tflite_value *x, int64_t activation)
{
    if (x->flat || x->channels_first)
        return status_set(FV_ERROR_UNSUPPORTED, "takes a tensor whose channels are not the last side");
    return tflite_output(b, o, fv_activation(x->node, .kind = FV_SILU), activation);
}

static fv_status of_two(tflite_builder *b, const tflite_operator *o, arithmetic kind, int64_t activation)
{
    fv_node *x, *y;
    tflite_value *first, *second;
    STATUS_TRY(tflite_input(b, o, 0, &first));
    STATUS_TRY(tflite_input(b, o, 1, &second));
    if (kind == PRODUCT && is_silu(first, second))
        return silu(b, o, first, activation);
    if (kind == PRODUCT && is_silu(second, first))
        return silu(b, o, second, activation);
    STATUS_TRY(tflite_input_node(b, o, 0, &x));
    STATUS_TRY(tflite_input_node(b, o, 1, &y));
    if (kind == DIFFERENCE || kind == QUOTIENT)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "of two computed tensors, which fovea has no layer for: sums and products it has");
    return tflite_output(b, o, kind == SUM ? fv_add(x, y) : fv_multiply(x, y), activation);
}

static fv_status calculate(tflite_builder *b, const tflite_operator *o, arithmetic kind)
{
    int64_t activation = flat_int8(&b->file.flat, o->options, ARITHMETIC_ACTIVATION, ACTIVATION_NONE);
    int32_t first = tflite_input_constant(b, o, 0), second = tflite_input_constant(b, o, 1);
    if (second >= 0)
        return with_constant(b, o, kind, 0, second, activation);
    if (first >= 0)
        return with_constant(b, o, kind, 1, first, activation);
    return of_two(b, o, kind, activation);
}

fv_status tflite_add(tflite_builder *b, const tflite_operator *o)
{
    return calculate(b, o, SUM);
}

fv_status tflite_sub(tflite_builder *b, const tflite_operator *o)
{
    return calculate(b, o, DIFFERENCE);
}

fv_status tflite_mul(tflite_builder *b, const tflite_operator *o)
{
    return calculate(b, o, PRODUCT);
}

fv_status tflite_div(tflite_builder *b, const tflite_operator *o)
{
    return calculate(b, o, QUOTIENT);
}
