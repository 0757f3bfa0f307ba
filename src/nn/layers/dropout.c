/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout (Srivastava et al. 2014), inverted: nothing is left of it at inference; and stochastic depth, which drops pictures. */
#include "nn/layers/choices.h"

static const option table[] = {
    LAYER_FLOAT(fv_dropout_options, rate, "0.5", 0, 0.999, "part that is set to zero while training"), {0}};

static value_id build_of(layer *l, const void *options, int per_sample)
{
    const fv_dropout_options *o = options;
    fv_model *m = l->model;
    if (m->dropout_step == NO_VALUE &&
        (m->dropout_step = graph_input(m->graph, "dropout_step", TYPE_I32, shape_1(2))) == NO_VALUE)
        return NO_VALUE;
    /* The stream keeps two dropout layers from masking alike. */
    op_attributes a = {.rate = o->rate != 0 ? o->rate : 0.5f,
                       .stream = (uint32_t)m->layer_count + 1,
                       .per_sample = per_sample};
    return layer_op(l, OP_DROPOUT, (value_id[]){layer_input(l, 0), m->dropout_step}, 2, &a);
}

static value_id build(layer *l, const void *options)
{
    return build_of(l, options, 0);
}

static value_id build_depth(layer *l, const void *options)
{
    return build_of(l, options, 1);
}

const layer_type layer_dropout = {
    "dropout", "random zeros while training", table, sizeof(fv_dropout_options), 1, 1, build};

fv_node *fv_dropout_with(const fv_dropout_options *o)
{
    return layer_add(&layer_dropout, &o->input, 1, o, o->struct_size, o->name);
}

const layer_type layer_stochastic_depth = {
    "stochastic_depth", "random pictures to zero while training", table, sizeof(fv_dropout_options), 1, 1,
    build_depth};

fv_node *fv_stochastic_depth_with(const fv_dropout_options *o)
{
    return layer_add(&layer_stochastic_depth, &o->input, 1, o, o->struct_size, o->name);
}
