/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML documents of strangers. They are walked to a fixed depth and never expanded, so that aliases cost nothing:
 *
 *     yaml_file file;
 *     STATUS_TRY(yaml_file_parse(&file, "policy.yaml", bytes, size));
 *     const yaml_node_t *top = yaml_document_get_root_node(&file.document);   // NULL: empty
 *     ...
 *     yaml_file_release(&file);
 */
#ifndef CORE_YAML_H
#define CORE_YAML_H

#include <stdbool.h>
#include <stdint.h>
#include <yaml.h>

#include "core/status.h"
#include "core/text.h"

enum {
    YAML_FILE_LIMIT = 1 << 20 /* bytes that are worth reading */
};

typedef struct yaml_file {
    yaml_document_t document;
    const char *source; /* borrowed; stands in messages */
} yaml_file;

/* FV_ERROR_FORMAT for what is not YAML, and for what is nested too deeply. Nothing is to be released then. */
fv_status yaml_file_parse(yaml_file *f, const char *source, const void *bytes, size_t size);
void yaml_file_release(yaml_file *f);

yaml_node_t *yaml_file_node(yaml_file *f, int id);
int yaml_file_line(const yaml_node_t *n); /* from 1 */
/* FV_ERROR_INVALID: "SOURCE:LINE: WHAT". */
fv_status yaml_file_wrong(const yaml_file *f, const yaml_node_t *n, const char *what);

/* The text of a scalar; NULL for anything else. */
const char *yaml_file_scalar(const yaml_node_t *n);
/* A plain nothing, as in "flatten:" or "flatten: ~". */
bool yaml_file_is_empty(const yaml_node_t *n);
/* The value of an option as options_set reads it: a scalar, or a list that is written with commas into `list`. NULL: neither. */
const char *yaml_file_value(yaml_file *f, const yaml_node_t *n, text *list);

#endif
