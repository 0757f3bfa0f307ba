/* SPDX-License-Identifier: Apache-2.0 */
/* Dense layers and attention: products of matrices. */
#include <math.h>

#include "convert/tflite_export/writer.h"

/* Our rows have a picture's channels slowest and TFLite's fastest: a dense layer's weights are put in its order, anything else makes
 * lite_value turn the row. */
bool lite_write_flatten(lite_writer *w, const op *o)
{
    const shape *s = lite_graph_shape(w, o->inputs[0]);
    int32_t y = lite_reshape(w, lite_value(w, o->inputs[0]), lite_shape_of(w, o->outputs[0]));
    w->values[o->outputs[0]].last_fastest = y >= 0 && s->d[1] * s->d[2] > 1;
    return lite_set(w, o, y);
}

/* (O, C, places) to (O, places, C). */
static const float *channels_fastest(lite_writer *w, const float *from, int64_t units, int64_t channels,
                                     int64_t places)
{
    float *to = mem_pool_array(&w->pool, (size_t)(units * channels * places), sizeof *to);
    for (int64_t n = 0; to && n < units; n++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t p = 0; p < places; p++)
                to[(n * places + p) * channels + c] = from[(n * channels + c) * places + p];
    return to;
}

/* The picture whose numbers a dense layer takes as a row in its own order; NULL: none. */
static const shape *row_of(const lite_writer *w, const op *o)
{
    value_id x = o->inputs[0];
    if (lite_graph_shape(w, x)->rank == 4)
        return lite_graph_shape(w, x);
    return w->values[x].last_fastest ? lite_graph_shape(w, graph_producer(w->network->graph, x)->inputs[0])
                                     : NULL;
}

bool lite_write_dense(lite_writer *w, const op *o)
{
    const shape *s = lite_graph_shape(w, o->inputs[1]), *picture = o->a.each_place ? NULL : row_of(w, o);
    const float *weight = w->network->data[o->inputs[1]];
    int32_t x = w->values[o->inputs[0]].tensor;
    if (!picture) {
        x = lite_value(w, o->inputs[0]);
    } else {
        weight = channels_fastest(w, weight, s->d[0], picture->d[3], picture->d[1] * picture->d[2]);
        if (lite_graph_shape(w, o->inputs[0])->rank == 4)
            x = lite_reshape(w, x, (lite_shape){2, {BATCH, s->d[1]}});
    }
    bool places = lite_graph_shape(w, o->outputs[0])->rank == 4;
    const lite_options options = {.type = OPTIONS_FULLY_CONNECTED,
                                  .count = 3,
                                  .version = places ? 5 : 1,
                                  .fields = {FLAT_BYTE(FULLY_CONNECTED_ACTIVATION, lite_fuse(w, o)),
                                             FLAT_BYTE(FULLY_CONNECTED_FORMAT, 0),
                                             FLAT_BYTE(FULLY_CONNECTED_KEEP_DIMS, places)}};
    const char *name = export_parameter_name(w->network, w->op, o->inputs[1], "weight", &w->pool);
    int32_t in[] = {x, lite_floats(w, name, (lite_shape){2, {s->d[0], s->d[1]}}, weight),
                    lite_channels(w, o, 2, "bias", s->d[0], 0)};
    return lite_set(
        w, o, lite_operator(w, OPERATOR_FULLY_CONNECTED, in, 3, lite_shape_of(w, o->outputs[0]), &options));
}

/* ---- attention ---- */

static int32_t multiply_matrices(lite_writer *w, int32_t a, int32_t b, bool transpose_b, lite_shape out)
{
    const lite_options options = {
        .type = OPTIONS_BATCH_MATMUL, .count = 2, .fields = {FLAT_BYTE(0, 0), FLAT_BYTE(1, transpose_b)}};
    return lite_operator(w, OPERATOR_BATCH_MATMUL, (int32_t[]){a, b}, 2, out, &options);
}

/* Queries, keys or values of all heads: (N, H, W, 3C) to (N, heads, L, d). */
static int32_t third(lite_writer *w, int32_t qkv, const shape *s, int64_t heads, int64_t which)
{
    int64_t places = s->d[1] * s->d[2], channels = s->d[3] / 3;
    lite_shape part = {4, {BATCH, s->d[1], s->d[2], channels}};
    int32_t in[] = {qkv, lite_wholes(w, (int64_t[]){0, 0, 0, which * channels}, 4),
                    lite_wholes(w, (int64_t[]){-1, -1, -1, channels}, 4)};
    int32_t x = lite_operator(w, OPERATOR_SLICE, in, 3, part, NULL);
    x = lite_reshape(w, x, (lite_shape){4, {BATCH, places, heads, channels / heads}});
    return lite_transpose(w, x, (const int[]){0, 2, 1, 3});
}

bool lite_write_attention(lite_writer *w, const op *o)
{
    const shape *s = lite_graph_shape(w, o->inputs[0]);
    int64_t places = s->d[1] * s->d[2], heads = o->a.heads, width = s->d[3] / 3 / heads;
    int32_t qkv = lite_value(w, o->inputs[0]);
    int32_t q = third(w, qkv, s, heads, 0), k = third(w, qkv, s, heads, 1), v = third(w, qkv, s, heads, 2);
    q = lite_multiply(w, q, lite_number(w, (float)(1 / sqrt((double)width))), ACTIVATION_NONE);
    int32_t p = multiply_matrices(w, q, k, true, (lite_shape){4, {BATCH, heads, places, places}});
    p = lite_softmax(w, p, 1);
    int32_t y = multiply_matrices(w, p, v, false, (lite_shape){4, {BATCH, heads, places, width}});
    y = lite_transpose(w, y, (const int[]){0, 2, 1, 3});
    return lite_set(w, o, lite_reshape(w, y, lite_shape_of(w, o->outputs[0])));
}
