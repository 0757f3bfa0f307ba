/* SPDX-License-Identifier: Apache-2.0 */
/* An evaluation as text, JSON and CSV. */
#ifndef CLI_EVALUATION_H
#define CLI_EVALUATION_H

#include "cli/cli.h"

void evaluation_print(const fv_evaluation *e);
void intervals_print(const fv_evaluation *e, const fv_interval *intervals, int64_t resamples);
void comparison_print(const fv_comparison *c, const char *first, const char *second);
json_t *evaluation_json(const fv_evaluation *e, const char *model, const char *data); /* NULL on failure */
json_t *intervals_json(const fv_interval *intervals, int64_t resamples, uint64_t seed);
json_t *comparison_json(const fv_comparison *c, const char *model); /* `model`: the second's name */
/* Into a file, or to standard output where the path is "-"; takes the reference. */
fv_status evaluation_emit_json(json_t *all, const char *path);
#define EVALUATION_COLUMNS "file,label,predicted,probability"
/* A row a picture, each ending in `more`. `data` is the data set that was evaluated. */
void evaluation_add_rows(text *out, const fv_evaluation *e, const fv_dataset *data, const char *more);
/* The same as a file, with the names of the columns. */
fv_status evaluation_write_csv(const fv_evaluation *e, const fv_dataset *data, const char *path);

#endif
