/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling: maximum, average, global average. */
#include "nn/layers/choices.h"

#define POOL_ROWS                                                                                            \
    LAYER_INT(fv_pool2d_options, size, "2", 1, 65536, "side of the window"),                                 \
        LAYER_INT(fv_pool2d_options, size_h, NULL, 1, 65536, "height of the window"),                        \
        LAYER_INT(fv_pool2d_options, size_w, NULL, 1, 65536, "width of the window"),                         \
        LAYER_WINDOW_ROWS(fv_pool2d_options)

static const option max_table[] = {POOL_ROWS, {0}};
static const option average_table[] = {
    POOL_ROWS, LAYER_BOOL(fv_pool2d_options, count_padding, "no", "count padded places in the mean"), {0}};

static value_id build(layer *l, const fv_pool2d_options *o, op_kind kind)
{
    op_attributes a = {.count_padding = o->count_padding > 0};
    int64_t size = o->size ? o->size : 2;
    const int64_t kernel[2] = {o->size_h ? o->size_h : size, o->size_w ? o->size_w : size};
    const int64_t stride[2] = {o->stride_h ? o->stride_h
                               : o->stride ? o->stride
                                           : kernel[0],
                               o->stride_w ? o->stride_w
                               : o->stride ? o->stride
                                           : kernel[1]};
    if (layer_window(l, &a.window, kernel, stride, 1, o->padding, o->pad) != FV_OK)
        return NO_VALUE;
    a.window.groups = 1;
    value_id x = layer_input(l, 0);
    return layer_op(l, kind, &x, 1, &a);
}

static value_id build_max(layer *l, const void *options)
{
    return build(l, options, OP_MAX_POOL2D);
}

static value_id build_average(layer *l, const void *options)
{
    return build(l, options, OP_AVERAGE_POOL2D);
}

static value_id build_global(layer *l, const void *options)
{
    (void)options;
    value_id x = layer_input(l, 0);
    return layer_op(l, OP_GLOBAL_AVERAGE_POOL2D, &x, 1, NULL);
}

const layer_type layer_max_pool2d = {
    "max_pool2d", "maximum over windows", max_table, sizeof(fv_pool2d_options), 1, 1, build_max};
const layer_type layer_average_pool2d = {
    "average_pool2d", "mean over windows", average_table, sizeof(fv_pool2d_options), 1, 1, build_average};
static const option no_options[] = {{0}};
const layer_type layer_global_average_pool2d = {
    "global_average_pool2d", "mean over height and width", no_options, 1, 1, 1, build_global};

fv_node *fv_max_pool2d_with(const fv_pool2d_options *o)
{
    return layer_add(&layer_max_pool2d, &o->input, 1, o, o->struct_size, o->name);
}

fv_node *fv_average_pool2d_with(const fv_pool2d_options *o)
{
    return layer_add(&layer_average_pool2d, &o->input, 1, o, o->struct_size, o->name);
}

fv_node *fv_global_average_pool2d(fv_node *x)
{
    return layer_add(&layer_global_average_pool2d, &x, 1, NULL, 0, NULL);
}
