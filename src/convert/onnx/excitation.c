/* SPDX-License-Identifier: Apache-2.0 */
/* Squeeze and excitation: x * gate(fc2(activation(fc1(mean(x))))), the layer that has it as one. */
#include <string.h>

#include "convert/onnx/importer.h"

/* A function that is an activation, of a dense layer or a 1x1 convolution of one pixel; that layer. */
static step *gate_layer(step *s, fv_activation_kind *kind)
{
    float alpha;
    if (s->kind != STEP_CURVE || !curve_activation(s->curve, kind, &alpha) || *kind == FV_LEAKY_RELU)
        return NULL;
    step *l = s->root;
    bool dense = l->kind == STEP_DENSE,
         convolution = l->kind == STEP_CONVOLUTION && l->kernel[0] * l->kernel[1] == 1 && l->groups == 1;
    return (dense || convolution) && l->size[HEIGHT] == 1 && l->size[WIDTH] == 1 &&
                   l->in[0]->size[HEIGHT] == 1 && l->in[0]->size[WIDTH] == 1
               ? l
               : NULL;
}

/* "blocks.0.se" of "blocks.0.se.fc1" and "blocks.0.se.fc2". */
static const char *common_module(importer *m, const char *a, const char *b)
{
    size_t same = 0, end = 0;
    if (!a || !b)
        return NULL;
    for (; a[same] && a[same] == b[same]; same++)
        if (a[same] == '.')
            end = same;
    return end > 0 ? import_text(m, a, end) : NULL;
}

fv_status excitation_find(call *c, step *x, step *gate, step **out)
{
    fv_activation_kind outer, inner;
    *out = NULL;
    step *second = gate_layer(gate, &outer), *first = second ? gate_layer(second->in[0], &inner) : NULL;
    if (!first || first->in[0]->kind != STEP_GLOBAL_AVERAGE || first->in[0]->in[0] != x ||
        second->size[CHANNELS] != x->size[CHANNELS])
        return FV_OK;
    step *s = step_add(c, STEP_EXCITATION, &x, 1);
    if (!s)
        return status_last();
    s->weight = first->weight;
    s->bias = first->bias;
    s->second = second->weight;
    s->second_bias = second->bias;
    s->units = first->size[CHANNELS];
    s->activation = inner;
    s->gate = outer;
    s->name = common_module(c->import, first->name, second->name);
    *out = s;
    return FV_OK;
}
