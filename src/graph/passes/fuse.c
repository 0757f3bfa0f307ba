/* SPDX-License-Identifier: Apache-2.0 */
/* Activations and residual sums into the operation before them, so that memory is crossed once. */
#include "graph/ops/ops_internal.h"
#include "graph/passes/rewrite.h"

static bool can_take_activation(const op *before, fv_activation_kind kind, bool training)
{
    if (before->a.activation != FV_LINEAR)
        return false;
    if (training && !activation_uses_output(kind))
        return false;
    switch (before->kind) {
    case OP_CONV2D:
    case OP_DENSE:
    case OP_ADD:
    case OP_BATCH_NORM_INFERENCE:
        return true;
    case OP_BATCH_NORM:
        return kind == FV_RELU;
    default:
        return false;
    }
}

static bool fuse_activation(graph *g, int32_t index, bool training)
{
    op *o = &g->ops[index];
    op *before = graph_producer(g, o->inputs[0]);
    if (!before || rewrite_uses(g, o->inputs[0]) != 1 ||
        !can_take_activation(before, o->a.activation, training))
        return false;
    before->a.activation = o->a.activation;
    before->a.alpha = o->a.alpha;
    before->outputs[0] = o->outputs[0];
    rewrite_remove(g, index);
    return true;
}

/* The place of the residual among an operation's inputs, -1 when it takes none. */
static int residual_place(op_kind kind)
{
    switch (kind) {
    case OP_CONV2D:
    case OP_DENSE:
        return 3;
    case OP_BATCH_NORM:
    case OP_BATCH_NORM_INFERENCE:
        return 5;
    default:
        return -1;
    }
}

static bool can_take_residual(const graph *g, const op *before, const op *add)
{
    int place = before ? residual_place(before->kind) : -1;
    return place > 0 && !has_input(before, place) && before->a.activation == FV_LINEAR &&
           rewrite_uses(g, before->outputs[0]) == 1 &&
           !(before->kind == OP_BATCH_NORM && add->a.activation != FV_LINEAR && add->a.activation != FV_RELU);
}

static bool fuse_residual(graph *g, int32_t index)
{
    op add = g->ops[index];
    shape a = g->values[add.inputs[0]].shape, b = g->values[add.inputs[1]].shape;
    if (!shape_equal(&a, &b) || add.inputs[0] == add.inputs[1])
        return false;
    op *candidates[2] = {graph_producer(g, add.inputs[0]), graph_producer(g, add.inputs[1])};
    int chosen = -1;
    for (int i = 0; i < 2; i++) /* the later one: its operands are fresh in the cache */
        if (can_take_residual(g, candidates[i], &add) && (chosen < 0 || candidates[i] > candidates[chosen]))
            chosen = i;
    if (chosen < 0)
        return false;
    op *before = candidates[chosen];
    int place = residual_place(before->kind);
    for (int i = before->input_count; i < place; i++)
        before->inputs[i] = NO_VALUE;
    before->input_count = place + 1;
    before->inputs[place] = add.inputs[1 - chosen];
    before->a.activation = add.a.activation;
    before->a.alpha = add.a.alpha;
    before->outputs[0] = add.outputs[0];
    int32_t from = rewrite_index(g, before);
    rewrite_move(g, from, index + 1);
    rewrite_remove(g, index - 1);
    return true;
}

fv_status graph_fuse(graph *g, bool training)
{
    for (int32_t i = 0; i < g->op_count; i++)
        if (g->ops[i].kind == OP_ACTIVATION && fuse_activation(g, i, training))
            i--;
    for (int32_t i = 0; i < g->op_count; i++)
        if (g->ops[i].kind == OP_ADD)
            fuse_residual(g, i);
    return FV_OK;
}
