/* SPDX-License-Identifier: Apache-2.0 */
/* The operators that have weights: convolutions and dense layers. */
#include <stdlib.h>
#include <string.h>

#include "convert/tflite/builder.h"
#include "convert/tflite/schema.h"
#include "core/memory.h"

/* ---- weights and bias ---- */

typedef struct weights {
    const tflite_tensor *tensor; /* of `weight` */
    float *weight, *bias;        /* owned; bias NULL: there is none */
} weights;

static void release(weights *w)
{
    free(w->weight);
    free(w->bias);
}

/* Weights are constants of `rank`, and a bias one of as many numbers as `dimension` of theirs. Released by the caller also on failure. */
static fv_status read_weights(const tflite_builder *b, const tflite_operator *o, int rank, int dimension,
                              weights *w)
{
    int32_t weight = tflite_input_constant(b, o, 1), bias = tflite_input_constant(b, o, 2);
    if (weight < 0)
        return status_set(FV_ERROR_UNSUPPORTED, "its weights are no constant");
    w->tensor = &b->file.tensors[weight];
    if (w->tensor->rank != rank || w->tensor->count < 1)
        return status_set(FV_ERROR_FORMAT, "its weights have %d sides, not %d, or none of them",
                          w->tensor->rank, rank);
    if (bias < 0 && o->input_count > 2 && o->inputs[2] >= 0)
        return status_set(FV_ERROR_UNSUPPORTED, "its bias is no constant");
    STATUS_TRY(tflite_constant(&b->file, weight, &w->weight));
    if (bias < 0)
        return FV_OK;
    if (b->file.tensors[bias].count != w->tensor->shape[dimension])
        return status_set(FV_ERROR_FORMAT, "its bias has not a number for each output channel");
    return tflite_constant(&b->file, bias, &w->bias);
}

/* `rows` x `columns` to `columns` x `rows`. */
static fv_status transpose(const float *from, int64_t rows, int64_t columns, float **out)
{
    if (!(*out = mem_array((size_t)(rows * columns), sizeof **out)))
        return status_last();
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            (*out)[c * rows + r] = from[r * columns + c];
    return FV_OK;
}

/* Fills the layer that was just made. */
static fv_status fill(const tflite_builder *b, const float *weight, const float *bias)
{
    STATUS_TRY(tflite_fill(b, "weight", weight));
    return bias ? tflite_fill(b, "bias", bias) : FV_OK;
}

/* ---- dense layers ---- */

/* The numbers of all places, channels fastest, where fovea has them channels slowest: (O, H * W, C) to (O, C, H * W). */
static void turn_rows(float *weight, const float *from, int64_t units, int64_t places, int64_t channels)
{
    for (int64_t n = 0; n < units; n++)
        for (int64_t p = 0; p < places; p++)
            for (int64_t c = 0; c < channels; c++)
                weight[(n * channels + c) * places + p] = from[(n * places + p) * channels + c];
}

/* W (s x + t) + b = (W s) x + (W t + b). */
static fv_status take_affine(weights *w, tflite_value *x, int64_t units, int64_t channels)
{
    if (!w->bias && !(w->bias = mem_array((size_t)units, sizeof *w->bias)))
        return status_last();
    for (int64_t n = 0; n < units; n++)
        for (int64_t c = 0; c < channels; c++) {
            w->bias[n] += w->weight[n * channels + c] * x->offset[c];
            w->weight[n * channels + c] *= x->scale[c];
        }
    return FV_OK;
}

