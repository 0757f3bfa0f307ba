/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling with oneDNN, in the input's layout; global average pooling with our own kernels. */
#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct pool_geometry {
    dnnl_alg_kind_t algorithm;
    dnnl_dims_t strides, kernel, dilation, before, after;
} pool_geometry;

static pool_geometry geometry_of(const op *o)
{
    bool largest = o->kind == OP_MAX_POOL2D || o->kind == OP_MAX_POOL2D_GRAD;
    const window *w = &o->a.window;
    pool_geometry g = {.algorithm = largest              ? dnnl_pooling_max
                                    : o->a.count_padding ? dnnl_pooling_avg_include_padding
                                                         : dnnl_pooling_avg_exclude_padding};
    for (int i = 0; i < 2; i++) {
        g.kernel[i] = w->kernel[i];
        g.strides[i] = w->stride[i];
        g.dilation[i] = w->dilation[i] > 1 ? w->dilation[i] - 1 : 0;
        g.before[i] = w->pad[2 * i];
        g.after[i] = w->pad[2 * i + 1];
    }
    return g;
}

static fv_status describe_forward(compiler *c, const op *o, const pool_geometry *g, bool workspace,
                                  const dnnl_memory_desc_t *x, const dnnl_memory_desc_t *y,
                                  dnnl_primitive_desc_t *pd)
{
    dnnl_pooling_v2_desc_t d;
    dnnl_status_t status = dnnl_pooling_v2_forward_desc_init(
        &d, workspace ? dnnl_forward_training : dnnl_forward_inference, g->algorithm, x, y, g->strides,
        g->kernel, g->dilation, g->before, g->after);
    return status == dnnl_success ? primitive_describe(c, o, &d, NULL, false, pd)
                                  : onednn_error(status, o->name, "describe the pooling");
}

fv_status compile_pool(compiler *c, const op *o)
{
    value_id x = o->inputs[0], y = o->outputs[0], w = o->kind == OP_MAX_POOL2D ? o->outputs[1] : NO_VALUE;
    form f;
    layout lx = compiler_walkable(c, x, &f);
    dnnl_memory_desc_t any = layout_any_picture(compiler_shape(c, y));
    pool_geometry g = geometry_of(o);
    dnnl_primitive_desc_t pd;
    STATUS_TRY(describe_forward(c, o, &g, w != NO_VALUE, &lx.md, &any, &pd));
    layout ly = primitive_layout(pd, dnnl_query_dst_md, true),
           lw = primitive_layout(pd, dnnl_query_workspace_md, false);
    argument arguments[] = {{DNNL_ARG_SRC, compiler_use(c, x, &lx), lx.md},
                            {DNNL_ARG_DST, compiler_define(c, y, &ly, NO_VALUE), ly.md},
                            {DNNL_ARG_WORKSPACE, compiler_define_opaque(c, w, layout_bytes(&lw)), lw.md}};
    return compiler_primitive(c, o, op_info_of(o->kind)->name, pd, arguments, 3);
}

/* Inputs x, dy, workspace for the maximum; dy for the average. */
fv_status compile_pool_grad(compiler *c, const op *o)
{
    bool largest = o->kind == OP_MAX_POOL2D_GRAD;
    value_id dy = o->inputs[largest ? 1 : 0], dx = o->outputs[0], w = largest ? o->inputs[2] : NO_VALUE;
    form f;
    layout ldx = largest ? compiler_walkable(c, o->inputs[0], &f) : compiler_hint(c, dx);
    dnnl_memory_desc_t any = layout_any_picture(compiler_shape(c, dy));
    pool_geometry g = geometry_of(o);
    dnnl_primitive_desc_t hint, pd;
    STATUS_TRY(describe_forward(c, o, &g, true, &ldx.md, &any, &hint));
    layout ldy = primitive_layout(hint, dnnl_query_dst_md, true),
           lw = primitive_layout(hint, dnnl_query_workspace_md, false);
    dnnl_pooling_v2_desc_t d;
    dnnl_status_t made = dnnl_pooling_v2_backward_desc_init(&d, g.algorithm, &ldx.md, &ldy.md, g.strides,
                                                            g.kernel, g.dilation, g.before, g.after);
    fv_status status = made == dnnl_success ? primitive_describe(c, o, &d, hint, false, &pd)
                                            : onednn_error(made, o->name, "describe the pooling's gradient");
    dnnl_primitive_desc_destroy(hint);
    STATUS_TRY(status);
    argument arguments[] = {{DNNL_ARG_DIFF_DST, compiler_use(c, dy, &ldy), ldy.md},
                            {DNNL_ARG_DIFF_SRC, compiler_define(c, dx, &ldx, NO_VALUE), ldx.md},
                            {DNNL_ARG_WORKSPACE, w != NO_VALUE ? c->places[w].buffer : NO_BUFFER, lw.md}};
    return compiler_primitive(c, o, op_info_of(o->kind)->name, pd, arguments, 3);
}

typedef struct global_context {
    const kernel_table *kernels;
    form f;
} global_context;

static fv_status global_run(void *context, void *const *memory)
{
    const global_context *k = context;
    k->kernels->spatial_mean(&k->f, 1.0f / (float)k->f.spatial, memory[0], memory[1]);
    return FV_OK;
}

static fv_status global_grad_run(void *context, void *const *memory)
{
    const global_context *k = context;
    k->kernels->spatial_spread(&k->f, 1.0f / (float)k->f.spatial, memory[0], memory[1]);
    return FV_OK;
}

static global_context *global_new(compiler *c, const form *f)
{
    global_context *k = mem_array(1, sizeof *k);
    if (k)
        *k = (global_context){c->e->kernels, *f};
    return k;
}

fv_status compile_global_pool(compiler *c, const op *o)
{
    form f;
    layout lx = compiler_walkable(c, o->inputs[0], &f);
    buffer_id b[] = {compiler_use(c, o->inputs[0], &lx), compiler_define_dense(c, o->outputs[0])};
    return compiler_step(c, o, global_run, global_new(c, &f), b, 2);
}

fv_status compile_global_pool_grad(compiler *c, const op *o)
{
    form f;
    layout ldx = compiler_hint(c, o->outputs[0]);
    layout_form(&ldx, &f);
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]), compiler_define(c, o->outputs[0], &ldx, NO_VALUE)};
    return compiler_step(c, o, global_grad_run, global_new(c, &f), b, 2);
}
