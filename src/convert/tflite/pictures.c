/* SPDX-License-Identifier: Apache-2.0 */
/* The operators that move, pool or reshape pictures. */
#include <stdlib.h>
#include <string.h>

#include "convert/tflite/builder.h"
#include "convert/tflite/schema.h"

/* ---- pooling ---- */

/* The mean of all places: flat where nothing but the head follows, else (N, 1, 1, C), since no layer makes places out of none. */
static fv_status global_mean(tflite_builder *b, const tflite_operator *o, fv_node *x, int64_t activation)
{
    shape s = tflite_node_shape(x);
    return tflite_output(b, o,
                         b->at >= b->head_begins ? fv_global_average_pool2d(x)
                                                 : fv_average_pool2d(x, .size_h = s.d[1], .size_w = s.d[2]),
                         activation);
}

/* Whether the file's window takes in all of the file's input: so it does then at other input sizes. */
static bool is_global(const tflite_builder *b, const tflite_operator *o, int64_t height, int64_t width)
{
    const tflite_tensor *x = tflite_input_tensor(b, o, 0), *y = &b->file.tensors[o->output];
    return x->rank == 4 && y->rank == 4 && x->shape[1] == height && x->shape[2] == width &&
           y->shape[1] == 1 && y->shape[2] == 1;
}

static fv_status pool(tflite_builder *b, const tflite_operator *o, bool maximum)
{
    fv_node *x;
    flatbuffer *flat = &b->file.flat;
    STATUS_TRY(tflite_input_node(b, o, 0, &x));
    if (tflite_node_shape(x).rank != 4)
        return status_set(FV_ERROR_UNSUPPORTED, "pools after the places are gone");
    int64_t activation = flat_int8(flat, o->options, POOL_ACTIVATION, ACTIVATION_NONE);
    fv_pool2d_options p = {.struct_size = sizeof p,
                           .input = x,
                           .size_w = flat_int32(flat, o->options, POOL_FILTER_W, 0),
                           .size_h = flat_int32(flat, o->options, POOL_FILTER_H, 0),
                           .stride_w = flat_int32(flat, o->options, POOL_STRIDE_W, 0),
                           .stride_h = flat_int32(flat, o->options, POOL_STRIDE_H, 0),
                           .padding = flat_int8(flat, o->options, POOL_PADDING, PADDING_SAME) == PADDING_SAME
                                          ? FV_SAME_TF
                                          : FV_VALID};
    if (p.size_w < 1 || p.size_h < 1 || p.stride_w < 1 || p.stride_h < 1)
        return status_set(FV_ERROR_FORMAT, "its window or step is not positive; the file is damaged");
    if (!maximum && is_global(b, o, p.size_h, p.size_w))
        return global_mean(b, o, x, activation);
    return tflite_output(b, o, maximum ? fv_max_pool2d_with(&p) : fv_average_pool2d_with(&p), activation);
}

fv_status tflite_max_pool(tflite_builder *b, const tflite_operator *o)
{
    return pool(b, o, true);
}

fv_status tflite_average_pool(tflite_builder *b, const tflite_operator *o)
{
    return pool(b, o, false);
}

/* Over height and width, in either order. */
fv_status tflite_mean(tflite_builder *b, const tflite_operator *o)
{
    tflite_value *v;
    int64_t axes[2];
    int count;
    STATUS_TRY(tflite_input(b, o, 0, &v));
    STATUS_TRY(tflite_input_numbers(b, o, 1, axes, 2, &count));
    int rank = tflite_input_tensor(b, o, 0)->rank, height = v->channels_first ? 2 : 1, seen = 0;
    for (int i = 0; i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        seen |= axis == height ? 1 : axis == height + 1 ? 2 : 4;
    }
    if (rank != 4 || seen != 3 || tflite_node_shape(v->node).rank != 4 || v->flat)
        return status_set(FV_ERROR_UNSUPPORTED, "a mean over other sides than height and width");
    STATUS_TRY(tflite_settle(b, v));
    return global_mean(b, o, v->node, ACTIVATION_NONE);
}

/* ---- padding ---- */

/* Whether what PADV2 fills with is zero. */
static fv_status check_fill(const tflite_builder *b, const tflite_operator *o)
{
    if (o->code != OPERATOR_PADV2)
        return FV_OK;
    int32_t constant = tflite_input_constant(b, o, 2);
    float *value = NULL;
    if (constant < 0)
        return status_set(FV_ERROR_UNSUPPORTED, "what it pads with is no constant");
    STATUS_TRY(tflite_constant(&b->file, constant, &value));
    bool zero = b->file.tensors[constant].count == 1 && value[0] == 0;
    free(value);
    return zero ? FV_OK : status_set(FV_ERROR_UNSUPPORTED, "pads with something else than zero");
}

