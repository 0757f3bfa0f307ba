/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive as a list of files with random access, whatever its format: zip and tar are read in place; a compressed tar is
 * unpacked once into a file without a name.
 *
 *     container *c;
 *     STATUS_TRY(container_open("photos.zip", true, &c));
 *     STATUS_TRY(container_read(c, entry, limit, &bytes));
 *     container_release(c);
 *
 * Nothing is ever written under a name that an archive gives: names are only compared and shown.
 */
#ifndef DATA_ARCHIVES_CONTAINER_H
#define DATA_ARCHIVES_CONTAINER_H

#include <stdbool.h>

#include "core/file.h"
#include "core/text.h"
#include "data/names.h"

typedef struct container_entry {
    size_t name;          /* offset in `names` */
    uint64_t size, place; /* bytes when unpacked; the format's own: tar: offset in the file, zip: index */
} container_entry;

typedef struct container container;
struct container {
    char *path;
    text names;               /* zero-ended, one after the other, without "./" and empty parts */
    container_entry *entries; /* (count) files only; sorted, see container_sort */
    size_t count, capacity;
    int users;
    /* What could not be taken, told by container_problems. */
    int64_t doubles, links, encrypted, unnamed, odd;
    size_t first_encrypted; /* offset in `names` */

    fv_status (*read)(const container *c, const container_entry *e, file_bytes *bytes);
    void (*destroy)(container *c); /* frees what the format added, and `c` */
};

/* Whether the file begins as an archive does, or is called one. */
bool container_detect(const char *path);

/* Lists the archive; the caller releases it. `keep_open`: its file stays open between two reads, else it is opened for each. */
fv_status container_open(const char *path, bool keep_open, container **out);
container *container_share(container *c); /* one more user */
void container_release(container *c);     /* NULL is fine */

/* Reads a file of at most `limit` bytes; thread-safe. Errors name the archive and the file. */
fv_status container_read(const container *c, size_t entry, size_t limit, file_bytes *bytes);
const char *container_name(const container *c, size_t entry);
/* Writes "ARCHIVE/NAME". */
void container_file(const container *c, size_t entry, char *buffer, size_t size);
/* A line for each kind of entries that were left out. */
fv_status container_problems(const container *c, name_list *problems);

/* ---- for the formats ---- */

fv_status container_init(container *c,
                         const char *path); /* zeroed before; what fails is released by container_free */
void container_free(container *c);
/* Adds a file; names over the limit are counted, not added. */
fv_status container_add(container *c, const char *name, uint64_t size, uint64_t place);
/* Appends `name` to c->names in its short form. */
fv_status container_add_name(container *c, const char *name, size_t *place);
/* Into the order in which a folder would be listed: in each folder first its files, then the folders in it, both in byte order.
 * Of files with one name the last in the archive is kept. */
fv_status container_sort(container *c);
/* The entry of that name (in short form); -1 when there is none. After container_sort. */
int64_t container_find(const container *c, const char *name);

fv_status zip_open_container(const char *path, container **out);
/* `scan` false: without entries; the caller adds them from an index, in container_sort's order. */
fv_status tar_open_container(const char *path, bool keep_open, bool scan, container **out);

#endif
