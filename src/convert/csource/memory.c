/* SPDX-License-Identifier: Apache-2.0 */
/* Which memory a value lies in: that of an input which nobody needs any more, where the operation allows it, or its own; laid out by
 * the same planner as an engine's (engine/program.c). */
#include "convert/csource/csource.h"

static bool one_of_two(int64_t a, int64_t b)
{
    return a == 1 || b == 1;
}

/* A dense layer may take its inputs in any order: its weights follow. */
static bool only_dense_reads(const graph *g, value_id v)
{
    for (int32_t i = 0; i < g->op_count; i++)
        for (int k = 0; k < g->ops[i].input_count; k++)
            if (g->ops[i].inputs[k] == v &&
                (g->ops[i].kind != OP_DENSE || k != 0 || g->values[v].shape.rank != 2))
                return false;
    return true;
}

bool csource_is_view(const csource *s, const op *o)
{
    const graph *g = s->graph;
    shape x = g->values[o->inputs[0]].shape, y = g->values[o->outputs[0]].shape;
    if (o->outputs[0] == s->network->probabilities)
        return false;
    switch (o->kind) {
    case OP_RESHAPE:
        return true;
    case OP_FLATTEN:
        return one_of_two(x.d[1] * x.d[2], x.d[3]) || only_dense_reads(g, o->outputs[0]);
    case OP_UNFLATTEN:
        return one_of_two(y.d[1] * y.d[2], y.d[3]);
    default:
        return false;
    }
}

static buffer_id home(const csource *s, value_id v)
{
    return v == NO_VALUE ? NO_BUFFER : s->program.value_buffers[v];
}

/* Whether an operation behind number `index`, or another input of that one, reads what is in the buffer of input k. */
static bool read_again(const csource *s, int32_t index, int k)
{
    const op *ops = s->graph->ops;
    buffer_id b = home(s, ops[index].inputs[k]);
    for (int i = 0; i < ops[index].input_count; i++)
        if (i != k && home(s, ops[index].inputs[i]) == b)
            return true;
    for (int32_t n = index + 1; n < s->graph->op_count; n++)
        for (int i = 0; i < ops[n].input_count; i++)
            if (home(s, ops[n].inputs[i]) == b)
                return true;
    return false;
}

/* The buffer of an input that operation `index` may write its output over; NO_BUFFER: none. */
static buffer_id reusable(const csource *s, int32_t index)
{
    const graph *g = s->graph;
    const op *o = &g->ops[index];
    for (int k = 0; k < o->input_count; k++) {
        if (!(op_info_of(o->kind)->in_place & 1 << k) || home(s, o->inputs[k]) == NO_BUFFER)
            continue;
        if (shape_equal(&g->values[o->inputs[k]].shape, &g->values[o->outputs[0]].shape) &&
            !read_again(s, index, k))
            return home(s, o->inputs[k]);
    }
    return NO_BUFFER;
}

static fv_status give_home(csource *s, int32_t index)
{
    const op *o = &s->graph->ops[index];
    value_id y = o->outputs[0];
    if (y == s->network->probabilities) /* the caller's */
        return FV_OK;
    buffer_id b = csource_is_view(s, o) ? home(s, o->inputs[0]) : reusable(s, index);
    if (b == NO_BUFFER) {
        size_t count = (size_t)shape_count(&s->graph->values[y].shape);
        b = program_buffer(&s->program, count * sizeof(csource_number), BUFFER_ARENA);
    }
    s->program.value_buffers[y] = b;
    return b == NO_BUFFER ? status_last() : FV_OK;
}

static fv_status add_step(csource *s, const op *o)
{
    program_step step = {.label = op_info_of(o->kind)->name};
    for (int k = 0; k < o->input_count; k++)
        step.buffers[step.buffer_count++] = home(s, o->inputs[k]);
    step.buffers[step.buffer_count++] = home(s, o->outputs[0]);
    return program_step_add(&s->program, &step);
}

fv_status csource_place(csource *s)
{
    for (int32_t i = 0; i < s->graph->op_count; i++) {
        STATUS_TRY(give_home(s, i));
        STATUS_TRY(add_step(s, &s->graph->ops[i]));
    }
    return program_plan(&s->program);
}
