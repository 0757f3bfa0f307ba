/* SPDX-License-Identifier: Apache-2.0 */
/* What the columns of a table of pictures mean, from its first row. */
#ifndef DATA_TABLE_COLUMNS_H
#define DATA_TABLE_COLUMNS_H

#include "data/csv.h"
#include "data/names.h"

typedef struct table_columns {
    bool header;                /* the first row names them */
    int64_t file, label;        /* label -1: a column for each class, holding 0 or 1 */
    int64_t group, part;        /* -1: there is none */
    int64_t *class_columns;     /* (class_names.count) */
    name_list class_names, all; /* all: every column's name, empty without a header */
    size_t count;               /* cells in a row */
} table_columns;

/* Of `row` (the first of the table); without a header it is file,label and then a group. The error names the columns that
 * there are. */
fv_status table_columns_find(table_columns *c, const csv_reader *row);
void table_columns_release(table_columns *c);

/* Of a table of file,group rows, by the same names; without a header, and where none fits, they are the first two columns. */
fv_status table_columns_find_group(table_columns *c, const csv_reader *row);

/* The column whose name is one of a file's; -1: there is none. */
int64_t table_find_file(const csv_reader *row);

/* A file's name as a table has it: "./a" is "a", and a path with backslashes only is one of Windows. Changes `path`. */
char *table_plain_path(char *path);

/* The part that a cell names: train, val (valid, validation, dev) or test; FV_ALL: none of them. */
fv_part table_part_of(const char *cell);

#endif
