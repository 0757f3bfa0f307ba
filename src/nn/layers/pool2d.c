/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling: maximum and average, over windows and over whole pictures. */
#include <string.h>

#include "nn/layers/choices.h"

#define POOL_ROWS                                                                                            \
    LAYER_INT(fv_pool2d_options, size, "2", 1, 65536, "side of the window"),                                 \
        LAYER_INT(fv_pool2d_options, size_h, NULL, 1, 65536, "height of the window"),                        \
        LAYER_INT(fv_pool2d_options, size_w, NULL, 1, 65536, "width of the window"),                         \
        LAYER_WINDOW_ROWS(fv_pool2d_options),                                                                \
        LAYER_BOOL(fv_pool2d_options, ceil_mode, "no", "use a last window that goes beyond the input")

static const option max_table[] = {POOL_ROWS, {0}};
static const option average_table[] = {
    POOL_ROWS, LAYER_BOOL(fv_pool2d_options, count_padding, "no", "count padded places in the mean"), {0}};

/* What has to follow input size `n` so that a window begins wherever there is a pixel, or padding before, left for it. */
static int64_t missing_for_last(const window *w, int i, int64_t n)
{
    int64_t before = w->pad[2 * i], rest = n + before + w->pad[2 * i + 1] - w->kernel[i];
    int64_t begin = (rest / w->stride[i] + 1) * w->stride[i];
    return rest >= 0 && rest % w->stride[i] && begin < n + before ? w->stride[i] - rest % w->stride[i] : 0;
}

/* Extends the window's padding. Padding that counts becomes zeros of the input first, since what is missing never counts.
 * Returns the input to use. */
static value_id round_up(layer *l, op_attributes *a, value_id x)
{
    window *w = &a->window;
    shape s = layer_input_shape(l, 0);
    int64_t missing[2] = {missing_for_last(w, 0, s.d[1]), missing_for_last(w, 1, s.d[2])};
    if (a->count_padding && (missing[0] || missing[1])) {
        op_attributes zeros = {.before = {0, w->pad[0], w->pad[2], 0}, .after = {0, w->pad[1], w->pad[3], 0}};
        x = layer_op(l, OP_PAD, &x, 1, &zeros);
        a->count_padding = 0;
        memset(w->pad, 0, sizeof w->pad);
    }
    w->pad[1] += missing[0];
    w->pad[3] += missing[1];
    return x;
}

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
    if (o->ceil_mode > 0 && (x = round_up(l, &a, x)) == NO_VALUE)
        return NO_VALUE;
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

static value_id build_global_max(layer *l, const void *options)
{
    (void)options;
    if (layer_pictures(l) != FV_OK)
        return NO_VALUE;
    shape s = layer_input_shape(l, 0);
    value_id x = layer_input(l, 0);
    op_attributes a = {.window = {{s.d[1], s.d[2]}, {1, 1}, {1, 1}, 1, {0}}};
    return layer_reshape(l, layer_op(l, OP_MAX_POOL2D, &x, 1, &a), shape_2(BATCH, s.d[3]));
}

const layer_type layer_max_pool2d = {
    "max_pool2d", "maximum over windows", max_table, sizeof(fv_pool2d_options), 1, 1, build_max};
const layer_type layer_average_pool2d = {
    "average_pool2d", "mean over windows", average_table, sizeof(fv_pool2d_options), 1, 1, build_average};
static const option no_options[] = {{0}};
const layer_type layer_global_average_pool2d = {
    "global_average_pool2d", "mean over height and width", no_options, 1, 1, 1, build_global};
const layer_type layer_global_max_pool2d = {
    "global_max_pool2d", "maximum over height and width", no_options, 1, 1, 1, build_global_max};

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

fv_node *fv_global_max_pool2d(fv_node *x)
{
    return layer_add(&layer_global_max_pool2d, &x, 1, NULL, 0, NULL);
}
