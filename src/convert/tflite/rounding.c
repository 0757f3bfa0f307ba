/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each operator of a quantised file rounds what it computes to its output's 8 or 16 bits; here a layer behind it does, unless its numbers lie
 * on that grid already.
 */
#include <stdio.h>
#include <string.h>

#include "convert/tflite/builder.h"
#include "convert/tflite/schema.h"

/* The same values, though their whole numbers may be others: uint8 and int8 differ by 128. */
static bool same_grid(const tflite_grid *a, const tflite_grid *b)
{
    return a->scale == b->scale && a->low - a->zero_point == b->low - b->zero_point &&
           a->high - a->zero_point == b->high - b->zero_point;
}

/* Whether the operator's output is made of numbers of its inputs, which all lie on the grid. */
static bool only_moves(const tflite_builder *b, const tflite_operator *o, const tflite_grid *g)
{
    if (o->code != OPERATOR_MAX_POOL_2D && o->code != OPERATOR_CONCATENATION && o->code != OPERATOR_PAD &&
        o->code != OPERATOR_PADV2)
        return false;
    for (int i = 0; i < o->input_count; i++) {
        const tflite_value *x = o->inputs[i] < 0 ? NULL : &b->values[o->inputs[i]];
        if (x && x->state == VALUE_LAYER && !same_grid(&x->grid, g))
            return false;
    }
    return true;
}

static fv_status round_value(tflite_builder *b, const tflite_operator *o, tflite_value *y,
                             const tflite_grid *g)
{
    if (same_grid(&y->grid, g))
        return FV_OK;
    /* A factor without places becomes a part of the dense layer behind it, and is not rounded. */
    if (y->scale && tflite_node_shape(y->node).rank != 4)
        return FV_OK;
    /* The preprocessing is that of the quantisation. */
    bool is_input = o->code == OPERATOR_QUANTIZE && o->inputs[0] == b->file.input;
    /* An activation that may be the network's last stays open; rounded twice, it is rounded as at last. */
    if (y->rounds && y->activation == FV_LINEAR)
        STATUS_TRY(tflite_settle(b, y));
    y->grid = *g;
    y->rounds = !is_input && !only_moves(b, o, g);
    return FV_OK;
}

fv_status tflite_round_output(tflite_builder *b, const tflite_operator *o)
{
    tflite_grid g;
    tflite_value *y = &b->values[o->output];
    if (b->options->dequantize || y->state != VALUE_LAYER)
        return FV_OK;
    STATUS_TRY(tflite_grid_of(&b->file, o->output, &g));
    return g.scale > 0 ? round_value(b, o, y, &g) : FV_OK;
}

/* "conv1.output" behind the layer conv1. NULL: none that could be used. */
static const char *layer_name(const tflite_builder *b, const fv_node *node, tflite_label *label)
{
    const char *made = node->layer < 0 ? "input" : b->model->layers[node->layer].name;
    int length = snprintf(label->words, sizeof label->words, "%s.output", made);
    if (length < 0 || (size_t)length >= sizeof label->words)
        return NULL;
    for (int32_t i = 0; i < b->model->layer_count; i++)
        if (strcmp(b->model->layers[i].name, label->words) == 0)
            return NULL;
    return label->words;
}

fv_status tflite_settle_rounding(tflite_builder *b, tflite_value *v)
{
    tflite_label label;
    const tflite_grid *g = &v->grid;
    fv_node *node =
        fv_fake_quantize(v->node, .scale = g->scale, .zero_point = g->zero_point, .quant_min = g->low,
                         .quant_max = g->high, .name = layer_name(b, v->node, &label));
    if (!node)
        return status_last();
    v->node = node;
    v->rounds = false;
    v->sole = false;
    b->rounded++;
    return FV_OK;
}
