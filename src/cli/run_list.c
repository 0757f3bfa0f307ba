/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"

const char *const run_columns[RUN_COLUMNS] = {"run",  "state",    "model", "data",   "epochs",
                                              "best", "accuracy", "loss",  "seconds"};

static fv_status add_run(run_list *runs, const char *folder)
{
    STATUS_TRY(MEM_GROW(runs->list, runs->count, runs->capacity));
    STATUS_TRY(fv_run_load(&runs->list[runs->count], folder));
    runs->count++;
    return FV_OK;
}

static fv_status add_folder(run_list *runs, const char *folder)
{
    file_list inner;
    STATUS_TRY(file_list_folder(&inner, folder));
    fv_status status = FV_OK;
    for (size_t i = 0; status == FV_OK && i < inner.count; i++) {
        char *path = file_join(folder, inner.names[i]);
        if (!path)
            status = status_last();
        else if (fv_run_is(path))
            status = add_run(runs, path);
        free(path);
    }
    file_list_release(&inner);
    return status;
}

/* "runs/a/" is "runs/a": the last part is its name. */
static fv_status add_argument(run_list *runs, const char *argument)
{
    size_t length = strlen(argument);
    while (length > 1 && argument[length - 1] == '/')
        length--;
    char *folder = mem_string_n(argument, length);
    if (!folder)
        return status_last();
    fv_status status = fv_run_is(folder) ? add_run(runs, folder)
                       : file_is_folder(folder)
                           ? add_folder(runs, folder)
                           : status_set(FV_ERROR_IO, "%s: there is no such folder", folder);
    free(folder);
    return status;
}

fv_status run_list_find(run_list *runs, char *const *arguments, int count)
{
    if (count == 0)
        return add_argument(runs, "runs");
    for (int i = 0; i < count; i++)
        STATUS_TRY(add_argument(runs, arguments[i]));
    return FV_OK;
}

void run_list_release(run_list *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        fv_run_release(&runs->list[i]);
    free(runs->list);
    *runs = (run_list){0};
}

/* ---- values ---- */

/* Validation's, of the best epoch, else training's. */
static double headline(const fv_run *r, const char *of_validation, const char *of_training)
{
    double value = fv_run_value(r, r->best_row, of_validation);
    return isfinite(value) ? value : fv_run_value(r, r->best_row, of_training);
}

static double number_of(const fv_run *r, const char *column)
{
    if (strcmp(column, "epochs") == 0)
        return (double)r->row_count;
    if (strcmp(column, "best") == 0)
        return fv_run_value(r, r->best_row, "epoch");
    if (strcmp(column, "accuracy") == 0)
        return headline(r, "val/accuracy", "train/accuracy");
    if (strcmp(column, "loss") == 0)
        return headline(r, "val/loss", "train/loss");
    if (strcmp(column, "seconds") == 0)
        return fv_run_seconds(r);
    return fv_run_value(r, r->best_row, column);
}

static const char *words_of(const fv_run *r, const char *column)
{
    if (strcmp(column, "run") == 0)
        return file_base_name(r->folder);
    if (strcmp(column, "state") == 0)
        return fv_run_state_name(r->state);
    return fv_run_option(r, column);
}

static void add_words(text *out, const char *words)
{
    char *line = mem_string(words ? words : "");
    if (line) {
        text_flatten(line);
        text_add(out, "%s", line);
    }
    free(line);
}

void run_list_cell(const fv_run *r, int column, text *out)
{
    const char *name = run_columns[column];
    double number = number_of(r, name);
    if (strcmp(name, "data") == 0)
        add_words(out, fv_run_option(r, name) ? file_base_name(fv_run_option(r, name)) : "");
    else if (column < 4)
        add_words(out, words_of(r, name));
    else if (!isfinite(number))
        text_add(out, "-");
    else if (strcmp(name, "epochs") == 0 && fv_run_option(r, "epochs"))
        text_add(out, "%.0f/%s", number, fv_run_option(r, "epochs"));
    else if (strcmp(name, "accuracy") == 0)
        text_add(out, "%.2f %%", 100 * number);
    else
        text_add(out,
                 strcmp(name, "loss") == 0      ? "%.4f"
                 : strcmp(name, "seconds") == 0 ? "%.1f"
                                                : "%.0f",
                 number);
}

