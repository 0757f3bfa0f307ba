/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yaml.h"

#include <string.h>

enum {
    MAX_DEPTH = 64,
    MAX_ANCHORS = 1000,
    MAX_VALUE = 4096 /* characters of a list of numbers */
};

/* libyaml's time grows with the square of the depth and of the number of anchors. Brackets and ampersands in words are
 * counted too, which does no harm. */
static fv_status check_cost(const char *source, const uint8_t *bytes, size_t size)
{
    int depth = 0, anchors = 0;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '[' || bytes[i] == '{')
            depth++;
        else if ((bytes[i] == ']' || bytes[i] == '}') && depth > 0)
            depth--;
        anchors += bytes[i] == '&';
        if (depth > MAX_DEPTH || anchors > MAX_ANCHORS)
            return status_set(FV_ERROR_FORMAT,
                              "%s: is nested more than %d levels deep, or has more than %d anchors", source,
                              MAX_DEPTH, MAX_ANCHORS);
    }
    return FV_OK;
}

fv_status yaml_file_parse(yaml_file *f, const char *source, const void *bytes, size_t size)
{
    yaml_parser_t parser;
    f->source = source;
    STATUS_TRY(check_cost(source, bytes, size));
    if (!yaml_parser_initialize(&parser))
        return status_set(FV_ERROR_MEMORY, "%s: not enough memory", source);
    yaml_parser_set_input_string(&parser, bytes, size);
    fv_status status = FV_OK;
    if (!yaml_parser_load(&parser, &f->document))
        status =
            status_set(FV_ERROR_FORMAT, "%s:%zu: not valid YAML: %s", source, parser.problem_mark.line + 1,
                       parser.problem ? parser.problem : "not enough memory");
    yaml_parser_delete(&parser);
    return status;
}

void yaml_file_release(yaml_file *f)
{
    yaml_document_delete(&f->document);
}

yaml_node_t *yaml_file_node(yaml_file *f, int id)
{
    return yaml_document_get_node(&f->document, id);
}

int yaml_file_line(const yaml_node_t *n)
{
    return (int)n->start_mark.line + 1;
}

fv_status yaml_file_wrong(const yaml_file *f, const yaml_node_t *n, const char *what)
{
    return status_set(FV_ERROR_INVALID, "%s:%d: %s", f->source, yaml_file_line(n), what);
}

const char *yaml_file_scalar(const yaml_node_t *n)
{
    /* libyaml ends it with a zero byte; one inside would hide the rest. */
    const char *s = n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
    return s && strlen(s) == n->data.scalar.length ? s : NULL;
}

bool yaml_file_is_empty(const yaml_node_t *n)
{
    const char *s = yaml_file_scalar(n);
    return s && n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!*s || !strcmp(s, "~") || !strcmp(s, "null"));
}

const char *yaml_file_value(yaml_file *f, const yaml_node_t *n, text *list)
{
    if (n->type != YAML_SEQUENCE_NODE)
        return yaml_file_scalar(n);
    for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
        const char *item = yaml_file_scalar(yaml_file_node(f, *i));
        if (!item || list->length > MAX_VALUE)
            return NULL;
        text_add(list, "%s%s", list->length ? "," : "", item);
    }
    return text_string(list);
}
