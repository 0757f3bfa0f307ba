/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisation, of what TFLite has: means, differences, factors. */
#include "convert/tflite_export/writer.h"

/* y = scale x + shift. */
bool lite_write_batch_norm(lite_writer *w, const op *o)
{
    int64_t channels = lite_graph_shape(w, o->inputs[1])->d[0];
    const char *layer = o->name ? o->name : "norm";
    lite_shape list = {1, {channels}};
    float *scale = mem_pool_array(&w->pool, (size_t)channels, sizeof *scale),
          *shift = mem_pool_array(&w->pool, (size_t)channels, sizeof *shift);
    if (!scale || !shift)
        return false;
    export_scale_shift(w->network, o, scale, shift);
    int32_t a = lite_floats(w, mem_pool_text(&w->pool, "%s.scale", layer), list, scale),
            b = lite_floats(w, mem_pool_text(&w->pool, "%s.shift", layer), list, shift);
    int32_t y = lite_multiply(w, lite_value(w, o->inputs[0]), a, ACTIVATION_NONE);
    return lite_set(w, o, lite_add(w, y, b, lite_fuse(w, o)));
}

/* (x - mean) / sqrt(variance + epsilon) over the axes. */
static int32_t standardise(lite_writer *w, int32_t x, const int64_t *axes, int count, float epsilon)
{
    static const lite_options none = {.type = OPTIONS_SQUARED_DIFFERENCE},
                              subtract = {
                                  .type = OPTIONS_SUB, .count = 1, .fields = {FLAT_BYTE(0, ACTIVATION_NONE)}};
    int32_t mean = lite_mean(w, x, axes, count, true);
    if (mean < 0)
        return mean;
    lite_shape s = w->tensors[x].shape;
    int32_t squares = lite_operator(w, OPERATOR_SQUARED_DIFFERENCE, (int32_t[]){x, mean}, 2, s, &none);
    int32_t variance =
        lite_add(w, lite_mean(w, squares, axes, count, true), lite_number(w, epsilon), ACTIVATION_NONE);
    if (variance < 0)
        return variance;
    int32_t inverse = lite_operator(w, OPERATOR_RSQRT, &variance, 1, w->tensors[variance].shape, NULL);
    int32_t centred = lite_operator(w, OPERATOR_SUB, (int32_t[]){x, mean}, 2, s, &subtract);
    return lite_multiply(w, centred, inverse, ACTIVATION_NONE);
}

bool lite_write_group_norm(lite_writer *w, const op *o)
{
    lite_shape s = lite_shape_of(w, o->inputs[0]);
    int64_t channels = s.d[s.rank - 1], last = s.rank - 1;
    int32_t x = lite_value(w, o->inputs[0]);
    bool of_places = o->a.each_place || s.rank == 2;
    if (of_places && o->a.groups == 1) {
        x = standardise(w, x, &last, 1, o->a.epsilon);
    } else {
        int64_t places = s.rank == 4 ? s.d[1] * s.d[2] : 1;
        x = lite_reshape(w, x, (lite_shape){4, {BATCH, places, o->a.groups, channels / o->a.groups}});
        x = lite_reshape(w, standardise(w, x, (const int64_t[]){1, 3}, 2, o->a.epsilon), s);
    }
    x = lite_multiply(w, x, lite_channels(w, o, 1, "weight", channels, 1), ACTIVATION_NONE);
    return lite_set(w, o, lite_add(w, x, lite_channels(w, o, 2, "bias", channels, 0), lite_fuse(w, o)));
}
