/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network as JSON, the form it has in the model file:
 *
 *     {"name": "net", "input": {"height": 28, "width": 28, "channels": 1},
 *      "layers": [{"conv2d": {"name": "conv1", "from": ["input"], "filters": "32", "kernel": "3"}}, …],
 *      "output": "fc"}
 *
 * Names and inputs are always written; of the options, those that are not at their defaults.
 */
#include <string.h>

#include "core/memory.h"
#include "model/network_spec.h"

/* ---- writing ---- */

static json_t *layer_json(const fv_model *m, const layer_record *l)
{
    json_t *options = json_object(), *from = json_array();
    int failed = json_object_set_new(options, "name", json_string(l->name));
    for (int i = 0; i < l->input_count; i++) {
        int32_t from_layer = l->inputs[i]->layer;
        failed |=
            json_array_append_new(from, json_string(from_layer < 0 ? "input" : m->layers[from_layer].name));
    }
    failed |= json_object_set_new(options, "from", from);
    for (const option *o = l->type->options; o->name; o++) {
        if (options_is_default(o, l->options))
            continue;
        text written = {0};
        options_print(o, l->options, &written);
        failed |= text_status(&written) != FV_OK ||
                  json_object_set_new(options, o->name, json_string(text_string(&written)));
        text_release(&written);
    }
    if (failed) {
        json_decref(options);
        status_set(FV_ERROR_INVALID, "layer %.200s: its name is not valid UTF-8, which model files are in",
                   l->name);
        return NULL;
    }
    return json_pack("{s:o}", l->type->name, options);
}

json_t *network_json_of(const fv_model *m)
{
    const fv_preprocess *p = &m->preprocess;
    int32_t output = m->output->layer;
    json_t *layers = json_array();
    for (int32_t i = 0; i < m->layer_count; i++) {
        json_t *l = layer_json(m, &m->layers[i]);
        if (!l || json_array_append_new(layers, l) != 0) {
            json_decref(layers);
            return NULL;
        }
    }
    json_t *json =
        json_pack("{s:s, s:{s:I, s:I, s:I}, s:o, s:s}", "name", m->name, "input", "height",
                  (json_int_t)p->height, "width", (json_int_t)p->width, "channels", (json_int_t)p->channels,
                  "layers", layers, "output", output < 0 ? "input" : m->layers[output].name);
    if (!json)
        status_set(FV_ERROR_INVALID, "model %.200s: its name is not valid UTF-8, which model files are in",
                   m->name);
    return json;
}

/* ---- reading ---- */

static fv_status malformed(const network_spec *s, const char *what)
{
    return status_set(FV_ERROR_FORMAT, "%s: its network is damaged: %s", s->source, what);
}

/* A number, string or truth value as text. */
static bool scalar(const json_t *item, char number[SPEC_VALUE_SIZE], const char **out)
{
    *out = number;
    if (json_is_string(item))
        *out = json_string_value(item);
    else if (json_is_integer(item))
        snprintf(number, SPEC_VALUE_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(item));
    else
        return false;
    return true;
}

static fv_status read_layer(network_spec *s, const char *type, json_t *options)
{
    const char *key, *words;
    char number[SPEC_VALUE_SIZE];
    json_t *item;
    size_t i;
    layer_spec *l = network_spec_add(s, type, 0);
    if (!l)
        return status_last();
    json_object_foreach(options, key, item)
    {
        if (strcmp(key, "from") == 0) {
            json_t *name;
            json_array_foreach(item, i, name)
            {
                if (!json_is_string(name))
                    return malformed(s, "a layer's `from` is not a list of names");
                STATUS_TRY(layer_spec_input(s, l, json_string_value(name), 0));
            }
        } else if (!scalar(item, number, &words) || (strcmp(key, "name") == 0 && !json_is_string(item))) {
            return malformed(s, "an option of a layer is neither a number nor a word");
        } else {
            STATUS_TRY(layer_spec_set(s, l, key, words, 0));
        }
    }
    return FV_OK;
}

fv_status network_json_read(network_spec *s, const json_t *json)
{
    const char *key, *type, *words;
    char number[SPEC_VALUE_SIZE];
    json_t *item, *one, *layers = json_object_get(json, "layers");
    size_t i;
    s->name = json_string_value(json_object_get(json, "name"));
    s->output = json_string_value(json_object_get(json, "output"));
    json_object_foreach(json_object_get(json, "input"), key, item)
    {
        if (!scalar(item, number, &words))
            return malformed(s, "its input's size is not made of numbers");
        STATUS_TRY(network_spec_set(s, true, key, words, 0));
    }
    if (!json_is_array(layers))
        return malformed(s, "there are no layers");
    json_array_foreach(layers, i, one)
    {
        if (!json_is_object(one) || json_object_size(one) != 1)
            return malformed(s, "a layer is not {\"TYPE\": {options}}");
        json_object_foreach(one, type, item)
        {
            STATUS_TRY(read_layer(s, type, item));
        }
    }
    return FV_OK;
}
