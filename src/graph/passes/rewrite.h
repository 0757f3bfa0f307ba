/* SPDX-License-Identifier: Apache-2.0 */
/* The few moves that passes are made of. */
#ifndef GRAPH_PASSES_REWRITE_H
#define GRAPH_PASSES_REWRITE_H

#include "graph/graph.h"

/* How many operations read v, plus one when it is an output. */
int rewrite_uses(const graph *g, value_id v);
/* Whoever reads `from` reads `to` instead. */
void rewrite_replace(graph *g, value_id from, value_id to);
void rewrite_remove(graph *g, int32_t index);
/* Moves the operation at `from` to just before the one at `to` (or to the end). */
void rewrite_move(graph *g, int32_t from, int32_t to);
int32_t rewrite_index(const graph *g, const op *o);

#endif
