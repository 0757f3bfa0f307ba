/* SPDX-License-Identifier: Apache-2.0 */
/* Which steps the output needs, and as what: a curve becomes an activation, numbers for channels one layer or none. */
#include <stdio.h>
#include <string.h>

#include "convert/onnx/importer.h"
#include "core/text.h"

fv_status step_error(const step *s, const char *what)
{
    char name[160];
    snprintf(name, sizeof name, "%.100s (%.40s)", s->node && *s->node ? s->node : "without a name",
             s->op ? s->op : "?");
    text_flatten(name);
    return status_set(FV_ERROR_UNSUPPORTED, "node %s: %s", name, what);
}

/* What is left of a batch norm that an exporter did not quite fold: the convolution takes it. */
static fv_status fold(importer *m, step *s, const step *convolution)
{
    int64_t units = convolution->units;
    int64_t each = convolution->in[0]->size[CHANNELS] / convolution->groups * convolution->kernel[0] *
                   convolution->kernel[1];
    float *weight = import_array(m, (uint64_t)(units * each), sizeof *weight),
          *bias = import_array(m, (uint64_t)units, sizeof *bias);
    if (!weight || !bias)
        return status_last();
    for (int64_t o = 0; o < units; o++) {
        bias[o] = s->bias[o] + s->weight[o] * (convolution->bias ? convolution->bias[o] : 0);
        for (int64_t i = o * each; i < (o + 1) * each; i++)
            weight[i] = s->weight[o] * convolution->weight[i];
    }
    step folded = *convolution;
    folded.live = s->live;
    folded.uses = s->uses;
    folded.weight = weight;
    folded.bias = bias;
    *s = folded;
    return FV_OK;
}

static fv_status become_affine(importer *m, step *s)
{
    step *root = affine_root(m, s, &s->weight, &s->bias);
    bool shifts = false;
    if (!root)
        return status_last();
    for (int64_t i = 0; i < s->size[CHANNELS]; i++)
        shifts = shifts || s->bias[i] != 0;
    if (shifts && root->kind == STEP_CONVOLUTION)
        return fold(m, s, root);
    s->kind = STEP_AFFINE;
    s->in[0] = root;
    s->in_count = 1;
    return FV_OK;
}

static fv_status resolve_curve(importer *m, step *s)
{
    double scale, shift;
    if (curve_is_affine(s->curve, &scale, &shift))
        return become_affine(m, s);
    if (curve_activation(s->curve, &s->activation, &s->alpha))
        s->in[0] = s->root;
    else if (s->last_curve && curve_is_affine(s->last_curve, &scale, &shift))
        return become_affine(m, s);
    else if (!s->last_curve && (s->combination == '+' || s->combination == '*')) {
        s->kind = s->combination == '+' ? STEP_ADD : STEP_MULTIPLY;
        return FV_OK;
    } else if (!s->last_curve || !curve_activation(s->last_curve, &s->activation, &s->alpha)) {
        return step_error(
            s, "ends a function of each value that is none of fovea's activations (relu, leaky_relu, "
               "relu6, gelu, silu, hard_swish, sigmoid, hard_sigmoid, tanh)");
    }
    s->kind = STEP_ACTIVATION;
    s->in_count = 1;
    return FV_OK;
}

static fv_status resolve(importer *m, step *s)
{
    switch (s->kind) {
    case STEP_CURVE:
        return resolve_curve(m, s);
    case STEP_AFFINE:
        return become_affine(m, s);
    case STEP_ATTENTION:
        return step_error(s, "is attention without a dense layer behind it");
    case STEP_SCORES:
        return step_error(s, "multiplies two tensors in another way than attention does");
    case STEP_SOFTMAX:
        return step_error(s, "fovea has softmax in attention and at the end of a network only");
    case STEP_CHANNEL_MEAN:
    case STEP_CENTRED:
    case STEP_VARIANCE:
        return step_error(s, "is a mean over the channels that is no part of a layer norm");
    default:
        return FV_OK;
    }
}

fv_status steps_find_live(importer *m, step *output)
{
    output->live = true;
    for (size_t i = m->step_count; i-- > 0;) {
        step *s = m->steps[i];
        if (!s->live)
            continue;
        STATUS_TRY(resolve(m, s));
        for (int k = 0; k < s->in_count; k++) {
            s->in[k]->live = true;
            s->in[k]->uses++;
        }
    }
    return FV_OK;
}

bool step_keeps_flat(const step *s)
{
    return s->kind == STEP_ACTIVATION || s->kind == STEP_ADD || s->kind == STEP_MULTIPLY ||
           s->kind == STEP_DROPOUT || s->kind == STEP_BATCH_NORM;
}

void steps_find_flat(importer *m)
{
    for (size_t i = 0; i < m->step_count; i++)
        m->steps[i]->flat = m->steps[i]->size[HEIGHT] == 1 && m->steps[i]->size[WIDTH] == 1;
    for (size_t i = m->step_count; i-- > 0;) {
        step *s = m->steps[i];
        for (int k = 0; s->live && k < s->in_count; k++)
            if (!s->flat || !(step_keeps_flat(s) || s->kind == STEP_DENSE))
                s->in[k]->flat = false;
    }
}
