/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4), by libmd, which is opened on first use:
 *
 *     char hex[DIGEST_SIZE];
 *     STATUS_TRY(digest_file("photos.zip", hex));
 */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stddef.h>

#include "core/status.h"

enum {
    DIGEST_SIZE = 65 /* 64 hexadecimal digits and the zero byte */
};

fv_status digest_bytes(const void *bytes, size_t size, char hex[DIGEST_SIZE]);
fv_status digest_file(const char *path, char hex[DIGEST_SIZE]);

#endif
