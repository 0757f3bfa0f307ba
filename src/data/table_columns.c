/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table_columns.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"
#include "core/text.h"

static const char *const file_names[] = {"file",     "path",      "image",      "filename", "file_name",
                                         "filepath", "file_path", "image_path", "img",      "image_name",
                                         "image_id", "picture",   NULL};
static const char *const label_names[] = {"label",  "labels",   "class",      "classes",    "class_name",
                                          "target", "category", "categories", "label_name", NULL};
static const char *const group_names[] = {"group",      "group_id", "patient", "patient_id", "subject",
                                          "subject_id", "person",   "donor",   "case",       "case_id",
                                          "animal",     "specimen", "slide",   NULL};
static const char *const part_columns[] = {"split", "part", "set", "subset", NULL};

static const struct {
    const char *name;
    fv_part part;
} part_names[] = {{"train", FV_TRAIN},      {"training", FV_TRAIN}, {"val", FV_VALIDATION},
                  {"valid", FV_VALIDATION}, {"dev", FV_VALIDATION}, {"validation", FV_VALIDATION},
                  {"test", FV_TEST},        {"testing", FV_TEST}};

fv_part table_part_of(const char *cell)
{
    for (size_t i = 0; i < sizeof part_names / sizeof *part_names; i++)
        if (strcasecmp(cell, part_names[i].name) == 0)
            return part_names[i].part;
    return FV_ALL;
}

/* The first column with one of the names, or -1. */
static int64_t find_column(const csv_reader *row, const char *const *names)
{
    for (size_t i = 0; i < row->count; i++)
        for (int k = 0; names[k]; k++)
            if (strcasecmp(row->cells[i], names[k]) == 0)
                return (int64_t)i;
    return -1;
}

/* No header: file, label, then in any order a part and a group. */
static fv_status columns_by_place(table_columns *c, const csv_reader *row)
{
    c->file = 0;
    c->label = 1;
    for (size_t i = 2; i < row->count; i++)
        if (c->part < 0 && table_part_of(row->cells[i]) != FV_ALL)
            c->part = (int64_t)i;
        else if (c->group < 0)
            c->group = (int64_t)i;
    if (row->count < 2)
        return status_set(FV_ERROR_FORMAT,
                          "%s: a table of pictures has rows of file and label; its first row has one cell",
                          row->path);
    return FV_OK;
}

static bool is_taken(const table_columns *c, int64_t i)
{
    return i == c->file || i == c->label || i == c->group || i == c->part;
}

/* A header without a label's name: the one column that is left is the label; several are a class each. */
static fv_status find_label(table_columns *c, const csv_reader *row)
{
    int64_t left = 0, last = -1;
    for (int64_t i = 0; i < (int64_t)row->count; i++)
        if (!is_taken(c, i))
            left++, last = i;
    if (left == 0)
        return status_set(FV_ERROR_FORMAT, "%s: no column for the label; name it 'label' or 'class'",
                          row->path);
    if (left == 1) {
        c->label = last;
        return FV_OK;
    }
    if (!(c->class_columns = mem_array((size_t)left, sizeof *c->class_columns)))
        return status_last();
    for (int64_t i = 0; i < (int64_t)row->count; i++)
        if (!is_taken(c, i)) {
            c->class_columns[c->class_names.count] = i;
            STATUS_TRY(names_add(&c->class_names, "%s", row->cells[i]));
        }
    return FV_OK;
}

static fv_status columns_by_name(table_columns *c, const csv_reader *row)
{
    for (int64_t i = 0; c->file < 0 && i < (int64_t)row->count; i++)
        c->file = is_taken(c, i) ? -1 : i;
    if (c->file < 0)
        return status_set(FV_ERROR_FORMAT, "%s: no column for the file; name it 'file' or 'path'", row->path);
    for (size_t i = 0; i < row->count; i++)
        STATUS_TRY(names_add(&c->all, "%s", row->cells[i]));
    return c->label < 0 ? find_label(c, row) : FV_OK;
}

fv_status table_columns_find(table_columns *c, const csv_reader *row)
{
    *c = (table_columns){.file = find_column(row, file_names),
                         .label = find_column(row, label_names),
                         .group = find_column(row, group_names),
                         .part = find_column(row, part_columns),
                         .count = row->count};
    /* "class" may also be the label of a first picture. */
    c->header = c->file >= 0 || (c->label >= 0 && !strchr(row->cells[0], '.'));
    if (!c->header)
        c->label = c->group = c->part = -1;
    fv_status status = c->header ? columns_by_name(c, row) : columns_by_place(c, row);
    if (status != FV_OK)
        table_columns_release(c);
    return status;
}

fv_status table_columns_find_group(table_columns *c, const csv_reader *row)
{
    *c = (table_columns){.file = find_column(row, file_names),
                         .label = -1,
                         .group = find_column(row, group_names),
                         .part = -1,
                         .count = row->count};
    if (row->count < 2)
        return status_set(FV_ERROR_FORMAT,
                          "%s: a table of groups has rows of file and group; its first row "
                          "has one cell",
                          row->path);
    c->header = c->file >= 0 || c->group >= 0;
    if (c->file < 0)
        c->file = c->group == 0;
    if (c->group < 0 && row->count > 2 && c->header)
        return status_set(FV_ERROR_FORMAT, "%s: which column is the group? Name it 'group'", row->path);
    if (c->group < 0)
        c->group = c->file == 0;
    return FV_OK;
}

int64_t table_find_file(const csv_reader *row)
{
    return find_column(row, file_names);
}

char *table_plain_path(char *path)
{
    if (!strchr(path, '/'))
        for (char *p = path; (p = strchr(p, '\\'));)
            *p = '/';
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    return path;
}

void table_columns_release(table_columns *c)
{
    free(c->class_columns);
    names_release(&c->class_names);
    names_release(&c->all);
    *c = (table_columns){0};
}
