/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU engine: convolutions, dense layers and pooling by oneDNN, everything else by our own kernels in the same layouts. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/memory.h"
#include "engine/onednn/compiler.h"

static op_compiler *const compilers[OP_KIND_COUNT] = {
    [OP_NORMALIZE] = compile_normalize,
    [OP_CONV2D] = compile_convolution,
    [OP_CONV2D_GRAD_INPUT] = compile_convolution_grad_input,
    [OP_CONV2D_GRAD_WEIGHT] = compile_convolution_grad_weight,
    [OP_DENSE] = compile_dense,
    [OP_DENSE_GRAD_INPUT] = compile_dense_grad_input,
    [OP_DENSE_GRAD_WEIGHT] = compile_dense_grad_weight,
    [OP_MAX_POOL2D] = compile_pool,
    [OP_MAX_POOL2D_GRAD] = compile_pool_grad,
    [OP_AVERAGE_POOL2D] = compile_pool,
    [OP_AVERAGE_POOL2D_GRAD] = compile_pool_grad,
    [OP_GLOBAL_AVERAGE_POOL2D] = compile_global_pool,
    [OP_GLOBAL_AVERAGE_POOL2D_GRAD] = compile_global_pool_grad,
    [OP_BATCH_NORM] = compile_batch_norm,
    [OP_BATCH_NORM_GRAD] = compile_batch_norm_grad,
    [OP_BATCH_NORM_INFERENCE] = compile_batch_norm_inference,
    [OP_BATCH_NORM_INFERENCE_GRAD] = compile_batch_norm_inference_grad,
    [OP_FOLD_BATCH_NORM] = compile_fold_batch_norm,
    [OP_GROUP_NORM] = compile_group_norm,
    [OP_GROUP_NORM_GRAD] = compile_group_norm_grad,
    [OP_ATTENTION] = compile_attention,
    [OP_ATTENTION_GRAD] = compile_attention_grad,
    [OP_ACTIVATION] = compile_activation,
    [OP_ACTIVATION_GRAD] = compile_activation_grad,
    [OP_SOFTMAX] = compile_softmax,
    [OP_SOFTMAX_GRAD] = compile_softmax_grad,
    [OP_FAKE_QUANTIZE] = compile_fake_quantize,
    [OP_FAKE_QUANTIZE_GRAD] = compile_fake_quantize_grad,
    [OP_DROPOUT] = compile_dropout,
    [OP_ADD] = compile_binary,
    [OP_MULTIPLY] = compile_binary,
    [OP_REDUCE_SUM] = compile_reduce_sum,
    [OP_CONCAT] = compile_concat,
    [OP_PAD] = compile_pad,
    [OP_CROP] = compile_crop,
    [OP_SHUFFLE] = compile_shuffle,
    [OP_RESHAPE] = compile_reshape,
    [OP_FLATTEN] = compile_flatten,
    [OP_UNFLATTEN] = compile_unflatten,
    [OP_SOFTMAX_CROSS_ENTROPY] = compile_loss,
    [OP_SOFTMAX_CROSS_ENTROPY_GRAD] = compile_loss_grad,
    [OP_SIGMOID_CROSS_ENTROPY] = compile_loss,
    [OP_SIGMOID_CROSS_ENTROPY_GRAD] = compile_loss_grad,
    [OP_SOFTMAX_LOSS] = compile_general_loss,
    [OP_SIGMOID_LOSS] = compile_general_loss,
    [OP_LOSS_GRAD] = compile_general_loss_grad,
    [OP_CORRECT] = compile_correct,
    [OP_VOTE] = compile_vote,
    [OP_ADJUST_GRADIENT] = compile_adjust_gradient,
    [OP_SQUARE_SUM] = compile_square_sum,
    [OP_CLIP_FACTOR] = compile_clip_factor,
    [OP_AVERAGE] = compile_average,
    [OP_UPDATE_SGD] = compile_update,
    [OP_UPDATE_ADAM] = compile_update,
    [OP_UPDATE_RMSPROP] = compile_update,
    [OP_UPDATE_ADAGRAD] = compile_update,
    [OP_UPDATE_LION] = compile_update,
    [OP_UPDATE_LAMB] = compile_update,
    [OP_ORTHOGONAL_MOMENTUM] = compile_orthogonal_momentum,
};

