/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that are added to a picture or multiplied with it: for each channel, or for each place. */
#include <string.h>

#include "convert/onnx/importer.h"

/* The name of a layer that has these numbers for its only tensor. */
static const char *tensor_name(call *c, const constant *numbers)
{
    return *numbers->name && strncmp(numbers->name, "onnx::", 6) != 0
               ? import_text(c->import, numbers->name, strlen(numbers->name))
               : call_layer_name(c, NULL);
}

static float *sum(importer *m, const float *a, const float *b, int64_t count)
{
    float *out = import_array(m, (uint64_t)count, sizeof *out);
    for (int64_t i = 0; out && i < count; i++)
        out[i] = a[i] + b[i];
    return out;
}

/* A new affine step of x: y = scale * x + shift, either of them NULL. */
static step *add_affine(call *c, step *x, const float *scale, const float *shift, const char *name)
{
    step *s = step_add(c, STEP_AFFINE, &x, 1);
    if (!s)
        return NULL;
    s->weight = scale;
    s->bias = shift;
    s->name = name;
    return s;
}

static bool takes_bias(const step *s)
{
    return s->kind == STEP_CONVOLUTION || s->kind == STEP_DENSE || s->kind == STEP_SELF_ATTENTION ||
           s->kind == STEP_LAYER_NORM || s->kind == STEP_BATCH_NORM;
}

static step *add_channels(call *c, step *x, const float *shift, const constant *numbers)
{
    if (!takes_bias(x))
        return add_affine(c, x, NULL, shift, NULL);
    step *s = step_copy(c, x);
    if (!s)
        return NULL;
    const float **bias = x->kind == STEP_SELF_ATTENTION ? &s->second_bias : &s->bias;
    if (*bias && !(shift = sum(c->import, *bias, shift, x->size[CHANNELS])))
        return NULL;
    *bias = shift;
    if (!s->name)
        s->name = call_layer_name(c, numbers);
    return s;
}

static step *multiply_channels(call *c, step *x, const float *scale, const constant *numbers)
{
    if ((x->kind != STEP_LAYER_NORM && x->kind != STEP_GROUP_NORM) || x->weight || x->bias)
        return add_affine(c, x, scale, NULL, tensor_name(c, numbers));
    step *s = step_copy(c, x); /* one that was written out */
    if (!s)
        return NULL;
    s->weight = scale;
    s->name = call_layer_name(c, numbers);
    return s;
}

/* Numbers for a token that had none: for the first place, and zeros for all others. */
static bool is_token(const step *x, const float *numbers)
{
    int64_t channels = x->size[CHANNELS], all = channels * x->size[HEIGHT] * x->size[WIDTH];
    if (x->kind != STEP_CLASS_TOKEN)
        return false;
    for (int64_t i = 0; i < all; i++)
        if (i < channels ? x->bias[i] != 0 : numbers[i] != 0)
            return false;
    return true;
}

/* A number of its own for each value. */
static step *add_places(call *c, step *x, const float *numbers, const constant *from)
{
    step *s = is_token(x, numbers) ? step_copy(c, x) : step_add(c, STEP_POSITION, &x, 1);
    if (!s)
        return NULL;
    s->bias = numbers;
    s->name = tensor_name(c, from);
    return s;
}

fv_status affine_apply(call *c, const operand *v, constant *numbers, affine_kind kind)
{
    operand x;
    bool channels;
    const float *spread;
    float *changed;
    step *s;
    STATUS_TRY(operand_whole(c, v, &x));
    if (!view_extend(&x.view, numbers->rank))
        return call_layout_error(c);
    STATUS_TRY(operand_spread(c, &x, numbers, &channels, &spread));
    int64_t count = x.step->size[CHANNELS] * (channels ? 1 : x.step->size[HEIGHT] * x.step->size[WIDTH]);
    if (!(changed = import_array(c->import, (uint64_t)count, sizeof *changed)))
        return status_last();
    for (int64_t i = 0; i < count; i++)
        changed[i] = kind == AFFINE_SUBTRACT ? -spread[i] : kind == AFFINE_DIVIDE ? 1 / spread[i] : spread[i];
    bool multiply = kind == AFFINE_MULTIPLY || kind == AFFINE_DIVIDE;
    if (!channels && multiply)
        return call_error(c, FV_ERROR_UNSUPPORTED, "multiplies each place with a number of its own");
    if (!channels) {
        s = add_places(c, x.step, changed, numbers);
    } else {
        s = multiply ? multiply_channels(c, x.step, changed, numbers)
                     : add_channels(c, x.step, changed, numbers);
    }
    if (!s)
        return status_last();
    operand_set(&c->out[0], s, x.view);
    return FV_OK;
}

/* scale * (a * x + b) + shift; without `a` and `b` one number for all. */
static void compose(int64_t count, const float *a, const float *b, double all_a, double all_b, float *scale,
                    float *shift)
{
    for (int64_t i = 0; i < count; i++) {
        shift[i] += scale[i] * (b ? b[i] : (float)all_b);
        scale[i] *= a ? a[i] : (float)all_a;
    }
}

step *affine_root(importer *m, step *s, const float **scale, const float **shift)
{
    int64_t count = s->size[CHANNELS];
    float *a = import_array(m, (uint64_t)count, sizeof *a), *b = import_array(m, (uint64_t)count, sizeof *b);
    if (!a || !b)
        return NULL;
    for (int64_t i = 0; i < count; i++)
        a[i] = 1;
    for (;;) {
        double all_a = 1, all_b = 0;
        if (s->kind == STEP_AFFINE) {
            compose(count, s->weight, s->bias, 1, 0, a, b);
            s = s->in[0];
        } else if (s->kind == STEP_CURVE && curve_is_affine(s->curve, &all_a, &all_b)) {
            compose(count, NULL, NULL, all_a, all_b, a, b);
            s = s->root;
        } else if (s->kind == STEP_CURVE && s->last_curve && curve_is_affine(s->last_curve, &all_a, &all_b)) {
            compose(count, NULL, NULL, all_a, all_b, a, b);
            s = s->in[0];
        } else {
            break;
        }
    }
    *scale = a;
    *shift = b;
    return s;
}
