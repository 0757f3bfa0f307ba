/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files from http and https addresses, by libcurl, which is opened on first use:
 *
 *     STATUS_TRY(download_file(&(download_options){.url = url, .path = "cache/photos.zip", .sha256 = hex}));
 *
 * What has come so far stands in PATH.part and is gone on with next time, when the server still has the same file. PATH
 * appears only when the file is whole and its checksum is right; a PATH that is there already is taken as it is.
 */
#ifndef CORE_DOWNLOAD_H
#define CORE_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

/* Bytes so far and in all (0: the server does not say); nonzero stops, and what has come is kept. */
typedef int (*download_progress)(int64_t done, int64_t total, void *user);

typedef struct download_options {
    const char *url;
    const char *path;   /* its folder must exist */
    const char *sha256; /* 64 hexadecimal digits, or only the first of them; NULL: not checked */
    download_progress on_progress;
    void *user;
} download_options;

/* FV_ERROR_IO: not reachable, not there (with the server's answer), or the disk is full; FV_ERROR_FORMAT: another checksum
 * (what came is deleted); FV_INTERRUPTED. */
fv_status download_file(const download_options *o);

/* "http://…" or "https://…". */
bool download_is_address(const char *text);

#endif
