/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Foreign files that hold a whole network: each format is a file that builds an fv_model with the public layer calls, and a row in
 * import.c's table.
 *
 *     fv_model *m = fv_import("net.onnx");
 */
#ifndef CONVERT_GRAPH_FILE_H
#define CONVERT_GRAPH_FILE_H

#include <stdbool.h>

#include "core/status.h"

typedef struct graph_format {
    const char *name; /* "ONNX" */
    /* Whether it is one, by its first bytes (GRAPH_FILE_HEAD of them, zeros where the file is shorter) and, where these say little, by
     * the path. */
    bool (*is_one)(const uint8_t *head, const char *path);
    /* The model, with the file's own classes. `o->path` names the file in errors. */
    fv_status (*build)(const fv_import_options *o, fv_model **out);
} graph_format;

enum {
    GRAPH_FILE_HEAD = 64
};

/* The format of the file; `*out` NULL when it is none of these. */
fv_status graph_file_find(const char *path, const graph_format **out);

/* One a format. */
extern const graph_format tflite_graph_format; /* convert/tflite/ */

#endif
