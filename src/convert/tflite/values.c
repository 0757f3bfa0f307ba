/* SPDX-License-Identifier: Apache-2.0 */
/* What a TFLite graph's tensors have become, and what is still to be done to them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/tflite/builder.h"
#include "convert/tflite/schema.h"
#include "core/memory.h"

shape tflite_node_shape(const fv_node *node)
{
    return node->model->graph->values[node->value].shape;
}

int64_t tflite_node_channels(const fv_node *node)
{
    shape s = tflite_node_shape(node);
    return s.d[s.rank - 1];
}

int64_t tflite_node_places(const fv_node *node)
{
    shape s = tflite_node_shape(node);
    return s.rank == 4 ? s.d[1] * s.d[2] : 1;
}

/* ---- inputs ---- */

static const tflite_value *value_of(const tflite_builder *b, const tflite_operator *o, int i)
{
    return i < o->input_count && o->inputs[i] >= 0 ? &b->values[o->inputs[i]] : NULL;
}

const tflite_tensor *tflite_input_tensor(const tflite_builder *b, const tflite_operator *o, int i)
{
    return &b->file.tensors[o->inputs[i]];
}

fv_status tflite_input(tflite_builder *b, const tflite_operator *o, int i, tflite_value **out)
{
    const tflite_value *v = value_of(b, o, i);
    *out = NULL;
    if (!v)
        return status_set(FV_ERROR_FORMAT, "has no input %d", i);
    *out = &b->values[o->inputs[i]];
    if (v->state == VALUE_LAYER)
        return FV_OK;
    if (v->state == VALUE_ABSENT)
        return status_set(FV_ERROR_FORMAT, "its input %d is computed by no operator before it", i);
    return status_set(FV_ERROR_UNSUPPORTED, "its input %d does not depend on the picture", i);
}

int32_t tflite_input_constant(const tflite_builder *b, const tflite_operator *o, int i)
{
    const tflite_value *v = value_of(b, o, i);
    return v && v->state == VALUE_CONSTANT ? v->constant : -1;
}

fv_status tflite_input_numbers(const tflite_builder *b, const tflite_operator *o, int i, int64_t *numbers,
                               int limit, int *count)
{
    int32_t constant = tflite_input_constant(b, o, i);
    const tflite_tensor *t = &b->file.tensors[constant < 0 ? 0 : constant];
    if (constant < 0 || !t->data || (t->type != TENSOR_INT32 && t->type != TENSOR_INT64) || t->count > limit)
        return status_set(FV_ERROR_UNSUPPORTED, "its input %d is not a list of at most %d whole numbers", i,
                          limit);
    flat_vector v = {t->data, (uint32_t)t->count};
    *count = (int)t->count;
    for (uint32_t k = 0; k < v.count; k++)
        numbers[k] = t->type == TENSOR_INT32 ? flat_int32_at(v, k) : flat_int64_at(v, k);
    return FV_OK;
}

fv_status tflite_input_node(tflite_builder *b, const tflite_operator *o, int i, fv_node **out)
{
    tflite_value *v;
    STATUS_TRY(tflite_input(b, o, i, &v));
    if (v->flat || (v->channels_first && tflite_node_places(v->node) > 1))
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "takes a tensor whose channels are not the last side; fovea's layers need pictures as "
            "(height, width, channels)");
    STATUS_TRY(tflite_settle(b, v));
    *out = v->node;
    return FV_OK;
}

/* ---- what was kept back ---- */

fv_status tflite_channel_numbers(tflite_builder *b, int64_t channels, float fill, float **out)
{
    if (channels > b->model->file_values)
        return status_set(FV_ERROR_FORMAT, "needs more numbers than the file could hold");
    b->model->file_values -= channels;
    if (!(*out = mem_array((size_t)channels, sizeof **out)))
        return status_last();
    for (int64_t c = 0; c < channels; c++)
        (*out)[c] = fill;
    return FV_OK;
}

static void release_affine(tflite_value *v)
{
    free(v->scale);
    free(v->offset);
    v->scale = v->offset = NULL;
}

/* y = scale * (x - mean) / std + offset = (x - (mean - offset * std / scale)) / (std / scale). */
static bool into_normalisation(tflite_builder *b, tflite_value *v)
{
    fv_preprocess *p = &b->model->preprocess;
    if (v->node != b->model->input || !v->sole)
        return false;
    for (int64_t c = 0; c < p->channels; c++)
        if (!(v->scale[c] > 0))
            return false;
    for (int64_t c = 0; c < p->channels; c++) {
        p->mean[c] -= v->offset[c] * p->std[c] / v->scale[c];
        p->std[c] /= v->scale[c];
    }
    b->normalised = true;
    return true;
}

