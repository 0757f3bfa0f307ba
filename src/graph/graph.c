/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

int64_t shape_count(const shape *s)
{
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++)
        n *= s->d[i] == BATCH ? 1 : s->d[i];
    return n;
}

bool shape_equal(const shape *a, const shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->d[i] != b->d[i])
            return false;
    return true;
}

const char *shape_text(const shape *s, char *buffer)
{
    int n = sprintf(buffer, "(");
    for (int i = 0; i < s->rank; i++)
        if (s->d[i] == BATCH)
            n += sprintf(buffer + n, "%sN", i ? ", " : "");
        else
            n += snprintf(buffer + n, 15, "%s%" PRId64, i ? ", " : "", s->d[i]);
    sprintf(buffer + n, ")");
    return buffer;
}

graph *graph_create(void)
{
    return mem_array(1, sizeof(graph));
}

void graph_destroy(graph *g)
{
    if (!g)
        return;
    for (int32_t i = 0; i < g->value_count; i++)
        free(g->values[i].name);
    for (int32_t i = 0; i < g->op_count; i++)
        free(g->ops[i].name);
    free(g->values);
    free(g->ops);
    free(g);
}

graph *graph_copy(const graph *g)
{
    graph *copy = graph_create();
    if (!copy)
        return NULL;
    copy->values = mem_array((size_t)g->value_count, sizeof *g->values);
    copy->ops = mem_array((size_t)g->op_count, sizeof *g->ops);
    if (!copy->values || !copy->ops)
        goto fail;
    copy->value_capacity = (size_t)g->value_count;
    copy->op_capacity = (size_t)g->op_count;
    for (; copy->value_count < g->value_count; copy->value_count++) {
        const value *from = &g->values[copy->value_count];
        value *to = &copy->values[copy->value_count];
        *to = *from;
        if (from->name && !(to->name = mem_string(from->name)))
            goto fail;
    }
    for (; copy->op_count < g->op_count; copy->op_count++) {
        const op *from = &g->ops[copy->op_count];
        op *to = &copy->ops[copy->op_count];
        *to = *from;
        if (from->name && !(to->name = mem_string(from->name)))
            goto fail;
    }
    return copy;
fail:
    graph_destroy(copy);
    return NULL;
}

static value_id add_value(graph *g, value_kind kind, data_type type, shape s, const char *name)
{
    if (MEM_GROW(g->values, g->value_count, g->value_capacity) != FV_OK)
        return NO_VALUE;
    char *copy = mem_string(name);
    if (name && !copy)
        return NO_VALUE;
    g->values[g->value_count] = (value){.kind = kind, .type = type, .shape = s, .name = copy};
    return g->value_count++;
}

static value_id add_named(graph *g, value_kind kind, data_type type, shape s, const char *name)
{
    if (graph_find(g, name) != NO_VALUE) {
        status_set(FV_ERROR_INVALID, "the name %s is used twice in the network; give the layer another name",
                   name);
        return NO_VALUE;
    }
    return add_value(g, kind, type, s, name);
}

value_id graph_input(graph *g, const char *name, data_type type, shape s)
{
    return add_named(g, VALUE_INPUT, type, s, name);
}

value_id graph_persistent(graph *g, value_kind kind, const char *name, shape s)
{
    return add_named(g, kind, TYPE_F32, s, name);
}

value_id graph_find(const graph *g, const char *name)
{
    for (value_id v = 0; v < g->value_count; v++)
        if (g->values[v].kind != VALUE_COMPUTED && g->values[v].name && strcmp(g->values[v].name, name) == 0)
            return v;
    return NO_VALUE;
}

/* Puts the layer's name in front of an inference error. */
static fv_status name_error(fv_status status, const op *o)
{
    return status_prefix(status, "layer %s", o->name ? o->name : op_info_of(o->kind)->name);
}

