/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors and operators, and the values that they stand for. */
#include "convert/tflite_export/writer.h"

#include <stdlib.h>

#include "graph/passes/rewrite.h"

void lite_release(lite_writer *w)
{
    mem_pool_release(&w->pool);
    free(w->tensors);
    free(w->codes);
    free(w->operators);
    *w = (lite_writer){0};
}

/* ---- tensors ---- */

int32_t lite_tensor_add(lite_writer *w, const char *name, int type, lite_shape s, const void *data,
                        size_t bytes)
{
    if (!name || (bytes > 0 && !data) || MEM_GROW(w->tensors, w->tensor_count, w->tensor_capacity) != FV_OK)
        return LITE_FAILED;
    w->tensors[w->tensor_count] = (lite_tensor){name, type, s, data, bytes};
    return (int32_t)w->tensor_count++;
}

int32_t lite_floats(lite_writer *w, const char *name, lite_shape s, const float *data)
{
    size_t bytes = sizeof *data;
    for (int i = 0; i < s.rank; i++)
        bytes *= (size_t)s.d[i];
    return lite_tensor_add(w, name, TENSOR_FLOAT32, s, data, bytes);
}

int32_t lite_number(lite_writer *w, float number)
{
    float *copy = mem_pool_array(&w->pool, 1, sizeof *copy);
    if (!copy)
        return LITE_FAILED;
    *copy = number;
    return lite_floats(w, "number", (lite_shape){1, {1}}, copy);
}

int32_t lite_wholes(lite_writer *w, const int64_t *list, int count)
{
    int32_t *copy = mem_pool_array(&w->pool, (size_t)count, sizeof *copy);
    if (!copy)
        return LITE_FAILED;
    for (int i = 0; i < count; i++)
        copy[i] = (int32_t)list[i];
    return lite_tensor_add(w, "list", TENSOR_INT32, (lite_shape){1, {count}}, copy,
                           (size_t)count * sizeof *copy);
}

static fv_status find_code(lite_writer *w, lite_code wanted, size_t *index)
{
    for (*index = 0; *index < w->code_count; ++*index)
        if (w->codes[*index].code == wanted.code && w->codes[*index].version == wanted.version)
            return FV_OK;
    STATUS_TRY(MEM_GROW(w->codes, w->code_count, w->code_capacity));
    w->codes[w->code_count++] = wanted;
    return FV_OK;
}

int32_t lite_operator(lite_writer *w, int code, const int32_t *inputs, int count, lite_shape out,
                      const lite_options *options)
{
    lite_operator_record o = {.input_count = count};
    for (int i = 0; i < count; i++) {
        if (inputs[i] == LITE_FAILED)
            return LITE_FAILED;
        o.inputs[i] = inputs[i];
    }
    if (options)
        o.options = *options;
    lite_code wanted = {code, o.options.version ? o.options.version : 1};
    if (find_code(w, wanted, &o.code) != FV_OK)
        return LITE_FAILED;
    const char *name =
        mem_pool_text(&w->pool, "%s/%zu", w->op->name ? w->op->name : "network", w->operator_count);
    o.output = lite_tensor_add(w, name, TENSOR_FLOAT32, out, NULL, 0);
    if (o.output == LITE_FAILED || MEM_GROW(w->operators, w->operator_count, w->operator_capacity) != FV_OK)
        return LITE_FAILED;
    w->operators[w->operator_count++] = o;
    return o.output;
}

/* ---- values ---- */

const shape *lite_graph_shape(const lite_writer *w, value_id v)
{
    return &w->network->graph->values[v].shape;
}

lite_shape lite_shape_of(const lite_writer *w, value_id v)
{
    const shape *s = lite_graph_shape(w, v);
    lite_shape out = {.rank = s->rank};
    for (int i = 0; i < s->rank; i++)
        out.d[i] = s->d[i];
    return out;
}

/* A row of a picture's numbers with the channels slowest, as ours are. */
static int32_t turn_row(lite_writer *w, value_id v)
{
    const op *flatten = graph_producer(w->network->graph, v);
    int32_t x = lite_transpose(w, lite_value(w, flatten->inputs[0]), (const int[]){0, 3, 1, 2});
    return lite_reshape(w, x, lite_shape_of(w, v));
}

int32_t lite_value(lite_writer *w, value_id v)
{
    lite_value_state *state = &w->values[v];
    if (state->tensor >= 0 && !state->last_fastest)
        return state->tensor;
    if (state->last_fastest) {
        state->tensor = turn_row(w, v);
        state->last_fastest = false;
    } else if (w->network->data[v]) {
        state->tensor = lite_floats(w, export_parameter_name(w->network, w->op, v, "", &w->pool),
                                    lite_shape_of(w, v), w->network->data[v]);
    } else {
        status_set(FV_ERROR_INTERNAL, "layer %s: its input %d is written nowhere",
                   w->op->name ? w->op->name : "?", (int)v);
        return LITE_FAILED;
    }
    return state->tensor;
}

