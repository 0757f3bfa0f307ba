/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operations' files share while a graph is compiled. An operation asks for its inputs in the layout it wants, defines
 * its outputs in the layout it writes, and adds a step:
 *
 *     buffer_id x = compiler_use(c, o->inputs[0], &wanted);
 *     buffer_id y = compiler_define(c, o->outputs[0], &wanted, o->inputs[0]);   // over the input where that is allowed
 *     STATUS_TRY(compiler_step(c, o, relu_run, context, (buffer_id[]){x, y}, 2));
 *
 * The first failure is kept in the compiler; calls after it do nothing.
 */
#ifndef ENGINE_ONEDNN_COMPILER_H
#define ENGINE_ONEDNN_COMPILER_H

#include <dnnl.h>

#include "engine/engine.h"
#include "engine/onednn/layout.h"

typedef struct onednn_engine {
    engine base;
    dnnl_engine_t dnnl;
    dnnl_stream_t stream;
    const kernel_table *kernels;
} onednn_engine;

/* Where a value lies; kept with the program for read and write. */
typedef struct place {
    layout layout;
    buffer_id buffer; /* NO_BUFFER until defined */
    value_id root;    /* whose memory this is: itself, or what it is a view of */
    int32_t last_use; /* operation that reads it (or a view of it) last; of roots */
    bool kept;        /* it or a view of it is read from outside; of roots */
    bool stable;      /* depends on persistent values that nothing updates: copies are made in the prologue */
    value_id source;  /* weights of a dense layer: its input; else NO_VALUE */
} place;

/* A value in a second layout. */
typedef struct copy {
    value_id value;
    layout layout;
    buffer_id buffer;
} copy;

typedef struct compiler {
    onednn_engine *e;
    const graph *g;
    program *p;
    place *places;
    copy *copies;
    size_t copy_count, copy_capacity;
    int32_t op; /* index of the operation being compiled */
    bool training;
    fv_status status;
} compiler;

static inline const value *compiler_value(const compiler *c, value_id v)
{
    return &c->g->values[v];
}
static inline const shape *compiler_shape(const compiler *c, value_id v)
{
    return &c->g->values[v].shape;
}

/* Adds the steps of one operation. */
fv_status compiler_operation(compiler *c, const op *o);
/* The layout of v as it stands: inputs and persistent values that were not used before become dense. */
const layout *compiler_layout(compiler *c, value_id v);
/* Gives a persistent value that was not used before this layout. */
void compiler_settle(compiler *c, value_id v, const layout *l);
/* The buffer of v in layout l, reordering when needed; NO_BUFFER for NO_VALUE. */
buffer_id compiler_use(compiler *c, value_id v, const layout *l);
buffer_id compiler_use_dense(compiler *c, value_id v);
/* The buffer in which the current operation writes v: that of `over` when it may be overwritten (NO_VALUE: never). */
buffer_id compiler_define(compiler *c, value_id v, const layout *l, value_id over);
buffer_id compiler_define_dense(compiler *c, value_id v);
/* A step has written the persistent value v in layout l and buffer b: copies in other layouts are stale from here on, and v gets its new
 * contents where it lies otherwise. Nothing for NO_VALUE. */
fv_status compiler_updated(compiler *c, const op *o, value_id v, const layout *l, buffer_id b);
/* y is the same memory as x, or as the copy of x in buffer b, under another layout. */
void compiler_view(compiler *c, value_id y, value_id x, const layout *l, buffer_id b);
/* Memory of the current operation's own, or an opaque value's. */
buffer_id compiler_scratch(compiler *c, size_t bytes);
buffer_id compiler_define_opaque(compiler *c, value_id v, size_t bytes);
/* The last operation that reads v's memory is the current one, so that its memory may be written over. */
bool compiler_may_overwrite(const compiler *c, value_id v);

/* For a picture that only follows from its gradient: the layout that its users will want. */
layout compiler_hint(compiler *c, value_id v);
/* The layout in which an operation that walks its input should take v: v's own where kernels can walk it, else dense. */
layout compiler_walkable(compiler *c, value_id v, form *f);

/* Adds a step. `context` is freed by `free` and belongs to the program from now on, also on failure. */
fv_status compiler_step(compiler *c, const op *o, fv_status (*run)(void *, void *const *), void *context,
                        const buffer_id *buffers, int count);

/* ---- primitives (primitive.c) ---- */

typedef struct argument {
    int index; /* DNNL_ARG_… */
    buffer_id buffer;
    dnnl_memory_desc_t md;
} argument;
enum {
    PRIMITIVE_MAX_ARGUMENTS = 12
};

/* "conv1: oneDNN cannot …" */
fv_status onednn_error(dnnl_status_t status, const char *layer, const char *what);
/* Creates a primitive from `pd` (which is destroyed) and adds the step that executes it, with its scratchpad. */
fv_status compiler_primitive(compiler *c, const op *o, const char *label, dnnl_primitive_desc_t pd,
                             const argument *arguments, int count);
fv_status compiler_reorder(compiler *c, const char *layer, const dnnl_memory_desc_t *from, buffer_id source,
                           const dnnl_memory_desc_t *to, buffer_id target, bool prologue);
/* Reorders once, outside of a program. */
fv_status onednn_reorder_now(onednn_engine *e, const dnnl_memory_desc_t *from, const void *source,
                             const dnnl_memory_desc_t *to, void *target);
/* Creates the descriptor with a user-mode scratchpad. `activation` and `residual` become post-operations. */
fv_status primitive_describe(compiler *c, const op *o, const void *descriptor, dnnl_primitive_desc_t hint,
                             bool residual, dnnl_primitive_desc_t *out);
static inline layout primitive_layout(const_dnnl_primitive_desc_t pd, dnnl_query_t what, bool picture)
{
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, what, 0);
    return (layout){.md = md ? *md : (dnnl_memory_desc_t){0}, .picture = picture};
}

/* ---- one function a kind of operation ---- */

typedef fv_status op_compiler(compiler *c, const op *o);
op_compiler compile_convolution, compile_convolution_grad_input, compile_convolution_grad_weight;
op_compiler compile_dense, compile_dense_grad_input, compile_dense_grad_weight;
op_compiler compile_pool, compile_pool_grad, compile_global_pool, compile_global_pool_grad;
op_compiler compile_batch_norm, compile_batch_norm_grad, compile_batch_norm_inference,
    compile_batch_norm_inference_grad, compile_fold_batch_norm;
op_compiler compile_normalize, compile_activation, compile_activation_grad, compile_softmax,
    compile_softmax_grad, compile_fake_quantize, compile_fake_quantize_grad, compile_dropout, compile_binary,
    compile_reduce_sum;
op_compiler compile_concat, compile_pad, compile_crop, compile_shuffle, compile_reshape, compile_flatten,
    compile_unflatten;
op_compiler compile_group_norm, compile_group_norm_grad, compile_attention, compile_attention_grad;
op_compiler compile_loss, compile_loss_grad, compile_general_loss, compile_general_loss_grad, compile_correct,
    compile_vote;
op_compiler compile_update, compile_adjust_gradient, compile_square_sum, compile_clip_factor, compile_average,
    compile_orthogonal_momentum;

/* Defines output 0 of a convolution or dense layer that adds to its residual: over the residual's memory where that may be
 * overwritten, else a copy of it. */
buffer_id compiler_define_sum(compiler *c, const op *o, const layout *l, value_id residual);
/* The layout that a convolution wants for its input. */
fv_status convolution_source_layout(compiler *c, const op *o, layout *out);

#endif