static fv_status check_inputs(const graph *g, const op *o)
{
    const op_info *info = op_info_of(o->kind);
    if (o->input_count < info->min_inputs || o->input_count > info->max_inputs)
        return status_set(FV_ERROR_INVALID, "%s takes %d to %d inputs, not %d", info->name, info->min_inputs,
                          info->max_inputs, o->input_count);
    for (int i = 0; i < o->input_count; i++) {
        value_id v = o->inputs[i];
        if (v < NO_VALUE || v >= g->value_count)
            return status_set(FV_ERROR_INTERNAL, "%s: input %d is no value", info->name, i);
    }
    return FV_OK;
}

value_id graph_add(graph *g, op_kind kind, const value_id *inputs, int count, const op_attributes *a,
                   const char *name)
{
    const op_info *info = op_info_of(kind);
    op o = {.kind = kind, .input_count = count, .output_count = info->outputs};
    value outputs[OP_MAX_OUTPUTS] = {0};
    if (a)
        o.a = *a;
    for (int i = 0; i < count && i < OP_MAX_INPUTS; i++)
        o.inputs[i] = inputs[i];
    for (int i = 0; i < OP_MAX_OUTPUTS; i++)
        o.outputs[i] = NO_VALUE;
    o.name = (char *)name;
    fv_status status = check_inputs(g, &o);
    if (status == FV_OK)
        status = info->infer(g, &o, outputs);
    if (status != FV_OK) {
        name_error(status, &o);
        return NO_VALUE;
    }
    if (MEM_GROW(g->ops, g->op_count, g->op_capacity) != FV_OK)
        return NO_VALUE;
    if (name && !(o.name = mem_string(name)))
        return NO_VALUE;
    for (int i = 0; i < info->outputs; i++) {
        if (info->updates[i] > 0) { /* written in place */
            o.outputs[i] = inputs[info->updates[i] - 1];
            continue;
        }
        o.outputs[i] = add_value(g, VALUE_COMPUTED, outputs[i].type, outputs[i].shape, name);
        if (o.outputs[i] == NO_VALUE) {
            free(o.name);
            return NO_VALUE;
        }
    }
    g->ops[g->op_count++] = o;
    return o.outputs[0];
}

op *graph_last(graph *g)
{
    return g->op_count > 0 ? &g->ops[g->op_count - 1] : NULL;
}

void graph_mark_output(graph *g, value_id v)
{
    g->values[v].output = true;
}

op *graph_producer(const graph *g, value_id v)
{
    if (v == NO_VALUE || g->values[v].kind != VALUE_COMPUTED)
        return NULL;
    for (int32_t i = 0; i < g->op_count; i++)
        for (int k = 0; k < g->ops[i].output_count; k++)
            if (g->ops[i].outputs[k] == v)
                return &g->ops[i];
    return NULL;
}

fv_status graph_set_batch(graph *g, int64_t n)
{
    if (n < 1 || n > 65536)
        return status_set(FV_ERROR_INVALID, "the batch must be 1..65536 pictures, not %" PRId64, n);
    for (value_id v = 0; v < g->value_count; v++)
        if (g->values[v].kind == VALUE_INPUT && g->values[v].shape.rank > 0 &&
            g->values[v].shape.d[0] == BATCH)
            g->values[v].shape.d[0] = n;
    for (int32_t i = 0; i < g->op_count; i++) {
        op *o = &g->ops[i];
        value outputs[OP_MAX_OUTPUTS] = {0};
        if (o->a.shape.rank > 0 && o->a.shape.d[0] == BATCH)
            o->a.shape.d[0] = n;
        fv_status status = op_info_of(o->kind)->infer(g, o, outputs);
        if (status != FV_OK)
            return name_error(status, o);
        for (int k = 0; k < o->output_count; k++)
            if (o->outputs[k] != NO_VALUE && g->values[o->outputs[k]].kind == VALUE_COMPUTED)
                g->values[o->outputs[k]].shape = outputs[k].shape;
    }
    return FV_OK;
}