/* ---- order ---- */

typedef struct sorted_run {
    fv_run run;
    double number;
    const char *words;
    int direction; /* 1: the least first */
} sorted_run;

static int compare(const void *a, const void *b)
{
    const sorted_run *x = a, *y = b;
    bool no_x = isnan(x->number) && !x->words, no_y = isnan(y->number) && !y->words;
    int order = 0;
    if (no_x || no_y)
        return no_x != no_y ? (no_x ? 1 : -1) : strverscmp(x->run.folder, y->run.folder);
    if (isfinite(x->number) && isfinite(y->number))
        order = (x->number > y->number) - (x->number < y->number);
    else if (x->words && y->words)
        order = strverscmp(x->words, y->words);
    return order ? order * x->direction : strverscmp(x->run.folder, y->run.folder);
}

bool run_list_sort(run_list *runs, const char *column, bool reverse)
{
    bool known = runs->count == 0, least_first = strstr(column, "loss") || strstr(column, "seconds");
    for (int i = 0; i < RUN_COLUMNS; i++)
        known |= strcmp(run_columns[i], column) == 0;
    sorted_run *list = mem_array(runs->count, sizeof *list);
    for (size_t i = 0; list && i < runs->count; i++) {
        sorted_run *s = &list[i];
        *s = (sorted_run){.run = runs->list[i]};
        s->number = number_of(&s->run, column);
        s->words = isfinite(s->number) ? NULL : words_of(&s->run, column);
        s->direction = ((isfinite(s->number) && !least_first) ? -1 : 1) * (reverse ? -1 : 1);
        known |= isfinite(s->number) || s->words;
    }
    if (list)
        qsort(list, runs->count, sizeof *list, compare);
    for (size_t i = 0; list && i < runs->count; i++)
        runs->list[i] = list[i].run;
    free(list);
    return known;
}

/* ---- JSON ---- */

/* What is not UTF-8 becomes '?': a hostile name must not spoil the list. */
static json_t *json_words(const char *words)
{
    json_t *value = words ? json_string(words) : json_null();
    char *copy = value ? NULL : mem_string(words);
    for (char *c = copy; c && *c; c++)
        *c = (unsigned char)*c < 128 ? *c : '?';
    if (copy)
        value = json_string(copy);
    free(copy);
    return value;
}

static void set_words(json_t *object, const char *key, const char *words)
{
    json_t *name = json_words(key);
    json_object_set_new(object, json_string_value(name), json_words(words));
    json_decref(name);
}

json_t *run_list_json(const fv_run *r)
{
    json_t *object = json_object(), *options = json_object(), *best = json_object();
    set_words(object, "run", r->folder);
    set_words(object, "state", fv_run_state_name(r->state));
    if (r->problem[0])
        set_words(object, "problem", r->problem);
    json_object_set_new(object, "epochs", json_integer(r->row_count));
    json_object_set_new(object, "seconds", cli_number(fv_run_seconds(r)));
    for (int64_t i = 0; i < r->column_count && r->best_row >= 0; i++) {
        json_t *name = json_words(r->columns[i]);
        json_object_set_new(best, json_string_value(name),
                            cli_number(fv_run_value(r, r->best_row, r->columns[i])));
        json_decref(name);
    }
    json_object_set_new(object, "best", best);
    for (int64_t i = 0; i < r->option_count; i++)
        set_words(options, r->option_names[i], r->option_values[i]);
    json_object_set_new(object, "options", options);
    return object;
}
