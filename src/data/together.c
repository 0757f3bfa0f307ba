/* SPDX-License-Identifier: Apache-2.0 */
/* A table of file,group rows beside the data: see row_names.h for which picture a row names. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/csv.h"
#include "data/row_names.h"
#include "data/table_columns.h"

typedef struct together {
    store *store;
    csv_reader reader;
    table_columns columns;
    row_names rows;
    uint32_t *group;  /* (rows.files.count): index in store->group_names */
    uint32_t *leader; /* (group_names.count): groups with a picture in common are one */
    size_t group_capacity, leader_capacity;
    int64_t malformed, joined;
    char *first_malformed;
} together;

static uint32_t find_leader(const together *t, uint32_t group)
{
    while (t->leader[group] != group)
        group = t->leader[group] = t->leader[t->leader[group]];
    return group;
}

static fv_status note_malformed(together *t)
{
    if (t->store->sources.on_error == FV_FAIL)
        return status_last();
    if (t->malformed++ == 0 && !(t->first_malformed = mem_string(fv_error_message())))
        return status_last();
    return FV_OK;
}

static fv_status add_group(together *t, const char *name, uint32_t *group)
{
    name_table *names = &t->store->group_names;
    size_t before = names->count;
    STATUS_TRY(name_table_add(names, name, group));
    if (*group < before)
        return FV_OK;
    STATUS_TRY(MEM_GROW(t->leader, before, t->leader_capacity));
    t->leader[*group] = *group;
    return FV_OK;
}

static fv_status read_row(together *t)
{
    const csv_reader *r = &t->reader;
    if (r->count != t->columns.count) {
        status_set(FV_ERROR_FORMAT, "%s:%lld: the row has %zu cells, the first row %zu", r->path,
                   (long long)r->line, r->count, t->columns.count);
        return note_malformed(t);
    }
    char *name = row_names_plain(
        (char *)r->cells[t->columns.file]); /* the reader's cells are ours until the next row */
    const char *group_name = r->cells[t->columns.group];
    if (!*name || !*group_name) {
        status_set(FV_ERROR_FORMAT, "%s:%lld: the row lacks a %s", r->path, (long long)r->line,
                   *name ? "group" : "file");
        return note_malformed(t);
    }
    uint32_t group, file;
    size_t before = t->rows.files.count;
    STATUS_TRY(add_group(t, group_name, &group));
    STATUS_TRY(row_names_add(&t->rows, name, &file));
    STATUS_TRY(MEM_GROW(t->group, file, t->group_capacity));
    if (file == before) {
        t->group[file] = group;
    } else if (find_leader(t, group) != find_leader(t, t->group[file])) {
        t->leader[find_leader(t, group)] = find_leader(t, t->group[file]);
        t->joined++;
    }
    return FV_OK;
}

static fv_status read_rows(together *t)
{
    bool first = true;
    for (csv_result result; (result = csv_next(&t->reader)) != CSV_END; first = false) {
        if (result == CSV_FAILED || (result == CSV_BAD && first))
            return status_last();
        if (first)
            STATUS_TRY(table_columns_find_group(&t->columns, &t->reader));
        if (result == CSV_BAD)
            STATUS_TRY(note_malformed(t));
        else if (!first || !t->columns.header)
            STATUS_TRY(read_row(t));
    }
    if (t->rows.files.count == 0)
        return status_set(FV_ERROR_INVALID, "%s: there are no rows of file and group in it", t->reader.path);
    return FV_OK;
}

static fv_status add_problems(together *t)
{
    name_list *problems = &t->store->sources.problems;
    const char *path = t->reader.path;
    if (t->malformed > 0)
        STATUS_TRY(names_add(problems, "%s: %lld malformed rows were left out, the first: %s", path,
                             (long long)t->malformed, t->first_malformed));
    STATUS_TRY(row_names_note(&t->rows, path, problems));
    if (t->joined > 0)
        STATUS_TRY(names_add(problems,
                             "%s: %lld rows put a file into a further group; these groups stay together",
                             path, (long long)t->joined));
    if (t->rows.unnamed > 0)
        STATUS_TRY(names_add(problems, "%s: no row names %lld of the pictures; each is a group of its own",
                             path, (long long)t->rows.unnamed));
    return FV_OK;
}

static fv_status take_table(together *t)
{
    store *s = t->store;
    free(s->groups);
    name_table_release(&s->group_names);
    if (!(s->groups = mem_array((size_t)s->count, sizeof *s->groups)))
        return status_last();
    STATUS_TRY(read_rows(t));
    name_table_close(&s->group_names);
    STATUS_TRY(row_names_match(&t->rows, s, t->reader.path, s->groups));
    for (int64_t i = 0; i < s->count; i++)
        if (s->groups[i] > 0)
            s->groups[i] = find_leader(t, t->group[s->groups[i] - 1]) + 1;
    return add_problems(t);
}

fv_status store_read_groups(store *s, const char *path)
{
    together t = {.store = s};
    STATUS_TRY(csv_open(&t.reader, path));
    fv_status status = take_table(&t);
    csv_close(&t.reader);
    table_columns_release(&t.columns);
    row_names_release(&t.rows);
    free(t.group);
    free(t.leader);
    free(t.first_malformed);
    return status;
}