fv_status tflite_pad(tflite_builder *b, const tflite_operator *o)
{
    int64_t n[8];
    int count;
    fv_node *x;
    tflite_value *v;
    STATUS_TRY(tflite_input_node(b, o, 0, &x));
    STATUS_TRY(tflite_input_numbers(b, o, 1, n, 8, &count));
    STATUS_TRY(check_fill(b, o));
    if (count != 8 || n[0] != 0 || n[1] != 0 || tflite_node_shape(x).rank != 4)
        return status_set(FV_ERROR_UNSUPPORTED, "pads something else than pictures");
    for (int i = 0; i < 8; i++)
        if (n[i] < 0 || n[i] > 65536)
            return status_set(FV_ERROR_FORMAT, "pads by %lld; from 0 to 65536 is possible", (long long)n[i]);
    if (n[6] || n[7])
        return tflite_output(b, o,
                             fv_zero_pad2d(x, .pad = {n[2], n[3], n[4], n[5]}, .channels = {n[6], n[7]}),
                             ACTIVATION_NONE);
    STATUS_TRY(tflite_pass(b, o, 0, &v));
    v->sole = false;
    v->padded = true;
    memcpy(v->pad, n + 2, sizeof v->pad);
    return FV_OK;
}

/* ---- shapes ---- */

/* What remains of a shape when sides of 1 are left out, and the first side. */
static int without_ones(const tflite_tensor *t, int64_t *sides)
{
    int count = 0;
    for (int i = 1; i < t->rank; i++)
        if (t->shape[i] != 1)
            sides[count++] = t->shape[i];
    return count;
}

/* RESHAPE, SQUEEZE and EXPAND_DIMS by the shapes that the file gives: nothing but sides of 1 comes or goes, or a picture becomes a row. */
fv_status tflite_reshape(tflite_builder *b, const tflite_operator *o)
{
    tflite_value *v;
    int64_t from[TFLITE_MAX_RANK], to[TFLITE_MAX_RANK];
    STATUS_TRY(tflite_pass(b, o, 0, &v));
    const tflite_tensor *x = tflite_input_tensor(b, o, 0), *y = &b->file.tensors[o->output];
    int n = without_ones(x, from), m = without_ones(y, to);
    if (tflite_node_places(v->node) == 1 && x->count == y->count && m <= 1)
        return FV_OK;
    if (n == m && memcmp(from, to, (size_t)n * sizeof *from) == 0 && (n == 3 || v->flat))
        return FV_OK;
    if (!v->flat && m == 1 && to[0] == x->count && x->rank == 4) {
        v->flat = true;
        return FV_OK;
    }
    return status_set(
        FV_ERROR_UNSUPPORTED,
        "changes the shape in a way that no layer does; what becomes of a picture here is one row of "
        "all its numbers");
}

fv_status tflite_transpose(tflite_builder *b, const tflite_operator *o)
{
    static const int64_t to_last[4] = {0, 2, 3, 1}, to_first[4] = {0, 3, 1, 2};
    int64_t order[4];
    int count;
    tflite_value *v;
    STATUS_TRY(tflite_pass(b, o, 0, &v));
    STATUS_TRY(tflite_input_numbers(b, o, 1, order, 4, &count));
    const int64_t *expected = v->channels_first ? to_last : to_first;
    if (count != 4 || memcmp(order, expected, sizeof order) != 0 || v->flat)
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "exchanges other sides than the channels with height and width, which fovea has no layer for");
    v->channels_first = !v->channels_first;
    return FV_OK;
}

fv_status tflite_concatenation(tflite_builder *b, const tflite_operator *o)
{
    fv_node *nodes[TFLITE_MAX_INPUTS];
    int64_t axis = flat_int32(&b->file.flat, o->options, CONCATENATION_AXIS, 0);
    int count = o->input_count, rank = b->file.tensors[o->output].rank;
    for (int i = 0; i < count; i++)
        STATUS_TRY(tflite_input_node(b, o, i, &nodes[i]));
    if (count < 1 || (axis != -1 && axis != rank - 1))
        return status_set(FV_ERROR_UNSUPPORTED, "puts something else than channels side by side");
    while (count > 1) { /* a layer takes so many */
        int most = count < OP_MAX_INPUTS ? count : OP_MAX_INPUTS;
        if (!(nodes[0] = fv_concat(nodes, most)))
            return status_last();
        memmove(nodes + 1, nodes + most, (size_t)(count - most) * sizeof *nodes);
        count -= most - 1;
    }
    return tflite_output(b, o, nodes[0],
                         flat_int8(&b->file.flat, o->options, CONCATENATION_ACTIVATION, ACTIVATION_NONE));
}

/* SHAPE, and what is made of its numbers: only a RESHAPE wants them, which goes by the shapes that the file gives. */
fv_status tflite_sizes(tflite_builder *b, const tflite_operator *o)
{
    for (int i = 0; i < o->input_count && o->code != OPERATOR_SHAPE; i++) {
        const tflite_value *v = o->inputs[i] < 0 ? NULL : &b->values[o->inputs[i]];
        if (v && v->state == VALUE_LAYER)
            return status_set(FV_ERROR_UNSUPPORTED,
                              "takes a part of a picture, which fovea has no layer for");
    }
    if (b->values[o->output].state != VALUE_ABSENT)
        return status_set(FV_ERROR_FORMAT,
                          "its output is that of an operator before it; the file is damaged");
    b->values[o->output].state = VALUE_SIZES;
    return FV_OK;
}
