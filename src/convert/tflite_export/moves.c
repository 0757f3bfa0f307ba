/* SPDX-License-Identifier: Apache-2.0 */
/* What moves values or takes some of them. */
#include <float.h>

#include "convert/tflite_export/writer.h"

bool lite_write_concat(lite_writer *w, const op *o)
{
    int32_t in[OP_MAX_INPUTS];
    lite_shape s = lite_shape_of(w, o->outputs[0]);
    const lite_options options = {.type = OPTIONS_CONCATENATION,
                                  .count = 2,
                                  .fields = {FLAT_INT(CONCATENATION_AXIS, s.rank - 1),
                                             FLAT_BYTE(CONCATENATION_ACTIVATION, ACTIVATION_NONE)}};
    for (int i = 0; i < o->input_count; i++)
        in[i] = lite_value(w, o->inputs[i]);
    return lite_set(w, o, lite_operator(w, OPERATOR_CONCATENATION, in, o->input_count, s, &options));
}

int32_t lite_pad(lite_writer *w, int32_t x, const int64_t *before, const int64_t *after, bool lowest)
{
    lite_shape s = w->tensors[x].shape;
    int64_t list[2 * LITE_RANK];
    for (int i = 0; i < s.rank; i++) {
        list[2 * i] = before[i];
        list[2 * i + 1] = after[i];
        s.d[i] += before[i] + after[i];
    }
    int32_t pads = lite_wholes(w, list, 2 * s.rank);
    if (pads >= 0)
        w->tensors[pads].shape = (lite_shape){2, {s.rank, 2}};
    return lowest
               ? lite_operator(w, OPERATOR_PADV2, (int32_t[]){x, pads, lite_number(w, -FLT_MAX)}, 3, s, NULL)
               : lite_operator(w, OPERATOR_PAD, (int32_t[]){x, pads}, 2, s, NULL);
}

bool lite_write_pad(lite_writer *w, const op *o)
{
    int32_t x = lite_value(w, o->inputs[0]);
    return lite_set(w, o, x < 0 ? x : lite_pad(w, x, o->a.before, o->a.after, false));
}

bool lite_write_crop(lite_writer *w, const op *o)
{
    lite_shape s = lite_shape_of(w, o->outputs[0]);
    int32_t in[] = {lite_value(w, o->inputs[0]), lite_wholes(w, o->a.before, s.rank),
                    lite_wholes(w, s.d, s.rank)};
    return lite_set(w, o, lite_operator(w, OPERATOR_SLICE, in, 3, s, NULL));
}

bool lite_write_shuffle(lite_writer *w, const op *o)
{
    lite_shape s = lite_shape_of(w, o->outputs[0]);
    int64_t groups = o->a.groups;
    int32_t x = lite_value(w, o->inputs[0]);
    x = lite_reshape(w, x, (lite_shape){5, {BATCH, s.d[1], s.d[2], groups, s.d[3] / groups}});
    x = lite_transpose(w, x, (const int[]){0, 1, 2, 4, 3});
    return lite_set(w, o, lite_reshape(w, x, s));
}

bool lite_write_reshape(lite_writer *w, const op *o)
{
    return lite_set(w, o, lite_reshape(w, lite_value(w, o->inputs[0]), lite_shape_of(w, o->outputs[0])));
}
