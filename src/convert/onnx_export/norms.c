/* SPDX-License-Identifier: Apache-2.0 */
/* Batch, layer and group normalisation. */
#include "convert/onnx_export/writer.h"

bool onnx_write_batch_norm(onnx_writer *w, const op *o)
{
    const onnx_attribute a[] = {ONNX_FLOAT("epsilon", o->a.epsilon), {0}};
    const char *in[] = {onnx_value(w, o->inputs[0], ONNX_FIRST), onnx_parameter(w, o, 1, "weight"),
                        onnx_parameter(w, o, 2, "bias"), onnx_parameter(w, o, 3, "running_mean"),
                        onnx_parameter(w, o, 4, "running_var")};
    return onnx_set_output(w, o, ONNX_FIRST, onnx_node(w, "BatchNormalization", in, 5, a));
}

static const char *constant_list(onnx_writer *w, const char *name, int64_t count, float number)
{
    float *list = mem_pool_array(&w->pool, (size_t)count, sizeof *list);
    for (int64_t i = 0; list && i < count; i++)
        list[i] = number;
    return list ? onnx_floats(w, name, 1, &count, list) : NULL;
}

/* A number for each channel of (N, C, H, W), or of (N, C). */
static const char *for_channels(onnx_writer *w, const op *o, int input, const char *part)
{
    int64_t channels = onnx_shape(w, o->inputs[input])->d[0];
    const char *name = onnx_parameter(w, o, input, part);
    bool pictures = onnx_shape(w, o->inputs[0])->rank == 4;
    if (!name || !pictures)
        return name;
    return onnx_floats(w, name, 3, (int64_t[]){channels, 1, 1}, w->network->data[o->inputs[input]]);
}

/* Each group of a picture has its own mean: instances of (N, groups, rest). */
static bool write_groups(onnx_writer *w, const op *o)
{
    const onnx_attribute a[] = {ONNX_FLOAT("epsilon", o->a.epsilon), {0}};
    const shape *s = onnx_shape(w, o->inputs[0]);
    const char *x =
        onnx_reshape(w, onnx_value(w, o->inputs[0], ONNX_FIRST), 3, (int64_t[]){0, o->a.groups, -1});
    const char *in[] = {x, constant_list(w, "ones", o->a.groups, 1),
                        constant_list(w, "zeros", o->a.groups, 0)};
    const char *y = onnx_node(w, "InstanceNormalization", in, 3, a);
    y = onnx_reshape(w, y, s->rank,
                     s->rank == 4 ? (int64_t[]){0, s->d[3], s->d[1], s->d[2]} : (int64_t[]){0, s->d[1]});
    y = onnx_node(w, "Mul", (const char *[]){y, for_channels(w, o, 1, "weight")}, 2, NULL);
    y = onnx_node(w, "Add", (const char *[]){y, for_channels(w, o, 2, "bias")}, 2, NULL);
    return onnx_set_output(w, o, ONNX_FIRST, y);
}

bool onnx_write_group_norm(onnx_writer *w, const op *o)
{
    const onnx_attribute a[] = {ONNX_FLOAT("epsilon", o->a.epsilon), ONNX_INT("axis", -1), {0}};
    bool of_places = o->a.each_place || onnx_shape(w, o->inputs[0])->rank == 2;
    if (!of_places || o->a.groups > 1)
        return write_groups(w, o);
    const char *in[] = {onnx_value(w, o->inputs[0], ONNX_LAST), onnx_parameter(w, o, 1, "weight"),
                        onnx_parameter(w, o, 2, "bias")};
    return onnx_set_output(w, o, ONNX_LAST, onnx_node(w, "LayerNormalization", in, 3, a));
}
