/* SPDX-License-Identifier: Apache-2.0 */
/* Learned numbers that are added to places or multiplied with channels; the tensor has the layer's own name. */
#include "nn/layers/choices.h"

static const option no_options[] = {{0}};

static shape shape_3(int64_t a, int64_t b, int64_t c)
{
    return (shape){3, {a, b, c}};
}

/* y = (0, x) + (token, 0), where x's places are side by side (Dosovitskiy et al. 2021). */
static value_id build_class_token(layer *l, const void *options)
{
    (void)options;
    if (layer_pictures(l) != FV_OK)
        return NO_VALUE;
    shape s = layer_input_shape(l, 0);
    int64_t places = s.d[1] * s.d[2], channels = s.d[3];
    op_attributes first = {.before = {0, 0, 1, 0}}, rest = {.after = {0, 0, places, 0}};
    value_id token =
        layer_reshape(l, layer_parameter(l, NULL, shape_3(1, 1, channels), FV_TRUNCATED_NORMAL, false),
                      shape_4(1, 1, 1, channels));
    value_id x = layer_reshape(l, layer_input(l, 0), shape_4(BATCH, 1, places, channels));
    if (token == NO_VALUE || x == NO_VALUE || (token = layer_op(l, OP_PAD, &token, 1, &rest)) == NO_VALUE ||
        (x = layer_op(l, OP_PAD, &x, 1, &first)) == NO_VALUE)
        return NO_VALUE;
    return layer_op(l, OP_ADD, (value_id[]){x, token}, 2, NULL);
}

const layer_type layer_class_token = {
    "class_token", "a learned token before the places", no_options, 1, 1, 1, build_class_token};

fv_node *fv_class_token_with(const fv_token_options *o)
{
    return layer_add(&layer_class_token, &o->input, 1, NULL, 0, o->name);
}

static value_id build_position_embedding(layer *l, const void *options)
{
    (void)options;
    if (layer_pictures(l) != FV_OK)
        return NO_VALUE;
    shape s = layer_input_shape(l, 0);
    value_id e = layer_reshape(
        l, layer_parameter(l, NULL, shape_3(1, s.d[1] * s.d[2], s.d[3]), FV_TRUNCATED_NORMAL, false),
        shape_4(1, s.d[1], s.d[2], s.d[3]));
    return e == NO_VALUE ? e : layer_op(l, OP_ADD, (value_id[]){layer_input(l, 0), e}, 2, NULL);
}

const layer_type layer_position_embedding = {
    "position_embedding", "a learned vector for each place", no_options, 1, 1, 1, build_position_embedding};

fv_node *fv_position_embedding_with(const fv_token_options *o)
{
    return layer_add(&layer_position_embedding, &o->input, 1, NULL, 0, o->name);
}

static const option scale_table[] = {
    LAYER_FLOAT(fv_layer_scale_options, initial, "1e-6", 0, 1, "initial value of the factors"), {0}};

static value_id build_layer_scale(layer *l, const void *options)
{
    const fv_layer_scale_options *o = options;
    if (layer_pictures(l) != FV_OK)
        return NO_VALUE;
    int64_t channels = layer_input_shape(l, 0).d[3];
    float initial = o->initial != 0 ? o->initial : 1e-6f;
    value_id factor = layer_reshape(l, layer_constant(l, NULL, shape_3(channels, 1, 1), initial, true),
                                    shape_4(1, 1, 1, channels));
    return factor == NO_VALUE ? factor
                              : layer_op(l, OP_MULTIPLY, (value_id[]){layer_input(l, 0), factor}, 2, NULL);
}

const layer_type layer_layer_scale = {
    "layer_scale",    "a learned factor for each channel", scale_table, sizeof(fv_layer_scale_options), 1, 1,
    build_layer_scale};

fv_node *fv_layer_scale_with(const fv_layer_scale_options *o)
{
    return layer_add(&layer_layer_scale, &o->input, 1, o, o->struct_size, o->name);
}
