/* SPDX-License-Identifier: Apache-2.0 */
/* What the graph takes and gives: normalised pictures, or pixels that it normalises; probabilities. */
#include "convert/onnx_export/writer.h"

/* "batch", or a number. */
static bool set_side(onnx_writer *w, Onnx__TensorShapeProto *s, int64_t side)
{
    Onnx__TensorShapeProto__Dimension *d = mem_pool_array(&w->pool, 1, sizeof *d);
    if (!d)
        return false;
    onnx__tensor_shape_proto__dimension__init(d);
    if (side == BATCH) {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        d->dim_param = mem_pool_text(&w->pool, "batch");
    } else {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        d->dim_value = side;
    }
    s->dim[s->n_dim++] = d;
    return side != BATCH || d->dim_param;
}

Onnx__ValueInfoProto **onnx_value_info(onnx_writer *w, char *name, int type, const shape *s)
{
    Onnx__ValueInfoProto *info = mem_pool_array(&w->pool, 1, sizeof *info),
                         **list = mem_pool_array(&w->pool, 1, sizeof *list);
    Onnx__TypeProto *kind = mem_pool_array(&w->pool, 1, sizeof *kind);
    Onnx__TypeProto__Tensor *tensor = mem_pool_array(&w->pool, 1, sizeof *tensor);
    Onnx__TensorShapeProto *sides = mem_pool_array(&w->pool, 1, sizeof *sides);
    if (!info || !list || !kind || !tensor || !sides)
        return NULL;
    onnx__value_info_proto__init(info);
    onnx__type_proto__init(kind);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(sides);
    info->name = name;
    info->type = kind;
    kind->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    kind->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = type;
    tensor->shape = sides;
    if (!(sides->dim = mem_pool_array(&w->pool, (size_t)s->rank, sizeof *sides->dim)))
        return NULL;
    for (int i = 0; i < s->rank; i++)
        if (!set_side(w, sides, s->d[i]))
            return NULL;
    list[0] = info;
    return list;
}

static bool set_input(onnx_writer *w, char *name, int type, const shape *s)
{
    w->graph.n_input = 1;
    return name && (w->graph.input = onnx_value_info(w, name, type, s));
}

/* (pixels - mean) / std, with the channels in the network's order. */
static const char *normalise(onnx_writer *w, const op *o, const char *pixels)
{
    static const int64_t backwards[] = {2, 1, 0};
    int64_t channels = onnx_shape(w, o->inputs[0])->d[3];
    const onnx_attribute to_float[] = {ONNX_INT("to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT), {0}};
    const onnx_attribute last[] = {ONNX_INT("axis", 3), {0}};
    const char *x = onnx_node(w, "Cast", &pixels, 1, to_float);
    if (o->a.reverse && channels == 3)
        x = onnx_node(w, "Gather", (const char *[]){x, onnx_wholes(w, backwards, 3)}, 2, last);
    x = onnx_node(w, "Sub", (const char *[]){x, onnx_floats(w, "mean", 1, &channels, o->a.mean)}, 2, NULL);
    return onnx_node(w, "Div", (const char *[]){x, onnx_floats(w, "std", 1, &channels, o->a.std)}, 2, NULL);
}

bool onnx_write_normalize(onnx_writer *w, const op *o)
{
    const shape *s = onnx_shape(w, o->inputs[0]);
    char *name = mem_pool_text(&w->pool, "images");
    if (w->options->input == FV_EXPORT_PIXELS)
        return set_input(w, name, ONNX__TENSOR_PROTO__DATA_TYPE__UINT8, s) &&
               onnx_set_output(w, o, ONNX_LAST, normalise(w, o, name));
    shape first = shape_4(s->d[0], s->d[3], s->d[1], s->d[2]);
    return set_input(w, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, &first) &&
           onnx_set_output(w, o, ONNX_FIRST, name);
}
