/* SPDX-License-Identifier: Apache-2.0 */
/* A network as YAML (docs/networks.md). The document is walked three levels deep and never expanded, so that aliases cost nothing. */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/file.h"
#include "core/memory.h"
#include "model/network_spec.h"

enum {
    MAX_BYTES = 1 << 20,
    MAX_DEPTH = 64,
    MAX_ANCHORS = 1000
};

typedef struct reader {
    yaml_document_t document;
    network_spec *spec;
} reader;

static int line_of(const yaml_node_t *n)
{
    return (int)n->start_mark.line + 1;
}

static fv_status wrong(const reader *r, const yaml_node_t *n, const char *what)
{
    return status_set(FV_ERROR_INVALID, "%s:%d: %s", r->spec->source, line_of(n), what);
}

static yaml_node_t *node(reader *r, int id)
{
    return yaml_document_get_node(&r->document, id);
}

/* The text of a scalar; NULL for anything else. libyaml ends it with a zero byte; one inside would hide the rest. */
static const char *scalar(const yaml_node_t *n)
{
    const char *s = n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
    return s && strlen(s) == n->data.scalar.length ? s : NULL;
}

/* A plain nothing, as in "flatten:" or "flatten: ~". */
static bool is_empty(const yaml_node_t *n)
{
    const char *s = scalar(n);
    return s && n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!*s || !strcmp(s, "~") || !strcmp(s, "null"));
}

/* `from: name` or `from: [name, name]`. */
static fv_status read_from(reader *r, layer_spec *l, const yaml_node_t *given)
{
    if (scalar(given))
        return layer_spec_input(r->spec, l, scalar(given), line_of(given));
    if (given->type != YAML_SEQUENCE_NODE)
        return wrong(r, given, "`from` must be a layer's name or a list of names");
    for (yaml_node_item_t *i = given->data.sequence.items.start; i < given->data.sequence.items.top; i++) {
        const char *name = scalar(node(r, *i));
        if (!name)
            return wrong(r, given, "`from` must be a layer's name or a list of names");
        STATUS_TRY(layer_spec_input(r->spec, l, name, line_of(given)));
    }
    return FV_OK;
}

/* The value of an option: a scalar, or a list that is written with commas into `list`. NULL: neither. */
static const char *option_value(reader *r, const yaml_node_t *given, text *list)
{
    if (given->type != YAML_SEQUENCE_NODE)
        return scalar(given);
    for (yaml_node_item_t *i = given->data.sequence.items.start; i < given->data.sequence.items.top; i++) {
        const char *item = scalar(node(r, *i));
        if (!item || list->length > SPEC_VALUE_SIZE)
            return NULL;
        text_add(list, "%s%s", list->length ? "," : "", item);
    }
    return text_string(list);
}

static fv_status read_option(reader *r, layer_spec *l, const char *key, const yaml_node_t *given)
{
    if (strcmp(key, "from") == 0)
        return read_from(r, l, given);
    if (strcmp(key, "name") == 0 && !scalar(given))
        return wrong(r, given, "a layer's name must be a word");
    text list = {0};
    const char *s = option_value(r, given, &list);
    fv_status status = s ? layer_spec_set(r->spec, l, key, s, line_of(given))
                         : wrong(r, given, "an option must be a number, a word, or a short list of numbers");
    text_release(&list);
    return status;
}

