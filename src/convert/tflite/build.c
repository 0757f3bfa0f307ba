/* SPDX-License-Identifier: Apache-2.0 */
/* TFLite: a graph of TensorFlow Lite, float or quantised, becomes a network of layers with f32 weights, whose outputs are rounded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/graph_file.h"
#include "convert/tflite/builder.h"
#include "convert/tflite/schema.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "model/file.h"

static const struct {
    int64_t code;
    tflite_build *build;
} operators[] = {
    {OPERATOR_ADD, tflite_add},
    {OPERATOR_AVERAGE_POOL_2D, tflite_average_pool},
    {OPERATOR_CAST, tflite_same},
    {OPERATOR_CONCATENATION, tflite_concatenation},
    {OPERATOR_CONV_2D, tflite_conv_2d},
    {OPERATOR_DEPTHWISE_CONV_2D, tflite_depthwise_conv_2d},
    {OPERATOR_DEQUANTIZE, tflite_same},
    {OPERATOR_DIV, tflite_div},
    {OPERATOR_EXPAND_DIMS, tflite_reshape},
    {OPERATOR_FULLY_CONNECTED, tflite_fully_connected},
    {OPERATOR_GELU, tflite_gelu},
    {OPERATOR_HARD_SWISH, tflite_hard_swish},
    {OPERATOR_LEAKY_RELU, tflite_leaky_relu},
    {OPERATOR_LOGISTIC, tflite_logistic},
    {OPERATOR_MAX_POOL_2D, tflite_max_pool},
    {OPERATOR_MEAN, tflite_mean},
    {OPERATOR_MUL, tflite_mul},
    {OPERATOR_PACK, tflite_sizes},
    {OPERATOR_PAD, tflite_pad},
    {OPERATOR_PADV2, tflite_pad},
    {OPERATOR_QUANTIZE, tflite_same},
    {OPERATOR_RELU, tflite_relu},
    {OPERATOR_RELU6, tflite_relu6},
    {OPERATOR_RESHAPE, tflite_reshape},
    {OPERATOR_SHAPE, tflite_sizes},
    {OPERATOR_SOFTMAX, tflite_softmax},
    {OPERATOR_SQUEEZE, tflite_reshape},
    {OPERATOR_STRIDED_SLICE, tflite_sizes},
    {OPERATOR_SUB, tflite_sub},
    {OPERATOR_TANH, tflite_tanh},
    {OPERATOR_TRANSPOSE, tflite_transpose},
};

void tflite_log(const tflite_builder *b, const char *format, ...)
{
    char line[512];
    va_list arguments;
    if (!b->options->on_log)
        return;
    int length = snprintf(line, sizeof line, "%.200s: ", file_base_name(b->file.path));
    va_start(arguments, format);
    vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
    va_end(arguments);
    text_flatten(line);
    b->options->on_log(line, b->options->user);
}

/* ---- the input ---- */

/* The network's size, from the input's shape and the options. */
static fv_status read_size(const tflite_builder *b, fv_model_options *m, bool *channels_first)
{
    const tflite_tensor *t = &b->file.tensors[b->file.input];
    if (t->rank != 4 || t->shape[0] != 1)
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "%s: its input has %d sides and %lld pictures, where a classifier takes one picture of "
            "(1, height, width, channels)",
            b->file.path, t->rank, (long long)(t->rank ? t->shape[0] : 0));
    if (t->type != TENSOR_FLOAT32 && t->type != TENSOR_UINT8 && t->type != TENSOR_INT8)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: its input is of type %d; f32 and 8 bits are read",
                          b->file.path, t->type);
    *channels_first = t->shape[3] != 1 && t->shape[3] != 3 && (t->shape[1] == 1 || t->shape[1] == 3);
    const int64_t *s = t->shape + (*channels_first ? 2 : 1);
    const fv_import_options *o = b->options;
    m->height = o->height ? o->height : t->open_size ? 224 : s[0];
    m->width = o->width ? o->width : t->open_size ? 224 : s[1];
    m->channels = t->shape[*channels_first ? 1 : 3];
    if (m->channels != 1 && m->channels != 3)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: its input has %lld channels, where pictures have 1 or 3",
                          b->file.path, (long long)m->channels);
    return FV_OK;
}

