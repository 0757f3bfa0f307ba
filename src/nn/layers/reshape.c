/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that only move values: flatten and zero padding. */
#include "nn/layers/choices.h"

static const option no_options[] = {{0}};

static value_id build_flatten(layer *l, const void *options)
{
    (void)options;
    value_id x = layer_input(l, 0);
    return layer_op(l, OP_FLATTEN, &x, 1, NULL);
}

const layer_type layer_flatten = {"flatten",    "(N, H, W, C) to (N, C*H*W)", no_options, 1, 1, 1,
                                  build_flatten};

fv_node *fv_flatten(fv_node *x)
{
    return layer_add(&layer_flatten, &x, 1, NULL, 0, NULL);
}

static const option pad_table[] = {
    LAYER_INTS(fv_zero_pad2d_options, pad, 4, "top, bottom, left, right"),
    LAYER_INTS(fv_zero_pad2d_options, channels, 2, "zero channels before and after"),
    {0}};

static value_id build_pad(layer *l, const void *options)
{
    const fv_zero_pad2d_options *o = options;
    op_attributes a = {.before = {0, o->pad[0], o->pad[2], o->channels[0]},
                       .after = {0, o->pad[1], o->pad[3], o->channels[1]}};
    if (layer_input_shape(l, 0).rank != 4) {
        status_set(FV_ERROR_INVALID, "layer %s: needs pictures (N, H, W, C)", l->name);
        return NO_VALUE;
    }
    value_id x = layer_input(l, 0);
    return layer_op(l, OP_PAD, &x, 1, &a);
}

const layer_type layer_zero_pad2d = {
    "zero_pad2d", "zeros around pictures", pad_table, sizeof(fv_zero_pad2d_options), 1, 1, build_pad};

fv_node *fv_zero_pad2d_with(const fv_zero_pad2d_options *o)
{
    return layer_add(&layer_zero_pad2d, &o->input, 1, o, o->struct_size, o->name);
}
