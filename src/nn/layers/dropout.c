/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout (Srivastava et al. 2014), inverted: nothing is left of it at inference; stochastic depth, which drops
 * pictures; spatial dropout, which drops channels of pictures (Tompson et al. 2015). */
#include "nn/layers/choices.h"

static const option table[] = {
    LAYER_FLOAT(fv_dropout_options, rate, "0.5", 0, 0.999, "part that is set to zero while training"), {0}};

typedef enum dropped {
    ELEMENTS,
    SAMPLES,
    CHANNELS
} dropped;

static value_id build_of(layer *l, const void *options, dropped what)
{
    const fv_dropout_options *o = options;
    fv_model *m = l->model;
    if (m->dropout_step == NO_VALUE &&
        (m->dropout_step = graph_input(m->graph, "dropout_step", TYPE_I32, shape_1(2))) == NO_VALUE)
        return NO_VALUE;
    /* The stream keeps two dropout layers from masking alike. */
    op_attributes a = {.rate = o->rate != 0 ? o->rate : 0.5f,
                       .stream = (uint32_t)m->layer_count + 1,
                       .per_sample = what == SAMPLES,
                       .per_channel = what == CHANNELS};
    return layer_op(l, OP_DROPOUT, (value_id[]){layer_input(l, 0), m->dropout_step}, 2, &a);
}

static value_id build(layer *l, const void *options)
{
    return build_of(l, options, ELEMENTS);
}

static value_id build_depth(layer *l, const void *options)
{
    return build_of(l, options, SAMPLES);
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

static value_id build_spatial(layer *l, const void *options)
{
    const shape *s = &l->model->graph->values[layer_input(l, 0)].shape;
    char text[64];
    if (s->rank != 4) {
        status_set(FV_ERROR_INVALID, "layer %s: the input must be a picture (N, H, W, C), not %s", l->name,
                   shape_text(s, text));
        return NO_VALUE;
    }
    return build_of(l, options, CHANNELS);
}

const layer_type layer_spatial_dropout = {
    "spatial_dropout", "random channels to zero while training", table, sizeof(fv_dropout_options), 1, 1,
    build_spatial};

fv_node *fv_spatial_dropout_with(const fv_dropout_options *o)
{
    return layer_add(&layer_spatial_dropout, &o->input, 1, o, o->struct_size, o->name);
}
