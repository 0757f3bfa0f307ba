/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures' names below the folder that all pictures of a data set have in common, and as paths that are right everywhere.
 *
 *     picture_paths paths;
 *     STATUS_TRY(paths_open(&paths, store));
 *     paths_print(&paths, sample, buffer, sizeof buffer);   // "/data/photos/cat/1.jpg"
 *     buffer + paths.root_length                            // "cat/1.jpg"
 *     paths_close(&paths);
 */
#ifndef DATA_PATHS_H
#define DATA_PATHS_H

#include "data/store.h"

enum {
    PATHS_BYTES = 8192 /* that a name takes at most */
};

typedef struct picture_paths {
    const store *store;
    char *root; /* the common folder, absolute and without links where it can be, ending in '/'; may be "" */
    size_t root_length; /* bytes */
    size_t skip;        /* bytes of the common folder in the names as the sources print them */
} picture_paths;

fv_status paths_open(picture_paths *p, const store *s);
void paths_print(const picture_paths *p, int64_t sample, char *buffer, size_t size);
void paths_close(picture_paths *p);

#endif
