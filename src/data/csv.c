/* SPDX-License-Identifier: Apache-2.0 */
#include "data/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"

enum {
    BUFFER_BYTES = 1 << 18,
    ROW_BYTES = 1 << 20, /* a longer row is malformed */
    BINARY_BYTES = 4096, /* a zero byte this early: it is no text */
    END = -1
};
static const char too_long[] = "is over the limit of 1 MiB";

/* ---- bytes ---- */

static bool fill(csv_reader *r)
{
    ssize_t got;
    do
        got = read(r->file, r->buffer, BUFFER_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        status_set(FV_ERROR_IO, "%s: cannot be read: %s", r->path, strerror(errno));
        r->failed = true;
    }
    r->at = 0;
    r->end = got > 0 ? (size_t)got : 0;
    return r->end > 0;
}

static int peek(csv_reader *r)
{
    return r->at < r->end || fill(r) ? r->buffer[r->at] : END;
}

static bool is_blank(const csv_reader *r, int c)
{
    return c == ' ' || (c == '\t' && r->delimiter != '\t');
}

static bool ends_row(int c)
{
    return c == '\n' || c == '\r' || c == END;
}

/* Passes the line end that stands next: LF, CR LF or CR. */
static void pass_line_end(csv_reader *r)
{
    bool cr = peek(r) == '\r';
    if (peek(r) != END)
        r->at++, r->next_line++;
    if (cr && peek(r) == '\n')
        r->at++;
}

/* ---- cells ---- */

static void keep(csv_reader *r, int c)
{
    if (c == 0)
        r->wrong = "has a zero byte";
    else if (r->used + 2 > ROW_BYTES)
        r->wrong = too_long;
    else
        r->row[r->used++] = (char)c;
}

/* Between quotes. False: they are not closed. */
static bool read_quoted(csv_reader *r)
{
    r->at++;
    for (;;) {
        int c = peek(r);
        if (c == END || r->used + 2 > ROW_BYTES)
            return false;
        if (c == '\n') /* CR LF counts once, and stays as it is */
            r->next_line++;
        r->at++;
        if (c == '"' && peek(r) != '"')
            break;
        if (c == '"')
            r->at++;
        keep(r, c);
    }
    while (is_blank(r, peek(r)))
        r->at++;
    for (; !ends_row(peek(r)) && peek(r) != r->delimiter; r->at++)
        r->wrong = "has more behind a closing quote";
    return true;
}

static void read_plain(csv_reader *r)
{
    size_t first = r->used;
    for (int c; !ends_row(c = peek(r)) && c != r->delimiter; r->at++)
        keep(r, c);
    while (r->used > first && is_blank(r, r->row[r->used - 1]))
        r->used--;
}

/* False: a failure. The cell ends at a delimiter or at the row's end. */
static bool read_cell(csv_reader *r, bool *quoted)
{
    if (r->wrong)
        r->count = 0; /* nobody will look at them, and a row may be endless */
    if (MEM_GROW(r->cells, r->count, r->cell_capacity) != FV_OK)
        return false;
    r->cells[r->count++] = r->row + r->used;
    while (is_blank(r, peek(r)))
        r->at++;
    *quoted = peek(r) == '"';
    if (!*quoted) {
        read_plain(r);
    } else if (!read_quoted(r)) {
        if (!r->failed)
            status_set(FV_ERROR_FORMAT, "%s:%lld: a quote is opened in this row and not closed", r->path,
                       (long long)r->line);
        return false;
    }
    r->row[r->used] = 0;
    if (r->used + 1 < ROW_BYTES)
        r->used++;
    else
        r->wrong = too_long;
    return true;
}

csv_result csv_next(csv_reader *r)
{
    for (;;) {
        bool quoted;
        r->line = r->next_line;
        r->count = r->used = 0;
        r->wrong = NULL;
        if (peek(r) == END)
            return r->failed ? CSV_FAILED : CSV_END;
        for (;;) {
            if (!read_cell(r, &quoted))
                return CSV_FAILED;
            if (ends_row(peek(r)))
                break;
            r->at++; /* the delimiter */
        }
        pass_line_end(r);
        if (r->failed)
            return CSV_FAILED;
        if (r->wrong) {
            status_set(FV_ERROR_FORMAT, "%s:%lld: the row %s", r->path, (long long)r->line, r->wrong);
            return CSV_BAD;
        }
        if (r->count > 1 || quoted || r->cells[0][0])
            return CSV_ROW; /* else an empty line */
    }
}

/* ---- opening ---- */

/* The preferred one where the first line has it, else the one that it has most of. */
static char choose_delimiter(const csv_reader *r)
{
    size_t dot = strlen(r->path);
    bool tabs = dot >= 4 && strcasecmp(r->path + dot - 4, ".tsv") == 0;
    size_t commas = 0, semicolons = 0, tab_count = 0;
    bool quoted = false;
    for (size_t i = r->at; i < r->end && (quoted || !ends_row(r->buffer[i])); i++) {
        quoted ^= r->buffer[i] == '"';
        commas += !quoted && r->buffer[i] == ',';
        semicolons += !quoted && r->buffer[i] == ';';
        tab_count += !quoted && r->buffer[i] == '\t';
    }
    if (tabs ? tab_count > 0 : commas == 0 && tab_count > semicolons)
        return '\t';
    return commas == 0 && semicolons > 0 ? ';' : tabs && commas == 0 ? '\t' : ',';
}

static fv_status begin(csv_reader *r)
{
    if (!fill(r))
        return r->failed ? status_last() : FV_OK;
    if (r->end >= 2 && (memcmp(r->buffer, "\xff\xfe", 2) == 0 || memcmp(r->buffer, "\xfe\xff", 2) == 0))
        return status_set(FV_ERROR_FORMAT, "%s: is a table in UTF-16; save it as UTF-8", r->path);
    if (memchr(r->buffer, 0, r->end < BINARY_BYTES ? r->end : BINARY_BYTES))
        return status_set(FV_ERROR_FORMAT, "%s: is not a table: there are zero bytes in it", r->path);
    if (r->end >= 3 && memcmp(r->buffer, "\xef\xbb\xbf", 3) == 0)
        r->at = 3;
    r->delimiter = choose_delimiter(r);
    return FV_OK;
}

fv_status csv_open(csv_reader *r, const char *path)
{
    *r = (csv_reader){.file = -1, .next_line = 1, .delimiter = ','};
    STATUS_TRY(file_open(path, &r->file));
    r->path = mem_string(path);
    r->buffer = mem_array(BUFFER_BYTES, 1);
    r->row = mem_array(ROW_BYTES, 1);
    fv_status status = r->path && r->buffer && r->row ? begin(r) : status_last();
    if (status != FV_OK)
        csv_close(r);
    return status;
}

void csv_close(csv_reader *r)
{
    if (r->file >= 0)
        close(r->file);
    free(r->path);
    free(r->buffer);
    free(r->row);
    free((void *)r->cells);
    *r = (csv_reader){.file = -1};
}
