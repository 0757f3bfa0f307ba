/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions. oneDNN chooses the layouts of pictures and weights; the weights of a parameter then stay in the layout of the
 * forward convolution for good.
 *
 * Where it pays, a convolution of 3 x 3 is Winograd's (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016): tiles
 * of 2 x 2 or 4 x 4 outputs take 2.25 or 4 times fewer multiplications, and sums that differ in the last bits. oneDNN has it for AVX-512.
 */
#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct geometry {
    dnnl_memory_desc_t x, w, b, y; /* layout: any */
    dnnl_dims_t strides, dilates, before, after;
    int64_t weight_dims[5];
    int weight_rank;
} geometry;

static void describe_geometry(const shape *x, const shape *w, const shape *y, const window *win, geometry *g)
{
    g->x = layout_any_picture(x);
    g->y = layout_any_picture(y);
    int64_t groups = win->groups > 1 ? win->groups : 1;
    int rank = 0;
    if (groups > 1)
        g->weight_dims[rank++] = groups;
    g->weight_dims[rank++] = w->d[0] / groups;
    for (int i = 1; i < 4; i++)
        g->weight_dims[rank++] = w->d[i];
    g->weight_rank = rank;
    layout plain = layout_natural(rank, g->weight_dims);
    g->w = layout_any(&plain.md);
    g->b = layout_natural(1, &w->d[0]).md;
    for (int i = 0; i < 2; i++) {
        g->strides[i] = win->stride[i];
        g->dilates[i] = win->dilation[i] > 1 ? win->dilation[i] - 1 : 0;
        g->before[i] = win->pad[2 * i];
        g->after[i] = win->pad[2 * i + 1];
    }
}

/* Its transformations cost as much as they save where channels are few; those of the weights, anew in every run, want pixels to share
 * them; and a small layer gives the threads too little to do (bench_winograd). */
static bool winograd_pays(const geometry *g)
{
    enum {
        CHANNELS = 32,
        PIXELS = 384,               /* of a batch */
        MULTIPLICATIONS = 10000000, /* of the direct convolution */
    };
    if (g->weight_rank != 4 || g->weight_dims[2] != 3 || g->weight_dims[3] != 3 || g->strides[0] != 1 ||
        g->strides[1] != 1 || g->dilates[0] || g->dilates[1])
        return false;
    int64_t in = g->weight_dims[1], out = g->weight_dims[0];
    int64_t pixels = g->y.dims[0] * g->y.dims[2] * g->y.dims[3];
    return in >= CHANNELS && out >= CHANNELS && pixels >= PIXELS && pixels * in * out * 9 >= MULTIPLICATIONS;
}

typedef dnnl_status_t describer(dnnl_convolution_desc_t *d, dnnl_alg_kind_t algorithm, const geometry *g,
                                bool bias, bool training);

/* For inference oneDNN would transform the weights beforehand: up to four times as large, they would cost memory, and the start more than a
 * hundred runs save. For training it does so in its scratchpad. */
static dnnl_status_t forward(dnnl_convolution_desc_t *d, dnnl_alg_kind_t algorithm, const geometry *g,
                             bool bias, bool training)
{
    training = training || algorithm == dnnl_convolution_winograd;
    return dnnl_dilated_convolution_forward_desc_init(
        d, training ? dnnl_forward_training : dnnl_forward_inference, algorithm, &g->x, &g->w,
        bias ? &g->b : NULL, &g->y, g->strides, g->dilates, g->before, g->after);
}

static dnnl_status_t backward_input(dnnl_convolution_desc_t *d, dnnl_alg_kind_t algorithm, const geometry *g,
                                    bool bias, bool training)
{
    (void)bias;
    (void)training;
    return dnnl_dilated_convolution_backward_data_desc_init(d, algorithm, &g->x, &g->w, &g->y, g->strides,
                                                            g->dilates, g->before, g->after);
}

static dnnl_status_t backward_weights(dnnl_convolution_desc_t *d, dnnl_alg_kind_t algorithm,
                                      const geometry *g, bool bias, bool training)
{
    (void)training;
    return dnnl_dilated_convolution_backward_weights_desc_init(
        d, algorithm, &g->x, &g->w, bias ? &g->b : NULL, &g->y, g->strides, g->dilates, g->before, g->after);
}

/* By Winograd's algorithm where it pays and oneDNN has it for these shapes and this processor, else directly. */
static fv_status describe(compiler *c, const op *o, const geometry *g, describer *direction, bool bias,
                          dnnl_primitive_desc_t hint, bool residual, dnnl_primitive_desc_t *pd)
{
    dnnl_convolution_desc_t d;
    if (winograd_pays(g) && direction(&d, dnnl_convolution_winograd, g, bias, c->training) == dnnl_success &&
        primitive_describe(c, o, &d, hint, residual, pd) == FV_OK)
        return FV_OK;
    dnnl_status_t status = direction(&d, dnnl_convolution_direct, g, bias, c->training);
    if (status != dnnl_success)
        return onednn_error(status, o->name, "describe the convolution");
    return primitive_describe(c, o, &d, hint, residual, pd);
}

static fv_status describe_forward(compiler *c, const op *o, const geometry *g, bool bias, bool residual,
                                  dnnl_primitive_desc_t *pd)
{
    return describe(c, o, g, forward, bias, NULL, residual, pd);
}

static fv_status describe_gradient(compiler *c, const op *o, const geometry *g, describer *direction,
                                   bool bias, dnnl_primitive_desc_t *pd)
{
    dnnl_primitive_desc_t hint;
    STATUS_TRY(describe_forward(c, o, g, bias, false, &hint));
    fv_status status = describe(c, o, g, direction, bias, hint, false, pd);
    dnnl_primitive_desc_destroy(hint);
    return status;
}

