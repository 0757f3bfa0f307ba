/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/passes/rewrite.h"

#include <stdlib.h>
#include <string.h>

int rewrite_uses(const graph *g, value_id v)
{
    int uses = g->values[v].output;
    for (int32_t i = 0; i < g->op_count; i++)
        for (int k = 0; k < g->ops[i].input_count; k++)
            uses += g->ops[i].inputs[k] == v;
    return uses;
}

void rewrite_replace(graph *g, value_id from, value_id to)
{
    for (int32_t i = 0; i < g->op_count; i++)
        for (int k = 0; k < g->ops[i].input_count; k++)
            if (g->ops[i].inputs[k] == from)
                g->ops[i].inputs[k] = to;
}

void rewrite_remove(graph *g, int32_t index)
{
    free(g->ops[index].name);
    memmove(&g->ops[index], &g->ops[index + 1], (size_t)(g->op_count - index - 1) * sizeof *g->ops);
    g->op_count--;
}

void rewrite_move(graph *g, int32_t from, int32_t to)
{
    op moved = g->ops[from];
    if (from < to) {
        to--;
        memmove(&g->ops[from], &g->ops[from + 1], (size_t)(to - from) * sizeof *g->ops);
    } else {
        memmove(&g->ops[to + 1], &g->ops[to], (size_t)(from - to) * sizeof *g->ops);
    }
    g->ops[to] = moved;
}

int32_t rewrite_index(const graph *g, const op *o)
{
    return (int32_t)(o - g->ops);
}
