/* SPDX-License-Identifier: Apache-2.0 */
/* Activations as layers of their own. */
#include "nn/layers/choices.h"

static const option table[] = {
    LAYER_CHOICE(fv_activation_options, kind, choices_activation, NULL, "the function"),
    LAYER_FLOAT(fv_activation_options, alpha, "0.01", 0, 1, "slope of leaky_relu below zero"),
    {0}};

static value_id build(layer *l, const void *options)
{
    const fv_activation_options *o = options;
    if (o->kind == FV_LINEAR) {
        status_set(FV_ERROR_INVALID, "layer %s: say which activation", l->name);
        return NO_VALUE;
    }
    return layer_activation(l, layer_input(l, 0), o->kind, o->alpha);
}

const layer_type layer_activation_type = {
    "activation", "a function of each value", table, sizeof(fv_activation_options), 1, 1, build};

fv_node *fv_activation_with(const fv_activation_options *o)
{
    return layer_add(&layer_activation_type, &o->input, 1, o, o->struct_size, o->name);
}