static fv_status probe(text *detail)
{
    const dnnl_version_t *v = dnnl_version();
    text_add(detail, "oneDNN %d.%d.%d, kernels for %s", v->major, v->minor, v->patch, kernels_select()->set);
    return text_status(detail);
}

static void destroy(engine *base)
{
    onednn_engine *e = (onednn_engine *)base;
    if (e->stream)
        dnnl_stream_destroy(e->stream);
    if (e->dnnl)
        dnnl_engine_destroy(e->dnnl);
    free(e);
}

static fv_status create(int threads, engine **out)
{
    onednn_engine *e = mem_array(1, sizeof *e);
    if (!e)
        return status_last();
    *e =
        (onednn_engine){.base = {.api = &onednn_engine_api, .threads = threads}, .kernels = kernels_select()};
    dnnl_status_t status = dnnl_engine_create(&e->dnnl, dnnl_cpu, 0);
    if (status == dnnl_success)
        status = dnnl_stream_create(&e->stream, e->dnnl, dnnl_stream_default_flags);
    if (status != dnnl_success) {
        destroy(&e->base);
        return onednn_error(status, "engine onednn", "start");
    }
    *out = &e->base;
    return FV_OK;
}

static bool supports(const graph *g, const op *o, const char **why)
{
    (void)g;
    *why = "the oneDNN engine has no kernel for it";
    return compilers[o->kind] != NULL;
}

/* ---- compile ---- */

static void survey(compiler *c)
{
    const graph *g = c->g;
    for (value_id v = 0; v < g->value_count; v++)
        c->places[v] =
            (place){.buffer = NO_BUFFER,
                    .root = v,
                    .last_use = -1,
                    .source = NO_VALUE,
                    .kept = g->values[v].output,
                    .stable = g->values[v].kind == VALUE_PARAMETER || g->values[v].kind == VALUE_STATE};
    for (int32_t i = 0; i < g->op_count; i++) {
        const op *o = &g->ops[i];
        for (int j = 0; j < o->input_count; j++)
            if (o->inputs[j] != NO_VALUE)
                c->places[o->inputs[j]].last_use = i;
        for (int j = 0; j < o->output_count; j++)
            if (o->outputs[j] != NO_VALUE)
                c->places[o->outputs[j]].stable = o->prologue;
        c->training = c->training || o->kind == OP_CONV2D_GRAD_WEIGHT || o->kind == OP_DENSE_GRAD_WEIGHT ||
                      o->kind == OP_CONV2D_GRAD_INPUT || o->kind == OP_DENSE_GRAD_INPUT;
    }
}

/* The number of threads is a setting of the calling thread, so every run makes sure of it. */
static fv_status team_run(void *context, void *const *memory)
{
    (void)memory;
    omp_set_num_threads(((onednn_engine *)context)->base.threads);
    return FV_OK;
}

static fv_status add_team_step(compiler *c, bool prologue)
{
    return program_step_add(
        c->p, &(program_step){.run = team_run, .context = c->e, .prologue = prologue, .label = "threads"});
}

fv_status compiler_operation(compiler *c, const op *o)
{
    fv_status status = compilers[o->kind](c, o);
    return status != FV_OK ? status : c->status;
}

static fv_status compile_all(compiler *c)
{
    STATUS_TRY(add_team_step(c, true));
    STATUS_TRY(add_team_step(c, false));
    for (c->op = 0; c->op < c->g->op_count; c->op++)
        if (!c->g->ops[c->op].prologue)
            STATUS_TRY(compiler_operation(c, &c->g->ops[c->op]));
    c->op = c->g->op_count - 1;
    for (value_id v = 0; v < c->g->value_count; v++)
        if (c->g->values[v].kind != VALUE_COMPUTED || c->g->values[v].output)
            compiler_layout(c, v);
    return c->status;
}