/* A factor and a summand for each channel are a depthwise convolution of one place: unlike a batch norm, it is the same in training. */
static fv_status settle_affine(tflite_builder *b, tflite_value *v)
{
    if (into_normalisation(b, v)) {
        release_affine(v);
        return FV_OK;
    }
    if (tflite_node_shape(v->node).rank != 4)
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "constants are multiplied or added where there are no places left, and no dense layer "
            "follows; fold them into the layer before");
    fv_node *node = fv_conv2d(v->node, .kernel = 1, .depthwise = 1);
    if (!node)
        return status_last();
    STATUS_TRY(tflite_fill(b, "weight", v->scale));
    STATUS_TRY(tflite_fill(b, "bias", v->offset));
    release_affine(v);
    v->node = node;
    return FV_OK;
}

fv_status tflite_settle(tflite_builder *b, tflite_value *v)
{
    if (v->scale)
        STATUS_TRY(settle_affine(b, v));
    else if (v->padded)
        v->node = fv_zero_pad2d(v->node, .pad = {v->pad[0], v->pad[1], v->pad[2], v->pad[3]});
    else if (v->activation != FV_LINEAR)
        v->node = fv_activation(v->node, .kind = v->activation);
    v->padded = false;
    v->activation = FV_LINEAR;
    if (!v->node)
        return status_last();
    return v->rounds ? tflite_settle_rounding(b, v) : FV_OK;
}

/* ---- outputs ---- */

/* The output's value, which must be nobody's yet. */
static fv_status new_value(tflite_builder *b, const tflite_operator *o, tflite_value **out)
{
    *out = &b->values[o->output];
    return (*out)->state == VALUE_ABSENT
               ? FV_OK
               : status_set(FV_ERROR_FORMAT,
                            "its output is that of an operator before it; the file is damaged");
}

/* What was built must have the size that the file says, where the input has the file's size. */
static fv_status check_size(const tflite_builder *b, const tflite_operator *o, const fv_node *node)
{
    const tflite_tensor *t = &b->file.tensors[o->output], *input = &b->file.tensors[b->file.input];
    const fv_preprocess *p = &b->model->preprocess;
    shape s = tflite_node_shape(node);
    char shown[64];
    if (t->rank != 4 || s.rank != 4 || t->open_size || input->open_size ||
        input->shape[1] * input->shape[2] * input->shape[3] != p->height * p->width * p->channels)
        return FV_OK;
    for (int i = 1; i < 4; i++)
        if (s.d[i] != t->shape[i])
            return status_set(FV_ERROR_FORMAT,
                              "gives %s where the file says %lld, %lld, %lld; the file is damaged",
                              shape_text(&s, shown), (long long)t->shape[1], (long long)t->shape[2],
                              (long long)t->shape[3]);
    return FV_OK;
}

fv_status tflite_activation(int64_t fused, fv_activation_kind *out)
{
    *out = FV_LINEAR;
    switch (fused) {
    case ACTIVATION_NONE:
        return FV_OK;
    case ACTIVATION_RELU:
        *out = FV_RELU;
        return FV_OK;
    case ACTIVATION_RELU6:
        *out = FV_RELU6;
        return FV_OK;
    case ACTIVATION_TANH:
        *out = FV_TANH;
        return FV_OK;
    default:
        return status_set(FV_ERROR_UNSUPPORTED,
                          "has a fused activation (%lld) that fovea has not; ReLU, ReLU6 and tanh are read",
                          (long long)fused);
    }
}

fv_status tflite_output(tflite_builder *b, const tflite_operator *o, fv_node *node, int64_t activation)
{
    tflite_value *v;
    fv_activation_kind kind;
    STATUS_TRY(tflite_activation(activation, &kind));
    if (node && kind != FV_LINEAR)
        node = fv_activation(node, .kind = kind);
    if (!node)
        return status_last();
    STATUS_TRY(check_size(b, o, node));
    STATUS_TRY(new_value(b, o, &v));
    *v = (tflite_value){.state = VALUE_LAYER, .node = node};
    return FV_OK;
}

static fv_status copy_numbers(tflite_builder *b, float **to, const float *from, int64_t count)
{
    if (!from)
        return FV_OK;
    STATUS_TRY(tflite_channel_numbers(b, count, 0, to));
    memcpy(*to, from, (size_t)count * sizeof **to);
    return FV_OK;
}

