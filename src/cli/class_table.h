/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many pictures each class has in every part of a data set, as a table and as JSON.
 *
 *     class_table t = {0};
 *     if (class_table_count(&t, data) != FV_OK || class_table_print(&t) != FV_OK)
 *         ...
 *     class_table_release(&t);
 */
#ifndef CLI_CLASS_TABLE_H
#define CLI_CLASS_TABLE_H

#include "cli/cli.h"

typedef struct class_table {
    const fv_dataset *data; /* borrowed */
    int64_t *counts; /* (4 parts, classes); in multi-label data a picture counts for each of its classes */
} class_table;

fv_status class_table_count(class_table *t, const fv_dataset *data);
void class_table_release(class_table *t);

/* On standard output: all classes in their order; of many only the largest and the smallest. */
fv_status class_table_print(const class_table *t);
json_t *class_table_json(const class_table *t);
json_t *class_table_parts_json(const fv_dataset *data); /* the parts' sizes */

#endif
