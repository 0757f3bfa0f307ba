/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source lists pictures of one part in one place (a tree of class folders, a pair of IDX files, CIFAR's
 * binaries) and decodes them one by one. Another kind of data is one more file with a detect and a list
 * function, and a row in listing.c.
 *
 *     listing found = {0};
 *     STATUS_TRY(listing_open(&found, path, FV_SKIP));
 *     ... found.sources[0]->decode(found.sources[0], record, 3, 0, 0, &picture) ...
 *     listing_release(&found);
 */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include <stdbool.h>

#include "data/names.h"
#include "image/image.h"

/* Samples are counted in 32 bits: 4 bytes an entry instead of 8. */
#define SOURCE_MAX_RECORDS ((int64_t)UINT32_MAX)

typedef struct source source;
struct source {
    fv_part part;                    /* FV_ALL: the data does not say */
    int64_t count;                   /* records */
    int32_t *labels;                 /* (count): index in `classes` */
    name_list classes;               /* the source's own order */
    int64_t height, width, channels; /* of every record; 0 when they differ or are not known */

    /* All are thread-safe. See dataset_decode for the arguments of `decode`. */
    fv_status (*decode)(const source *s, int64_t record, int64_t channels, int64_t minimum_height,
                        int64_t minimum_width, image *out);
    fv_status (*probe)(const source *s, int64_t record, image_info *info);
    void (*file)(const source *s, int64_t record, char *buffer, size_t size);
    void (*destroy)(source *s); /* frees what the kind added, and `s` */
};

/* For `destroy`: frees labels, classes and the struct. */
void source_free(source *s);

typedef struct listing {
    source **sources; /* owned */
    size_t count, capacity;
    name_list problems;
    fv_on_error on_error;
} listing;

fv_status listing_open(listing *l, const char *path, fv_on_error on_error); /* released on failure */
void listing_release(listing *l);
fv_status listing_add(listing *l, source *s); /* takes `s`, also on failure */

/* One file a kind. `detect` looks at the names in the folder only. */
bool idx_detect(const char *folder, const name_list *names);
fv_status idx_list(const char *folder, const name_list *names, listing *l);
bool cifar_detect(const char *folder, const name_list *names);
fv_status cifar_list(const char *folder, const name_list *names, listing *l);
fv_status folder_list(const char *folder, const name_list *names, listing *l);

/* ---- pictures.c: a source whose pixels lie in memory ---- */

typedef struct picture_file {
    char *path;    /* owned; for messages and fv_dataset_file */
    int64_t first; /* record of the source with which this file begins */
} picture_file;

typedef struct picture_source {
    source base;
    uint8_t *pixels; /* (count, height, width, channels) */
    picture_file *files;
    size_t file_count, file_capacity;
} picture_source;

/* An empty one; the caller fills base.part, count, labels, classes, height, width, channels, pixels and
 * files. */
picture_source *pictures_create(void);
/* Records from `first` on come from this file. */
fv_status pictures_add_file(picture_source *p, const char *path, int64_t first);

#endif
