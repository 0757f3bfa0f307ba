/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grad-CAM (Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization", ICCV 2017).
 * With A (h, w, c) the output of a convolutional layer and y the class's logit:
 *     weight_c = mean over h, w of dy / dA     map = ReLU(sum over c of weight_c * A)     (equations 1 and 2)
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "engine/engine.h"
#include "explain/saliency.h"

/* A pool only repeats what is before it, with less resolution. */
static bool is_pool(const layer_record *l)
{
    return strstr(l->type->name, "pool") != NULL;
}

/* The last layer with height and width that is no pool: the deepest features that still have a place. */
static const layer_record *find_layer(const fv_model *m, const char *name)
{
    const layer_record *found = NULL;
    for (int32_t i = 0; i < m->layer_count; i++) {
        const layer_record *l = &m->layers[i];
        bool spatial = m->graph->values[l->output->value].shape.rank == 4;
        if (name ? strcmp(l->name, name) == 0 : spatial && !is_pool(l))
            found = l;
        if (name && found == l && !spatial) {
            status_set(FV_ERROR_INVALID, "layer %s: its output has no height and width to make a map of",
                       name);
            return NULL;
        }
    }
    if (!found)
        status_set(FV_ERROR_INVALID,
                   name ? "the model has no layer %s; `fovea info` lists them"
                        : "the model has no layer with height and width%s",
                   name ? name : "");
    return found;
}

/* equations 1 and 2, then scaled to a maximum of 1 */
static fv_status combine(const float *a, const float *da, const shape *s, saliency_map *map)
{
    int64_t places = s->d[1] * s->d[2], channels = s->d[3];
    double *weight = mem_array((size_t)channels, sizeof *weight);
    map->height = s->d[1];
    map->width = s->d[2];
    map->data = mem_array((size_t)places, sizeof *map->data);
    if (!weight || !map->data) {
        free(weight);
        return status_last();
    }
    for (int64_t i = 0; i < places; i++)
        for (int64_t c = 0; c < channels; c++)
            weight[c] += da[i * channels + c] / (double)places;
    float largest = 0;
    for (int64_t i = 0; i < places; i++) {
        double sum = 0;
        for (int64_t c = 0; c < channels; c++)
            sum += weight[c] * a[i * channels + c];
        map->data[i] = sum > 0 ? (float)sum : 0;
        largest = fmaxf(largest, map->data[i]);
    }
    for (int64_t i = 0; i < places && largest > 0; i++)
        map->data[i] /= largest;
    free(weight);
    return FV_OK;
}

typedef struct gradcam {
    fv_model *model;
    graph *graph;
    engine *engine;
    plan *plan;
    value_id seed, features, gradient;
    float *a, *da, *one_hot;
} gradcam;

static void close(void *session)
{
    gradcam *s = session;
    if (!s)
        return;
    plan_destroy(s->plan);
    engine_close(s->engine);
    graph_destroy(s->graph);
    free(s->a);
    free(s->da);
    free(s->one_hot);
    free(s);
}

/* d logits[class] / d features, as a graph. */
static fv_status differentiate(gradcam *s, const fv_model *m, value_id features)
{
    s->graph = network_graph(m, 1, NETWORK_DIFFERENTIABLE, (value_id[]){features, NO_VALUE});
    if (!s->graph)
        return status_last();
    s->features = features;
    s->seed = graph_input(s->graph, "class_gradient", TYPE_F32, shape_2(1, fv_model_class_count(m)));
    if (s->seed == NO_VALUE)
        return status_last();
    STATUS_TRY(graph_gradients(s->graph, m->output->value, s->seed, &features, 1, &s->gradient));
    if (s->gradient == NO_VALUE)
        return status_set(FV_ERROR_INVALID,
                          "the output does not depend on this layer; choose another with --layer");
    graph_mark_output(s->graph, s->gradient);
    return graph_remove_dead(s->graph);
}

static fv_status make_plan(gradcam *s)
{
    const fv_model *m = s->model;
    const shape *f = &s->graph->values[s->features].shape;
    s->a = mem_array((size_t)shape_count(f), sizeof *s->a);
    s->da = mem_array((size_t)shape_count(f), sizeof *s->da);
    s->one_hot = mem_array((size_t)fv_model_class_count(m), sizeof *s->one_hot);
    if (!s->a || !s->da || !s->one_hot)
        return status_last();
    STATUS_TRY(engine_open(m->compile.engine, m->compile.threads, &s->engine));
    STATUS_TRY(plan_create(s->engine, s->graph, &s->plan));
    for (int32_t i = 0; i < m->tensor_count; i++)
        STATUS_TRY(plan_write(s->plan, m->tensors[i].value, m->tensors[i].data));
    return FV_OK;
}

static fv_status open(fv_model *m, const char *layer, void **session)
{
    STATUS_TRY(network_check(m));
    if (network_votes(m))
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "%s ends in a vote of neighbours, which has no gradient that could explain it; a model "
            "with a linear head (train --head linear) on the same features can be explained",
            fv_model_name(m));
    const layer_record *l = find_layer(m, layer);
    gradcam *s = l ? mem_array(1, sizeof *s) : NULL;
    if (!s)
        return status_last();
    s->model = m;
    fv_status status = differentiate(s, m, l->output->value);
    if (status == FV_OK)
        status = make_plan(s);
    if (status == FV_OK)
        *session = s;
    else
        close(s);
    return status;
}

static fv_status compute(void *session, const uint8_t *pixels, int64_t class_index, saliency_map *map)
{
    gradcam *s = session;
    s->one_hot[class_index] = 1;
    fv_status status = plan_write(s->plan, s->seed, s->one_hot);
    s->one_hot[class_index] = 0;
    STATUS_TRY(status);
    STATUS_TRY(plan_write(s->plan, s->model->pixels, pixels));
    STATUS_TRY(plan_run(s->plan));
    STATUS_TRY(plan_read(s->plan, s->features, s->a));
    STATUS_TRY(plan_read(s->plan, s->gradient, s->da));
    return combine(s->a, s->da, &s->graph->values[s->features].shape, map);
}

const saliency_method saliency_gradcam = {"gradcam", open, compute, close};
