/* SPDX-License-Identifier: Apache-2.0 */
/* oneDNN primitives as steps of a program. Everything is created while compiling; a run only executes. */
#include <stdatomic.h>
#include <stdlib.h>

#include "core/memory.h"
#include "engine/onednn/compiler.h"
#include "engine/onednn/onednn.h"

static _Atomic int64_t created;

int64_t onednn_primitives_created(void)
{
    return created;
}

fv_status onednn_error(dnnl_status_t status, const char *layer, const char *what)
{
    fv_status s = status == dnnl_out_of_memory   ? FV_ERROR_MEMORY
                  : status == dnnl_unimplemented ? FV_ERROR_UNSUPPORTED
                                                 : FV_ERROR_INTERNAL;
    const char *reason = status == dnnl_out_of_memory       ? "out of memory"
                         : status == dnnl_invalid_arguments ? "invalid arguments"
                         : status == dnnl_unimplemented     ? "not implemented for these shapes"
                                                            : "runtime error";
    return status_set(s, "%s: oneDNN cannot %s: %s", layer ? layer : "network", what, reason);
}

typedef struct primitive_context {
    dnnl_primitive_t primitive;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    const char *layer;
    int count;
    dnnl_memory_desc_t md[PRIMITIVE_MAX_ARGUMENTS];
    dnnl_exec_arg_t arguments[PRIMITIVE_MAX_ARGUMENTS];
} primitive_context;

static fv_status primitive_run(void *context, void *const *memory)
{
    (void)memory;
    primitive_context *p = context;
    dnnl_status_t status = dnnl_primitive_execute(p->primitive, p->stream, p->count, p->arguments);
    return status == dnnl_success ? FV_OK : onednn_error(status, p->layer, "run it");
}

static fv_status primitive_bind(void *context, void *const *memory)
{
    primitive_context *p = context;
    for (int i = 0; i < p->count; i++) {
        dnnl_memory_destroy(p->arguments[i].memory);
        p->arguments[i].memory = NULL;
        dnnl_status_t status = dnnl_memory_create(&p->arguments[i].memory, &p->md[i], p->engine, memory[i]);
        if (status != dnnl_success)
            return onednn_error(status, p->layer, "describe its memory");
    }
    return FV_OK;
}

static void primitive_destroy(void *context)
{
    primitive_context *p = context;
    for (int i = 0; i < p->count; i++)
        dnnl_memory_destroy(p->arguments[i].memory);
    if (p->primitive)
        dnnl_primitive_destroy(p->primitive);
    free(p);
}

static fv_status add_step(compiler *c, const char *layer, const char *label, bool prologue,
                          dnnl_primitive_desc_t pd, const argument *arguments, int count)
{
    primitive_context *p = mem_array(1, sizeof *p);
    if (!p)
        return status_last();
    *p = (primitive_context){.engine = c->e->dnnl, .stream = c->e->stream, .layer = layer};
    program_step step = {.run = primitive_run,
                         .bind = primitive_bind,
                         .destroy = primitive_destroy,
                         .context = p,
                         .prologue = prologue,
                         .update = c->g->ops[c->op].update,
                         .label = label,
                         .layer = layer};
    for (int i = 0; i < count; i++) {
        if (arguments[i].buffer == NO_BUFFER || arguments[i].md.ndims == 0)
            continue;
        p->arguments[p->count].arg = arguments[i].index;
        p->md[p->count] = arguments[i].md;
        step.buffers[p->count++] = arguments[i].buffer;
    }
    step.buffer_count = p->count;
    dnnl_status_t status = dnnl_primitive_create(&p->primitive, pd);
    if (status != dnnl_success) {
        primitive_destroy(p);
        return onednn_error(status, layer, "make its primitive");
    }
    created++;
    return program_step_add(c->p, &step);
}

fv_status compiler_primitive(compiler *c, const op *o, const char *label, dnnl_primitive_desc_t pd,
                             const argument *arguments, int count)
{
    argument all[PRIMITIVE_MAX_ARGUMENTS];
    for (int i = 0; i < count; i++)
        all[i] = arguments[i];
    dnnl_memory_desc_t scratchpad = *dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    size_t bytes = dnnl_memory_desc_get_size(&scratchpad);
    if (bytes)
        all[count++] = (argument){DNNL_ARG_SCRATCHPAD, compiler_scratch(c, bytes), scratchpad};
    fv_status status = c->status;
    if (status == FV_OK)
        status = add_step(c, o->name, label, o->prologue, pd, all, count);
    dnnl_primitive_desc_destroy(pd);
    return status;
}

static dnnl_status_t scratchpad_attributes(dnnl_primitive_attr_t *attributes)
{
    dnnl_status_t status = dnnl_primitive_attr_create(attributes);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
    return status;
}

