/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source lists pictures of one part in one place (a tree of class folders, a pair of IDX files, the shards of a pack)
 * and gives them one by one, as the encoded bytes of a picture file or as raw pixels. Another kind of data is one more
 * file in sources/ with a source_kind, and a row in listing.c.
 *
 *     listing found = {.on_error = FV_SKIP};
 *     STATUS_TRY(listing_open(&found, path));
 *     ... source_decode(found.sources[0], record, &options, &space, &picture) ...
 *     listing_release(&found);
 */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H

#include <stdbool.h>

#include "core/file.h"
#include "data/name_table.h"
#include "data/names.h"
#include "image/image.h"

/* Samples are counted in 32 bits: 4 bytes an entry instead of 8. */
#define SOURCE_MAX_RECORDS ((int64_t)UINT32_MAX)

typedef struct source source;
struct source {
    fv_part part;          /* FV_ALL: the data does not say */
    int64_t count;         /* records */
    int32_t *labels;       /* (count): index in `classes`; NULL when a record has any number of them: */
    uint32_t *label_first; /* (count + 1): record i has label_list[label_first[i]] to */
    int32_t *label_list;   /* label_list[label_first[i + 1] - 1], each once */
    name_list classes;     /* the source's own order */
    uint32_t
        *groups; /* (count): 1 + the group's index in group_names, 0: a group of its own; NULL: no groups */
    const name_table *group_names;   /* borrowed */
    int64_t height, width, channels; /* of every record; 0 when they differ or are not known */
    size_t max_bytes;                /* the most that `read` takes; listing_add sets both from the listing */
    int64_t max_pixels;              /* of a picture */
    bool in_files; /* `file` gives the path of a file that holds this picture and nothing else */

    /* Each is thread-safe. A source has `read` or `pixels`, and NULL for the other. */
    fv_status (*read)(const source *s, int64_t record, file_bytes *bytes); /* an encoded picture */
    fv_status (*pixels)(const source *s, int64_t record, image *out);      /* with `channels` channels */
    void (*file)(const source *s, int64_t record, char *buffer,
                 size_t size);  /* its name, see fv_dataset_file */
    int64_t (*size)(const source *s,
                    int64_t record); /* bytes of the encoded picture; NULL: `file` or `pixels` tells */
    void (*destroy)(source *s);      /* frees what the kind added, and `s` */
};

/* See dataset_decode. */
fv_status source_decode(const source *s, int64_t record, const image_decode_options *o, image_space *space,
                        image *out);
fv_status source_probe(const source *s, int64_t record, image_space *space, image_info *info);

/* For `destroy`: frees labels, classes and the struct. */
void source_free(source *s);

typedef struct listing {
    source **sources; /* owned */
    size_t count, capacity;
    name_list problems;
    fv_on_error on_error;
    int64_t max_bytes, max_pixels;                               /* 0: as in fv_dataset_options */
    int (*on_download)(int64_t done, int64_t total, void *user); /* may be NULL */
    void *user;
} listing;

/* Zeroed but for on_error, the limits and on_download; released on failure. */
fv_status listing_open(listing *l, const char *path);
/* What a kind that only leads to another place calls. */
fv_status listing_follow(listing *l, const char *path);
void listing_release(listing *l);
fv_status listing_add(listing *l, source *s); /* takes `s`, also on failure */

struct container; /* data/archives/container.h */

/* What `path` is: a folder with the names in it, sorted, or a file (names empty), or an address. */
typedef struct data_place {
    const char *path;
    bool folder;
    const name_list *names;
    const struct container
        *archive; /* the folder lies in this archive: names[i] is its entry first + i; else NULL */
    size_t first;
} data_place;

/* Files of a folder, wherever that lies. Error messages name the file "PATH/NAME". */
fv_status place_read(const data_place *p, const char *name, size_t limit, file_bytes *bytes);
fv_status place_open(const data_place *p, const char *name, int *file); /* the caller closes it */
bool place_has(const data_place *p, const char *name);

/* One file a kind. `detect` looks at names only, and at the first bytes of a file at most. */
typedef struct source_kind {
    const char *what; /* "a folder with IDX files", for the list of what is understood */
    bool (*detect)(const data_place *place);
    fv_status (*list)(const data_place *place, listing *l);
} source_kind;

extern const source_kind folder_kind, idx_kind, cifar_kind, archive_kind, shards_kind, address_kind,
    known_kind, table_kind;

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
