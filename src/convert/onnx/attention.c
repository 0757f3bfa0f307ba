/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Multi-head self-attention (Vaswani et al. 2017) as it is exported: a dense layer (or three) gives queries, keys and values; softmax(scale * q k^T) v,
 * where the scale may be spread over q and k; and a dense layer behind. Which part of which layer each of the three is, its view says.
 */
#include <math.h>
#include <string.h>

#include "convert/onnx/importer.h"

/* Takes factors away from before `s`; false: something else was done to it. */
static step *without_scale(step *s, double *scale)
{
    double factor, shift;
    while (s->kind == STEP_CURVE && curve_is_affine(s->curve, &factor, &shift) && shift == 0) {
        *scale *= factor;
        s = s->root;
    }
    return s;
}

static bool swap_last(const view *v, view *out)
{
    int order[VIEW_RANK];
    for (int k = 0; k < v->rank; k++)
        order[k] = k;
    order[v->rank - 2] = v->rank - 1;
    order[v->rank - 1] = v->rank - 2;
    *out = *v;
    view_transpose(out, order);
    return true;
}

/* (…, heads, L, d) and (…, heads, d, L). */
fv_status attention_scores(call *c, const operand *q, const operand *k)
{
    int rank = q->view.rank;
    view keys;
    if (rank < 3 || k->view.rank != rank || q->view.axes[rank - 1].size != k->view.axes[rank - 2].size ||
        q->view.axes[rank - 3].size != k->view.axes[rank - 3].size)
        return call_error(c, FV_ERROR_UNSUPPORTED,
                          "multiplies two tensors in another way than attention does");
    swap_last(&k->view, &keys);
    step *s = step_add(c, STEP_SCORES, (step *[]){q->step, k->step}, 2);
    if (!s)
        return status_last();
    s->queries = q->view;
    s->keys = keys;
    s->size[HEIGHT] = q->view.axes[rank - 3].size;
    s->size[WIDTH] = q->view.axes[rank - 2].size;
    s->size[CHANNELS] = k->view.axes[rank - 1].size;
    view v = {.rank = rank};
    for (int i = 0; i < rank; i++)
        v.axes[i] =
            i < rank - 3 ? (view_axis){.size = 1} : view_side(i - (rank - 3), s->size[i - (rank - 3)]);
    operand_set(&c->out[0], s, v);
    return FV_OK;
}

/* One of the three: a dense layer of each place, and its channels from `first` on. */
typedef struct source {
    const step *dense;
    int64_t first;
} source;

/* Whether the last three axes are heads, places and the channels of a head, as they are here. */
static bool find_source(step *s, const view *v, int64_t heads, int64_t width, source *out)
{
    const view_axis *h = &v->axes[v->rank - 3], *l = &v->axes[v->rank - 2], *d = &v->axes[v->rank - 1];
    const int64_t *size = s->size;
    int64_t places = 1;
    bool fits = s->kind == STEP_DENSE && !s->whole_picture && h->size == heads && d->size == width &&
                l->size == size[HEIGHT] * size[WIDTH] && v->offset[HEIGHT] == 0 && v->offset[WIDTH] == 0;
    for (int i = l->count - 1; fits && i >= 0; i--) { /* the width is the faster */
        const atom *a = &l->atoms[i];
        fits = a->side == (places == 1 && size[WIDTH] > 1 ? WIDTH : HEIGHT) && a->stride == 1 &&
               a->length == size[a->side];
        places *= a->length;
    }
    if (fits && heads > 1)
        fits = h->count == 1 && h->atoms[0].side == CHANNELS && h->atoms[0].stride == width;
    if (fits && width > 1)
        fits = d->count == 1 && d->atoms[0].side == CHANNELS && d->atoms[0].stride == 1;
    *out = (source){s, v->offset[CHANNELS]};
    return fits;
}

