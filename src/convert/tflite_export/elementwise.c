/* SPDX-License-Identifier: Apache-2.0 */
/* Activations, sums and products. */
#include "convert/tflite_export/writer.h"

static int32_t one(lite_writer *w, int code, int32_t x, const lite_options *options)
{
    return x < 0 ? x : lite_operator(w, code, &x, 1, w->tensors[x].shape, options);
}

static uint32_t bits_of(float number)
{
    union {
        float number;
        uint32_t bits;
    } u = {number};
    return u.bits;
}

int32_t lite_softmax(lite_writer *w, int32_t x, float beta)
{
    const lite_options options = {
        .type = OPTIONS_SOFTMAX, .count = 1, .fields = {FLAT_INT(SOFTMAX_BETA, bits_of(beta))}};
    return one(w, OPERATOR_SOFTMAX, x, &options);
}

static int32_t activate(lite_writer *w, int32_t x, fv_activation_kind kind, float alpha)
{
    const lite_options leaky = {
        .type = OPTIONS_LEAKY_RELU, .count = 1, .fields = {FLAT_INT(LEAKY_RELU_ALPHA, bits_of(alpha))}};
    const lite_options gelu = {
        .type = OPTIONS_GELU, .count = 1, .fields = {FLAT_BYTE(GELU_APPROXIMATE, kind == FV_GELU_TANH)}};
    switch (kind) {
    case FV_RELU:
        return one(w, OPERATOR_RELU, x, NULL);
    case FV_RELU6:
        return one(w, OPERATOR_RELU6, x, NULL);
    case FV_LEAKY_RELU:
        return one(w, OPERATOR_LEAKY_RELU, x, &leaky);
    case FV_GELU:
    case FV_GELU_TANH:
        return one(w, OPERATOR_GELU, x, &gelu);
    case FV_SILU:
        return lite_multiply(w, x, one(w, OPERATOR_LOGISTIC, x, NULL), ACTIVATION_NONE);
    case FV_HARD_SWISH:
        return one(w, OPERATOR_HARD_SWISH, x, &(lite_options){.type = OPTIONS_HARD_SWISH});
    case FV_SIGMOID:
        return one(w, OPERATOR_LOGISTIC, x, NULL);
    case FV_TANH:
        return one(w, OPERATOR_TANH, x, NULL);
    case FV_HARD_SIGMOID: /* relu6(x + 3) / 6 */
        return lite_multiply(w, lite_add(w, x, lite_number(w, 3), ACTIVATION_RELU6), lite_number(w, 1 / 6.f),
                             ACTIVATION_NONE);
    case FV_SOFTMAX:
        return lite_softmax(w, x, 1);
    case FV_LINEAR:
        break;
    }
    return x;
}

bool lite_write_activation(lite_writer *w, const op *o)
{
    int32_t x = lite_value(w, o->inputs[0]);
    return lite_set(w, o, w->values[o->inputs[0]].fused ? x : activate(w, x, o->a.activation, o->a.alpha));
}

/* The product with the inverse temperature that the softmax at the end reads: TFLite's softmax has a factor of its own. */
static bool is_temperature(const lite_writer *w, const op *o)
{
    const op *end = graph_producer(w->network->graph, w->network->probabilities);
    return w->network->temperature != 1 && end->kind == OP_SOFTMAX && end->inputs[0] == o->outputs[0];
}

bool lite_write_softmax(lite_writer *w, const op *o)
{
    const op *scaled = graph_producer(w->network->graph, o->inputs[0]);
    return lite_set(w, o,
                    scaled && is_temperature(w, scaled)
                        ? lite_softmax(w, lite_value(w, scaled->inputs[0]), 1 / w->network->temperature)
                        : lite_softmax(w, lite_value(w, o->inputs[0]), 1));
}

bool lite_write_add(lite_writer *w, const op *o)
{
    return lite_set(w, o,
                    lite_add(w, lite_value(w, o->inputs[0]), lite_value(w, o->inputs[1]), lite_fuse(w, o)));
}

bool lite_write_multiply(lite_writer *w, const op *o)
{
    if (is_temperature(w, o))
        return true;
    return lite_set(
        w, o, lite_multiply(w, lite_value(w, o->inputs[0]), lite_value(w, o->inputs[1]), lite_fuse(w, o)));
}
