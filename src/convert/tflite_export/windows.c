/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions and pools. TFLite knows two paddings: none, and its own "same", which puts the odd pixel at the bottom and right. Any other becomes
 * an operator of its own before the window's.
 */
#include <math.h>
#include <string.h>

#include "convert/tflite_export/writer.h"

/* ---- padding ---- */

typedef struct padding {
    int kind;                    /* PADDING_SAME or PADDING_VALID */
    int64_t before[4], after[4]; /* zeros that are put around first */
    bool any;
} padding;

/* What is read beyond the input on side i; what a stride passes over does not count. */
static int64_t needed_after(const window *v, int i, int64_t in, int64_t out)
{
    int64_t reach = (v->kernel[i] - 1) * v->dilation[i] + 1;
    int64_t after = (out - 1) * v->stride[i] + reach - in - v->pad[2 * i];
    return after > 0 ? after : 0;
}

static bool is_same(const window *v, int i, int64_t in, int64_t out)
{
    int64_t reach = (v->kernel[i] - 1) * v->dilation[i] + 1, all = (out - 1) * v->stride[i] + reach - in;
    return out == (in + v->stride[i] - 1) / v->stride[i] && v->pad[2 * i] == (all > 0 ? all / 2 : 0);
}

static padding find_padding(const lite_writer *w, const op *o)
{
    const window *v = &o->a.window;
    const shape *x = lite_graph_shape(w, o->inputs[0]), *y = lite_graph_shape(w, o->outputs[0]);
    padding p = {.kind = PADDING_VALID};
    bool same = true;
    for (int i = 0; i < 2; i++) {
        p.before[1 + i] = v->pad[2 * i];
        p.after[1 + i] = needed_after(v, i, x->d[1 + i], y->d[1 + i]);
        p.any = p.any || p.before[1 + i] > 0 || p.after[1 + i] > 0;
        same = same && is_same(v, i, x->d[1 + i], y->d[1 + i]);
    }
    if (p.any && same)
        p = (padding){.kind = PADDING_SAME};
    return p;
}

static int32_t padded(lite_writer *w, const op *o, const padding *p, bool lowest)
{
    int32_t x = lite_value(w, o->inputs[0]);
    return p->any && x >= 0 ? lite_pad(w, x, p->before, p->after, lowest) : x;
}

/* ---- convolutions ---- */

/* (O, I, KH, KW) to (O, KH, KW, I), or with the outputs last to (I, KH, KW, O), where I is 1. */
static const float *turned(lite_writer *w, const float *from, const shape *s, bool outputs_last)
{
    int64_t places = s->d[2] * s->d[3], inputs = s->d[1], outputs = s->d[0];
    float *to = mem_pool_array(&w->pool, (size_t)(places * inputs * outputs), sizeof *to);
    for (int64_t o = 0; to && o < outputs; o++)
        for (int64_t i = 0; i < inputs; i++)
            for (int64_t p = 0; p < places; p++)
                to[outputs_last ? p * outputs + o : (o * places + p) * inputs + i] =
                    from[(o * inputs + i) * places + p];
    return to;
}

static lite_options convolution_options(const window *v, int kind, int activation)
{
    return (lite_options){
        .type = OPTIONS_CONV_2D,
        .count = 6,
        .version = v->groups > 1 ? 6 : 1,
        .fields = {FLAT_BYTE(CONV_PADDING, kind), FLAT_INT(CONV_STRIDE_W, v->stride[1]),
                   FLAT_INT(CONV_STRIDE_H, v->stride[0]), FLAT_BYTE(CONV_ACTIVATION, activation),
                   FLAT_INT(CONV_DILATION_W, v->dilation[1]), FLAT_INT(CONV_DILATION_H, v->dilation[0])}};
}

static lite_options depthwise_options(const window *v, int kind, int activation, int64_t multiplier)
{
    return (lite_options){.type = OPTIONS_DEPTHWISE_CONV_2D,
                          .count = 7,
                          .version = v->dilation[0] > 1 || v->dilation[1] > 1 ? 2 : 1,
                          .fields = {FLAT_BYTE(CONV_PADDING, kind), FLAT_INT(CONV_STRIDE_W, v->stride[1]),
                                     FLAT_INT(CONV_STRIDE_H, v->stride[0]),
                                     FLAT_INT(DEPTHWISE_MULTIPLIER, multiplier),
                                     FLAT_BYTE(DEPTHWISE_ACTIVATION, activation),
                                     FLAT_INT(DEPTHWISE_DILATION_W, v->dilation[1]),
                                     FLAT_INT(DEPTHWISE_DILATION_H, v->dilation[0])}};
}