/* Rows of q, then k, then v, into one matrix; the queries' with the scale that differs from 1 / sqrt(width). */
static bool join(call *c, const source part[3], int64_t channels, double factor, step *out)
{
    importer *m = c->import;
    int64_t inputs = part[0].dense->in[0]->size[CHANNELS];
    float *weight = import_array(m, (uint64_t)(3 * channels * inputs), sizeof *weight), *bias = NULL;
    bool biased = part[0].dense->bias || part[1].dense->bias || part[2].dense->bias;
    if (!weight || (biased && !(bias = import_array(m, (uint64_t)(3 * channels), sizeof *bias))))
        return false;
    for (int p = 0; p < 3; p++) {
        float scale = p == 0 && fabs(factor - 1) > 1e-5 ? (float)factor : 1;
        const float *w = part[p].dense->weight + part[p].first * inputs, *b = part[p].dense->bias;
        for (int64_t i = 0; i < channels * inputs; i++)
            weight[p * channels * inputs + i] = scale * w[i];
        for (int64_t i = 0; b && i < channels; i++)
            bias[p * channels + i] = scale * b[part[p].first + i];
    }
    out->weight = weight;
    out->bias = bias;
    return true;
}

static fv_status add_attention(call *c, const source part[3], int64_t heads, int64_t width, double scale)
{
    int64_t channels = heads * width;
    step *in = part[0].dense->in[0];
    for (int p = 0; p < 3; p++)
        if (part[p].dense->in[0] != in || part[p].first + channels > part[p].dense->size[CHANNELS])
            return call_error(c, FV_ERROR_UNSUPPORTED, "is attention between different tensors");
    if (in->size[CHANNELS] != channels)
        return call_error(c, FV_ERROR_UNSUPPORTED,
                          "is attention whose heads together are not as wide as its input");
    step *s = step_add(c, STEP_ATTENTION, &in, 1);
    if (!s || !join(c, part, channels, scale * sqrt((double)width), s))
        return status_last();
    s->heads = heads;
    s->name = part[0].dense->name;
    return FV_OK;
}

fv_status attention_values(call *c, const operand *weights, const operand *v)
{
    double scale = 1;
    step *scores = without_scale(weights->step->in[0], &scale);
    int rank = v->view.rank;
    source part[3];
    if (scores->kind != STEP_SCORES || rank != scores->queries.rank)
        return call_error(c, FV_ERROR_UNSUPPORTED,
                          "is attention with a mask or something else that fovea's does not have");
    int64_t heads = scores->size[HEIGHT], width = v->view.axes[rank - 1].size;
    step *q = without_scale(scores->in[0], &scale), *k = without_scale(scores->in[1], &scale);
    if (!find_source(q, &scores->queries, heads, width, &part[0]) ||
        !find_source(k, &scores->keys, heads, width, &part[1]) ||
        !find_source(v->step, &v->view, heads, width, &part[2]))
        return call_error(c, FV_ERROR_UNSUPPORTED,
                          "is attention whose queries, keys and values do not come from dense layers");
    STATUS_TRY(add_attention(c, part, heads, width, scale));
    step *s = c->import->steps[c->import->step_count - 1];
    view to = v->view; /* the places are those of the values; the channels begin anew */
    to.offset[CHANNELS] = 0;
    operand_set(&c->out[0], s, to);
    return FV_OK;
}

/* The module of its two layers. */
static const char *attention_name(importer *m, const char *projection, const char *inputs)
{
    static const char *const parts[] = {".proj", ".out_proj", ".qkv", ".in_proj", ".query", ".q_proj"};
    for (int k = 0; k < 2; k++) {
        const char *name = k == 0 ? projection : inputs, *dot = name ? strrchr(name, '.') : NULL;
        for (size_t i = 0; dot && i < sizeof parts / sizeof *parts; i++)
            if (strcmp(dot, parts[i]) == 0)
                return import_text(m, name, (size_t)(dot - name));
    }
    return projection ? projection : inputs;
}

fv_status attention_project(call *c, const step *dense, step **out)
{
    const step *attention = dense->in[0];
    if (dense->units != attention->size[CHANNELS])
        return call_error(c, FV_ERROR_UNSUPPORTED, "is a projection behind attention to another width");
    step *s = step_copy(c, attention);
    if (!s)
        return status_last();
    s->kind = STEP_SELF_ATTENTION;
    s->second = dense->weight;
    s->second_bias = dense->bias;
    s->name = attention_name(c->import, dense->name, attention->name);
    *out = s;
    return FV_OK;
}
