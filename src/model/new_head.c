/* SPDX-License-Identifier: Apache-2.0 */
/* The same network for other classes, or with another kind of head: fv_model_new_head, fv_model_knn_head. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/file.h"
#include "model/network_spec.h"

enum {
    KNN_ROWS_MOST = 1 << 24
};

/* How many of what a layer has as its outputs. */
static const char *size_option(const char *type)
{
    return strcmp(type, "dense") == 0 ? "units" : strcmp(type, "knn") == 0 ? "classes" : "filters";
}

static void set_number(json_t *options, const char *name, int64_t number)
{
    char words[24];
    snprintf(words, sizeof words, "%" PRId64, number);
    json_object_set_new(options, name, json_string(words));
}

/* The layer's object, {type: options}, in the network's JSON. */
static json_t *find_layer(json_t *json, const char *name)
{
    json_t *layer, *options;
    const char *type;
    size_t i;
    json_array_foreach(json_object_get(json, "layers"), i, layer)
    {
        json_object_foreach(layer, type, options)
        {
            if (strcmp(json_string_value(json_object_get(options, "name")), name) == 0)
                return layer;
        }
    }
    return NULL;
}

static void set_size(json_t *json, const layer_record *head, int64_t classes)
{
    json_t *options = json_object_get(find_layer(json, head->name), head->type->name);
    set_number(options, size_option(head->type->name), classes);
}

/* The head's name and inputs stay. */
static void set_votes(json_t *json, const layer_record *head, int64_t classes, int64_t rows)
{
    json_t *layer = find_layer(json, head->name), *votes = json_object();
    json_t *dense = json_object_get(layer, head->type->name);
    json_object_set(votes, "name", json_object_get(dense, "name"));
    json_object_set(votes, "from", json_object_get(dense, "from"));
    set_number(votes, "classes", classes);
    set_number(votes, "rows", rows);
    json_object_clear(layer);
    json_object_set_new(layer, "knn", votes);
}

/* All tensors but the head's. */
static fv_status copy_tensors(fv_model *to, const fv_model *from, const layer_record *head)
{
    for (int32_t i = 0; i < from->tensor_count; i++) {
        const network_tensor *source = &from->tensors[i];
        if (model_file_is_head(from, source))
            continue;
        network_tensor *t = network_find_tensor(to, source->name);
        if (!t || !shape_equal(&t->shape, &source->shape))
            return status_set(
                FV_ERROR_UNSUPPORTED,
                "%s: its last layer, %s, cannot have another number of classes: %s depends on it",
                fv_model_name(from), head->name, source->name);
        memcpy(t->data, source->data, (size_t)source->count * sizeof *t->data);
    }
    to->preprocess = from->preprocess;
    to->statistics_set = from->statistics_set;
    network_changed(to);
    return FV_OK;
}

/* Takes the JSON; NULL where there is none. */
static fv_model *build(const fv_model *m, const layer_record *head, json_t *json, uint64_t seed)
{
    network_spec spec = {.source = m->name};
    fv_model *made = NULL;
    if (json && network_json_read(&spec, json) == FV_OK)
        made = network_spec_build(&spec, &(fv_network_options){.seed = seed}, FV_OFF);
    network_spec_release(&spec);
    json_decref(json);
    if (made && copy_tensors(made, m, head) != FV_OK) {
        fv_model_destroy(made);
        made = NULL;
    }
    return made;
}

/* NULL with the error set. */
static const layer_record *find_head(const fv_model *m, int64_t classes)
{
    if (!m || classes < 1 || classes > INT32_MAX) {
        status_set(FV_ERROR_INVALID, "a new head needs a model and a number of classes");
        return NULL;
    }
    const layer_record *head = network_check(m) == FV_OK ? network_head(m) : NULL;
    if (!head && m->status == FV_OK)
        status_set(FV_ERROR_UNSUPPORTED,
                   "%s: has no dense layer and no convolution that a new head could stand for",
                   fv_model_name(m));
    return head;
}

fv_model *fv_model_new_head(const fv_model *m, int64_t classes, uint64_t seed)
{
    const layer_record *head = find_head(m, classes);
    json_t *json = head ? network_json_of(m) : NULL;
    if (!json)
        return NULL;
    for (int32_t i = 0; i < m->layer_count; i++)
        if (network_is_head(m, &m->layers[i]))
            set_size(json, &m->layers[i], classes);
    return build(m, head, json, seed);
}

fv_model *fv_model_knn_head(const fv_model *m, int64_t classes, int64_t rows)
{
    const layer_record *head = find_head(m, classes);
    if (!head)
        return NULL;
    bool dense = strcmp(head->type->name, "dense") == 0;
    if (rows < 1 || rows > KNN_ROWS_MOST) {
        status_set(FV_ERROR_INVALID, "neighbours' votes need 1 to %d rows, not %" PRId64, KNN_ROWS_MOST,
                   rows);
        return NULL;
    }
    if (!(dense || network_votes(m)) || head->output->value != m->output->value ||
        m->graph->values[head->inputs[0]->value].shape.rank != 2) {
        status_set(FV_ERROR_UNSUPPORTED,
                   "%s: does not end in a dense layer on flat features, in whose place neighbours could vote",
                   fv_model_name(m));
        return NULL;
    }
    json_t *json = network_json_of(m);
    if (json)
        set_votes(json, head, classes, rows);
    return json ? build(m, head, json, m->seed) : NULL;
}
