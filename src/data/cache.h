/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoded pictures, kept in memory or in a file, so that the next epoch need not decode them again. What is kept is for the
 * caller to say (loader_cache.c); a picture that does not fit is just not kept.
 *
 *     picture_cache *c;
 *     STATUS_TRY(cache_create(&(cache_options){.where = "ram", .count = samples}, &c));
 *     if (!cache_find(c, sample, &shape) || !cache_part(c, sample, &part, &out)) {
 *         ... decode into `whole` ...
 *         cache_put(c, sample, &shape, whole.data);
 *     }
 *     cache_destroy(c);
 */
#ifndef DATA_CACHE_H
#define DATA_CACHE_H

#include "core/text.h"
#include "image/image.h"

typedef struct cache_shape {
    uint32_t full_height, full_width; /* of the upright picture in its file */
    uint32_t height, width, channels; /* as it is kept */
} cache_shape;

typedef struct cache_options {
    const char *where; /* "ram", "disk" or "disk:FOLDER" */
    size_t limit;      /* bytes; 0: half of what is free there */
    int64_t count;     /* samples */
    /* Of all that the kept pixels depend on; for a file, which is named after it. */
    const char *fingerprint;
} cache_options;

typedef struct picture_cache picture_cache;

/* "none" or NULL gives *out = NULL. */
fv_status cache_create(const cache_options *o, picture_cache **out);
void cache_destroy(picture_cache *c);     /* NULL is fine */
fv_status cache_check(const char *where); /* whether it is one of the words above, or "none" */

bool cache_is_on_disk(const char *where); /* "disk" or "disk:FOLDER" */
/* The folder for files of a kind: FOLDER itself, else one in the cache folder. Makes it; the caller frees it. NULL on failure. */
fv_status cache_folder(const char *where, const char *kind, char **folder);

/* The default limit, for who shares it among several; 0 for none. Makes the folder. */
fv_status cache_half_of_free(const char *where, size_t *bytes);

/* All of these may be called from several threads at once. */

/* Whether a whole picture is kept. */
bool cache_find(picture_cache *c, int64_t sample, cache_shape *shape);
/* A part of a picture that was found, in kept pixels (min_height and min_width are not looked at); false: it cannot be read any
 * more. */
bool cache_part(picture_cache *c, int64_t sample, const image_region *part, image *out);
void cache_put(picture_cache *c, int64_t sample, const cache_shape *shape, const uint8_t *pixels);

/* A line about where, how much at most, and what was there already. */
void cache_describe(const picture_cache *c, text *out);
/* What went wrong since it was asked last, if anything; the cache then goes without. */
bool cache_problem(picture_cache *c, text *out);
/* Bytes of pixels that are kept now, and how many pictures they are. */
size_t cache_bytes(const picture_cache *c);
int64_t cache_count(const picture_cache *c);

/* ---- cache_file.c ---- */

typedef struct cache_file cache_file;
/* Opens the folder's file for this fingerprint, or makes it; a damaged one is replaced, and *problem says so. */
fv_status cache_file_open(const char *folder, const cache_options *o, text *problem, cache_file **out);
void cache_file_close(cache_file *f); /* NULL is fine */
/* *lost: bytes of a picture that was counted and turned out to be damaged just now, else 0. */
bool cache_file_find(cache_file *f, int64_t sample, cache_shape *shape, size_t *lost);
bool cache_file_part(cache_file *f, int64_t sample, const image_region *part, image *out);
/* 0 when kept, else errno. */
int cache_file_put(cache_file *f, int64_t sample, const cache_shape *shape, const uint8_t *pixels);
const char *cache_file_path(const cache_file *f);
bool cache_file_writable(const cache_file *f); /* false: another process writes it */
size_t cache_file_free(const char *folder);    /* bytes that are free there */
/* Bytes and pictures that were there when it was opened; damaged pictures found since. */
void cache_file_found(const cache_file *f, size_t *bytes, int64_t *count);
int64_t cache_file_damaged(const cache_file *f);

#endif
