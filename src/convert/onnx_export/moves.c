/* SPDX-License-Identifier: Apache-2.0 */
/* What moves values or takes some of them. */
#include "convert/onnx_export/writer.h"

#include <string.h>

bool onnx_write_concat(onnx_writer *w, const op *o)
{
    const char *in[OP_MAX_INPUTS];
    onnx_layout layout = onnx_layout_for(w, o);
    bool flat = onnx_shape(w, o->inputs[0])->rank != 4;
    const onnx_attribute a[] = {ONNX_INT("axis", layout == ONNX_FIRST || flat ? 1 : 3), {0}};
    for (int i = 0; i < o->input_count; i++)
        in[i] = onnx_value(w, o->inputs[i], layout);
    return onnx_set_output(w, o, layout, onnx_node(w, "Concat", in, o->input_count, a));
}

/* Place of our dimension k in the layout. */
static int place_of(int rank, int k, onnx_layout layout)
{
    static const int first[] = {0, 2, 3, 1};
    return rank == 4 && layout == ONNX_FIRST ? first[k] : k;
}

bool onnx_write_pad(onnx_writer *w, const op *o)
{
    int64_t pads[8] = {0};
    int rank = onnx_shape(w, o->inputs[0])->rank;
    onnx_layout layout = onnx_layout_for(w, o);
    for (int k = 0; k < rank; k++) {
        pads[place_of(rank, k, layout)] = o->a.before[k];
        pads[rank + place_of(rank, k, layout)] = o->a.after[k];
    }
    const char *in[] = {onnx_value(w, o->inputs[0], layout), onnx_wholes(w, pads, 2 * rank)};
    return onnx_set_output(w, o, layout, onnx_node(w, "Pad", in, 2, NULL));
}

bool onnx_write_crop(onnx_writer *w, const op *o)
{
    int64_t starts[4], ends[4], axes[4];
    int count = 0;
    const shape *s = onnx_shape(w, o->inputs[0]);
    onnx_layout layout = onnx_layout_for(w, o);
    for (int k = 1; k < s->rank; k++) {
        if (o->a.before[k] == 0 && o->a.after[k] == 0)
            continue;
        starts[count] = o->a.before[k];
        ends[count] = s->d[k] - o->a.after[k];
        axes[count++] = place_of(s->rank, k, layout);
    }
    const char *x = onnx_value(w, o->inputs[0], layout);
    if (count == 0)
        return onnx_set_output(w, o, layout, onnx_node(w, "Identity", &x, 1, NULL));
    const char *in[] = {x, onnx_wholes(w, starts, count), onnx_wholes(w, ends, count),
                        onnx_wholes(w, axes, count)};
    return onnx_set_output(w, o, layout, onnx_node(w, "Slice", in, 4, NULL));
}

bool onnx_write_shuffle(onnx_writer *w, const op *o)
{
    const shape *s = onnx_shape(w, o->inputs[0]);
    int64_t groups = o->a.groups, height = s->d[1], width = s->d[2], channels = s->d[3];
    const char *x = onnx_value(w, o->inputs[0], ONNX_FIRST);
    x = onnx_reshape(w, x, 5, (int64_t[]){0, groups, channels / groups, height, width});
    x = onnx_transpose(w, x, 5, (int64_t[]){0, 2, 1, 3, 4});
    return onnx_set_output(w, o, ONNX_FIRST, onnx_reshape(w, x, 4, (int64_t[]){0, channels, height, width}));
}

bool onnx_write_reshape(onnx_writer *w, const op *o)
{
    const shape *from = onnx_shape(w, o->inputs[0]);
    shape to = *onnx_shape(w, o->outputs[0]);
    const onnx_names *x = &w->values[o->inputs[0]];
    bool pixel = from->rank == 2 && to.rank == 4 && to.d[1] == 1 && to.d[2] == 1;
    if (pixel && x->pooled)
        return onnx_set_output(w, o, ONNX_FIRST, x->pooled);
    if (pixel)
        return onnx_set_output(
            w, o, ONNX_FIRST,
            onnx_reshape(w, onnx_value(w, o->inputs[0], ONNX_FIRST), 4, (int64_t[]){0, to.d[3], 1, 1}));
    if (from->rank == 4 && to.rank == 2 && from->d[1] == 1 && from->d[2] == 1 && x->in[ONNX_FIRST])
        return onnx_set_output(w, o, ONNX_FIRST, onnx_node(w, "Flatten", &x->in[ONNX_FIRST], 1, NULL));
    to.d[0] = 0;
    return onnx_set_output(w, o, ONNX_LAST,
                           onnx_reshape(w, onnx_value(w, o->inputs[0], ONNX_LAST), to.rank, to.d));
}

bool onnx_write_flatten(onnx_writer *w, const op *o)
{
    const char *x = onnx_value(w, o->inputs[0], ONNX_FIRST);
    return onnx_set_output(w, o, ONNX_FIRST, onnx_node(w, "Flatten", &x, 1, NULL));
}

bool onnx_write_unflatten(onnx_writer *w, const op *o)
{
    const shape *s = onnx_shape(w, o->outputs[0]);
    const char *x = onnx_value(w, o->inputs[0], ONNX_FIRST);
    return onnx_set_output(w, o, ONNX_FIRST,
                           onnx_reshape(w, x, 4, (int64_t[]){0, s->d[3], s->d[1], s->d[2]}));
}
