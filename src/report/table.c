/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "report/report.h"

enum {
    TABLE_MAX_BYTES = 256 << 20,
    TABLE_MAX_COLUMNS = 1000,
    TABLE_MAX_VALUES = 32 << 20 /* short lines under a long header take more memory than the file */
};

/* Cuts the next field off at a comma; *rest becomes NULL after the last one. Surrounding spaces are dropped.
 */
static char *next_field(char **rest)
{
    char *field = *rest, *comma = strchr(field, ',');
    *rest = comma ? comma + 1 : NULL;
    if (comma)
        *comma = 0;
    field += strspn(field, " \t\"");
    for (size_t n = strlen(field); n > 0 && strchr(" \t\r\"", field[n - 1]); n--)
        field[n - 1] = 0;
    return field;
}

/* Cuts the next line that is not empty off; NULL after the last one. */
static char *next_line(char **rest, int64_t *number)
{
    while (*rest && **rest) {
        char *line = *rest, *end = strchr(line, '\n');
        *rest = end ? end + 1 : line + strlen(line);
        if (end)
            *end = 0;
        ++*number;
        if (line[strspn(line, " \t\r")])
            return line;
    }
    return NULL;
}

static fv_status read_header(report_table *t, char *line, const char *path, const char *key)
{
    size_t capacity = 0;
    for (char *rest = line; rest;) {
        char *field = next_field(&rest);
        if (t->column_count == TABLE_MAX_COLUMNS)
            return status_set(FV_ERROR_FORMAT, "%s: more than %d columns", path, TABLE_MAX_COLUMNS);
        STATUS_TRY(MEM_GROW(t->columns, t->column_count, capacity));
        if (!(t->columns[t->column_count] = mem_string(field)))
            return status_last();
        t->column_count++;
    }
    if (report_table_find(t, key) < 0)
        return status_set(FV_ERROR_FORMAT, "%s: its first line names no column '%s'; is it a run's results?",
                          path, key);
    return FV_OK;
}

static double number_of(const char *field)
{
    char *end;
    double value = strtod(field, &end);
    return *field && *end == 0 ? value : NAN;
}

static fv_status read_row(report_table *t, char *line, size_t *capacity, const char *path, int64_t number)
{
    size_t size = (size_t)t->column_count;
    if (t->row_count == TABLE_MAX_VALUES / t->column_count)
        return status_set(FV_ERROR_FORMAT, "%s: more than %d values", path, TABLE_MAX_VALUES);
    if ((size_t)t->row_count == *capacity) {
        size_t grown = *capacity ? *capacity * 2 : 64;
        double *values = mem_resize(t->values, grown * size, sizeof *values);
        if (!values)
            return status_last();
        t->values = values;
        *capacity = grown;
    }
    double *row = t->values + t->row_count * t->column_count;
    int64_t filled = 0;
    for (char *rest = line; rest;) {
        if (filled == t->column_count)
            return status_set(FV_ERROR_FORMAT, "%s: line %lld has more than %lld values", path,
                              (long long)number, (long long)t->column_count);
        row[filled++] = number_of(next_field(&rest));
    }
    /* The last line of a run that was cut off may be short. */
    while (filled < t->column_count)
        row[filled++] = NAN;
    t->row_count++;
    return FV_OK;
}

fv_status report_table_load(report_table *t, const char *path, const char *key)
{
    *t = (report_table){0};
    uint8_t *bytes;
    size_t size, capacity = 0;
    STATUS_TRY(file_read(path, TABLE_MAX_BYTES, &bytes, &size));
    char *rest = (char *)bytes;
    int64_t number = 0;
    char *line = next_line(&rest, &number);
    fv_status status =
        line ? read_header(t, line, path, key) : status_set(FV_ERROR_FORMAT, "%s: is empty", path);
    while (status == FV_OK && (line = next_line(&rest, &number)))
        status = read_row(t, line, &capacity, path, number);
    free(bytes);
    if (status != FV_OK)
        report_table_release(t);
    return status;
}

void report_table_release(report_table *t)
{
    for (int64_t i = 0; i < t->column_count; i++)
        free(t->columns[i]);
    free(t->columns);
    free(t->values);
    *t = (report_table){0};
}

int64_t report_table_find(const report_table *t, const char *column)
{
    for (int64_t i = 0; i < t->column_count; i++)
        if (strcmp(t->columns[i], column) == 0)
            return i;
    return -1;
}

double report_table_get(const report_table *t, int64_t row, int64_t column)
{
    return column < 0 ? NAN : t->values[row * t->column_count + column];
}

double *report_column(const report_table *t, int64_t column)
{
    double *values = mem_array((size_t)t->row_count, sizeof *values);
    for (int64_t i = 0; values && i < t->row_count; i++)
        values[i] = report_table_get(t, i, column);
    return values;
}

bool report_has_rate(const report_table *results)
{
    int64_t column = report_table_find(results, "lr");
    for (int64_t i = 0; i < results->row_count; i++)
        if (report_table_get(results, i, column) > 0)
            return true;
    return false;
}