int32_t lite_channels(lite_writer *w, const op *o, int input, const char *part, int64_t count, float fill)
{
    value_id v = op_input(o, input);
    if (v != NO_VALUE)
        return lite_floats(w, export_parameter_name(w->network, w->op, v, part, &w->pool),
                           (lite_shape){1, {count}}, w->network->data[v]);
    float *list = mem_pool_array(&w->pool, (size_t)count, sizeof *list);
    for (int64_t i = 0; list && i < count; i++)
        list[i] = fill;
    return list ? lite_floats(w, mem_pool_text(&w->pool, "%s.%s", o->name ? o->name : "network", part),
                              (lite_shape){1, {count}}, list)
                : LITE_FAILED;
}

int lite_fuse(lite_writer *w, const op *o)
{
    const graph *g = w->network->graph;
    value_id y = o->outputs[0];
    const op *reader = NULL;
    for (int32_t i = 0; i < g->op_count && !reader; i++)
        if (g->ops[i].kind == OP_ACTIVATION && g->ops[i].inputs[0] == y)
            reader = &g->ops[i];
    if (!reader || rewrite_uses(g, y) != 1)
        return ACTIVATION_NONE;
    int fused = reader->a.activation == FV_RELU    ? ACTIVATION_RELU
                : reader->a.activation == FV_RELU6 ? ACTIVATION_RELU6
                                                   : ACTIVATION_NONE;
    w->values[y].fused = fused != ACTIVATION_NONE;
    return fused;
}

bool lite_set(lite_writer *w, const op *o, int32_t x)
{
    w->values[o->outputs[0]].tensor = x;
    return x >= 0;
}

/* ---- operators that many use ---- */

int32_t lite_reshape(lite_writer *w, int32_t x, lite_shape to)
{
    int64_t list[LITE_RANK];
    for (int i = 0; i < to.rank; i++)
        list[i] = to.d[i]; /* BATCH is -1: what is left */
    return lite_operator(w, OPERATOR_RESHAPE, (int32_t[]){x, lite_wholes(w, list, to.rank)}, 2, to, NULL);
}

int32_t lite_transpose(lite_writer *w, int32_t x, const int *order)
{
    if (x < 0)
        return x;
    lite_shape from = w->tensors[x].shape, to = from;
    int64_t list[LITE_RANK];
    for (int i = 0; i < from.rank; i++) {
        to.d[i] = from.d[order[i]];
        list[i] = order[i];
    }
    return lite_operator(w, OPERATOR_TRANSPOSE, (int32_t[]){x, lite_wholes(w, list, from.rank)}, 2, to, NULL);
}

/* The larger of each side; the shorter shape has ones before it. */
static lite_shape broadcast(const lite_shape *a, const lite_shape *b)
{
    lite_shape y = a->rank >= b->rank ? *a : *b;
    const lite_shape *s = a->rank >= b->rank ? b : a;
    for (int i = 1; i <= s->rank; i++)
        if (y.d[y.rank - i] == 1)
            y.d[y.rank - i] = s->d[s->rank - i];
    return y;
}

static int32_t of_two(lite_writer *w, int code, int type, int32_t a, int32_t b, int activation)
{
    if (a < 0 || b < 0)
        return LITE_FAILED;
    lite_options options = {.type = type, .count = 1, .fields = {FLAT_BYTE(0, activation)}};
    return lite_operator(w, code, (int32_t[]){a, b}, 2, broadcast(&w->tensors[a].shape, &w->tensors[b].shape),
                         &options);
}

int32_t lite_add(lite_writer *w, int32_t a, int32_t b, int activation)
{
    return of_two(w, OPERATOR_ADD, OPTIONS_ADD, a, b, activation);
}

int32_t lite_multiply(lite_writer *w, int32_t a, int32_t b, int activation)
{
    return of_two(w, OPERATOR_MUL, OPTIONS_MUL, a, b, activation);
}

int32_t lite_mean(lite_writer *w, int32_t x, const int64_t *axes, int count, bool keep)
{
    if (x < 0)
        return x;
    const lite_options options = {.type = OPTIONS_REDUCER, .count = 1, .fields = {FLAT_BYTE(0, keep)}};
    lite_shape from = w->tensors[x].shape, to = {0};
    for (int i = 0; i < from.rank; i++) {
        bool gone = false;
        for (int k = 0; k < count; k++)
            gone = gone || axes[k] == i;
        if (!gone || keep)
            to.d[to.rank++] = gone ? 1 : from.d[i];
    }
    return lite_operator(w, OPERATOR_MEAN, (int32_t[]){x, lite_wholes(w, axes, count)}, 2, to, &options);
}
