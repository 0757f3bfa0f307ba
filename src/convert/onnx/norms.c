/* SPDX-License-Identifier: Apache-2.0 */
/* Layer normalisation that is written out: (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon), over the channels of each place. */
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
