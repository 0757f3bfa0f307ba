/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense layers. A flattened picture is taken in the picture's own layout: the weights (O, C*H*W) are then (O, C, H, W) and are
 * kept in the order that fits, so that nothing is reordered between a convolution and the dense layer after it.
 */
#include "engine/onednn/compiler.h"

/* The descriptor of the weights (O, I) or (O, C, H, W) for an input with this one, layout any. */
static dnnl_memory_desc_t weights_for(const dnnl_memory_desc_t *x, int64_t units)
{
    int64_t dims[4];
    for (int i = 1; i < x->ndims; i++)
        dims[i] = x->dims[i];
    dims[0] = units;
    layout plain = layout_natural(x->ndims, dims);
    return layout_any(&plain.md);
}

static dnnl_memory_desc_t features(int64_t n, int64_t units)
{
    return layout_natural(2, (int64_t[]){n, units}).md;
}

/* What oneDNN sees of v in layout l: with each_place, where l is row-major, a row of features for each place. */
static dnnl_memory_desc_t as_seen(const compiler *c, const op *o, value_id v, const layout *l)
{
    const shape *s = compiler_shape(c, v);
    int64_t channels = s->d[s->rank - 1];
    return o->a.each_place ? features(shape_count(s) / channels, channels) : l->md;
}

static layout input_layout(compiler *c, const op *o, value_id x)
{
    return o->a.each_place ? layout_dense(compiler_value(c, x)) : *compiler_layout(c, x);
}

static fv_status describe_forward(compiler *c, const op *o, const dnnl_memory_desc_t *x,
                                  const dnnl_memory_desc_t *w, const dnnl_memory_desc_t *b,
                                  const dnnl_memory_desc_t *y, bool residual, dnnl_primitive_desc_t *pd)
{
    dnnl_inner_product_desc_t d;
    dnnl_status_t status = dnnl_inner_product_forward_desc_init(
        &d, c->training ? dnnl_forward_training : dnnl_forward_inference, x, w, b, y);
    if (status != dnnl_success)
        return onednn_error(status, o->name, "describe the dense layer");
    return primitive_describe(c, o, &d, NULL, residual, pd);
}

fv_status compile_dense(compiler *c, const op *o)
{
    value_id x = o->inputs[0], w = o->inputs[1], b = op_input(o, 2), residual = op_input(o, 3);
    layout lx = input_layout(c, o, x), ly = layout_dense(compiler_value(c, o->outputs[0]));
    int64_t units = compiler_shape(c, w)->d[0];
    dnnl_memory_desc_t mx = as_seen(c, o, x, &lx), mw = weights_for(&mx, units);
    dnnl_memory_desc_t my = features(mx.dims[0], units), mb = layout_natural(1, &units).md;
    dnnl_primitive_desc_t pd;
    STATUS_TRY(describe_forward(c, o, &mx, &mw, b != NO_VALUE ? &mb : NULL, &my, residual != NO_VALUE, &pd));
    layout lw = primitive_layout(pd, dnnl_query_weights_md, false);
    if (!o->a.each_place)
        c->places[w].source = x;
    argument arguments[] = {{DNNL_ARG_SRC, compiler_use(c, x, &lx), mx},
                            {DNNL_ARG_WEIGHTS, compiler_use(c, w, &lw), lw.md},
                            {DNNL_ARG_BIAS, compiler_use_dense(c, b), mb},
                            {DNNL_ARG_DST, compiler_define_sum(c, o, &ly, residual), my}};
    return compiler_primitive(c, o, "dense", pd, arguments, 4);
}

/* The layout for the gradient of a dense layer's input: that of the input itself. */
static layout input_gradient_layout(compiler *c, const op *o)
{
    value_id x = c->places[o->inputs[1]].source, dx = o->outputs[0];
    const shape *s = compiler_shape(c, dx);
    if (o->a.each_place)
        return layout_dense(compiler_value(c, dx));
    if (x != NO_VALUE && shape_equal(compiler_shape(c, x), s))
        return c->places[x].layout;
    return s->rank == 4 ? layout_picture(s, 1) : layout_dense(compiler_value(c, dx));
}

fv_status compile_dense_grad_input(compiler *c, const op *o)
{
    value_id dy = o->inputs[0], w = o->inputs[1];
    layout ldx = input_gradient_layout(c, o), ldy = layout_dense(compiler_value(c, dy));
    dnnl_memory_desc_t mx = as_seen(c, o, o->outputs[0], &ldx), my = as_seen(c, o, dy, &ldy);
    dnnl_memory_desc_t mw = weights_for(&mx, my.dims[1]);
    dnnl_primitive_desc_t hint, pd;
    STATUS_TRY(describe_forward(c, o, &mx, &mw, NULL, &my, false, &hint));
    dnnl_inner_product_desc_t d;
    dnnl_status_t made = dnnl_inner_product_backward_data_desc_init(&d, &mx, &mw, &my);
    fv_status status = made == dnnl_success
                           ? primitive_describe(c, o, &d, hint, false, &pd)
                           : onednn_error(made, o->name, "describe the dense layer's gradient");
    dnnl_primitive_desc_destroy(hint);
    STATUS_TRY(status);
    layout lw = primitive_layout(pd, dnnl_query_weights_md, false);
    argument arguments[] = {{DNNL_ARG_DIFF_DST, compiler_use(c, dy, &ldy), my},
                            {DNNL_ARG_WEIGHTS, compiler_use(c, w, &lw), lw.md},
                            {DNNL_ARG_DIFF_SRC, compiler_define(c, o->outputs[0], &ldx, NO_VALUE), mx}};
    return compiler_primitive(c, o, "dense_grad_input", pd, arguments, 3);
}

fv_status compile_dense_grad_weight(compiler *c, const op *o)
{
    value_id x = o->inputs[0], dy = o->inputs[1], dw = o->outputs[0], db = o->outputs[1];
    layout lx = input_layout(c, o, x), ldy = layout_dense(compiler_value(c, dy));
    dnnl_memory_desc_t mx = as_seen(c, o, x, &lx), my = as_seen(c, o, dy, &ldy);
    int64_t units = my.dims[1];
    dnnl_memory_desc_t mw = weights_for(&mx, units), mb = layout_natural(1, &units).md;
    const dnnl_memory_desc_t *bias = db != NO_VALUE ? &mb : NULL;
    dnnl_primitive_desc_t hint, pd;
    STATUS_TRY(describe_forward(c, o, &mx, &mw, bias, &my, false, &hint));
    dnnl_inner_product_desc_t d;
    dnnl_status_t made = dnnl_inner_product_backward_weights_desc_init(&d, &mx, &mw, bias, &my);
    fv_status status = made == dnnl_success
                           ? primitive_describe(c, o, &d, hint, false, &pd)
                           : onednn_error(made, o->name, "describe the dense layer's gradient");
    dnnl_primitive_desc_destroy(hint);
    STATUS_TRY(status);
    layout ldw = primitive_layout(pd, dnnl_query_diff_weights_md, false);
    argument arguments[] = {{DNNL_ARG_SRC, compiler_use(c, x, &lx), mx},
                            {DNNL_ARG_DIFF_DST, compiler_use(c, dy, &ldy), my},
                            {DNNL_ARG_DIFF_WEIGHTS, compiler_define(c, dw, &ldw, NO_VALUE), ldw.md},
                            {DNNL_ARG_DIFF_BIAS, compiler_define_dense(c, db), mb}};
    return compiler_primitive(c, o, "dense_grad_weight", pd, arguments, 4);
}
