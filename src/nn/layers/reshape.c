/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that only move values: flatten, zero padding, cropping, shuffling. */
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
    value_id x = layer_input(l, 0);
    return layer_pictures(l) == FV_OK ? layer_op(l, OP_PAD, &x, 1, &a) : NO_VALUE;
}

const layer_type layer_zero_pad2d = {
    "zero_pad2d", "zeros around pictures", pad_table, sizeof(fv_zero_pad2d_options), 1, 1, build_pad};

fv_node *fv_zero_pad2d_with(const fv_zero_pad2d_options *o)
{
    return layer_add(&layer_zero_pad2d, &o->input, 1, o, o->struct_size, o->name);
}

static const option crop_table[] = {
    LAYER_INTS(fv_crop2d_options, crop, 4, "top, bottom, left, right"),
    LAYER_INTS(fv_crop2d_options, channels, 2, "channels to take away before and after"),
    {0}};

static value_id build_crop(layer *l, const void *options)
{
    const fv_crop2d_options *o = options;
    op_attributes a = {.before = {0, o->crop[0], o->crop[2], o->channels[0]},
                       .after = {0, o->crop[1], o->crop[3], o->channels[1]}};
    value_id x = layer_input(l, 0);
    return layer_pictures(l) == FV_OK ? layer_op(l, OP_CROP, &x, 1, &a) : NO_VALUE;
}

const layer_type layer_crop2d = {"crop2d",  "a part of pictures", crop_table, sizeof(fv_crop2d_options), 1, 1,
                                 build_crop};

fv_node *fv_crop2d_with(const fv_crop2d_options *o)
{
    return layer_add(&layer_crop2d, &o->input, 1, o, o->struct_size, o->name);
}

static const option shuffle_table[] = {
    LAYER_INT(fv_channel_shuffle_options, groups, NULL, 1, 65536, "among which channels are exchanged"), {0}};

static value_id build_shuffle(layer *l, const void *options)
{
    const fv_channel_shuffle_options *o = options;
    op_attributes a = {.groups = o->groups};
    value_id x = layer_input(l, 0);
    return layer_pictures(l) == FV_OK ? layer_op(l, OP_SHUFFLE, &x, 1, &a) : NO_VALUE;
}

const layer_type layer_channel_shuffle = {"channel_shuffle",
                                          "channels exchanged between groups",
                                          shuffle_table,
                                          sizeof(fv_channel_shuffle_options),
                                          1,
                                          1,
                                          build_shuffle};

fv_node *fv_channel_shuffle_with(const fv_channel_shuffle_options *o)
{
    return layer_add(&layer_channel_shuffle, &o->input, 1, o, o->struct_size, o->name);
}
