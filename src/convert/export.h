/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports: each format is a folder with a writer and what runs the written file again, and a row in export.c's table. All of them are given the
 * same network:
 *
 *     export_network n;
 *     STATUS_TRY(export_network_make(m, false, &n));
 *     for (int32_t i = 0; i < n.graph->op_count; i++)
 *         ... write n.graph->ops[i], whose persistent inputs have the numbers n.data[value] ...
 *     export_network_release(&n);
 *
 * Its graph is the model's in inference form, from the 8-bit pixels (BATCH, H, W, C) to probabilities (BATCH, classes): the first operation is
 * OP_NORMALIZE, batch norms are in the convolutions and dense layers before them where these can take them (else OP_BATCH_NORM_INFERENCE), the
 * temperature is an OP_MULTIPLY with a number, and OP_SOFTMAX or a sigmoid is last. Everything that depends on parameters alone is
 * a persistent value with its numbers.
 */
#ifndef CONVERT_EXPORT_H
#define CONVERT_EXPORT_H

#include <stdbool.h>

#include "core/memory.h"
#include "nn/network.h"

typedef struct export_network {
    fv_model *model; /* borrowed */
    graph *graph;    /* the first side is BATCH */
    value_id pixels, probabilities;
    const float *
        *data;     /* by value: row-major numbers of the persistent ones that operations read, else NULL */
    float **owned; /* by value: those that are not the model's own */
    float temperature; /* what `data` has as its inverse, where it is not 1 */
} export_network;

/* `fused`: activations and residual sums are part of the operation before them (op_attributes.activation, input 3 of convolutions and
 * dense layers); else operations of their own. The model is borrowed until the network is released. */
fv_status export_network_make(fv_model *m, bool fused, export_network *out);
void export_network_release(export_network *n);

/* y = scale x + shift, (C) each: what an OP_BATCH_NORM_INFERENCE makes of its parameters and statistics. */
void export_scale_shift(const export_network *n, const op *o, float *scale, float *shift);

/* What a file calls a persistent value of `o`: "conv1.weight", or the layer's name and `part` ("": that name alone) where the tensor has none. NULL
 * with the error set. */
const char *export_parameter_name(const export_network *n, const op *o, value_id v, const char *part,
                                  mem_pool *pool);

/* FV_ERROR_UNSUPPORTED with a message that names the layer; `why` may be NULL. */
fv_status export_unsupported(const op *o, const char *format, const char *why);

typedef struct export_format {
    fv_export_format info;
    bool fused;    /* which network `write` is given */
    bool prefixed; /* what is written has names that begin with the caller's prefix */
    /* Writes the file `path`, and others beside it where the format has several; their folder is new, and all in it is put beside what the user
     * named. `o` has the caller's options. */
    fv_status (*write)(const export_network *n, const fv_export_options *o, const char *path);
    /* What `run` needs and this machine lacks, static; NULL: nothing. */
    const char *(*missing)(void);
    const char *runtime; /* what runs it, for the report */
    const char *
        beyond; /* what is said where `run` gives FV_ERROR_UNSUPPORTED, since it has less than `write`; NULL: an error */
    /* Runs what `write` wrote: 8-bit pixels (count, H, W, C) as the model takes them to probabilities (count, classes). Leaves no files. An error
     * also when preprocessing or class names in the file are not the model's. */
    fv_status (*run)(fv_model *m, const fv_export_options *o, const char *path, const uint8_t *pixels,
                     int64_t count, float *probabilities);
} export_format;

/* export_check.c: runs the file beside the model. `o->report`, where there is one, is filled. */
fv_status export_check(const export_format *f, const fv_export_options *o, const char *path);

/* export_imported.c: `run` of formats that fv_import reads. */
fv_status export_run_imported(fv_model *m, const fv_export_options *o, const char *path,
                              const uint8_t *pixels, int64_t count, float *probabilities);

#endif
