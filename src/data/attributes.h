/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a table of file,COLUMN… rows says about the pictures of a data set: sex, skin type, camera, site. row_names.h has which picture
 * a row names.
 *
 *     attributes a;
 *     STATUS_TRY(attributes_read(&a, part, "people.csv"));
 *     int64_t value = attributes_get(&a, index, column);     // -1, or a number of
 *     name_table_get(&a.values[column], value)               // "female"
 *     attributes_release(&a);
 */
#ifndef DATA_ATTRIBUTES_H
#define DATA_ATTRIBUTES_H

#include "data/names.h"
#include "data/row_names.h"

enum {
    ATTRIBUTES_COLUMNS = 100, /* the most that a table may have */
    ATTRIBUTES_VALUES = 1000  /* the most different values of a column: more are no groups */
};

typedef struct attributes {
    const fv_dataset *data; /* borrowed */
    name_list columns;
    name_table *values; /* (columns.count) */
    uint32_t *row_of;   /* by sample of the store: 1 + row, or 0 */
    uint32_t *cells;    /* (rows, columns.count): 1 + value, 0 where the cell is empty */
    name_list problems; /* rows that were left out, or name no picture */
} attributes;

/* The first row names the columns; one of them is the file. On failure there is nothing to release. */
fv_status attributes_read(attributes *a, const fv_dataset *d, const char *path);
/* The value of the data set's picture `index`, -1: there is none. */
int64_t attributes_get(const attributes *a, int64_t index, size_t column);
void attributes_release(attributes *a);

#endif
