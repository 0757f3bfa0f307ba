/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, pooling and normalisation. */
#include <string.h>

#include "convert/onnx/importer.h"

/* ---- windows ---- */

enum {
    SIDE_MAX = 65536 /* of windows and steps */
};

static fv_status read_pair(const call *c, const char *name, int64_t otherwise, int64_t low, int64_t pair[2])
{
    int64_t list[2];
    int count;
    STATUS_TRY(call_ints(c, name, -1, list, 2, &count));
    for (int i = 0; i < 2; i++) {
        pair[i] = count == 2 ? list[i] : otherwise;
        if ((count >= 0 && count != 2) || pair[i] < low || pair[i] > SIDE_MAX)
            return call_error(c, FV_ERROR_UNSUPPORTED, "%s are not two sensible numbers", name);
    }
    return FV_OK;
}

static fv_status read_padding(const call *c, step *s)
{
    char buffer[32];
    const char *mode = call_word(c, "auto_pad", "NOTSET", buffer);
    int64_t pads[4] = {0};
    int count;
    STATUS_TRY(call_ints(c, "pads", -1, pads, 4, &count));
    if (count >= 0 && count != 4)
        return call_error(c, FV_ERROR_UNSUPPORTED, "pads are not four numbers");
    for (int i = 0; i < 2; i++) {
        int64_t before = pads[i], after = pads[2 + i], n = s->in[0]->size[i];
        if (strncmp(mode, "SAME", 4) == 0) {
            int64_t reach = (s->kernel[i] - 1) * s->dilation + 1;
            int64_t total = ((n + s->stride[i] - 1) / s->stride[i] - 1) * s->stride[i] + reach - n;
            total = total > 0 ? total : 0;
            before = strcmp(mode, "SAME_LOWER") == 0 ? total - total / 2 : total / 2;
            after = total - before;
        } else if (strcmp(mode, "VALID") == 0) {
            before = after = 0;
        }
        if (before < 0 || after < 0 || before > SIDE_MAX || after > SIDE_MAX)
            return call_error(c, FV_ERROR_UNSUPPORTED, "its pads are negative or very large");
        s->pad[2 * i] = before;
        s->pad[2 * i + 1] = after;
    }
    return FV_OK;
}

/* Stride, padding and dilation of a step whose kernel is known; then its size. */
static fv_status read_window(const call *c, step *s)
{
    int64_t dilation[2];
    STATUS_TRY(read_pair(c, "strides", 1, 1, s->stride));
    STATUS_TRY(read_pair(c, "dilations", 1, 1, dilation));
    if (dilation[0] != dilation[1])
        return call_error(c, FV_ERROR_UNSUPPORTED, "its dilations differ");
    s->dilation = dilation[0];
    STATUS_TRY(read_padding(c, s));
    for (int i = 0; i < 2; i++) {
        int64_t all = s->in[0]->size[i] + s->pad[2 * i] + s->pad[2 * i + 1];
        int64_t rest = all - ((s->kernel[i] - 1) * s->dilation + 1);
        if (rest < 0)
            return call_error(c, FV_ERROR_INVALID, "its window is larger than its input");
        s->size[i] = rest / s->stride[i] + 1;
        /* A last window that is not full, unless it begins behind the input. */
        if (s->ceil_mode && rest % s->stride[i] &&
            s->size[i] * s->stride[i] < s->in[0]->size[i] + s->pad[2 * i])
            s->size[i]++;
    }
    return FV_OK;
}

/* ---- convolutions ---- */

static fv_status convolution(call *c)
{
    operand *x;
    constant *weight;
    step *in;
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_constant(c, 1, &weight));
    STATUS_TRY(operand_picture(c, x, &in));
    int64_t groups = call_int(c, "group", 1);
    if (weight->rank != 4 || weight->count == 0 || groups < 1 ||
        weight->shape[1] * groups != in->size[CHANNELS] || weight->shape[0] % groups)
        return call_error(c, FV_ERROR_UNSUPPORTED, "its weights do not fit its input");
    step *s = step_add(c, STEP_CONVOLUTION, &in, 1);
    if (!s || !constant_floats(c->import, weight))
        return status_last();
    s->kernel[0] = weight->shape[2];
    s->kernel[1] = weight->shape[3];
    STATUS_TRY(read_window(c, s));
    s->groups = groups;
    s->weight = weight->floats;
    s->units = s->size[CHANNELS] = weight->shape[0];
    if (c->in_count > 2 && c->in[2])
        STATUS_TRY(call_floats(c, 2, s->units, &s->bias));
    s->name = call_layer_name(c, weight);
    if (!s->name && s->bias)
        s->name = call_layer_name(c, c->in[2]->constant);
    operand_set(&c->out[0], s, view_of_picture(s->size, false));
    return FV_OK;
}

