/* SPDX-License-Identifier: Apache-2.0 */
/* Dense layers and attention: products of matrices. */
#include "convert/onnx_export/writer.h"

#include <math.h>

/* (O, I) to (I, O). */
static const float *transposed(onnx_writer *w, const float *data, int64_t rows, int64_t columns)
{
    float *turned = mem_pool_array(&w->pool, (size_t)(rows * columns), sizeof *turned);
    for (int64_t r = 0; turned && r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            turned[c * rows + r] = data[r * columns + c];
    return turned;
}

/* Of each place: x (N, H, W, I) times (I, O), plus b. */
static const char *each_place(onnx_writer *w, const op *o)
{
    value_id v = o->inputs[1];
    const shape *s = onnx_shape(w, v);
    const char *name = export_parameter_name(w->network, w->op, v, "weight", &w->pool);
    const float *turned = transposed(w, w->network->data[v], s->d[0], s->d[1]);
    const char *weight =
        name && turned ? onnx_floats(w, name, 2, (int64_t[]){s->d[1], s->d[0]}, turned) : NULL;
    const char *in[] = {onnx_value(w, o->inputs[0], ONNX_LAST), weight};
    const char *y = onnx_node(w, "MatMul", in, 2, NULL);
    if (op_input(o, 2) == NO_VALUE)
        return y;
    return onnx_node(w, "Add", (const char *[]){y, onnx_parameter(w, o, 2, "bias")}, 2, NULL);
}

bool onnx_write_dense(onnx_writer *w, const op *o)
{
    const onnx_attribute turned[] = {ONNX_INT("transB", 1), {0}};
    if (o->a.each_place && onnx_shape(w, o->inputs[0])->rank == 4)
        return onnx_set_output(w, o, ONNX_LAST, each_place(w, o));
    const char *x = onnx_value(w, o->inputs[0], ONNX_FIRST);
    if (onnx_shape(w, o->inputs[0])->rank == 4)
        x = onnx_node(w, "Flatten", &x, 1, NULL); /* channels slowest, as ours are */
    const char *in[] = {x, onnx_parameter(w, o, 1, "weight"), onnx_parameter(w, o, 2, "bias")};
    return onnx_set_output(w, o, ONNX_LAST,
                           onnx_node(w, "Gemm", in, op_input(o, 2) == NO_VALUE ? 2 : 3, turned));
}

/* One of (3, N, heads, L, d). */
static const char *third(onnx_writer *w, const char *qkv, int64_t which)
{
    const onnx_attribute first[] = {ONNX_INT("axis", 0), {0}};
    const char *at = onnx_wholes(w, &which, 1);
    const char *part = onnx_node(w, "Gather", (const char *[]){qkv, at}, 2, first);
    return onnx_node(w, "Squeeze", (const char *[]){part, onnx_wholes(w, (int64_t[]){0}, 1)}, 2, NULL);
}

bool onnx_write_attention(onnx_writer *w, const op *o)
{
    const shape *s = onnx_shape(w, o->inputs[0]);
    int64_t places = s->d[1] * s->d[2], heads = o->a.heads, width = s->d[3] / 3 / heads;
    const char *x = onnx_value(w, o->inputs[0], ONNX_LAST);
    const char *qkv = onnx_reshape(w, x, 5, (int64_t[]){0, places, 3, heads, width});
    qkv = onnx_transpose(w, qkv, 5, (int64_t[]){2, 0, 3, 1, 4});
    const char *q = third(w, qkv, 0), *k = third(w, qkv, 1), *v = third(w, qkv, 2);
    const char *scale = onnx_number(w, (float)(1 / sqrt((double)width)));
    q = onnx_node(w, "Mul", (const char *[]){q, scale}, 2, NULL);
    k = onnx_transpose(w, k, 4, (int64_t[]){0, 1, 3, 2});
    const char *p = onnx_node(w, "MatMul", (const char *[]){q, k}, 2, NULL);
    p = onnx_node(w, "Softmax", &p, 1, (const onnx_attribute[]){ONNX_INT("axis", -1), {0}});
    const char *y = onnx_node(w, "MatMul", (const char *[]){p, v}, 2, NULL);
    y = onnx_transpose(w, y, 4, (int64_t[]){0, 2, 1, 3});
    return onnx_set_output(w, o, ONNX_LAST,
                           onnx_reshape(w, y, 4, (int64_t[]){0, s->d[1], s->d[2], heads * width}));
}
