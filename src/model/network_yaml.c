/* SPDX-License-Identifier: Apache-2.0 */
/* A network as YAML (docs/networks.md). The document is walked three levels deep and never expanded, so that aliases cost nothing. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/yaml.h"
#include "model/network_spec.h"

typedef struct reader {
    yaml_file file;
    network_spec *spec;
} reader;

/* `from: name` or `from: [name, name]`. */
static fv_status read_from(reader *r, layer_spec *l, const yaml_node_t *given)
{
    if (yaml_file_scalar(given))
        return layer_spec_input(r->spec, l, yaml_file_scalar(given), yaml_file_line(given));
    if (given->type != YAML_SEQUENCE_NODE)
        return yaml_file_wrong(&r->file, given, "`from` must be a layer's name or a list of names");
    for (yaml_node_item_t *i = given->data.sequence.items.start; i < given->data.sequence.items.top; i++) {
        const char *name = yaml_file_scalar(yaml_file_node(&r->file, *i));
        if (!name)
            return yaml_file_wrong(&r->file, given, "`from` must be a layer's name or a list of names");
        STATUS_TRY(layer_spec_input(r->spec, l, name, yaml_file_line(given)));
    }
    return FV_OK;
}

static fv_status read_option(reader *r, layer_spec *l, const char *key, const yaml_node_t *given)
{
    if (strcmp(key, "from") == 0)
        return read_from(r, l, given);
    if (strcmp(key, "name") == 0 && !yaml_file_scalar(given))
        return yaml_file_wrong(&r->file, given, "a layer's name must be a word");
    text list = {0};
    const char *s = yaml_file_value(&r->file, given, &list);
    fv_status status = s ? layer_spec_set(r->spec, l, key, s, yaml_file_line(given))
                         : yaml_file_wrong(&r->file, given,
                                           "an option must be a number, a word, or a short list of numbers");
    text_release(&list);
    return status;
}

/* `TYPE`, `TYPE:` or `TYPE: {option: value, …}`. */
static fv_status read_layer(reader *r, const yaml_node_t *item)
{
    if (yaml_file_scalar(item) && !yaml_file_is_empty(item))
        return network_spec_add(r->spec, yaml_file_scalar(item), yaml_file_line(item)) ? FV_OK
                                                                                       : status_last();
    const yaml_node_pair_t *pair = item->data.mapping.pairs.start;
    if (item->type != YAML_MAPPING_NODE || item->data.mapping.pairs.top - pair != 1 ||
        !yaml_file_scalar(yaml_file_node(&r->file, pair->key)))
        return yaml_file_wrong(&r->file, item, "a layer must be written as `- TYPE: {option: value, …}`");
    layer_spec *l = network_spec_add(r->spec, yaml_file_scalar(yaml_file_node(&r->file, pair->key)),
                                     yaml_file_line(item));
    if (!l)
        return status_last();
    const yaml_node_t *options = yaml_file_node(&r->file, pair->value);
    if (yaml_file_is_empty(options))
        return FV_OK;
    if (options->type != YAML_MAPPING_NODE)
        return yaml_file_wrong(&r->file, options, "a layer's options must be written as {option: value, …}");
    for (pair = options->data.mapping.pairs.start; pair < options->data.mapping.pairs.top; pair++) {
        const char *key = yaml_file_scalar(yaml_file_node(&r->file, pair->key));
        if (!key)
            return yaml_file_wrong(&r->file, options, "an option's name must be a word");
        STATUS_TRY(read_option(r, l, key, yaml_file_node(&r->file, pair->value)));
    }
    return FV_OK;
}

static fv_status read_layers(reader *r, const yaml_node_t *list)
{
    if (list->type != YAML_SEQUENCE_NODE)
        return yaml_file_wrong(&r->file, list, "`layers` must be a list");
    for (yaml_node_item_t *i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++)
        STATUS_TRY(read_layer(r, yaml_file_node(&r->file, *i)));
    return FV_OK;
}

/* The pairs of the top level, or of `input`. */
static fv_status read_top(reader *r, const yaml_node_t *map, bool input)
{
    if (!map || map->type != YAML_MAPPING_NODE)
        return status_set(FV_ERROR_INVALID, "%s: %s must be `key: value` pairs", r->spec->source,
                          input ? "`input`" : "a network");
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *item = yaml_file_node(&r->file, p->value);
        const char *key = yaml_file_scalar(yaml_file_node(&r->file, p->key));
        if (!key)
            return yaml_file_wrong(&r->file, map, "a key must be a word");
        if (!input && strcmp(key, "layers") == 0)
            STATUS_TRY(read_layers(r, item));
        else if (!input && strcmp(key, "input") == 0)
            STATUS_TRY(read_top(r, item, true));
        else if (yaml_file_scalar(item))
            STATUS_TRY(network_spec_set(r->spec, input, key, yaml_file_scalar(item), yaml_file_line(item)));
        else
            return status_set(FV_ERROR_INVALID, "%s:%d: %.60s must be a number or a word", r->spec->source,
                              yaml_file_line(item), key);
    }
    return FV_OK;
}

fv_model *fv_network_load_with(const fv_network_options *options)
{
    fv_network_options o = {0};
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.name) {
        status_set(FV_ERROR_INVALID, "network: no file is given");
        return NULL;
    }
    network_spec spec = {.source = o.name};
    reader r = {.spec = &spec};
    uint8_t *data = NULL;
    size_t size;
    fv_model *m = NULL;
    if (file_read(o.name, YAML_FILE_LIMIT, &data, &size) != FV_OK)
        return NULL;
    if (yaml_file_parse(&r.file, o.name, data, size) == FV_OK) {
        if (read_top(&r, yaml_document_get_root_node(&r.file.document), false) == FV_OK)
            m = network_spec_build(&spec, &o, FV_OFF);
        network_spec_release(&spec);
        yaml_file_release(&r.file);
    }
    free(data);
    return m;
}
