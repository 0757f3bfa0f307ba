/* SPDX-License-Identifier: Apache-2.0 */
/* Squeeze and excitation (Hu et al. 2018): a gate for each channel from the means of all; tensors as torchvision names them. */
#include "nn/layers/choices.h"

static const option table[] = {
    LAYER_INT(fv_squeeze_excitation_options, units, NULL, 1, 65536, "of the first dense layer"),
    LAYER_CHOICE(fv_squeeze_excitation_options, activation, choices_activation, "relu",
                 "after the first dense layer"),
    LAYER_CHOICE(fv_squeeze_excitation_options, gate, choices_activation, "sigmoid",
                 "after the second dense layer"),
    {0}};

/* A dense layer of a picture of one pixel, as the convolution that files have it as. */
static value_id pixel_dense(layer *l, value_id x, int64_t units, int64_t channels, const char *weight_name,
                            const char *bias_name, fv_activation_kind activation)
{
    op_attributes a = {.window = {{1, 1}, {1, 1}, {1, 1}, 1, {0}}};
    value_id weight = layer_parameter(l, weight_name, shape_4(units, channels, 1, 1), FV_HE_NORMAL, true),
             bias;
    if (x == NO_VALUE || weight == NO_VALUE ||
        (bias = layer_constant(l, bias_name, shape_1(units), 0, true)) == NO_VALUE)
        return NO_VALUE;
    return layer_activation(l, layer_op(l, OP_CONV2D, (value_id[]){x, weight, bias}, 3, &a), activation, 0);
}

static value_id build(layer *l, const void *options)
{
    const fv_squeeze_excitation_options *o = options;
    if (layer_pictures(l) != FV_OK)
        return NO_VALUE;
    int64_t channels = layer_input_shape(l, 0).d[3], units = o->units;
    if (units == 0)
        units = channels < 16 ? 1 : channels / 16;
    value_id x = layer_input(l, 0);
    value_id s =
        layer_reshape(l, layer_op(l, OP_GLOBAL_AVERAGE_POOL2D, &x, 1, NULL), shape_4(BATCH, 1, 1, channels));
    s = pixel_dense(l, s, units, channels, "fc1.weight", "fc1.bias", o->activation ? o->activation : FV_RELU);
    s = pixel_dense(l, s, channels, units, "fc2.weight", "fc2.bias", o->gate ? o->gate : FV_SIGMOID);
    return s == NO_VALUE ? s : layer_op(l, OP_MULTIPLY, (value_id[]){x, s}, 2, NULL);
}

const layer_type layer_squeeze_excitation = {"squeeze_excitation",
                                             "a gate for each channel",
                                             table,
                                             sizeof(fv_squeeze_excitation_options),
                                             1,
                                             1,
                                             build};

fv_node *fv_squeeze_excitation_with(const fv_squeeze_excitation_options *o)
{
    return layer_add(&layer_squeeze_excitation, &o->input, 1, o, o->struct_size, o->name);
}
