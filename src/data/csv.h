/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading tables row by row: RFC 4180 (quoted cells, doubled quotes, line breaks inside quotes), with any of the three line
 * ends, a byte order mark, and blanks around unquoted cells left out. The cells are divided by commas or tabs, or by
 * semicolons where the first line has no comma; the file's ending says which is looked for first.
 *
 *     csv_reader r;
 *     STATUS_TRY(csv_open(&r, path));
 *     while ((result = csv_next(&r)) != CSV_END) ... r.cells[0] ... r.cells[r.count - 1] ...
 *     csv_close(&r);
 */
#ifndef DATA_CSV_H
#define DATA_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef enum csv_result {
    CSV_ROW,
    CSV_BAD,   /* this row is malformed, the message says why; the next call goes on behind it */
    CSV_END,   /* of the table */
    CSV_FAILED /* nothing more can be read, the message says why */
} csv_result;

typedef struct csv_reader {
    char *path;
    int file;
    char delimiter;
    int64_t line;       /* on which the row begins, from 1 */
    const char **cells; /* (count) zero-ended, until the next call */
    size_t count;
    /* the rest is the reader's own */
    size_t cell_capacity, at, end, used;
    int64_t next_line;
    uint8_t *buffer;
    char *row;
    const char *wrong; /* with the row, or NULL */
    bool failed;       /* the file could not be read on */
} csv_reader;

/* FV_ERROR_FORMAT: a binary file, or UTF-16. Needs csv_close only when it succeeds. */
fv_status csv_open(csv_reader *r, const char *path);
csv_result csv_next(csv_reader *r);
void csv_close(csv_reader *r);

#endif