bool lite_write_convolution(lite_writer *w, const op *o)
{
    const window *v = &o->a.window;
    const shape *s = lite_graph_shape(w, o->inputs[1]);
    bool depthwise = v->groups > 1 && s->d[1] == 1;
    padding p = find_padding(w, o);
    int activation = lite_fuse(w, o);
    const float *weight = turned(w, w->network->data[o->inputs[1]], s, depthwise);
    if (!weight)
        return false;
    lite_shape to = {4, {depthwise ? 1 : s->d[0], s->d[2], s->d[3], depthwise ? s->d[0] : s->d[1]}};
    int32_t in[] = {padded(w, o, &p, false),
                    lite_floats(w, export_parameter_name(w->network, w->op, o->inputs[1], "weight", &w->pool),
                                to, weight),
                    lite_channels(w, o, 2, "bias", s->d[0], 0)};
    lite_options options = depthwise ? depthwise_options(v, p.kind, activation, s->d[0] / v->groups)
                                     : convolution_options(v, p.kind, activation);
    return lite_set(w, o,
                    lite_operator(w, depthwise ? OPERATOR_DEPTHWISE_CONV_2D : OPERATOR_CONV_2D, in, 3,
                                  lite_shape_of(w, o->outputs[0]), &options));
}

/* ---- pools ---- */

static int32_t pool(lite_writer *w, const op *o, int code, int32_t x, int kind, int activation)
{
    const window *v = &o->a.window;
    const lite_options options = {
        .type = OPTIONS_POOL_2D,
        .count = 6,
        .fields = {FLAT_BYTE(POOL_PADDING, kind), FLAT_INT(POOL_STRIDE_W, v->stride[1]),
                   FLAT_INT(POOL_STRIDE_H, v->stride[0]), FLAT_INT(POOL_FILTER_W, v->kernel[1]),
                   FLAT_INT(POOL_FILTER_H, v->kernel[0]), FLAT_BYTE(POOL_ACTIVATION, activation)}};
    return lite_operator(w, code, &x, 1, lite_shape_of(w, o->outputs[0]), &options);
}

/* Zeros around what is never negative win as little as the lowest number does. */
static bool is_never_negative(const lite_writer *w, value_id v)
{
    const op *o = graph_producer(w->network->graph, v);
    fv_activation_kind kind = o ? o->a.activation : FV_LINEAR;
    return o && o->kind == OP_ACTIVATION &&
           (kind == FV_RELU || kind == FV_RELU6 || kind == FV_SIGMOID || kind == FV_HARD_SIGMOID);
}

bool lite_write_max_pool(lite_writer *w, const op *o)
{
    padding p = find_padding(w, o);
    int32_t x = padded(w, o, &p, !is_never_negative(w, o->inputs[0]));
    return lite_set(w, o, pool(w, o, OPERATOR_MAX_POOL_2D, x, p.kind, ACTIVATION_NONE));
}

/* How many places of the input the window at `at` has on side i. */
static int64_t places_in(const window *v, int i, int64_t in, int64_t at)
{
    int64_t begin = at * v->stride[i] - v->pad[2 * i], end = begin + v->kernel[i];
    return (end < in ? end : in) - (begin > 0 ? begin : 0);
}

/* The mean counts what was put around too: y times all / counted, a number for each place. */
static int32_t without_padding(lite_writer *w, const op *o, int32_t y)
{
    const window *v = &o->a.window;
    const shape *in = lite_graph_shape(w, o->inputs[0]), *out = lite_graph_shape(w, o->outputs[0]);
    float *factors = mem_pool_array(&w->pool, (size_t)(out->d[1] * out->d[2]), sizeof *factors);
    if (!factors)
        return LITE_FAILED;
    for (int64_t i = 0; i < out->d[1]; i++)
        for (int64_t k = 0; k < out->d[2]; k++)
            factors[i * out->d[2] + k] = (float)(v->kernel[0] * v->kernel[1]) /
                                         (float)(places_in(v, 0, in->d[1], i) * places_in(v, 1, in->d[2], k));
    return lite_multiply(w, y,
                         lite_floats(w, "counted", (lite_shape){4, {1, out->d[1], out->d[2], 1}}, factors),
                         ACTIVATION_NONE);
}

bool lite_write_average_pool(lite_writer *w, const op *o)
{
    padding p = find_padding(w, o);
    if (p.kind == PADDING_SAME && o->a.count_padding) { /* TFLite's does not count it */
        const shape *x = lite_graph_shape(w, o->inputs[0]), *y = lite_graph_shape(w, o->outputs[0]);
        p = (padding){.kind = PADDING_VALID, .any = true};
        for (int i = 0; i < 2; i++) {
            p.before[1 + i] = o->a.window.pad[2 * i];
            p.after[1 + i] = needed_after(&o->a.window, i, x->d[1 + i], y->d[1 + i]);
        }
    }
    int32_t y = pool(w, o, OPERATOR_AVERAGE_POOL_2D, padded(w, o, &p, false), p.kind, ACTIVATION_NONE);
    return lite_set(w, o, p.any && !o->a.count_padding ? without_padding(w, o, y) : y);
}

bool lite_write_global_average(lite_writer *w, const op *o)
{
    return lite_set(w, o, lite_mean(w, lite_value(w, o->inputs[0]), (const int64_t[]){1, 2}, 2, false));
}