/* "mobilenet_v2" of "nets/mobilenet_v2.tflite". */
static char *model_name(const char *path)
{
    const char *name = file_base_name(path), *dot = strrchr(name, '.');
    return mem_string_n(name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
}

static fv_status begin_model(tflite_builder *b)
{
    bool channels_first = false;
    fv_model_options m = {.struct_size = sizeof m};
    STATUS_TRY(read_size(b, &m, &channels_first));
    char *name = model_name(b->file.path);
    if (!name)
        return status_last();
    text_flatten(name);
    m.name = name;
    b->model = fv_model_create_with(&m);
    free(name);
    if (!b->model)
        return status_prefix(status_last(), "%s", b->file.path);
    /* A doctored file must not make more memory than a few times its size. */
    b->model->tensor_source = TENSORS_FILLED;
    b->model->file_values = 4 * (int64_t)b->file.flat.size;
    for (int c = 0; c < FV_MAX_CHANNELS; c++) { /* the file's own numbers, until tflite_set_preprocess */
        b->model->preprocess.mean[c] = 0;
        b->model->preprocess.std[c] = 1;
    }
    b->values[b->file.input] = (tflite_value){
        .state = VALUE_LAYER, .node = fv_input(b->model), .channels_first = channels_first, .sole = true};
    if (!b->model->input)
        return status_last();
    return b->options->dequantize ? FV_OK
                                  : tflite_grid_of(&b->file, b->file.input, &b->values[b->file.input].grid);
}

/* ---- the operators ---- */

static bool has_weights(const tflite_operator *o)
{
    return o->code == OPERATOR_CONV_2D || o->code == OPERATOR_DEPTHWISE_CONV_2D ||
           o->code == OPERATOR_FULLY_CONNECTED;
}

static fv_status begin_values(tflite_builder *b)
{
    const tflite_file *f = &b->file;
    b->values = mem_array((size_t)f->tensor_count, sizeof *b->values);
    b->uses = mem_array((size_t)f->tensor_count, sizeof *b->uses);
    if (!b->values || !b->uses)
        return status_last();
    for (int32_t i = 0; i < f->tensor_count; i++)
        if (f->tensors[i].data)
            b->values[i] = (tflite_value){.state = VALUE_CONSTANT, .constant = i};
    for (int32_t i = 0, last = 0; i < f->operator_count; i++) {
        const tflite_operator *o = &f->operators[i];
        for (int k = 0; k < o->input_count; k++)
            if (o->inputs[k] >= 0)
                b->uses[o->inputs[k]]++;
        if (has_weights(o)) {
            b->head_begins = last;
            last = i + 1;
        }
    }
    b->uses[f->output]++;
    return FV_OK;
}

static fv_status unknown(const tflite_operator *o)
{
    const char *name = tflite_operator_name(o->code);
    if (o->code == OPERATOR_CUSTOM)
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "is of a library of its own, %.*s; convert the network with TFLite's built-in operators",
            (int)o->custom_length, o->custom ? o->custom : "");
    if (!name)
        return status_set(FV_ERROR_FORMAT, "operator %lld is none of TFLite's; the file is damaged",
                          (long long)o->code);
    return status_set(
        FV_ERROR_UNSUPPORTED,
        "fovea has no layer for it; change the network to do without it, or train one of the zoo "
        "('fovea models')");
}

static fv_status add_operator(tflite_builder *b, const tflite_operator *o)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (operators[i].code == o->code)
            return operators[i].build(b, o);
    return unknown(o);
}

