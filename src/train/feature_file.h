/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that holds what was computed once: found again whole, or not at all.
 *
 *     feature_file f;
 *     STATUS_TRY(feature_file_open(folder, fingerprint, size, &problem, &f));
 *     if (!f.whole) {
 *         ... fill f.bytes ...
 *         STATUS_TRY(feature_file_commit(&f));
 *     }
 *     ... read f.bytes ...
 *     feature_file_close(&f);
 *
 * It is not trusted: what it says that it is of, its size and the checksum of all its bytes are looked at when it is opened. It is mapped,
 * so that it may be larger than memory; its room on the disk is taken beforehand.
 */
#ifndef TRAIN_FEATURE_FILE_H
#define TRAIN_FEATURE_FILE_H

#include <stdbool.h>

#include "core/text.h"

typedef struct feature_file {
    bool whole;
    void *bytes; /* (size), at a multiple of 64; zero at first where it is not whole */
    size_t size;
    char *path; /* NULL: the file has no name, and is gone when it is closed */
    /* inside */
    char *temporary; /* what it is called until it is whole */
    char *fingerprint;
    int file;
    void *mapping;
} feature_file;

/* The folder's file for this fingerprint, or a new one; `problem` is told when there was one that cannot be used. A fingerprint of NULL:
 * without a name. Closes what it made on failure. */
fv_status feature_file_open(const char *folder, const char *fingerprint, size_t size, text *problem,
                            feature_file *f);
fv_status feature_file_commit(feature_file *f);
void feature_file_close(feature_file *f); /* a zeroed one is fine; drops what was not committed */

#endif
