/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that the rows of a table name, brought together with the pictures of a data set. A row names a picture when one's path
 * ends in the other's, folder by folder: "1.jpg", "cat/1.jpg" and "photos/cat/1.jpg" name /data/photos/cat/1.jpg, and so does
 * "/home/ann/photos/cat/1.jpg", because the picture is cat/1.jpg in the folder that all have in common. The longest of several
 * rows for a picture counts.
 *
 *     row_names rows = {0};
 *     STATUS_TRY(row_names_add(&rows, cell, &row));              // 0, 1, ...; a number that was given before is the same file
 *     STATUS_TRY(row_names_match(&rows, store, path, row_of));   // 1 + row of every picture, or 0
 *     row_names_release(&rows);
 */
#ifndef DATA_ROW_NAMES_H
#define DATA_ROW_NAMES_H

#include "data/name_table.h"
#include "data/store.h"

typedef struct row_names {
    name_table files;
    uint64_t depths; /* bit d: there is a file with d slashes */
    uint8_t *used;   /* (files.count), after the match: names no picture, one, more */
    int64_t unnamed; /* after the match: pictures that no row names */
} row_names;

/* A cell as it stands in the table, which may be changed. */
fv_status row_names_add(row_names *r, char *cell, uint32_t *row);
/* What row_names_add makes of a cell; may be empty. */
char *row_names_plain(char *cell);

/* row_of (store->count). An error when there are no rows, or none names a picture; `table` is what it is about. */
fv_status row_names_match(row_names *r, const store *s, const char *table, uint32_t *row_of);
/* Adds what is to be said of rows that name no picture, or several. */
fv_status row_names_note(const row_names *r, const char *table, name_list *problems);
void row_names_release(row_names *r);

#endif
