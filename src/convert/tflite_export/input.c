/* SPDX-License-Identifier: Apache-2.0 */
/* What the graph takes: normalised pictures, or pixels that it normalises. */
#include "convert/tflite_export/writer.h"

static int32_t list(lite_writer *w, const char *name, const float *numbers, int64_t count)
{
    return lite_floats(w, name, (lite_shape){1, {count}}, numbers);
}

/* (pixels - mean) / std, with the channels in the network's order. */
static int32_t normalise(lite_writer *w, const op *o, int32_t pixels)
{
    static const int64_t backwards[] = {2, 1, 0};
    static const lite_options cast = {.type = OPTIONS_CAST,
                                      .count = 2,
                                      .fields = {FLAT_BYTE(0, TENSOR_UINT8), FLAT_BYTE(1, TENSOR_FLOAT32)}},
                              last = {.type = OPTIONS_GATHER, .count = 1, .fields = {FLAT_INT(0, 3)}},
                              subtract = {.type = OPTIONS_SUB,
                                          .count = 1,
                                          .fields = {FLAT_BYTE(0, ACTIVATION_NONE)}},
                              divide = {
                                  .type = OPTIONS_DIV, .count = 1, .fields = {FLAT_BYTE(0, ACTIVATION_NONE)}};
    lite_shape s = lite_shape_of(w, o->inputs[0]);
    int32_t x = lite_operator(w, OPERATOR_CAST, &pixels, 1, s, &cast);
    if (o->a.reverse && s.d[3] == 3)
        x = lite_operator(w, OPERATOR_GATHER, (int32_t[]){x, lite_wholes(w, backwards, 3)}, 2, s, &last);
    x = lite_operator(w, OPERATOR_SUB, (int32_t[]){x, list(w, "mean", o->a.mean, s.d[3])}, 2, s, &subtract);
    return lite_operator(w, OPERATOR_DIV, (int32_t[]){x, list(w, "std", o->a.std, s.d[3])}, 2, s, &divide);
}

bool lite_write_normalize(lite_writer *w, const op *o)
{
    bool pixels = w->options->input == FV_EXPORT_PIXELS;
    w->input = lite_tensor_add(w, "images", pixels ? TENSOR_UINT8 : TENSOR_FLOAT32,
                               lite_shape_of(w, o->inputs[0]), NULL, 0);
    if (w->input < 0)
        return false;
    return lite_set(w, o, pixels ? normalise(w, o, w->input) : w->input);
}
