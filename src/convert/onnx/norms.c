/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group normalisation, which is written as an instance normalisation of groups (as PyTorch does); and layer normalisation that is written
 * out: (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon), over the channels of each place.
 */
#include "convert/onnx/importer.h"

/* The mean over the channels, or the variance. */
fv_status norm_mean(call *c, const operand *x, bool keep)
{
    step *s = x->step, *m;
    bool squares = s->kind == STEP_CURVE && s->root->kind == STEP_CENTRED && curve_is_square(s->curve);
    if (!keep)
        return call_error(c, FV_ERROR_UNSUPPORTED,
                          "means over the channels are read as parts of a layer norm");
    m = step_add(c, squares ? STEP_VARIANCE : STEP_CHANNEL_MEAN, squares ? &s->root : &s, 1);
    if (!m)
        return status_last();
    m->size[CHANNELS] = 1;
    view v = x->view;
    for (int k = 0; k < v.rank; k++)
        if (view_axis_is(&v, k, CHANNELS, s->size))
            v.axes[k] = (view_axis){.size = 1};
    operand_set(&c->out[0], m, v);
    return FV_OK;
}

fv_status norm_difference(call *c, const operand *a, const operand *b, bool *done)
{
    *done = b->step->kind == STEP_CHANNEL_MEAN && b->step->in[0] == a->step;
    if (!*done)
        return FV_OK;
    step *s = step_add(c, STEP_CENTRED, &a->step, 1);
    if (!s)
        return status_last();
    operand_set(&c->out[0], s, a->view);
    return FV_OK;
}

fv_status norm_quotient(call *c, const operand *a, const operand *b, bool inverse, bool *done)
{
    const step *d = b->step;
    float epsilon;
    *done = a->step->kind == STEP_CENTRED && d->kind == STEP_CURVE && d->root->kind == STEP_VARIANCE &&
            d->root->in[0]->in[0] == a->step->in[0] && curve_is_deviation(d->curve, inverse, &epsilon);
    if (!*done)
        return FV_OK;
    step *s = step_add(c, STEP_LAYER_NORM, a->step->in, 1);
    if (!s)
        return status_last();
    s->epsilon = epsilon;
    operand_set(&c->out[0], s, a->view);
    return FV_OK;
}

static bool all_are(const float *numbers, int64_t count, float wanted)
{
    for (int64_t i = 0; i < count; i++)
        if (numbers[i] != wanted)
            return false;
    return true;
}

/* (1, G, rest), where the groups divide the channels and all of a group is behind it; *groups 0: it is nothing of the kind. */
static int64_t count_groups(const view *v, const int64_t size[SIDES])
{
    int64_t groups = v->rank >= 3 ? v->axes[1].size : 0, all = 1;
    const view_axis *a = &v->axes[v->rank >= 3];
    for (int k = 2; k < v->rank; k++)
        all *= v->axes[k].size;
    bool fits = groups > 0 && v->axes[0].size == 1 && size[CHANNELS] % groups == 0 &&
                groups * all == size[HEIGHT] * size[WIDTH] * size[CHANNELS] &&
                (groups == 1 || (a->count == 1 && a->atoms[0].side == CHANNELS &&
                                 a->atoms[0].stride == size[CHANNELS] / groups));
    return fits ? groups : 0;
}

fv_status norm_instances(call *c)
{
    operand *v, x;
    const float *weight, *bias;
    STATUS_TRY(call_value(c, 0, &v));
    STATUS_TRY(operand_whole(c, v, &x));
    const int64_t *size = x.step->size, groups = count_groups(&x.view, size);
    if (groups == 0)
        return call_error(c, FV_ERROR_UNSUPPORTED,
                          "fovea's group norm is over groups of channels of a picture");
    STATUS_TRY(call_floats(c, 1, groups, &weight));
    STATUS_TRY(call_floats(c, 2, groups, &bias));
    bool plain = all_are(weight, groups, 1) && all_are(bias, groups, 0);
    if (!plain && groups != size[CHANNELS])
        return call_error(c, FV_ERROR_UNSUPPORTED,
                          "has a factor for each group, where fovea has one for each channel");
    step *s = step_add(c, STEP_GROUP_NORM, &x.step, 1);
    if (!s)
        return status_last();
    s->groups = groups;
    s->epsilon = call_float(c, "epsilon", 1e-5f);
    s->weight = plain ? NULL : weight;
    s->bias = plain ? NULL : bias;
    s->name = plain ? NULL : call_layer_name(c, c->in[1]->constant);
    operand_set(&c->out[0], s, x.view);
    return FV_OK;
}