/* `TYPE`, `TYPE:` or `TYPE: {option: value, …}`. */
static fv_status read_layer(reader *r, const yaml_node_t *item)
{
    if (scalar(item) && !is_empty(item))
        return network_spec_add(r->spec, scalar(item), line_of(item)) ? FV_OK : status_last();
    const yaml_node_pair_t *pair = item->data.mapping.pairs.start;
    if (item->type != YAML_MAPPING_NODE || item->data.mapping.pairs.top - pair != 1 ||
        !scalar(node(r, pair->key)))
        return wrong(r, item, "a layer must be written as `- TYPE: {option: value, …}`");
    layer_spec *l = network_spec_add(r->spec, scalar(node(r, pair->key)), line_of(item));
    if (!l)
        return status_last();
    const yaml_node_t *options = node(r, pair->value);
    if (is_empty(options))
        return FV_OK;
    if (options->type != YAML_MAPPING_NODE)
        return wrong(r, options, "a layer's options must be written as {option: value, …}");
    for (pair = options->data.mapping.pairs.start; pair < options->data.mapping.pairs.top; pair++) {
        const char *key = scalar(node(r, pair->key));
        if (!key)
            return wrong(r, options, "an option's name must be a word");
        STATUS_TRY(read_option(r, l, key, node(r, pair->value)));
    }
    return FV_OK;
}

static fv_status read_layers(reader *r, const yaml_node_t *list)
{
    if (list->type != YAML_SEQUENCE_NODE)
        return wrong(r, list, "`layers` must be a list");
    for (yaml_node_item_t *i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++)
        STATUS_TRY(read_layer(r, node(r, *i)));
    return FV_OK;
}

/* The pairs of the top level, or of `input`. */
static fv_status read_top(reader *r, const yaml_node_t *map, bool input)
{
    if (!map || map->type != YAML_MAPPING_NODE)
        return status_set(FV_ERROR_INVALID, "%s: %s must be `key: value` pairs", r->spec->source,
                          input ? "`input`" : "a network");
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *item = node(r, p->value);
        const char *key = scalar(node(r, p->key));
        if (!key)
            return wrong(r, map, "a key must be a word");
        if (!input && strcmp(key, "layers") == 0)
            STATUS_TRY(read_layers(r, item));
        else if (!input && strcmp(key, "input") == 0)
            STATUS_TRY(read_top(r, item, true));
        else if (scalar(item))
            STATUS_TRY(network_spec_set(r->spec, input, key, scalar(item), line_of(item)));
        else
            return status_set(FV_ERROR_INVALID, "%s:%d: %.60s must be a number or a word", r->spec->source,
                              line_of(item), key);
    }
    return FV_OK;
}

/* libyaml's time grows with the square of the depth and of the number of anchors. Brackets and ampersands in words are
 * counted too, which does no harm. */
static fv_status check_cost(const reader *r, const uint8_t *data, size_t size)
{
    int depth = 0, anchors = 0;
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '[' || data[i] == '{')
            depth++;
        else if ((data[i] == ']' || data[i] == '}') && depth > 0)
            depth--;
        anchors += data[i] == '&';
        if (depth > MAX_DEPTH || anchors > MAX_ANCHORS)
            return status_set(FV_ERROR_FORMAT,
                              "%s: is nested more than %d levels deep, or has more than %d anchors",
                              r->spec->source, MAX_DEPTH, MAX_ANCHORS);
    }
    return FV_OK;
}

static fv_status parse(reader *r, const uint8_t *data, size_t size)
{
    yaml_parser_t parser;
    STATUS_TRY(check_cost(r, data, size));
    if (!yaml_parser_initialize(&parser))
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory", r->spec->source);
    yaml_parser_set_input_string(&parser, data, size);
    fv_status status = FV_OK;
    if (!yaml_parser_load(&parser, &r->document))
        status =
            status_set(FV_ERROR_FORMAT, "%s:%zu: not valid YAML: %s", r->spec->source,
                       parser.problem_mark.line + 1, parser.problem ? parser.problem : "not enough memory");
    yaml_parser_delete(&parser);
    return status;
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
    if (file_read(o.name, MAX_BYTES, &data, &size) != FV_OK)
        return NULL;
    if (parse(&r, data, size) == FV_OK) {
        if (read_top(&r, yaml_document_get_root_node(&r.document), false) == FV_OK)
            m = network_spec_build(&spec, &o, FV_OFF);
        network_spec_release(&spec);
        yaml_document_delete(&r.document);
    }
    free(data);
    return m;
}
