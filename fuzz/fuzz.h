/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share. A target is one file fuzz_NAME.c with libFuzzer's entry; what must always hold is an expect(),
 * and a finding is its abort or a sanitizer's:
 *
 *     int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
 *     {
 *         return fuzz_picture("PNG", bytes, size);
 *     }
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/random.h"
#include "core/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define expect(condition)                                                                                    \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: does not hold: %s (the last error: %s)\n", __FILE__, __LINE__,           \
                    #condition, fv_error_message());                                                         \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* True when `status` is FV_OK; else expects an error as all are: of a kind that bytes can cause, and one line. */
bool fuzz_ok(fv_status status);

/* Some text without line ends and other control characters. */
bool fuzz_is_line(const char *string);

/* Random numbers that the bytes decide: choices that leave the bytes to the format. */
rng fuzz_random(const uint8_t *bytes, size_t size);

/* This process's own, removed when it ends. */
const char *fuzz_folder(void);

/* Writes a file into that folder, over the last one of that name, and gives its path (good for the next few calls).
 * NULL bytes: only the path, and nothing is there. */
const char *fuzz_file(const char *name, const uint8_t *bytes, size_t size);

/* Several files in one input: takes the bytes up to the next line "\n--\n", which is passed over, or all that are left. NULL
 * when nothing is. */
const uint8_t *fuzz_next(const uint8_t **bytes, size_t *size, size_t *length);

/* Decodes as one format, in every way that the options allow. `format` is image_format's name. Returns 0. */
int fuzz_picture(const char *format, const uint8_t *bytes, size_t size);

/* Opens a data set and decodes a few of its pictures, if it opens. Returns 0. */
int fuzz_dataset(const char *path);

#endif