/* What only the prologue uses, such as folded weights before they are reordered, needs no place of its own: the arena is free
 * while the prologue runs. */
static fv_status shrink_prologue(const compiler *c)
{
    program *p = c->p;
    bool *lasting = mem_array((size_t)p->buffer_count, sizeof *lasting);
    if (!lasting)
        return status_last();
    for (value_id v = 0; v < c->g->value_count; v++)
        if (c->places[v].buffer != NO_BUFFER && (c->g->values[v].kind != VALUE_COMPUTED || c->places[v].kept))
            lasting[c->places[v].buffer] = true;
    for (int32_t i = 0; i < p->step_count; i++)
        for (int k = 0; k < p->steps[i].buffer_count; k++)
            if (!p->steps[i].prologue && p->steps[i].buffers[k] != NO_BUFFER)
                lasting[p->steps[i].buffers[k]] = true;
    for (buffer_id b = 0; b < p->buffer_count; b++)
        if (!lasting[b])
            p->buffers[b].kind = BUFFER_ARENA;
    free(lasting);
    return FV_OK;
}

static fv_status compile(engine *e, const graph *g, program *p)
{
    compiler c = {.e = (onednn_engine *)e, .g = g, .p = p};
    c.places = mem_array((size_t)g->value_count, sizeof *c.places);
    if (!c.places)
        return status_last();
    p->engine_data = c.places;
    p->engine_data_destroy = free;
    omp_set_num_threads(e->threads); /* oneDNN cuts the work when a primitive is made */
    survey(&c);
    fv_status status = compile_all(&c);
    if (status == FV_OK)
        status = shrink_prologue(&c);
    free(c.copies);
    return status;
}

/* ---- memory ---- */

/* Large blocks on huge pages: a training step walks hundreds of megabytes, and small pages cost TLB misses. */
static void *block_alloc(engine *e, size_t bytes)
{
    (void)e;
    const size_t huge = (size_t)2 << 20;
    if (bytes < huge || bytes > SIZE_MAX - huge)
        return mem_aligned(bytes);
    size_t rounded = (bytes + huge - 1) & ~(huge - 1);
    void *block = aligned_alloc(huge, rounded);
    if (!block) {
        status_set(FV_ERROR_MEMORY, "out of memory (%zu bytes)", bytes);
        return NULL;
    }
    madvise(block, rounded, MADV_HUGEPAGE); /* only advice */
    memset(block, 0, rounded);
    return block;
}

static void block_free(engine *e, void *block)
{
    (void)e;
    free(block);
}

static fv_status value_write(engine *e, program *p, const graph *g, value_id v, const void *data)
{
    const layout *l = &((const place *)p->engine_data)[v].layout;
    void *address = program_address(p, p->value_buffers[v]);
    (void)g;
    if (layout_is_dense(l)) {
        memcpy(address, data, layout_bytes(l));
        return FV_OK;
    }
    layout dense = layout_dense_like(l);
    return onednn_reorder_now((onednn_engine *)e, &dense.md, data, &l->md, address);
}

static fv_status value_read(engine *e, program *p, const graph *g, value_id v, void *data)
{
    const layout *l = &((const place *)p->engine_data)[v].layout;
    const void *address = program_address(p, p->value_buffers[v]);
    (void)g;
    if (layout_is_dense(l)) {
        memcpy(data, address, layout_bytes(l));
        return FV_OK;
    }
    layout dense = layout_dense_like(l);
    return onednn_reorder_now((onednn_engine *)e, &l->md, address, &dense.md, data);
}

/* Primitives run on the calling thread's team and are done when they return. */
static fv_status sync_stream(engine *e)
{
    dnnl_status_t status = dnnl_stream_wait(((onednn_engine *)e)->stream);
    return status == dnnl_success ? FV_OK : onednn_error(status, "engine onednn", "finish");
}

const engine_api onednn_engine_api = {
    .api_version = ENGINE_API_VERSION,
    .name = "onednn",
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .supports = supports,
    .compile = compile,
    .alloc = block_alloc,
    .free = block_free,
    .write = value_write,
    .read = value_read,
    .sync = sync_stream,
};