static fv_status add_operators(tflite_builder *b)
{
    for (b->at = 0; b->at < b->file.operator_count; b->at++) {
        const tflite_operator *o = &b->file.operators[b->at];
        const char *name = tflite_operator_name(o->code);
        fv_status status = add_operator(b, o);
        if (status == FV_OK)
            status = tflite_round_output(b, o);
        if (status == FV_OK && b->file.flat.damage)
            status = status_set(FV_ERROR_FORMAT, "%s; the file is damaged", b->file.flat.damage);
        if (status != FV_OK)
            return status_prefix(status, "%s: operator %d, %s", b->file.path, b->at, name ? name : "unknown");
    }
    return FV_OK;
}

/* ---- the output ---- */

/* Softmax and sigmoid at the end are left out: outputs are logits. */
static void leave_out(tflite_builder *b, tflite_value *v)
{
    if (v->activation == FV_LINEAR)
        return;
    if (v->activation == FV_SIGMOID)
        b->model->compile.loss = FV_BINARY_CROSSENTROPY;
    tflite_log(b, "the %s at the end is left out: a model gives logits",
               v->activation == FV_SIGMOID ? "sigmoid" : "softmax");
    v->activation = FV_LINEAR;
    v->rounds = false;
}

static fv_status end_model(tflite_builder *b)
{
    tflite_value *v = &b->values[b->file.output];
    if (v->state != VALUE_LAYER || v->flat || tflite_node_places(v->node) != 1)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "%s: its output is no row of logits (1, classes) that is computed from a picture",
                          b->file.path);
    leave_out(b, v);
    fv_status status = tflite_settle(b, v);
    if (status == FV_OK && tflite_node_shape(v->node).rank == 4 && !(v->node = fv_flatten(v->node)))
        status = status_last();
    if (status == FV_OK && !fv_output(v->node))
        status = status_last();
    if (status == FV_OK)
        status = network_check(b->model);
    if (status != FV_OK)
        return status_prefix(status, "%s", b->file.path);
    for (int32_t i = 0; i < b->model->tensor_count; i++)
        STATUS_TRY(model_file_check_finite(b->file.path, &b->model->tensors[i]));
    if (b->rounded > 0)
        tflite_log(
            b,
            "%d layers round what is computed as TensorFlow Lite does (fake_quantize); with --dequantize "
            "only the weights are taken",
            b->rounded);
    b->model->tensor_source = TENSORS_DRAWN;
    network_changed(b->model);
    return b->temperature > 0 ? fv_model_set_temperature(b->model, b->temperature) : FV_OK;
}

/* ---- the format ---- */

static bool is_tflite(const uint8_t *head, const char *path)
{
    (void)path;
    return memcmp(head + 4, "TFL3", 4) == 0;
}

static void release(tflite_builder *b)
{
    for (int32_t i = 0; b->values && i < b->file.tensor_count; i++) {
        free(b->values[i].scale);
        free(b->values[i].offset);
    }
    free(b->values);
    free(b->uses);
    tflite_file_release(&b->file);
    fv_model_destroy(b->model);
}

static fv_status build(const fv_import_options *o, fv_model **out)
{
    tflite_builder b = {.options = o};
    fv_status status = tflite_file_open(&b.file, o->path);
    if (status == FV_OK)
        status = begin_values(&b);
    if (status == FV_OK)
        status = begin_model(&b);
    if (status == FV_OK)
        status = add_operators(&b);
    if (status == FV_OK)
        status = end_model(&b);
    bool own = false;
    if (status == FV_OK)
        status = tflite_set_own(&b, &own);
    if (status == FV_OK && !own)
        status = tflite_set_preprocess(&b);
    if (status == FV_OK && !own)
        status = tflite_set_classes(&b);
    if (status == FV_OK) {
        *out = b.model;
        b.model = NULL;
    }
    release(&b);
    return status;
}

const graph_format tflite_graph_format = {"TFLite", is_tflite, build};
