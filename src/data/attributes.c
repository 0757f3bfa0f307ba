/* SPDX-License-Identifier: Apache-2.0 */
#include "data/attributes.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/csv.h"
#include "data/table_columns.h"

typedef struct attribute_table {
    attributes *a;
    csv_reader reader;
    row_names rows;
    int64_t file; /* the column with the file's name */
    size_t cell_capacity;
    int64_t malformed, repeated;
    char *first_malformed;
} attribute_table;

static fv_status read_header(attribute_table *t)
{
    attributes *a = t->a;
    const csv_reader *r = &t->reader;
    t->file = table_find_file(r);
    if (t->file < 0 || r->count < 2)
        return status_set(FV_ERROR_FORMAT,
                          "%s: its first row must name the columns: one of them 'file', the others what the "
                          "pictures are grouped by",
                          r->path);
    if (r->count > ATTRIBUTES_COLUMNS)
        return status_set(FV_ERROR_FORMAT, "%s: more than %d columns", r->path, ATTRIBUTES_COLUMNS);
    for (size_t i = 0; i < r->count; i++)
        if ((int64_t)i != t->file)
            STATUS_TRY(names_add(&a->columns, "%s", r->cells[i]));
    a->values = mem_array(a->columns.count, sizeof *a->values);
    return a->values ? FV_OK : status_last();
}

static fv_status note_malformed(attribute_table *t)
{
    if (t->malformed++ == 0 && !(t->first_malformed = mem_string(fv_error_message())))
        return status_last();
    return FV_OK;
}

static fv_status add_value(attribute_table *t, size_t column, const char *cell, uint32_t *value)
{
    name_table *values = &t->a->values[column];
    *value = 0;
    if (!*cell)
        return FV_OK;
    STATUS_TRY(name_table_add(values, cell, value));
    if (values->count > ATTRIBUTES_VALUES)
        return status_set(FV_ERROR_INVALID,
                          "%s: column '%s' has more than %d different values: these are no groups",
                          t->reader.path, t->a->columns.items[column], ATTRIBUTES_VALUES);
    ++*value;
    return FV_OK;
}

/* Room for one more row. */
static fv_status grow(attribute_table *t, size_t row)
{
    if (row < t->cell_capacity)
        return FV_OK;
    size_t wanted = t->cell_capacity ? 2 * t->cell_capacity : 256;
    uint32_t *grown = mem_resize(t->a->cells, wanted * t->a->columns.count, sizeof *grown);
    if (!grown)
        return status_last();
    t->a->cells = grown;
    t->cell_capacity = wanted;
    return FV_OK;
}

static fv_status read_row(attribute_table *t)
{
    const csv_reader *r = &t->reader;
    attributes *a = t->a;
    size_t columns = a->columns.count, before = t->rows.files.count;
    uint32_t row;
    if (r->count != columns + 1 || !*r->cells[t->file]) {
        status_set(FV_ERROR_FORMAT, "%s:%lld: the row has %zu cells, the first row %zu", r->path,
                   (long long)r->line, r->count, columns + 1);
        if (r->count == columns + 1)
            status_set(FV_ERROR_FORMAT, "%s:%lld: the row lacks a file", r->path, (long long)r->line);
        return note_malformed(t);
    }
    /* The reader's cells are ours until the next row. */
    STATUS_TRY(row_names_add(&t->rows, (char *)r->cells[t->file], &row));
    if (row < before) {
        t->repeated++;
        return FV_OK;
    }
    STATUS_TRY(grow(t, row));
    for (size_t i = 0, column = 0; i < r->count; i++)
        if ((int64_t)i != t->file) {
            STATUS_TRY(add_value(t, column, r->cells[i], &a->cells[row * columns + column]));
            column++;
        }
    return FV_OK;
}

static fv_status read_rows(attribute_table *t)
{
    csv_result result = csv_next(&t->reader);
    if (result == CSV_END)
        return status_set(FV_ERROR_FORMAT, "%s: is empty", t->reader.path);
    if (result != CSV_ROW)
        return status_last();
    STATUS_TRY(read_header(t));
    while ((result = csv_next(&t->reader)) != CSV_END) {
        if (result == CSV_FAILED)
            return status_last();
        STATUS_TRY(result == CSV_BAD ? note_malformed(t) : read_row(t));
    }
    if (t->rows.files.count == 0)
        return status_set(FV_ERROR_INVALID, "%s: there are no rows in it", t->reader.path);
    return FV_OK;
}

static fv_status add_problems(attribute_table *t)
{
    name_list *problems = &t->a->problems;
    const char *path = t->reader.path;
    if (t->malformed > 0)
        STATUS_TRY(names_add(problems, "%s: %lld malformed rows were left out, the first: %s", path,
                             (long long)t->malformed, t->first_malformed));
    if (t->repeated > 0)
        STATUS_TRY(names_add(problems, "%s: %lld rows name a file again; the first counts", path,
                             (long long)t->repeated));
    return row_names_note(&t->rows, path, problems);
}

static fv_status read_table(attribute_table *t)
{
    const store *s = t->a->data->store;
    STATUS_TRY(read_rows(t));
    if (!(t->a->row_of = mem_array((size_t)s->count, sizeof *t->a->row_of)))
        return status_last();
    STATUS_TRY(row_names_match(&t->rows, s, t->reader.path, t->a->row_of));
    return add_problems(t);
}

fv_status attributes_read(attributes *a, const fv_dataset *d, const char *path)
{
    attribute_table t = {.a = a};
    *a = (attributes){.data = d};
    STATUS_TRY(csv_open(&t.reader, path));
    fv_status status = read_table(&t);
    csv_close(&t.reader);
    row_names_release(&t.rows);
    free(t.first_malformed);
    if (status != FV_OK)
        attributes_release(a);
    return status;
}

int64_t attributes_get(const attributes *a, int64_t index, size_t column)
{
    uint32_t row = a->row_of[dataset_sample(a->data, index)];
    return row == 0 ? -1 : (int64_t)a->cells[(row - 1) * a->columns.count + column] - 1;
}

void attributes_release(attributes *a)
{
    for (size_t i = 0; a->values && i < a->columns.count; i++)
        name_table_release(&a->values[i]);
    names_release(&a->columns);
    names_release(&a->problems);
    free(a->values);
    free(a->row_of);
    free(a->cells);
    *a = (attributes){0};
}
