/* SPDX-License-Identifier: Apache-2.0 */
/* Values under their names, in the layout that an operation wants. */
#include "convert/onnx_export/writer.h"

#include <string.h>

const shape *onnx_shape(const onnx_writer *w, value_id v)
{
    return &w->network->graph->values[v].shape;
}

const char *onnx_reshape(onnx_writer *w, const char *x, int rank, const int64_t *shape)
{
    return onnx_node(w, "Reshape", (const char *[]){x, onnx_wholes(w, shape, rank)}, 2, NULL);
}

const char *onnx_transpose(onnx_writer *w, const char *x, int rank, const int64_t *order)
{
    const onnx_attribute a[] = {{.name = "perm", .count = rank, .ints = order}, {0}};
    return onnx_node(w, "Transpose", (const char *[]){x}, 1, a);
}

/* ---- persistent values ---- */

/* (H, W, C) of one picture to (C, H, W). */
static const float *channels_first(onnx_writer *w, const float *data, const shape *s)
{
    int64_t places = s->d[0] * s->d[1] * s->d[2], channels = s->d[3], each = s->d[1] * s->d[2];
    float *moved = mem_pool_array(&w->pool, (size_t)(places * channels), sizeof *moved);
    for (int64_t p = 0; moved && p < places; p++)
        for (int64_t c = 0; c < channels; c++)
            moved[((p / each) * channels + c) * each + p % each] = data[p * channels + c];
    return moved;
}

static const char *add_constant(onnx_writer *w, value_id v, onnx_layout layout)
{
    shape s = *onnx_shape(w, v);
    const float *data = w->network->data[v];
    const char *name = w->op->name ? w->op->name : "constant";
    if (s.rank != 4 || layout == ONNX_LAST)
        return onnx_floats(w, name, s.rank, s.d, data);
    data = channels_first(w, data, &s);
    return data ? onnx_floats(w, name, 4, (int64_t[]){s.d[0], s.d[3], s.d[1], s.d[2]}, data) : NULL;
}

const char *onnx_parameter(onnx_writer *w, const op *o, int input, const char *part)
{
    value_id v = op_input(o, input);
    if (v == NO_VALUE)
        return NULL;
    onnx_names *names = &w->values[v];
    if (names->in[ONNX_LAST])
        return names->in[ONNX_LAST];
    const shape *own = onnx_shape(w, v);
    const char *name = export_parameter_name(w->network, w->op, v, part, &w->pool);
    return names->in[ONNX_LAST] = name ? onnx_floats(w, name, own->rank, own->d, w->network->data[v]) : NULL;
}

/* ---- values of pictures ---- */

const char *onnx_value(onnx_writer *w, value_id v, onnx_layout layout)
{
    static const int64_t to_first[] = {0, 3, 1, 2}, to_last[] = {0, 2, 3, 1};
    onnx_names *names = &w->values[v];
    onnx_layout other = layout == ONNX_FIRST ? ONNX_LAST : ONNX_FIRST;
    if (names->in[layout])
        return names->in[layout];
    if (w->network->data[v])
        names->in[layout] = add_constant(w, v, layout);
    else if (names->in[other])
        names->in[layout] = onnx_transpose(w, names->in[other], 4, layout == ONNX_FIRST ? to_first : to_last);
    else
        status_set(FV_ERROR_INTERNAL, "layer %s: its input %d is written nowhere",
                   w->op->name ? w->op->name : "?", (int)v);
    return names->in[layout];
}

onnx_layout onnx_layout_for(const onnx_writer *w, const op *o)
{
    for (int layout = ONNX_FIRST; layout < ONNX_LAYOUTS; layout++) {
        bool all = true;
        for (int i = 0; i < o->input_count; i++)
            all = all && (w->network->data[o->inputs[i]] || w->values[o->inputs[i]].in[layout]);
        if (all)
            return (onnx_layout)layout;
    }
    return ONNX_FIRST;
}

bool onnx_set_output(onnx_writer *w, const op *o, onnx_layout layout, const char *y)
{
    if (y && o->a.activation != FV_LINEAR && o->kind != OP_ACTIVATION)
        y = onnx_activate(w, y, o->a.activation, o->a.alpha);
    if (!y)
        return false;
    onnx_names *names = &w->values[o->outputs[0]];
    names->in[layout] = y;
    if (onnx_shape(w, o->outputs[0])->rank != 4)
        names->in[ONNX_FIRST] = names->in[ONNX_LAST] = y;
    return true;
}
