/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <yaml.h>

#include "core/file.h"
#include "core/memory.h"
#include "report/report.h"

enum {
    YAML_MAX_BYTES = 16 << 20
};

/* A value as one line: scalars as they are, lists joined, mappings as "{...}". */
static void print_node(yaml_document_t *document, int index, text *out)
{
    yaml_node_t *node = yaml_document_get_node(document, index);
    if (node && node->type == YAML_SCALAR_NODE) {
        text_add_bytes(out, node->data.scalar.value, node->data.scalar.length);
    } else if (node && node->type == YAML_SEQUENCE_NODE) {
        for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++) {
            yaml_node_t *item = yaml_document_get_node(document, *i);
            text_add(out, "%s", i > node->data.sequence.items.start ? ", " : "");
            /* Deeper lists are not followed: an alias could make them endless. */
            if (item && item->type == YAML_SCALAR_NODE)
                text_add_bytes(out, item->data.scalar.value, item->data.scalar.length);
            else
                text_add(out, "…");
        }
    } else {
        text_add(out, "{…}");
    }
}

static fv_status add_pair(report_pairs *p, yaml_document_t *document, yaml_node_pair_t *pair)
{
    text key = {0}, value = {0};
    print_node(document, pair->key, &key);
    print_node(document, pair->value, &value);
    fv_status status = text_status(&key) != FV_OK ? text_status(&key) : text_status(&value);
    if (status == FV_OK)
        status = MEM_GROW(p->list, p->count, p->capacity);
    if (status == FV_OK) {
        report_pair *to = &p->list[p->count];
        to->key = mem_string(text_string(&key));
        to->value = mem_string(text_string(&value));
        p->count++;
        if (!to->key || !to->value)
            status = status_last();
    }
    text_release(&key);
    text_release(&value);
    return status;
}

static fv_status read_document(report_pairs *p, yaml_parser_t *parser, const char *path)
{
    yaml_document_t document;
    if (!yaml_parser_load(parser, &document))
        return status_set(FV_ERROR_FORMAT, "%s: line %zu: %s", path, parser->problem_mark.line + 1,
                          parser->problem ? parser->problem : "no YAML");
    fv_status status = FV_OK;
    yaml_node_t *root = yaml_document_get_root_node(&document);
    if (root && root->type != YAML_MAPPING_NODE)
        status = status_set(FV_ERROR_FORMAT, "%s: is no YAML mapping", path);
    else if (root)
        for (yaml_node_pair_t *i = root->data.mapping.pairs.start;
             status == FV_OK && i < root->data.mapping.pairs.top; i++)
            status = add_pair(p, &document, i);
    yaml_document_delete(&document);
    return status;
}

fv_status report_pairs_load(report_pairs *p, const char *path)
{
    *p = (report_pairs){0};
    uint8_t *bytes;
    size_t size;
    STATUS_TRY(file_read(path, YAML_MAX_BYTES, &bytes, &size));
    yaml_parser_t parser;
    fv_status status = FV_OK;
    if (yaml_parser_initialize(&parser)) {
        yaml_parser_set_input_string(&parser, bytes, size);
        status = read_document(p, &parser, path);
        yaml_parser_delete(&parser);
    } else {
        status = status_set(FV_ERROR_MEMORY, "%s: not enough memory to read it", path);
    }
    free(bytes);
    if (status != FV_OK)
        report_pairs_release(p);
    return status;
}

void report_pairs_release(report_pairs *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->list[i].key);
        free(p->list[i].value);
    }
    free(p->list);
    *p = (report_pairs){0};
}