/* `weight` is (units, inputs), whatever its tensor's shape is. */
static fv_status add_dense(tflite_builder *b, const tflite_operator *o, weights *w, int64_t units,
                           int64_t inputs, fv_activation_kind activation)
{
    tflite_value *x;
    tflite_label label;
    float *turned = NULL;
    STATUS_TRY(tflite_input(b, o, 0, &x));
    if (!x->scale)
        STATUS_TRY(tflite_settle(b, x));
    int64_t places = tflite_node_places(x->node), channels = tflite_node_channels(x->node);
    bool each_place = tflite_node_shape(x->node).rank == 4 && b->at < b->head_begins && inputs == channels;
    if (places > 1 && !x->flat && !each_place)
        return status_set(FV_ERROR_UNSUPPORTED, "a dense layer that takes rows of pictures");
    if (inputs != (each_place ? channels : channels * places))
        return status_set(
            FV_ERROR_FORMAT,
            "its weights are for %lld numbers, and its input has %lld; a dense layer over all places "
            "fits only the file's own input size",
            (long long)inputs, (long long)(channels * places));
    if (x->scale && !x->rounds && inputs == channels)
        STATUS_TRY(take_affine(w, x, units, channels));
    else
        STATUS_TRY(tflite_settle(b, x));
    fv_node *node =
        fv_dense(x->node, .units = units, .use_bias = w->bias ? 1 : FV_OFF, .activation = activation,
                 .each_place = each_place, .name = tflite_layer_name(b, w->tensor, &label));
    if (!node)
        return status_last();
    if (x->flat && !x->channels_first && places > 1) {
        if (!(turned = mem_array((size_t)w->tensor->count, sizeof *turned)))
            return status_last();
        turn_rows(turned, w->weight, units, places, channels);
    }
    fv_status status = fill(b, turned ? turned : w->weight, w->bias);
    free(turned);
    return status == FV_OK ? tflite_output(b, o, node, ACTIVATION_NONE) : status;
}

/* ---- convolutions ---- */

/* Fields of the two kinds of options. */
typedef struct fields {
    int activation, dilation_w, dilation_h;
} fields;

/* What both kinds of convolution have in common. Zeros around the input become the convolution's own. */
static fv_status set_window(tflite_builder *b, const tflite_operator *o, const fields *f,
                            fv_conv2d_options *c)
{
    tflite_value *x;
    flatbuffer *flat = &b->file.flat;
    STATUS_TRY(tflite_input(b, o, 0, &x));
    int64_t padding = flat_int8(flat, o->options, CONV_PADDING, PADDING_SAME),
            dilation = flat_int32(flat, o->options, f->dilation_h, 1);
    if (dilation != flat_int32(flat, o->options, f->dilation_w, 1))
        return status_set(FV_ERROR_UNSUPPORTED, "has different dilations of height and width");
    c->struct_size = sizeof *c;
    if (x->padded && !x->rounds && padding == PADDING_VALID && !x->flat && !x->channels_first) {
        c->input = x->node;
        c->padding = FV_EXPLICIT;
        memcpy(c->pad, x->pad, sizeof c->pad);
    } else {
        STATUS_TRY(tflite_input_node(b, o, 0, &c->input));
        c->padding = padding == PADDING_SAME ? FV_SAME_TF : FV_VALID;
    }
    c->stride_w = flat_int32(flat, o->options, CONV_STRIDE_W, 1);
    c->stride_h = flat_int32(flat, o->options, CONV_STRIDE_H, 1);
    c->dilation = dilation;
    if (tflite_node_shape(c->input).rank != 4)
        return status_set(FV_ERROR_UNSUPPORTED, "a convolution after the places are gone");
    return tflite_activation(flat_int8(flat, o->options, f->activation, ACTIVATION_NONE), &c->activation);
}

static fv_status add_convolution(tflite_builder *b, const tflite_operator *o, fv_conv2d_options *c,
                                 const weights *w, const float *weight)
{
    tflite_label label;
    c->use_bias = w->bias ? 1 : FV_OFF;
    c->name = tflite_layer_name(b, w->tensor, &label);
    fv_node *node = fv_conv2d_with(c);
    if (!node)
        return status_last();
    STATUS_TRY(fill(b, weight, w->bias));
    return tflite_output(b, o, node, ACTIVATION_NONE);
}

/* The network's last layer, where the places are gone. */
static bool is_head(const tflite_builder *b, const tflite_operator *o, const weights *w)
{
    const tflite_value *x = o->inputs[0] < 0 ? NULL : &b->values[o->inputs[0]];
    return b->at >= b->head_begins && w->tensor->shape[1] * w->tensor->shape[2] == 1 && x &&
           x->state == VALUE_LAYER && tflite_node_places(x->node) == 1 && !x->padded;
}

