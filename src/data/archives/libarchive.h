/* SPDX-License-Identifier: Apache-2.0 */
/* libarchive's functions, filled by libarchive_open on first use; tar_read.c knows them. */
#ifndef DATA_ARCHIVES_LIBARCHIVE_H
#define DATA_ARCHIVES_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#include "core/status.h"

/* Every function that is used, once: the table's fields and the list of symbols are made from it. */
#define LIBARCHIVE_FUNCTIONS(X)                                                                              \
    X(entry_filetype)                                                                                        \
    X(entry_hardlink)                                                                                        \
    X(entry_pathname)                                                                                        \
    X(entry_size)                                                                                            \
    X(entry_sparse_count)                                                                                    \
    X(error_string)                                                                                          \
    X(filter_bytes)                                                                                          \
    X(filter_code)                                                                                           \
    X(read_data)                                                                                             \
    X(read_free)                                                                                             \
    X(read_new)                                                                                              \
    X(read_next_header)                                                                                      \
    X(read_open_fd)                                                                                          \
    X(read_set_options)                                                                                      \
    X(read_support_filter_bzip2)                                                                             \
    X(read_support_filter_gzip)                                                                              \
    X(read_support_filter_xz)                                                                                \
    X(read_support_filter_zstd)                                                                              \
    X(read_support_format_raw)                                                                               \
    X(read_support_format_tar)

#define LIBARCHIVE_FIELD(name) __typeof__(archive_##name) *name;
typedef struct libarchive_api {
    LIBARCHIVE_FUNCTIONS(LIBARCHIVE_FIELD)
} libarchive_api;

/* The table is constant once the call has succeeded. */
fv_status libarchive_open(const libarchive_api **api);

#endif
