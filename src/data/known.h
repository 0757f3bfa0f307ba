/* SPDX-License-Identifier: Apache-2.0 */
/* The table of data sets that are known by name, and fetching: known_fetch(known_find("mnist"), &options, path, size). */
#ifndef DATA_KNOWN_H
#define DATA_KNOWN_H

#include "core/status.h"

enum {
    KNOWN_FILES = 4
};

typedef struct known_file {
    const char *name, *sha256;
} known_file;

typedef struct known_set {
    fv_known_dataset about; /* `source` is the folder of the files */
    known_file
        files[KNOWN_FILES]; /* one alone is an archive that is read in place; none: drawn by the library */
} known_set;

extern const known_set known_sets[]; /* ends with a NULL name */

const known_set *known_find(const char *name); /* NULL: not known */
/* fv_download of this set. */
fv_status known_fetch(const known_set *k, const fv_download_options *o, char *path, size_t size);

#endif
