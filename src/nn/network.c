/* SPDX-License-Identifier: Apache-2.0 */
/* Models: making them, their tensors, classes and preprocessing, and the graphs that are run. */
#include "nn/network.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum {
    SIDE_MAX = 16384
};

static fv_status check_options(const fv_model_options *o)
{
    if (o->height < 1 || o->height > SIDE_MAX || o->width < 1 || o->width > SIDE_MAX)
        return status_set(FV_ERROR_INVALID,
                          "a model's height and width must be 1..%d pixels, not %" PRId64 "x%" PRId64,
                          SIDE_MAX, o->height, o->width);
    if (o->channels != 0 && o->channels != 1 && o->channels != 3)
        return status_set(FV_ERROR_INVALID, "a model's channels must be 1 or 3, not %" PRId64, o->channels);
    return FV_OK;
}

fv_model *fv_model_create_with(const fv_model_options *options)
{
    if (check_options(options) != FV_OK)
        return NULL;
    fv_model *m = mem_array(1, sizeof *m);
    if (!m)
        return NULL;
    m->seed = options->seed;
    m->pixels = m->dropout_step = NO_VALUE;
    m->preprocess = (fv_preprocess){.height = options->height,
                                    .width = options->width,
                                    .channels = options->channels ? options->channels : 3,
                                    .crop_fraction = 1};
    for (int c = 0; c < FV_MAX_CHANNELS; c++) { /* [-1, 1] until the data says better */
        m->preprocess.mean[c] = 127.5f;
        m->preprocess.std[c] = 127.5f;
    }
    m->name = mem_string(options->name ? options->name : "model");
    m->graph = graph_create();
    if (!m->name || !m->graph) {
        fv_model_destroy(m);
        return NULL;
    }
    return m;
}

static void release_names(char **names, int64_t count)
{
    for (int64_t i = 0; names && i < count; i++)
        free(names[i]);
    free(names);
}

void fv_model_destroy(fv_model *m)
{
    if (!m)
        return;
    for (int i = 0; i < NETWORK_ATTACHMENTS; i++)
        if (m->attachments[i].destroy)
            m->attachments[i].destroy(m->attachments[i].data);
    for (int32_t i = 0; i < m->layer_count; i++) {
        free(m->layers[i].name);
        free(m->layers[i].options);
    }
    for (int32_t i = 0; i < m->tensor_count; i++) {
        free(m->tensors[i].name);
        free(m->tensors[i].data);
    }
    for (int32_t i = 0; i < m->node_count; i++)
        free(m->nodes[i]);
    release_names(m->classes, m->class_count);
    free(m->layers);
    free(m->tensors);
    free(m->nodes);
    free(m->sample_pixels);
    free(m->sample_logits);
    free(m->thresholds);
    free((char *)m->compile.engine);
    graph_destroy(m->graph);
    free(m->name);
    free(m);
}

fv_status network_set_engine(fv_model *m, const char *name)
{
    char *copy = mem_string(name);
    if (name && !copy)
        return status_last();
    free((char *)m->compile.engine);
    m->compile.engine = copy;
    return FV_OK;
}

const char *fv_model_name(const fv_model *m)
{
    return m->name;
}

void network_changed(fv_model *m)
{
    m->version++;
}

void fv_model_tensors_changed(fv_model *m)
{
    network_changed(m);
}

const fv_preprocess *fv_model_preprocess(const fv_model *m)
{
    return &m->preprocess;
}

static fv_status check_window(const fv_preprocess *p)
{
    if (p->window < FV_WINDOW_FULL || p->window > FV_WINDOW_RANGE)
        return status_set(FV_ERROR_INVALID, "the preprocessing has an unknown window");
    if (p->window == FV_WINDOW_RANGE &&
        !(isfinite(p->window_low) && isfinite(p->window_high) && p->window_low < p->window_high))
        return status_set(FV_ERROR_INVALID,
                          "the window %g:%g must be two finite numbers, the lower one first",
                          (double)p->window_low, (double)p->window_high);
    return FV_OK;
}

