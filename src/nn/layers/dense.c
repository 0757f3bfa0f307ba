/* SPDX-License-Identifier: Apache-2.0 */
/* Dense: x (N, I), or (N, H, W, C) flattened in C, H, W order, with weights (units, I); or each place of x alone. */
#include "nn/layers/choices.h"

static const option table[] = {
    LAYER_INT(fv_dense_options, units, NULL, 1, 1 << 24, "outputs"),
    LAYER_BOOL(fv_dense_options, use_bias, "yes", "add a bias"),
    LAYER_ACTIVATION_ROWS(fv_dense_options),
    LAYER_CHOICE(fv_dense_options, initializer, choices_initializer, "glorot_uniform", "initial weights"),
    LAYER_BOOL(fv_dense_options, each_place, "no", "over the channels of each place of a picture"),
    {0}};

static value_id build(layer *l, const void *options)
{
    const fv_dense_options *o = options;
    shape x = layer_input_shape(l, 0);
    if (o->units < 1) {
        status_set(FV_ERROR_INVALID, "layer %s: give the number of units", l->name);
        return NO_VALUE;
    }
    bool each_place = o->each_place > 0 && x.rank == 4;
    int64_t inputs = each_place ? x.d[3] : x.d[1] * (x.rank == 4 ? x.d[2] * x.d[3] : 1);
    op_attributes a = {.each_place = each_place};
    fv_initializer init = o->initializer == FV_INIT_DEFAULT ? FV_GLOROT_UNIFORM : o->initializer;
    value_id weight = layer_parameter(l, "weight", shape_2(o->units, inputs), init, true), bias = NO_VALUE;
    if (weight == NO_VALUE ||
        (o->use_bias != FV_OFF && (bias = layer_constant(l, "bias", shape_1(o->units), 0, true)) == NO_VALUE))
        return NO_VALUE;
    value_id y = layer_op(l, OP_DENSE, (value_id[]){layer_input(l, 0), weight, bias}, 3, &a);
    return layer_activation(l, y, o->activation, o->alpha);
}

const layer_type layer_dense = {"dense", "fully connected", table, sizeof(fv_dense_options), 1, 1, build};

fv_node *fv_dense_with(const fv_dense_options *o)
{
    return layer_add(&layer_dense, &o->input, 1, o, o->struct_size, o->name);
}