fv_status tflite_pass(tflite_builder *b, const tflite_operator *o, int i, tflite_value **out)
{
    tflite_value *from, *to;
    STATUS_TRY(tflite_input(b, o, i, &from));
    if (from->rounds && b->uses[o->inputs[i]] > 1) /* once for all */
        STATUS_TRY(tflite_settle(b, from));
    STATUS_TRY(new_value(b, o, &to));
    int64_t channels = tflite_node_channels(from->node);
    *to = *from;
    to->sole = from->sole && b->uses[o->inputs[i]] == 1;
    to->scale = to->offset = NULL;
    STATUS_TRY(copy_numbers(b, &to->scale, from->scale, channels));
    STATUS_TRY(copy_numbers(b, &to->offset, from->offset, channels));
    if (out)
        *out = to;
    return FV_OK;
}

fv_status tflite_affine(tflite_builder *b, const tflite_operator *o, int i, const float *scale,
                        const float *offset, int64_t activation)
{
    tflite_value *from, *to;
    fv_activation_kind kind;
    STATUS_TRY(tflite_activation(activation, &kind));
    STATUS_TRY(tflite_input(b, o, i, &from));
    if (!from->scale || from->rounds || b->uses[o->inputs[i]] > 1)
        STATUS_TRY(tflite_settle(b, from));
    STATUS_TRY(tflite_pass(b, o, i, &to));
    to->grid = (tflite_grid){0};
    int64_t channels = tflite_node_channels(to->node);
    if (!to->scale) {
        STATUS_TRY(copy_numbers(b, &to->scale, scale, channels));
        STATUS_TRY(copy_numbers(b, &to->offset, offset, channels));
    } else {
        for (int64_t c = 0; c < channels; c++) {
            to->scale[c] *= scale[c];
            to->offset[c] = to->offset[c] * scale[c] + offset[c];
        }
    }
    if (kind == FV_LINEAR)
        return FV_OK;
    STATUS_TRY(tflite_settle(b, to));
    to->node = fv_activation(to->node, .kind = kind);
    to->sole = false;
    return to->node ? FV_OK : status_last();
}

/* ---- layers' names and tensors ---- */

/* Without the last part, which is the operation's. */
static size_t without_last_part(const char *name, size_t length)
{
    size_t n = length;
    while (n > 0 && name[n - 1] != '/')
        n--;
    return n > 1 ? n - 1 : length;
}

static bool is_taken(const tflite_builder *b, const char *name)
{
    for (int32_t i = 0; i < b->model->layer_count; i++)
        if (strcmp(b->model->layers[i].name, name) == 0)
            return true;
    return false;
}

const char *tflite_layer_name(const tflite_builder *b, const tflite_tensor *weights, tflite_label *label)
{
    static const char norm[] = "/batchnorm";
    const char *from = weights->name, *end = memchr(from, ';', weights->name_length);
    size_t length = without_last_part(from, end ? (size_t)(end - from) : weights->name_length);
    if (length > sizeof norm - 1 && memcmp(from + length - (sizeof norm - 1), norm, sizeof norm - 1) == 0)
        length -= sizeof norm - 1;
    char *words = label->words;
    if (length < 1 || length > sizeof label->words - 8)
        return NULL;
    for (size_t i = 0; i < length; i++)
        words[i] = from[i] == '/' ? '.' : isalnum((unsigned char)from[i]) || from[i] == '-' ? from[i] : '_';
    words[length] = 0;
    for (int n = 2; n < 1000 && is_taken(b, words); n++)
        snprintf(words + length, sizeof label->words - length, "_%d", n);
    return is_taken(b, words) ? NULL : words;
}

fv_status tflite_fill(const tflite_builder *b, const char *suffix, const float *values)
{
    const layer_record *l = &b->model->layers[b->model->layer_count - 1];
    char name[256];
    snprintf(name, sizeof name, "%s.%s", l->name, suffix);
    for (int32_t i = l->first_tensor; i < l->first_tensor + l->tensor_count; i++) {
        network_tensor *t = &b->model->tensors[i];
        if (strcmp(t->name, name) != 0)
            continue;
        memcpy(t->data, values, (size_t)t->count * sizeof *t->data);
        return FV_OK;
    }
    return status_set(FV_ERROR_INTERNAL, "layer %s has no tensor %s", l->name, suffix);
}
