/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalisation (Ioffe & Szegedy 2015); tensors as torchvision names them. */
#include "nn/layers/choices.h"

static const option table[] = {
    LAYER_FLOAT(fv_batch_norm_options, epsilon, "1e-5", 1e-12, 1, "added to the variance"),
    LAYER_FLOAT(fv_batch_norm_options, momentum, "0.1", 0, 1,
                "weight of the new batch in the running statistics"),
    LAYER_ACTIVATION_ROWS(fv_batch_norm_options),
    {0}};

static value_id build(layer *l, const void *options)
{
    const fv_batch_norm_options *o = options;
    shape x = layer_input_shape(l, 0), c = shape_1(x.d[x.rank - 1]);
    op_attributes a = {.epsilon = o->epsilon != 0 ? o->epsilon : 1e-5f,
                       .momentum = o->momentum != 0 ? o->momentum : 0.1f};
    value_id inputs[5] = {layer_input(l, 0)};
    if ((inputs[1] = layer_constant(l, "weight", c, 1, true)) == NO_VALUE ||
        (inputs[2] = layer_constant(l, "bias", c, 0, true)) == NO_VALUE ||
        (inputs[3] = layer_constant(l, "running_mean", c, 0, false)) == NO_VALUE ||
        (inputs[4] = layer_constant(l, "running_var", c, 1, false)) == NO_VALUE)
        return NO_VALUE;
    return layer_activation(l, layer_op(l, OP_BATCH_NORM, inputs, 5, &a), o->activation, o->alpha);
}

const layer_type layer_batch_norm = {
    "batch_norm", "batch normalisation", table, sizeof(fv_batch_norm_options), 1, 1, build};

fv_node *fv_batch_norm_with(const fv_batch_norm_options *o)
{
    return layer_add(&layer_batch_norm, &o->input, 1, o, o->struct_size, o->name);
}
