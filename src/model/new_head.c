/* SPDX-License-Identifier: Apache-2.0 */
/* The same network for other classes, or with another kind of head: fv_model_new_head, fv_model_flat_head, fv_model_knn_head. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
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

/* ---- a flat end ---- */

static const char *node_name(const fv_model *m, const fv_node *n)
{
    return n->layer < 0 ? "input" : m->layers[n->layer].name;
}

/* Whether it is a head, or made of what one made. */
static void find_dropped(const fv_model *m, bool *dropped)
{
    for (int32_t i = 0; i < m->layer_count; i++)
        dropped[i] = network_is_head(m, &m->layers[i]) || network_follows(&m->layers[i], dropped);
}

static json_t *add_layer(json_t *layers, const char *type, const char *head, const char *suffix, json_t *from)
{
    json_t *options = json_object();
    json_object_set_new(options, "name", json_sprintf("%s%s", head, suffix));
    json_object_set_new(options, "from", from);
    json_array_append_new(layers, json_pack("{s:o}", type, options));
    return options;
}

/* The heads' features side by side, averaged, and a dense layer of the head's name. */
static void add_flat_end(const fv_model *m, const layer_record *head, json_t *json, int64_t classes)
{
    json_t *layers = json_object_get(json, "layers"), *from = json_array();
    for (int32_t i = 0; i < m->layer_count; i++)
        if (network_is_head(m, &m->layers[i]))
            json_array_append_new(from, json_string(node_name(m, m->layers[i].inputs[0])));
    if (json_array_size(from) > 1) {
        add_layer(layers, "concat", head->name, ".features", from);
        from = json_pack("[s+]", head->name, ".features");
    }
    if (m->graph->values[head->inputs[0]->value].shape.rank == 4) {
        add_layer(layers, "global_average_pool2d", head->name, ".pool", from);
        from = json_pack("[s+]", head->name, ".pool");
    }
    set_number(add_layer(layers, "dense", head->name, "", from), "units", classes);
    json_object_set_new(json, "output", json_string(head->name));
}

static fv_status make_flat(const fv_model *m, const layer_record *head, json_t *json, int64_t classes)
{
    bool *dropped = mem_array((size_t)m->layer_count, sizeof *dropped);
    if (!dropped)
        return status_last();
    find_dropped(m, dropped);
    bool makes_logits = m->output->layer >= 0 && dropped[m->output->layer];
    for (int32_t i = m->layer_count - 1; i >= 0; i--)
        if (dropped[i])
            json_array_remove(json_object_get(json, "layers"), (size_t)i);
    free(dropped);
    if (!makes_logits)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "%s: its output is not made by its last layer with weights, %s", fv_model_name(m),
                          head->name);
    add_flat_end(m, head, json, classes);
    return FV_OK;
}

int fv_model_ends_flat(const fv_model *m)
{
    return m && network_check(m) == FV_OK && network_ends_flat(m);
}

fv_model *fv_model_flat_head(const fv_model *m, int64_t classes, uint64_t seed)
{
    const layer_record *head = find_head(m, classes);
    if (head && network_ends_flat(m) && !network_votes(m))
        return fv_model_new_head(m, classes, seed);
    json_t *json = head ? network_json_of(m) : NULL;
    if (!json)
        return NULL;
    if (make_flat(m, head, json, classes) == FV_OK)
        return build(m, head, json, seed);
    json_decref(json);
    return NULL;
}

/* ---- neighbours ---- */

static fv_model *let_vote(const fv_model *m, const layer_record *head, int64_t classes, int64_t rows)
{
    json_t *json = network_json_of(m);
    if (json)
        set_votes(json, head, classes, rows);
    return json ? build(m, head, json, m->seed) : NULL;
}

fv_model *fv_model_knn_head(const fv_model *m, int64_t classes, int64_t rows)
{
    const layer_record *head = find_head(m, classes);
    if (!head)
        return NULL;
    if (rows < 1 || rows > KNN_ROWS_MOST) {
        status_set(FV_ERROR_INVALID, "neighbours' votes need 1 to %d rows, not %" PRId64, KNN_ROWS_MOST,
                   rows);
        return NULL;
    }
    if (network_ends_flat(m))
        return let_vote(m, head, classes, rows);
    fv_model *flat = fv_model_flat_head(m, classes, m->seed),
             *votes = flat ? let_vote(flat, network_head(flat), classes, rows) : NULL;
    fv_model_destroy(flat);
    return votes;
}
