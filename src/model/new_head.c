/* SPDX-License-Identifier: Apache-2.0 */
/* The same network for other classes: fv_model_new_head. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/file.h"
#include "model/network_spec.h"

/* The size of the layer, which is a head, in the network's JSON. */
static void set_size(json_t *json, const layer_record *head, int64_t classes)
{
    json_t *layer, *options;
    const char *type;
    size_t i;
    char words[24];
    snprintf(words, sizeof words, "%" PRId64, classes);
    json_array_foreach(json_object_get(json, "layers"), i, layer)
    {
        json_object_foreach(layer, type, options)
        {
            if (strcmp(json_string_value(json_object_get(options, "name")), head->name) == 0)
                json_object_set_new(options, strcmp(type, "dense") == 0 ? "units" : "filters",
                                    json_string(words));
        }
    }
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

static fv_model *build(const fv_model *m, const json_t *json, uint64_t seed)
{
    network_spec spec = {.source = m->name};
    fv_model *made = NULL;
    if (network_json_read(&spec, json) == FV_OK)
        made = network_spec_build(&spec, &(fv_network_options){.seed = seed}, FV_OFF);
    network_spec_release(&spec);
    return made;
}

fv_model *fv_model_new_head(const fv_model *m, int64_t classes, uint64_t seed)
{
    if (!m || classes < 1 || classes > INT32_MAX) {
        status_set(FV_ERROR_INVALID, "a new head needs a model and a number of classes");
        return NULL;
    }
    const layer_record *head = network_check(m) == FV_OK ? network_head(m) : NULL;
    if (!head) {
        if (m->status == FV_OK)
            status_set(FV_ERROR_UNSUPPORTED,
                       "%s: has no dense layer and no convolution that a new head could stand for",
                       fv_model_name(m));
        return NULL;
    }
    json_t *json = network_json_of(m);
    if (!json)
        return NULL;
    for (int32_t i = 0; i < m->layer_count; i++)
        if (network_is_head(m, &m->layers[i]))
            set_size(json, &m->layers[i], classes);
    fv_model *made = build(m, json, seed);
    json_decref(json);
    if (made && copy_tensors(made, m, head) != FV_OK) {
        fv_model_destroy(made);
        made = NULL;
    }
    return made;
}
