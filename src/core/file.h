/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files. What is written is whole or not there at all: a temporary file beside the target, synced, then renamed.
 *
 *     file_writer w;
 *     STATUS_TRY(file_writer_open(&w, path));
 *     file_writer_add(&w, bytes, length);
 *     return file_writer_commit(&w);   // reports the first failure of all, and then leaves the old file alone
 */
#ifndef CORE_FILE_H
#define CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/status.h"

/* Opens a regular file for reading; anything else, such as a pipe that would never answer, is an error. The caller
 * closes *file. */
fv_status file_open(const char *path, int *file);
/* Reads a whole file of at most `limit` bytes (a zero byte follows the data). The caller frees *data. */
fv_status file_read(const char *path, size_t limit, uint8_t **data, size_t *size);

/* Bytes whose memory is used again by the next file. Zero-initialised. */
typedef struct file_bytes {
    uint8_t *data; /* owned; a zero byte follows the data */
    size_t size, capacity;
    bool too_large; /* the last file was over its limit */
} file_bytes;

/* Makes room for `size` bytes and the zero behind them, and sets b->size; what was there is lost. */
fv_status file_bytes_resize(file_bytes *b, size_t size);
void file_bytes_release(file_bytes *b);
/* file_read into memory that is used again. */
fv_status file_read_into(const char *path, size_t limit, file_bytes *b);

typedef struct file_writer {
    FILE *stream;
    char *path, *temporary;
    bool unsynced;    /* set after opening: for what is worthless after a crash */
    fv_status status; /* the first failure; its message is kept in `message` */
    char message[512];
} file_writer;

fv_status file_writer_open(file_writer *w, const char *path);
void file_writer_add(file_writer *w, const void *data, size_t size);
fv_status file_writer_commit(file_writer *w); /* flush, sync, rename, sync the folder; releases w */
void file_writer_discard(file_writer *w);     /* drops the temporary file; releases w */
fv_status file_write(const char *path, const void *data, size_t size); /* all four steps */
fv_status file_copy(const char *from, const char *to);                 /* the content; likewise */
/* Removes the temporary files that processes which were killed while they wrote `path` left beside it. Nobody else may be writing it. */
void file_remove_parts(const char *path);

bool file_exists(const char *path);
bool file_is_folder(const char *path);
fv_status file_make_folders(const char *path); /* like mkdir -p */

/* A folder that is whole or not there at all: it is filled under another name beside `path`, which must be absent or an empty
 * folder. The caller frees *temporary, and ends with one of the two below. What killed processes left of the same goes. */
fv_status file_folder_begin(const char *path, char **temporary);
fv_status file_folder_commit(const char *temporary, const char *path); /* renames; removes it on failure */
void file_folder_discard(const char *temporary);                       /* removes it and all that is in it */
/* All that is in a folder, hidden files aside, into another one that is there. */
fv_status file_folder_copy(const char *from, const char *to);

/* The names in a folder, sorted in byte order, without "." and ".." and without hidden ones. */
typedef struct file_list {
    char **names;
    size_t count;
} file_list;
fv_status file_list_folder(file_list *list, const char *path);
fv_status file_list_all(file_list *list, const char *path); /* the hidden ones too */
void file_list_release(file_list *list);

/* Where what can be fetched again is kept: $FOVEA_CACHE, else $XDG_CACHE_HOME/fovea, else ~/.cache/fovea. The caller frees it. */
char *file_cache_folder(void);

/* "a/b"; the caller frees it. */
char *file_join(const char *folder, const char *name);
/* The folder that a file is in, "." for a bare name; the caller frees it. */
char *file_folder_of(const char *path);
/* The part after the last '/'. */
const char *file_base_name(const char *path);

#endif