static fv_status head_as_dense(tflite_builder *b, const tflite_operator *o, weights *w)
{
    fv_activation_kind activation;
    STATUS_TRY(tflite_activation(flat_int8(&b->file.flat, o->options, CONV_ACTIVATION, ACTIVATION_NONE),
                                 &activation));
    return add_dense(b, o, w, w->tensor->shape[0], w->tensor->shape[3], activation);
}

static fv_status conv_2d(tflite_builder *b, const tflite_operator *o, weights *w, float **turned)
{
    static const fields of_conv = {CONV_ACTIVATION, CONV_DILATION_W, CONV_DILATION_H};
    fv_conv2d_options c = {0};
    STATUS_TRY(read_weights(b, o, 4, 0, w)); /* (O, KH, KW, I) */
    if (is_head(b, o, w))
        return head_as_dense(b, o, w);
    STATUS_TRY(set_window(b, o, &of_conv, &c));
    const int64_t *s = w->tensor->shape, places = s[1] * s[2], channels = tflite_node_channels(c.input);
    if (channels % s[3])
        return status_set(FV_ERROR_FORMAT, "its weights are for %lld channels, and its input has %lld",
                          (long long)s[3], (long long)channels);
    c.filters = s[0];
    c.kernel_h = s[1];
    c.kernel_w = s[2];
    c.groups = channels / s[3];
    if (!(*turned = mem_array((size_t)w->tensor->count, sizeof **turned)))
        return status_last();
    for (int64_t n = 0; n < s[0]; n++) /* (O, I, KH, KW) */
        for (int64_t p = 0; p < places; p++)
            for (int64_t i = 0; i < s[3]; i++)
                (*turned)[(n * s[3] + i) * places + p] = w->weight[(n * places + p) * s[3] + i];
    return add_convolution(b, o, &c, w, *turned);
}

static fv_status fully_connected(tflite_builder *b, const tflite_operator *o, weights *w)
{
    fv_activation_kind activation;
    flatbuffer *flat = &b->file.flat;
    STATUS_TRY(tflite_activation(flat_int8(flat, o->options, FULLY_CONNECTED_ACTIVATION, ACTIVATION_NONE),
                                 &activation));
    if (flat_int8(flat, o->options, FULLY_CONNECTED_FORMAT, 0) != 0)
        return status_set(FV_ERROR_UNSUPPORTED, "its weights are shuffled; convert the network without that");
    STATUS_TRY(read_weights(b, o, 2, 0, w)); /* (O, I) */
    return add_dense(b, o, w, w->tensor->shape[0], w->tensor->shape[1], activation);
}

/* ---- the operators ---- */

fv_status tflite_fully_connected(tflite_builder *b, const tflite_operator *o)
{
    weights w = {0};
    fv_status status = fully_connected(b, o, &w);
    release(&w);
    return status;
}

fv_status tflite_conv_2d(tflite_builder *b, const tflite_operator *o)
{
    weights w = {0};
    float *turned = NULL;
    fv_status status = conv_2d(b, o, &w, &turned);
    free(turned);
    release(&w);
    return status;
}

fv_status tflite_depthwise_conv_2d(tflite_builder *b, const tflite_operator *o)
{
    static const fields of_depthwise = {DEPTHWISE_ACTIVATION, DEPTHWISE_DILATION_W, DEPTHWISE_DILATION_H};
    weights w = {0};
    fv_conv2d_options c = {.depthwise = 1};
    float *turned = NULL;
    fv_status status = read_weights(b, o, 4, 3, &w); /* (1, KH, KW, C * multiplier) */
    if (status == FV_OK)
        status = set_window(b, o, &of_depthwise, &c);
    const int64_t *s = w.tensor ? w.tensor->shape : NULL;
    if (status == FV_OK && (s[0] != 1 || s[3] % tflite_node_channels(c.input)))
        status = status_set(FV_ERROR_FORMAT, "its weights do not divide among the input's channels");
    if (status == FV_OK)
        status = transpose(w.weight, s[1] * s[2], s[3], &turned); /* (C * multiplier, 1, KH, KW) */
    if (status == FV_OK) {
        c.filters = s[3];
        c.kernel_h = s[1];
        c.kernel_w = s[2];
        status = add_convolution(b, o, &c, &w, turned);
    }
    free(turned);
    release(&w);
    return status;
}