fv_status compiler_reorder(compiler *c, const char *layer, const dnnl_memory_desc_t *from, buffer_id source,
                           const dnnl_memory_desc_t *to, buffer_id target, bool prologue)
{
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t status = scratchpad_attributes(&attributes);
    if (status == dnnl_success)
        status = dnnl_reorder_primitive_desc_create(&pd, from, c->e->dnnl, to, c->e->dnnl, attributes);
    dnnl_primitive_attr_destroy(attributes);
    if (status != dnnl_success)
        return onednn_error(status, layer, "reorder its data");
    op reorder = {.name = (char *)layer, .prologue = prologue};
    return compiler_primitive(c, &reorder, "reorder", pd,
                              (argument[]){{DNNL_ARG_FROM, source, *from}, {DNNL_ARG_TO, target, *to}}, 2);
}

fv_status onednn_reorder_now(onednn_engine *e, const dnnl_memory_desc_t *from, const void *source,
                             const dnnl_memory_desc_t *to, void *target)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t primitive = NULL;
    dnnl_memory_t a = NULL, b = NULL;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&pd, from, e->dnnl, to, e->dnnl, NULL);
    if (status == dnnl_success)
        status = dnnl_primitive_create(&primitive, pd);
    /* oneDNN's handle is not const, but a source is only read. */
    if (status == dnnl_success)
        status = dnnl_memory_create(&a, from, e->dnnl, (void *)(uintptr_t)source);
    if (status == dnnl_success)
        status = dnnl_memory_create(&b, to, e->dnnl, target);
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, a}, {DNNL_ARG_TO, b}};
    if (status == dnnl_success)
        status = dnnl_primitive_execute(primitive, e->stream, 2, arguments);
    dnnl_memory_destroy(a);
    dnnl_memory_destroy(b);
    if (primitive)
        dnnl_primitive_destroy(primitive);
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    return status == dnnl_success ? FV_OK : onednn_error(status, NULL, "reorder data");
}

/* oneDNN's name of an activation; `alpha` is set to its parameter. */
static dnnl_alg_kind_t activation_algorithm(const op *o, float *alpha, float *beta)
{
    *alpha = *beta = 0;
    switch (o->a.activation) {
    case FV_RELU:
        return dnnl_eltwise_relu;
    case FV_LEAKY_RELU:
        *alpha = o->a.alpha;
        return dnnl_eltwise_relu;
    case FV_RELU6:
        *beta = 6;
        return dnnl_eltwise_clip;
    case FV_GELU:
        return dnnl_eltwise_gelu_erf;
    case FV_SILU:
        *alpha = 1;
        return dnnl_eltwise_swish;
    case FV_HARD_SWISH:
        *alpha = 1.0f / 6;
        *beta = 0.5f;
        return dnnl_eltwise_hardswish;
    case FV_SIGMOID:
        return dnnl_eltwise_logistic;
    case FV_TANH:
        return dnnl_eltwise_tanh;
    case FV_HARD_SIGMOID: /* of x / 6 + 1 / 2 */
        *beta = 1;
        return dnnl_eltwise_clip;
    case FV_GELU_TANH:
        return dnnl_eltwise_gelu_tanh;
    default:
        return dnnl_alg_kind_undef;
    }
}

static dnnl_status_t add_post_operations(dnnl_primitive_attr_t attributes, const op *o, bool residual)
{
    float alpha, beta;
    dnnl_alg_kind_t activation = activation_algorithm(o, &alpha, &beta);
    if (!residual && activation == dnnl_alg_kind_undef)
        return dnnl_success;
    dnnl_post_ops_t list = NULL;
    dnnl_status_t status = dnnl_post_ops_create(&list);
    if (status == dnnl_success && residual)
        status = dnnl_post_ops_append_sum(list, 1.0f);
    if (status == dnnl_success && o->a.activation == FV_HARD_SIGMOID)
        status = dnnl_post_ops_append_eltwise(list, 1.0f, dnnl_eltwise_linear, 1.0f / 6, 0.5f);
    if (status == dnnl_success && activation != dnnl_alg_kind_undef)
        status = dnnl_post_ops_append_eltwise(list, 1.0f, activation, alpha, beta);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(attributes, list);
    dnnl_post_ops_destroy(list);
    return status;
}

fv_status primitive_describe(compiler *c, const op *o, const void *descriptor, dnnl_primitive_desc_t hint,
                             bool residual, dnnl_primitive_desc_t *out)
{
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_status_t status = scratchpad_attributes(&attributes);
    bool forward = o->kind == OP_CONV2D || o->kind == OP_DENSE;
    if (status == dnnl_success && forward)
        status = add_post_operations(attributes, o, residual);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(out, descriptor, attributes, c->e->dnnl, hint);
    dnnl_primitive_attr_destroy(attributes);
    return status == dnnl_success ? FV_OK : onednn_error(status, o->name, op_info_of(o->kind)->name);
}
