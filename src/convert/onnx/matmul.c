/* SPDX-License-Identifier: Apache-2.0 */
/* Gemm and MatMul: dense layers, and the two products of attention. */
#include <string.h>

#include "convert/onnx/importer.h"

/* (O, I) of the layer: the input's numbers in the order channels, height, width, in which a flattened picture has them here. `at` finds the
 * place of each of the file's. */
static const float *order_weight(call *c, const operand *x, const constant *weight, bool transposed)
{
    int64_t inputs = weight->shape[transposed ? 1 : 0], units = weight->shape[transposed ? 0 : 1], at[SIDES];
    const int64_t *size = x->step->size;
    bool whole_picture = view_axis_sides(&x->view, x->view.rank - 1) & ~(1u << CHANNELS);
    if (transposed && !whole_picture)
        return weight->floats;
    float *out = import_array(c->import, (uint64_t)(inputs * units), sizeof *out);
    for (int64_t i = 0; out && i < inputs; i++) {
        int64_t to = i;
        if (whole_picture) {
            view_place(&x->view, x->view.rank - 1, x->view.rank - 1, i, at);
            to = (at[CHANNELS] * size[HEIGHT] + at[HEIGHT]) * size[WIDTH] + at[WIDTH];
        }
        for (int64_t o = 0; o < units; o++)
            out[o * inputs + to] = weight->floats[transposed ? o * inputs + i : i * units + o];
    }
    return out;
}

fv_status dense_add(call *c, const operand *v, constant *weight, bool transposed, const float *bias)
{
    operand x;
    STATUS_TRY(operand_whole(c, v, &x));
    if (weight->rank != 2 || x.view.rank < 1 || weight->count == 0 ||
        x.view.axes[x.view.rank - 1].size != weight->shape[transposed ? 1 : 0])
        return call_error(c, FV_ERROR_UNSUPPORTED, "its weights do not fit its input");
    if (!constant_floats(c->import, weight))
        return status_last();
    int last = x.view.rank - 1;
    const int64_t *size = x.step->size;
    bool each = view_axis_is(&x.view, last, CHANNELS, size);
    if (!each && x.view.axes[last].size != size[HEIGHT] * size[WIDTH] * size[CHANNELS])
        return call_layout_error(c);
    step *s = step_add(c, STEP_DENSE, &x.step, 1);
    if (!s || !(s->weight = order_weight(c, &x, weight, transposed)))
        return status_last();
    s->units = s->size[CHANNELS] = weight->shape[transposed ? 0 : 1];
    s->bias = bias;
    s->name = call_layer_name(c, weight);
    s->whole_picture = !each;
    if (!each)
        s->size[HEIGHT] = s->size[WIDTH] = 1;
    if (each && x.step->kind == STEP_ATTENTION)
        STATUS_TRY(attention_project(c, s, &s));
    x.view.axes[last] = view_side(CHANNELS, weight->shape[transposed ? 0 : 1]);
    operand_set(&c->out[0], s, x.view);
    return FV_OK;
}

static fv_status gemm(call *c)
{
    operand *x;
    constant *weight, *bias;
    const float *numbers = NULL;
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_constant(c, 1, &weight));
    if (weight->rank != 2 || operand_rank(x) != 2 || call_int(c, "transA", 0) ||
        call_float(c, "alpha", 1) != 1 || call_float(c, "beta", 1) != 1)
        return call_error(c, FV_ERROR_UNSUPPORTED, "is no dense layer: transA, alpha or beta");
    bool transposed = call_int(c, "transB", 0) != 0;
    int64_t units = weight->shape[transposed ? 0 : 1];
    if (c->in_count > 2 && c->in[2]) {
        STATUS_TRY(call_constant(c, 2, &bias));
        if (!constant_floats(c->import, bias))
            return status_last();
        float *spread = import_array(c->import, (uint64_t)units, sizeof *spread);
        if (!spread)
            return status_last();
        if (bias->count != 1 && bias->count != units)
            return call_error(c, FV_ERROR_UNSUPPORTED, "its bias does not fit");
        for (int64_t i = 0; i < units; i++)
            spread[i] = bias->floats[bias->count == 1 ? 0 : i];
        numbers = spread;
    }
    STATUS_TRY(dense_add(c, x, weight, transposed, numbers));
    step *s = c->out[0].step;
    if (numbers && !s->name)
        s->name = call_layer_name(c, c->in[2]->constant);
    return FV_OK;
}

static fv_status matmul(call *c)
{
    if (c->in_count < 2 || !c->in[0] || !c->in[1])
        return call_error(c, FV_ERROR_FORMAT, "an input is missing");
    operand *a = c->in[0], *b = c->in[1];
    if (a->step && b->constant)
        return dense_add(c, a, b->constant, false, NULL);
    if (a->constant || b->constant)
        return call_error(c, FV_ERROR_UNSUPPORTED, "multiplies a constant matrix with its input");
    if (a->step->kind == STEP_SOFTMAX)
        return attention_values(c, a, b);
    return attention_scores(c, a, b);
}

const operation matmul_operations[] = {{"Gemm", gemm}, {"MatMul", matmul}, {0}};
