/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph: a flat, ordered list of operations over values. Forward, backward, metrics and the optimizer's update are all
 * operations of one list; a training step is one run of it.
 *
 *     graph *g = graph_create();
 *     value_id x = graph_input(g, "pixels", TYPE_U8, shape_nhwc(BATCH, 28, 28, 1));
 *     value_id w = graph_persistent(g, VALUE_PARAMETER, "conv1.weight", shape_4(32, 1, 3, 3));
 *     value_id y = graph_add(g, OP_CONV2D, (value_id[]){x, w, NO_VALUE, NO_VALUE}, 4, &attributes, "conv1");
 *
 * Values are logical: pictures (N, H, W, C), flat features (N, C), convolution weights (O, I, H, W), dense weights (O, I). How an
 * engine lays them out in memory is its own affair. The first dimension of a picture or a feature may be BATCH until
 * graph_set_batch fixes it. Shapes are inferred and checked when an operation is added; the error names the layer.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include <stdbool.h>

#include "core/status.h"

typedef int32_t value_id;
enum {
    NO_VALUE = -1,
    BATCH = -1,
    OP_MAX_INPUTS = 16,
    OP_MAX_OUTPUTS = 6
};

typedef enum data_type {
    TYPE_F32,
    TYPE_U8,
    TYPE_I32,
    TYPE_OPAQUE /* an engine's workspace between a forward operation and its gradient; contents and size are the engine's */
} data_type;

typedef struct shape {
    int rank; /* 0..4 */
    int64_t d[4];
} shape;

static inline shape shape_1(int64_t a)
{
    return (shape){1, {a}};
}
static inline shape shape_2(int64_t a, int64_t b)
{
    return (shape){2, {a, b}};
}
static inline shape shape_4(int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (shape){4, {a, b, c, d}};
}
int64_t shape_count(const shape *s); /* elements; BATCH counts 1 */
bool shape_equal(const shape *a, const shape *b);
/* "(N, 32, 32, 3)"; buffer of at least 64 bytes. Returns buffer. */
const char *shape_text(const shape *s, char *buffer);

typedef enum value_kind {
    VALUE_COMPUTED,  /* written by an operation, lives within a run */
    VALUE_INPUT,     /* written from outside before each run */
    VALUE_PARAMETER, /* persistent, trained */
    VALUE_STATE      /* persistent, not trained: running statistics, optimizer moments */
} value_kind;

typedef struct value {
    value_kind kind;
    data_type type;
    shape shape;
    bool output; /* read from outside after a run */
    char *name;  /* inputs and persistent values: unique; computed ones: the layer's, may be NULL */
} value;

#include "graph/ops.h" /* op_kind, op_attributes */

typedef struct op {
    op_kind kind;
    int input_count, output_count;
    value_id inputs[OP_MAX_INPUTS]; /* NO_VALUE where an optional one is absent */
    value_id outputs
        [OP_MAX_OUTPUTS]; /* NO_VALUE where an optional one is not wanted; a persistent value may be an output: it
                                         is updated in place, and later operations see the new contents */
    op_attributes a;
    char *name; /* the layer's, for messages and profiles */
    bool
        prologue; /* depends on persistent values only: run when those were written from outside, not in every run */
    bool update; /* left out of runs that only gather gradients; what it computes is read by its like only */
} op;

typedef struct graph {
    value *values;
    int32_t value_count;
    size_t value_capacity;
    op *ops; /* in an order in which they can be run */
    int32_t op_count;
    size_t op_capacity;
} graph;

/* Input i; NO_VALUE where it is absent. */
static inline value_id op_input(const op *o, int i)
{
    return i < o->input_count ? o->inputs[i] : NO_VALUE;
}

graph *graph_create(void); /* NULL: out of memory */
void graph_destroy(graph *g);
graph *graph_copy(const graph *g); /* value ids stay the same */

value_id graph_input(graph *g, const char *name, data_type type, shape s);
value_id graph_persistent(graph *g, value_kind kind, const char *name, shape s);
/* Adds an operation and returns its first output; NO_VALUE with the error set. `a` NULL: all zero. The other outputs are in
 * graph_last(g)->outputs. */
value_id graph_add(graph *g, op_kind kind, const value_id *inputs, int count, const op_attributes *a,
                   const char *name);
op *graph_last(graph *g);
void graph_mark_output(graph *g, value_id v);
/* The op that computes v; NULL for inputs and persistent values. */
op *graph_producer(const graph *g, value_id v);
value_id graph_find(const graph *g, const char *name);

/* Fixes BATCH to n and infers every shape again. */
fv_status graph_set_batch(graph *g, int64_t n);

/*
 * Autodiff: appends the operations that compute d output / d wrt[i] and stores their values in gradients[i] (NO_VALUE where output does not
 * depend on wrt[i]). `seed` is the gradient that arrives at `output` (same shape); NO_VALUE when `output` is a loss: 1.
 * Any computed value, input or parameter may be in wrt.
 */
fv_status graph_gradients(graph *g, value_id output, value_id seed, const value_id *wrt, int count,
                          value_id *gradients);

/* ---- passes (graph/passes/) ---- */

/* Batch norm uses its running statistics, dropout disappears. */
fv_status graph_to_inference(graph *g);
/* The same for one batch norm: it normalises with its running statistics, which stay as they are. */
void graph_fix_statistics(op *batch_norm);
/* Inference: batch norm into the convolution or dense layer before it; the folding itself becomes prologue operations. */
fv_status graph_fold_batch_norm(graph *g);
/* Activation and residual addition into the convolution, dense or batch norm before them. `training`: only what gradients allow
 * (activations whose gradient needs the output alone). Run before graph_gradients. */
fv_status graph_fuse(graph *g, bool training);
/* Removes operations that no output and no persistent value depends on. */
fv_status graph_remove_dead(graph *g);
/* Makes computed values inputs; what computed them is removed. */
fv_status graph_cut(graph *g, const value_id *values, int count);
/* Marks the operations that depend on nothing but persistent values that nothing updates. */
fv_status graph_hoist(graph *g);

/* Multiply-additions of one operation for its shapes (BATCH counts 1). */
int64_t op_multiply_adds(const graph *g, const op *o);

#endif
