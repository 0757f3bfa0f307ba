/* SPDX-License-Identifier: Apache-2.0 */
/* Layer normalisation (Ba et al. 2016) and group normalisation (Wu & He 2018). */
#include "nn/layers/choices.h"

static value_id normalise(layer *l, const op_attributes *a)
{
    shape x = layer_input_shape(l, 0), c = shape_1(x.d[x.rank - 1]);
    value_id weight = layer_constant(l, "weight", c, 1, true), bias = NO_VALUE;
    if (weight == NO_VALUE || (bias = layer_constant(l, "bias", c, 0, true)) == NO_VALUE)
        return NO_VALUE;
    return layer_op(l, OP_GROUP_NORM, (value_id[]){layer_input(l, 0), weight, bias}, 3, a);
}

static const option layer_norm_table[] = {
    LAYER_FLOAT(fv_layer_norm_options, epsilon, "1e-6", 1e-12, 1, "added to the variance"), {0}};

static value_id build_layer_norm(layer *l, const void *options)
{
    const fv_layer_norm_options *o = options;
    return normalise(
        l, &(op_attributes){.groups = 1, .each_place = 1, .epsilon = o->epsilon != 0 ? o->epsilon : 1e-6f});
}

const layer_type layer_layer_norm = {"layer_norm",
                                     "normalisation of each place's channels",
                                     layer_norm_table,
                                     sizeof(fv_layer_norm_options),
                                     1,
                                     1,
                                     build_layer_norm};

fv_node *fv_layer_norm_with(const fv_layer_norm_options *o)
{
    return layer_add(&layer_layer_norm, &o->input, 1, o, o->struct_size, o->name);
}

static const option group_table[] = {
    LAYER_INT(fv_group_norm_options, groups, "32", 1, 65536, "groups of neighbouring channels"),
    LAYER_FLOAT(fv_group_norm_options, epsilon, "1e-5", 1e-12, 1, "added to the variance"),
    LAYER_ACTIVATION_ROWS(fv_group_norm_options),
    {0}};

static value_id build_group_norm(layer *l, const void *options)
{
    const fv_group_norm_options *o = options;
    op_attributes a = {.groups = o->groups ? o->groups : 32, .epsilon = o->epsilon != 0 ? o->epsilon : 1e-5f};
    return layer_activation(l, normalise(l, &a), o->activation, o->alpha);
}

const layer_type layer_group_norm = {
    "group_norm",    "normalisation of groups of channels", group_table, sizeof(fv_group_norm_options), 1, 1,
    build_group_norm};

fv_node *fv_group_norm_with(const fv_group_norm_options *o)
{
    return layer_add(&layer_group_norm, &o->input, 1, o, o->struct_size, o->name);
}
