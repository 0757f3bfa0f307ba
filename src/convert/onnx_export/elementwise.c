/* SPDX-License-Identifier: Apache-2.0 */
/* Activations, sums and products. */
#include "convert/onnx_export/writer.h"

#include <math.h>

static const char *one(onnx_writer *w, const char *type, const char *x)
{
    return onnx_node(w, type, &x, 1, NULL);
}

static const char *two(onnx_writer *w, const char *type, const char *a, const char *b)
{
    return onnx_node(w, type, (const char *[]){a, b}, 2, NULL);
}

/* x (1 + erf(x / sqrt(2))) / 2, in the order in which ONNX Runtime finds it and makes one operation of it. */
static const char *gelu(onnx_writer *w, const char *x)
{
    const char *e = one(w, "Erf", two(w, "Div", x, onnx_number(w, sqrtf(2))));
    e = two(w, "Mul", x, two(w, "Add", e, onnx_number(w, 1)));
    return two(w, "Mul", e, onnx_number(w, 0.5f));
}

/* x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
static const char *gelu_tanh(onnx_writer *w, const char *x)
{
    const char *cube = two(w, "Mul", two(w, "Mul", x, x), x);
    const char *u = two(w, "Add", x, two(w, "Mul", cube, onnx_number(w, 0.044715f)));
    const char *t = one(w, "Tanh", two(w, "Mul", u, onnx_number(w, 0.7978845608f)));
    t = two(w, "Mul", x, two(w, "Add", t, onnx_number(w, 1)));
    return two(w, "Mul", t, onnx_number(w, 0.5f));
}

const char *onnx_activate(onnx_writer *w, const char *x, fv_activation_kind kind, float alpha)
{
    switch (kind) {
    case FV_LINEAR:
        return x;
    case FV_RELU:
        return one(w, "Relu", x);
    case FV_LEAKY_RELU:
        return onnx_node(w, "LeakyRelu", &x, 1, (const onnx_attribute[]){ONNX_FLOAT("alpha", alpha), {0}});
    case FV_RELU6:
        return onnx_node(w, "Clip", (const char *[]){x, onnx_number(w, 0), onnx_number(w, 6)}, 3, NULL);
    case FV_GELU:
        return gelu(w, x);
    case FV_GELU_TANH:
        return gelu_tanh(w, x);
    case FV_SILU:
        return two(w, "Mul", x, one(w, "Sigmoid", x));
    case FV_HARD_SWISH:
        return one(w, "HardSwish", x);
    case FV_SIGMOID:
        return one(w, "Sigmoid", x);
    case FV_TANH:
        return one(w, "Tanh", x);
    case FV_HARD_SIGMOID:
        return onnx_node(
            w, "HardSigmoid", &x, 1,
            (const onnx_attribute[]){ONNX_FLOAT("alpha", 1 / 6.f), ONNX_FLOAT("beta", 0.5f), {0}});
    case FV_SOFTMAX:
        return onnx_node(w, "Softmax", &x, 1, (const onnx_attribute[]){ONNX_INT("axis", -1), {0}});
    }
    return NULL;
}

bool onnx_write_activation(onnx_writer *w, const op *o)
{
    onnx_layout layout = onnx_layout_for(w, o);
    const char *x = onnx_value(w, o->inputs[0], layout);
    return onnx_set_output(w, o, layout, onnx_activate(w, x, o->a.activation, o->a.alpha));
}

bool onnx_write_softmax(onnx_writer *w, const op *o)
{
    return onnx_set_output(w, o, ONNX_LAST,
                           onnx_activate(w, onnx_value(w, o->inputs[0], ONNX_LAST), FV_SOFTMAX, 0));
}

static bool write_pair(onnx_writer *w, const op *o, const char *type)
{
    onnx_layout layout = onnx_layout_for(w, o);
    const char *a = onnx_value(w, o->inputs[0], layout), *b = onnx_value(w, o->inputs[1], layout);
    return onnx_set_output(w, o, layout, two(w, type, a, b));
}

bool onnx_write_add(onnx_writer *w, const op *o)
{
    return write_pair(w, o, "Add");
}

bool onnx_write_multiply(onnx_writer *w, const op *o)
{
    return write_pair(w, o, "Mul");
}
