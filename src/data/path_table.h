/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many different paths, as a name_table, but the name of a folder is held once for all files that lie in it.
 *
 *     path_table t = {0};
 *     uint32_t index;
 *     STATUS_TRY(path_table_add(&t, "photos/cat/1.jpg", &index));
 *     path_table_print(&t, index, buffer, sizeof buffer);
 *     path_table_release(&t);
 */
#ifndef DATA_PATH_TABLE_H
#define DATA_PATH_TABLE_H

#include "data/name_table.h"

typedef struct path_table {
    name_table folders; /* up to and with the last '/' */
    name_table files;   /* the folder's number as path_table.c writes it, then the rest of the path */
    uint32_t last;      /* folder: most paths lie where the one before lies */
} path_table;

/* The path's number, given to it now when it is new. FV_ERROR_UNSUPPORTED: too many or too long (PATH_MAX). */
fv_status path_table_add(path_table *t, const char *path, uint32_t *index);
size_t path_table_count(const path_table *t);
const char *path_table_print(const path_table *t, size_t index, char *buffer, size_t size); /* buffer */
/* No more paths will be added: frees what finds them. */
void path_table_close(path_table *t);
void path_table_release(path_table *t);

#endif
