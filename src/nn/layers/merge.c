/* SPDX-License-Identifier: Apache-2.0 */
/* Layers with several inputs: add, multiply, concat. */
#include "nn/layers/choices.h"

static const option no_options[] = {{0}};

static value_id build_pair(layer *l, op_kind kind)
{
    return layer_op(l, kind, (value_id[]){layer_input(l, 0), layer_input(l, 1)}, 2, NULL);
}

static value_id build_add(layer *l, const void *options)
{
    (void)options;
    return build_pair(l, OP_ADD);
}

static value_id build_multiply(layer *l, const void *options)
{
    (void)options;
    return build_pair(l, OP_MULTIPLY);
}

static value_id build_concat(layer *l, const void *options)
{
    (void)options;
    value_id inputs[OP_MAX_INPUTS];
    for (int i = 0; i < l->input_count; i++)
        inputs[i] = layer_input(l, i);
    return layer_op(l, OP_CONCAT, inputs, l->input_count, NULL);
}

const layer_type layer_sum = {"add", "sum of two inputs", no_options, 1, 2, 2, build_add};
const layer_type layer_multiply = {"multiply", "product of two inputs", no_options, 1, 2, 2, build_multiply};
const layer_type layer_concat = {"concat", "channels side by side", no_options,  1,
                                 1,        OP_MAX_INPUTS,           build_concat};

fv_node *fv_add(fv_node *a, fv_node *b)
{
    return layer_add(&layer_sum, (fv_node *[]){a, b}, 2, NULL, 0, NULL);
}

fv_node *fv_multiply(fv_node *a, fv_node *b)
{
    return layer_add(&layer_multiply, (fv_node *[]){a, b}, 2, NULL, 0, NULL);
}

fv_node *fv_concat(fv_node *const *inputs, int64_t count)
{
    return layer_add(&layer_concat, inputs, count > OP_MAX_INPUTS ? OP_MAX_INPUTS + 1 : (int)count, NULL, 0,
                     NULL);
}