/* ---- pooling ---- */

static fv_status pool(call *c, step_kind kind)
{
    operand *x;
    step *in;
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(operand_picture(c, x, &in));
    step *s = step_add(c, kind, &in, 1);
    if (!s)
        return status_last();
    s->ceil_mode = call_int(c, "ceil_mode", 0) != 0;
    s->count_padding = call_int(c, "count_include_pad", 0) != 0;
    STATUS_TRY(read_pair(c, "kernel_shape", 0, 1, s->kernel));
    STATUS_TRY(read_window(c, s));
    if (s->dilation != 1)
        return call_error(c, FV_ERROR_UNSUPPORTED, "fovea's pooling has no dilation");
    operand_set(&c->out[0], s, view_of_picture(s->size, false));
    return FV_OK;
}

static fv_status max_pool(call *c)
{
    return pool(c, STEP_MAX_POOL);
}

static fv_status average_pool(call *c)
{
    return pool(c, STEP_AVERAGE_POOL);
}

/* ---- normalisation ---- */

static fv_status batch_norm(call *c)
{
    operand *v, x;
    STATUS_TRY(call_value(c, 0, &v));
    STATUS_TRY(operand_whole(c, v, &x));
    if (x.view.rank < 2 || !view_axis_is(&x.view, 1, CHANNELS, x.step->size))
        return call_layout_error(c);
    if (call_int(c, "training_mode", 0))
        return call_error(c, FV_ERROR_UNSUPPORTED, "was exported for training; export it for inference");
    step *s = step_add(c, STEP_BATCH_NORM, &x.step, 1);
    if (!s)
        return status_last();
    int64_t channels = s->size[CHANNELS];
    s->epsilon = call_float(c, "epsilon", 1e-5f);
    STATUS_TRY(call_floats(c, 1, channels, &s->weight));
    STATUS_TRY(call_floats(c, 2, channels, &s->bias));
    STATUS_TRY(call_floats(c, 3, channels, &s->mean));
    STATUS_TRY(call_floats(c, 4, channels, &s->variance));
    s->name = call_layer_name(c, c->in[1]->constant);
    operand_set(&c->out[0], s, x.view);
    return FV_OK;
}

static fv_status layer_norm(call *c)
{
    operand *v, x;
    STATUS_TRY(call_value(c, 0, &v));
    STATUS_TRY(operand_whole(c, v, &x));
    int64_t axis = call_int(c, "axis", -1);
    if ((axis != -1 && axis != x.view.rank - 1) || x.view.rank < 1 ||
        !view_axis_is(&x.view, x.view.rank - 1, CHANNELS, x.step->size))
        return call_error(c, FV_ERROR_UNSUPPORTED, "fovea's layer norm is over the channels of each place");
    step *s = step_add(c, STEP_LAYER_NORM, &x.step, 1);
    if (!s)
        return status_last();
    s->epsilon = call_float(c, "epsilon", 1e-5f);
    STATUS_TRY(call_floats(c, 1, s->size[CHANNELS], &s->weight));
    if (c->in_count > 2 && c->in[2])
        STATUS_TRY(call_floats(c, 2, s->size[CHANNELS], &s->bias));
    s->name = call_layer_name(c, c->in[1]->constant);
    operand_set(&c->out[0], s, x.view);
    return FV_OK;
}

const operation layer_operations[] = {{"Conv", convolution},
                                      {"MaxPool", max_pool},
                                      {"AveragePool", average_pool},
                                      {"BatchNormalization", batch_norm},
                                      {"LayerNormalization", layer_norm},
                                      {"InstanceNormalization", norm_instances},
                                      {0}};