fv_status fv_model_set_preprocess(fv_model *m, const fv_preprocess *p)
{
    const fv_preprocess *own = &m->preprocess;
    if (p->height != own->height || p->width != own->width || p->channels != own->channels)
        return status_set(FV_ERROR_INVALID,
                          "the preprocessing gives %" PRId64 "x%" PRId64 "x%" PRId64
                          " where the model takes %" PRId64 "x%" PRId64 "x%" PRId64,
                          p->height, p->width, p->channels, own->height, own->width, own->channels);
    if (!(p->crop_fraction > 0 && p->crop_fraction <= 1))
        return status_set(FV_ERROR_INVALID, "the crop fraction must be in (0, 1], not %g",
                          (double)p->crop_fraction);
    if (p->resize_mode < FV_RESIZE_CROP || p->resize_mode > FV_RESIZE_LETTERBOX ||
        p->interpolation < FV_BILINEAR || p->interpolation > FV_BOX)
        return status_set(FV_ERROR_INVALID, "the preprocessing has an unknown resize mode or interpolation");
    STATUS_TRY(check_window(p));
    bool keeps_statistics = true;
    for (int c = 0; c < own->channels; c++)
        keeps_statistics = keeps_statistics && p->std[c] == 0;
    for (int c = 0; c < own->channels && !keeps_statistics; c++)
        if (!isfinite(p->mean[c]) || !isfinite(p->std[c]) || !(p->std[c] > 0))
            return status_set(FV_ERROR_INVALID, "mean and std of channel %d must be finite, std positive", c);
    fv_preprocess next = *p;
    if (keeps_statistics) {
        memcpy(next.mean, own->mean, sizeof next.mean);
        memcpy(next.std, own->std, sizeof next.std);
    }
    m->preprocess = next;
    m->statistics_set = m->statistics_set || !keeps_statistics;
    network_changed(m);
    return FV_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Classes are matched by name: two of one name could not be told apart. */
static fv_status check_distinct(char *const *names, int64_t count)
{
    char **sorted = mem_array((size_t)count, sizeof *sorted);
    if (!sorted)
        return status_last();
    memcpy(sorted, names, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_bytes);
    fv_status status = FV_OK;
    for (int64_t i = 1; status == FV_OK && i < count; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            status = status_set(FV_ERROR_INVALID, "two classes have the name '%.200s'", sorted[i]);
    free(sorted);
    return status;
}

fv_status fv_model_set_classes(fv_model *m, const char *const *names, int64_t count)
{
    int64_t outputs = fv_model_class_count(m);
    /* One output is a yes or no and tells two classes apart. */
    if (outputs > 0 && count != outputs && !(outputs == 1 && count == 2))
        return status_set(FV_ERROR_INVALID,
                          "%" PRId64 " class names are given, but the model has %" PRId64 " outputs", count,
                          outputs);
    char **copy = mem_array((size_t)count, sizeof *copy);
    if (!copy)
        return status_last();
    fv_status status = FV_OK;
    for (int64_t i = 0; status == FV_OK && i < count; i++)
        if (!(copy[i] = mem_string(names[i])))
            status = status_set(FV_ERROR_INVALID, "class name %" PRId64 " is missing", i);
    if (status == FV_OK)
        status = check_distinct(copy, count);
    if (status != FV_OK) {
        release_names(copy, count);
        return status;
    }
    release_names(m->classes, m->class_count);
    m->classes = copy;
    m->class_count = count;
    return FV_OK;
}

int64_t fv_model_class_count(const fv_model *m)
{
    return m->output ? m->graph->values[m->output->value].shape.d[1] : 0;
}

const char *fv_model_class_name(const fv_model *m, int64_t class_index)
{
    return m->classes && class_index >= 0 && class_index < m->class_count ? m->classes[class_index] : NULL;
}

/* ---- tensors ---- */

int64_t fv_model_tensor_count(const fv_model *m)
{
    return m->tensor_count;
}

static void fill_view(const network_tensor *t, fv_tensor_view *view)
{
    *view = (fv_tensor_view){.name = t->name,
                             .rank = t->shape.rank,
                             .count = t->count,
                             .data = t->data,
                             .trainable = t->trainable};
    for (int i = 0; i < t->shape.rank; i++)
        view->shape[i] = t->shape.d[i];
}

fv_status fv_model_tensor(fv_model *m, int64_t index, fv_tensor_view *view)
{
    if (index < 0 || index >= m->tensor_count)
        return status_set(FV_ERROR_INVALID, "the model has %" PRId32 " tensors; there is no number %" PRId64,
                          m->tensor_count, index);
    fill_view(&m->tensors[index], view);
    return FV_OK;
}

network_tensor *network_find_tensor(const fv_model *m, const char *name)
{
    for (int32_t i = 0; i < m->tensor_count; i++)
        if (strcmp(m->tensors[i].name, name) == 0)
            return &m->tensors[i];
    return NULL;
}

fv_status fv_model_find_tensor(fv_model *m, const char *name, fv_tensor_view *view)
{
    const network_tensor *t = network_find_tensor(m, name);
    if (!t)
        return status_set(FV_ERROR_INVALID, "the model has no tensor %s", name);
    fill_view(t, view);
    return FV_OK;
}

int64_t fv_model_parameter_count(const fv_model *m)
{
    int64_t count = 0;
    for (int32_t i = 0; i < m->tensor_count; i++)
        if (m->tensors[i].trainable)
            count += m->tensors[i].count;
    return count;
}

/* ---- layers, for listings ---- */

static int64_t multiply_adds(const fv_model *m, int32_t first, int32_t count)
{
    int64_t sum = 0;
    for (int32_t i = first; i < first + count; i++)
        sum += op_multiply_adds(m->graph, &m->graph->ops[i]);
    return sum;
}

int64_t fv_model_multiply_adds(const fv_model *m)
{
    return multiply_adds(m, 0, m->graph->op_count);
}

int64_t fv_model_layer_count(const fv_model *m)
{
    return m->layer_count;
}

fv_status fv_model_layer(const fv_model *m, int64_t index, fv_layer_info *info)
{
    if (index < 0 || index >= m->layer_count)
        return status_set(FV_ERROR_INVALID, "the model has %" PRId32 " layers; there is no number %" PRId64,
                          m->layer_count, index);
    const layer_record *l = &m->layers[index];
    shape s = m->graph->values[l->output->value].shape;
    *info = (fv_layer_info){.name = l->name,
                            .type = l->type->name,
                            .channels = s.d[s.rank - 1],
                            .multiply_adds = multiply_adds(m, l->first_op, l->op_count)};
    if (s.rank == 4) {
        info->height = s.d[1];
        info->width = s.d[2];
    }
    for (int32_t i = l->first_tensor; i < l->first_tensor + l->tensor_count; i++)
        if (m->tensors[i].trainable)
            info->parameters += m->tensors[i].count;
    return FV_OK;
}

/* ---- graphs to run ---- */

fv_status network_check(const fv_model *m)
{
    if (m->status != FV_OK)
        return status_set(m->status, "%s", m->error);
    if (!m->input)
        return status_set(FV_ERROR_INVALID, "the network %s has no input; begin with fv_input", m->name);
    if (!m->output)
        return status_set(FV_ERROR_INVALID, "the network %s has no output; end with fv_output", m->name);
    return FV_OK;
}

/* The preprocessing's numbers into the normalisation, which is the operation that reads the pixels. */
static void fill_normalisation(const fv_model *m, graph *g)
{
    for (int32_t i = 0; i < g->op_count; i++) {
        op *o = &g->ops[i];
        if (o->kind != OP_NORMALIZE)
            continue;
        memcpy(o->a.mean, m->preprocess.mean, sizeof o->a.mean);
        memcpy(o->a.std, m->preprocess.std, sizeof o->a.std);
        o->a.reverse = m->preprocess.reverse_channels;
    }
}

static fv_status optimise(graph *g)
{
    STATUS_TRY(graph_fold_batch_norm(g));
    STATUS_TRY(graph_fuse(g, false));
    STATUS_TRY(graph_remove_dead(g));
    return graph_hoist(g);
}

graph *network_graph(const fv_model *m, int64_t batch, network_form form, const value_id *keep)
{
    if (network_check(m) != FV_OK)
        return NULL;
    graph *g = graph_copy(m->graph);
    if (!g)
        return NULL;
    fill_normalisation(m, g);
    graph_mark_output(g, m->output->value);
    for (; keep && *keep != NO_VALUE; keep++)
        graph_mark_output(g, *keep);
    fv_status status = batch == BATCH ? FV_OK : graph_set_batch(g, batch);
    if (status == FV_OK && form != NETWORK_TRAINING)
        status = graph_to_inference(g);
    if (status == FV_OK && form == NETWORK_INFERENCE)
        status = optimise(g);
    if (status != FV_OK) {
        graph_destroy(g);
        return NULL;
    }
    return g;
}
