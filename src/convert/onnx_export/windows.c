/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and pools: (N, C, H, W). */
#include "convert/onnx_export/writer.h"

/* Our padding is top, bottom, left, right; ONNX's all beginnings, then all ends. */
#define WINDOW_ATTRIBUTES(v)                                                                                 \
    ONNX_INTS("kernel_shape", 2, (v)->kernel[0], (v)->kernel[1]),                                            \
        ONNX_INTS("strides", 2, (v)->stride[0], (v)->stride[1]),                                             \
        ONNX_INTS("pads", 4, (v)->pad[0], (v)->pad[2], (v)->pad[1], (v)->pad[3])

bool onnx_write_convolution(onnx_writer *w, const op *o)
{
    const window *v = &o->a.window;
    const onnx_attribute a[] = {WINDOW_ATTRIBUTES(v),
                                ONNX_INTS("dilations", 2, v->dilation[0], v->dilation[1]),
                                ONNX_INT("group", v->groups),
                                {0}};
    const char *in[] = {onnx_value(w, o->inputs[0], ONNX_FIRST), onnx_parameter(w, o, 1, "weight"),
                        onnx_parameter(w, o, 2, "bias")};
    return onnx_set_output(w, o, ONNX_FIRST, onnx_node(w, "Conv", in, op_input(o, 2) == NO_VALUE ? 2 : 3, a));
}

bool onnx_write_max_pool(onnx_writer *w, const op *o)
{
    const window *v = &o->a.window;
    const onnx_attribute a[] = {
        WINDOW_ATTRIBUTES(v), ONNX_INTS("dilations", 2, v->dilation[0], v->dilation[1]), {0}};
    const char *x = onnx_value(w, o->inputs[0], ONNX_FIRST);
    return onnx_set_output(w, o, ONNX_FIRST, onnx_node(w, "MaxPool", &x, 1, a));
}

bool onnx_write_average_pool(onnx_writer *w, const op *o)
{
    const window *v = &o->a.window;
    const onnx_attribute a[] = {
        WINDOW_ATTRIBUTES(v), ONNX_INT("count_include_pad", o->a.count_padding != 0), {0}};
    const char *x = onnx_value(w, o->inputs[0], ONNX_FIRST);
    return onnx_set_output(w, o, ONNX_FIRST, onnx_node(w, "AveragePool", &x, 1, a));
}

bool onnx_write_global_average(onnx_writer *w, const op *o)
{
    const onnx_attribute places[] = {ONNX_INTS("axes", 2, 1, 2), ONNX_INT("keepdims", 0), {0}};
    onnx_layout layout = onnx_layout_for(w, o);
    const char *x = onnx_value(w, o->inputs[0], layout);
    if (layout == ONNX_LAST)
        return onnx_set_output(w, o, layout, onnx_node(w, "ReduceMean", &x, 1, places));
    const char *pooled = onnx_node(w, "GlobalAveragePool", &x, 1, NULL);
    w->values[o->outputs[0]].pooled = pooled;
    return onnx_set_output(w, o, layout, onnx_node(w, "Flatten", &pooled, 1, NULL));
}
