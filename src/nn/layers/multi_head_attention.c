/* SPDX-License-Identifier: Apache-2.0 */
/* Multi-head self-attention between places (Vaswani et al. 2017); tensors as timm names them. */
#include <inttypes.h>

#include "nn/layers/choices.h"

static const option table[] = {
    LAYER_INT(fv_multi_head_attention_options, heads, NULL, 1, 65536,
              "parts of the channels that attend alone"),
    LAYER_BOOL(fv_multi_head_attention_options, use_bias, "yes", "add a bias to queries, keys and values"),
    LAYER_CHOICE(fv_multi_head_attention_options, initializer, choices_initializer, "truncated_normal",
                 "initial weights"),
    {0}};

static value_id projection(layer *l, value_id x, const char *weight_name, const char *bias_name,
                           int64_t units, int64_t channels, fv_initializer init)
{
    op_attributes a = {.each_place = 1};
    value_id weight = layer_parameter(l, weight_name, shape_2(units, channels), init, true), bias = NO_VALUE;
    if (x == NO_VALUE || weight == NO_VALUE ||
        (bias_name && (bias = layer_constant(l, bias_name, shape_1(units), 0, true)) == NO_VALUE))
        return NO_VALUE;
    return layer_op(l, OP_DENSE, (value_id[]){x, weight, bias}, 3, &a);
}

static value_id build(layer *l, const void *options)
{
    const fv_multi_head_attention_options *o = options;
    fv_initializer init = o->initializer == FV_INIT_DEFAULT ? FV_TRUNCATED_NORMAL : o->initializer;
    if (layer_pictures(l) != FV_OK)
        return NO_VALUE;
    int64_t channels = layer_input_shape(l, 0).d[3];
    if (o->heads < 1 || channels % o->heads) {
        status_set(FV_ERROR_INVALID,
                   "layer %s: %" PRId64 " channels cannot be divided into %" PRId64 " heads", l->name,
                   channels, o->heads);
        return NO_VALUE;
    }
    value_id x = projection(l, layer_input(l, 0), "qkv.weight", o->use_bias != FV_OFF ? "qkv.bias" : NULL,
                            3 * channels, channels, init);
    if (x == NO_VALUE ||
        (x = layer_op(l, OP_ATTENTION, &x, 1, &(op_attributes){.heads = o->heads})) == NO_VALUE)
        return NO_VALUE;
    return projection(l, x, "proj.weight", "proj.bias", channels, channels, init);
}

const layer_type layer_multi_head_attention = {"multi_head_attention",
                                               "self-attention between places",
                                               table,
                                               sizeof(fv_multi_head_attention_options),
                                               1,
                                               1,
                                               build};

fv_node *fv_multi_head_attention_with(const fv_multi_head_attention_options *o)
{
    return layer_add(&layer_multi_head_attention, &o->input, 1, o, o->struct_size, o->name);
}