fv_status convolution_source_layout(compiler *c, const op *o, layout *out)
{
    geometry g = {0};
    describe_geometry(compiler_shape(c, o->inputs[0]), compiler_shape(c, o->inputs[1]),
                      compiler_shape(c, o->outputs[0]), &o->a.window, &g);
    dnnl_primitive_desc_t pd;
    STATUS_TRY(describe_forward(c, o, &g, op_input(o, 2) != NO_VALUE, op_input(o, 3) != NO_VALUE, &pd));
    *out = primitive_layout(pd, dnnl_query_src_md, true);
    dnnl_primitive_desc_destroy(pd);
    return FV_OK;
}

typedef struct copy_context {
    size_t bytes;
    const kernel_table *kernels;
} copy_context;

static fv_status copy_run(void *context, void *const *memory)
{
    const copy_context *k = context;
    k->kernels->copy(memory[0], memory[1], (int64_t)(k->bytes / sizeof(float)));
    return FV_OK;
}

buffer_id compiler_define_sum(compiler *c, const op *o, const layout *l, value_id residual)
{
    if (residual == NO_VALUE)
        return compiler_define(c, o->outputs[0], l, NO_VALUE);
    buffer_id r = compiler_use(c, residual, l);
    /* The sum is made over the residual, unless that is what the operation still reads, as in x + conv(x). */
    bool is_input = c->places[residual].root == c->places[o->inputs[0]].root;
    buffer_id y = compiler_define(c, o->outputs[0], l, is_input ? NO_VALUE : residual);
    if (r == y || c->status != FV_OK)
        return y;
    copy_context *k = mem_array(1, sizeof *k);
    if (k)
        *k = (copy_context){layout_bytes(l), c->e->kernels};
    fv_status status = compiler_step(c, o, copy_run, k, (buffer_id[]){r, y}, 2);
    if (status != FV_OK)
        c->status = status;
    return y;
}

fv_status compile_convolution(compiler *c, const op *o)
{
    value_id x = o->inputs[0], w = o->inputs[1], b = op_input(o, 2), residual = op_input(o, 3);
    geometry g = {0};
    describe_geometry(compiler_shape(c, x), compiler_shape(c, w), compiler_shape(c, o->outputs[0]),
                      &o->a.window, &g);
    dnnl_primitive_desc_t pd;
    STATUS_TRY(describe_forward(c, o, &g, b != NO_VALUE, residual != NO_VALUE, &pd));
    layout lx = primitive_layout(pd, dnnl_query_src_md, true),
           lw = primitive_layout(pd, dnnl_query_weights_md, false),
           ly = primitive_layout(pd, dnnl_query_dst_md, true);
    argument arguments[] = {{DNNL_ARG_SRC, compiler_use(c, x, &lx), lx.md},
                            {DNNL_ARG_WEIGHTS, compiler_use(c, w, &lw), lw.md},
                            {DNNL_ARG_BIAS, compiler_use_dense(c, b), g.b},
                            {DNNL_ARG_DST, compiler_define_sum(c, o, &ly, residual), ly.md}};
    return compiler_primitive(c, o, "conv2d", pd, arguments, 4);
}

fv_status compile_convolution_grad_input(compiler *c, const op *o)
{
    value_id dy = o->inputs[0], w = o->inputs[1], dx = o->outputs[0];
    geometry g = {0};
    describe_geometry(compiler_shape(c, dx), compiler_shape(c, w), compiler_shape(c, dy), &o->a.window, &g);
    dnnl_primitive_desc_t pd;
    STATUS_TRY(describe_gradient(c, o, &g, backward_input, false, &pd));
    layout ldx = primitive_layout(pd, dnnl_query_diff_src_md, true),
           lw = primitive_layout(pd, dnnl_query_weights_md, false),
           ldy = primitive_layout(pd, dnnl_query_diff_dst_md, true);
    argument arguments[] = {{DNNL_ARG_DIFF_DST, compiler_use(c, dy, &ldy), ldy.md},
                            {DNNL_ARG_WEIGHTS, compiler_use(c, w, &lw), lw.md},
                            {DNNL_ARG_DIFF_SRC, compiler_define(c, dx, &ldx, NO_VALUE), ldx.md}};
    return compiler_primitive(c, o, "conv2d_grad_input", pd, arguments, 3);
}

fv_status compile_convolution_grad_weight(compiler *c, const op *o)
{
    value_id x = o->inputs[0], dy = o->inputs[1], dw = o->outputs[0], db = o->outputs[1];
    geometry g = {0};
    describe_geometry(compiler_shape(c, x), compiler_shape(c, dw), compiler_shape(c, dy), &o->a.window, &g);
    dnnl_primitive_desc_t pd;
    STATUS_TRY(describe_gradient(c, o, &g, backward_weights, db != NO_VALUE, &pd));
    layout lx = primitive_layout(pd, dnnl_query_src_md, true),
           ldw = primitive_layout(pd, dnnl_query_diff_weights_md, false),
           ldy = primitive_layout(pd, dnnl_query_diff_dst_md, true);
    argument arguments[] = {{DNNL_ARG_SRC, compiler_use(c, x, &lx), lx.md},
                            {DNNL_ARG_DIFF_DST, compiler_use(c, dy, &ldy), ldy.md},
                            {DNNL_ARG_DIFF_WEIGHTS, compiler_define(c, dw, &ldw, NO_VALUE), ldw.md},
                            {DNNL_ARG_DIFF_BIAS, compiler_define_dense(c, db), g.b}};
    return compiler_primitive(c, o, "conv2d_grad_weight", pd, arguments, 4);
}
