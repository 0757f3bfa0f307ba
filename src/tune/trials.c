/* SPDX-License-Identifier: Apache-2.0 */
/* The trials of a study, as they are read. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "tune/study.h"

#define COLUMNS                                                                                              \
    "number, state, attempt, CASE state WHEN 4 THEN NULL ELSE coalesce(value, "                              \
    "(SELECT %s(value) FROM reports WHERE trial = number)) END, "                                            \
    "coalesce((SELECT max(step) FROM reports WHERE trial = number), 0), "                                    \
    "coalesce(ended, ?) - started, host, process, message"

const char *fv_trial_state_name(fv_trial_state state)
{
    static const char *const names[] = {"unknown", "running", "complete", "pruned", "failed"};
    return names[state >= FV_TRIAL_RUNNING && state <= FV_TRIAL_FAILED ? state : 0];
}

void fv_trial_release(fv_trial *t)
{
    free(t->values);
    t->values = NULL;
}

void fv_trials_release(fv_trial *trials, int64_t count)
{
    for (int64_t i = 0; trials && i < count; i++)
        fv_trial_release(&trials[i]);
    free(trials);
}

double fv_trial_number(const fv_trial *t, const char *dimension)
{
    int64_t i = space_find(t->space, dimension);
    return i >= 0 && t->space->list[i].type != FV_DIMENSION_CATEGORICAL ? t->values[i] : NAN;
}

const char *fv_trial_word(const fv_trial *t, const char *dimension)
{
    int64_t i = space_find(t->space, dimension);
    bool is_word = i >= 0 && t->space->list[i].type == FV_DIMENSION_CATEGORICAL && isfinite(t->values[i]);
    return is_word ? t->space->list[i].choices[(int64_t)t->values[i]] : NULL;
}

/* ---- reading ---- */

static fv_status damaged(fv_study *s, int64_t number, const char *what)
{
    return status_set(FV_ERROR_FORMAT, "%s: trial %lld: %s; the file is damaged", database_name(s->db),
                      (long long)number, what);
}

static fv_status take_row(fv_study *s, database_rows *rows, fv_trial *t)
{
    *t = (fv_trial){.number = database_integer(rows, 0),
                    .state = (fv_trial_state)database_integer(rows, 1),
                    .attempt = database_integer(rows, 2),
                    .value = database_number(rows, 3),
                    .step = database_integer(rows, 4),
                    .seconds = database_number(rows, 5),
                    .process = database_integer(rows, 7),
                    .count = s->space->count,
                    .space = s->space};
    snprintf(t->host, sizeof t->host, "%s", database_text(rows, 6));
    snprintf(t->message, sizeof t->message, "%s", database_text(rows, 8));
    if (t->state < FV_TRIAL_RUNNING || t->state > FV_TRIAL_FAILED)
        return damaged(s, t->number, "has no state");
    if (!(t->values = mem_array((size_t)t->count, sizeof *t->values)))
        return status_last();
    for (int64_t i = 0; i < t->count; i++)
        t->values[i] = NAN;
    return FV_OK;
}

static fv_status take_value(fv_study *s, database_rows *rows, fv_trial *t)
{
    int64_t i = space_find(s->space, database_text(rows, 1));
    if (i < 0)
        return damaged(s, t->number, "has a dimension that the space has not");
    const fv_dimension *d = &s->space->list[i];
    if (d->type != FV_DIMENSION_CATEGORICAL) {
        t->values[i] = database_number(rows, 2);
        return FV_OK;
    }
    int64_t choice = space_find_choice(d, database_text(rows, 2));
    if (choice < 0)
        return damaged(s, t->number, "has a choice that its dimension has not");
    t->values[i] = (double)choice;
    return FV_OK;
}

/* `where` is SQL; both queries are ordered by the trial's number. */
static fv_status read_rows(fv_study *s, const char *where, int64_t number, fv_trial **list, int64_t *count)
{
    database_rows rows;
    char sql[640];
    size_t capacity = 0;
    snprintf(sql, sizeof sql, "SELECT " COLUMNS " FROM trials WHERE %s ORDER BY number",
             s->o.maximize ? "max" : "min", where);
    STATUS_TRY(database_query(s->db, &rows, sql, "di", study_now(), number));
    fv_status status = FV_OK;
    while (status == FV_OK && database_next(&rows)) {
        status = MEM_GROW(*list, *count, capacity);
        if (status == FV_OK)
            status = take_row(s, &rows, &(*list)[(*count)++]);
    }
    fv_status ended = database_end(&rows);
    return status == FV_OK ? ended : status;
}

static fv_status read_values(fv_study *s, const char *where, int64_t number, fv_trial *list, int64_t count)
{
    database_rows rows;
    char sql[256];
    int64_t i = 0;
    snprintf(sql, sizeof sql,
             "SELECT trial, dimension, parameters.value FROM parameters JOIN trials ON number = trial WHERE "
             "%s ORDER BY "
             "trial",
             where);
    STATUS_TRY(database_query(s->db, &rows, sql, "i", number));
    fv_status status = FV_OK;
    while (status == FV_OK && database_next(&rows)) {
        while (i < count && list[i].number < database_integer(&rows, 0))
            i++;
        if (i < count && list[i].number == database_integer(&rows, 0))
            status = take_value(s, &rows, &list[i]);
    }
    fv_status ended = database_end(&rows);
    return status == FV_OK ? ended : status;
}

static fv_status read_where(fv_study *s, const char *where, int64_t number, fv_trial **list, int64_t *count)
{
    *list = NULL;
    *count = 0;
    fv_status status = read_rows(s, where, number, list, count);
    if (status == FV_OK)
        status = read_values(s, where, number, *list, *count);
    if (status == FV_OK)
        return FV_OK;
    fv_trials_release(*list, *count);
    *list = NULL;
    *count = 0;
    return status;
}

fv_status fv_study_trials(fv_study *s, fv_trial **list, int64_t *count)
{
    return read_where(s, "number > ?", 0, list, count);
}

fv_status trials_read_one(fv_study *s, int64_t number, fv_trial *t)
{
    fv_trial *list;
    int64_t count;
    STATUS_TRY(read_where(s, "number = ?", number, &list, &count));
    if (count != 1)
        return status_set(FV_ERROR_INVALID, "%s: has no trial %lld", database_name(s->db), (long long)number);
    *t = list[0];
    free(list);
    return FV_OK;
}

fv_status trials_values_at(fv_study *s, int64_t step, trial_value **list, int64_t *count)
{
    database_rows rows;
    char sql[256];
    size_t capacity = 0;
    *list = NULL;
    *count = 0;
    snprintf(sql, sizeof sql,
             "SELECT trial, %s(value) FROM reports WHERE step <= ?1 AND trial IN "
             "(SELECT trial FROM reports WHERE step = ?1) GROUP BY trial ORDER BY trial",
             s->o.maximize ? "max" : "min");
    STATUS_TRY(database_query(s->db, &rows, sql, "i", step));
    fv_status status = FV_OK;
    while (status == FV_OK && database_next(&rows)) {
        status = MEM_GROW(*list, *count, capacity);
        if (status == FV_OK)
            (*list)[(*count)++] = (trial_value){database_integer(&rows, 0), database_number(&rows, 1)};
    }
    fv_status ended = database_end(&rows);
    return status == FV_OK ? ended : status;
}

/* ---- the best ---- */

static bool is_better(const fv_trial *a, const fv_trial *b, int maximize)
{
    if (a->state != b->state)
        return a->state == FV_TRIAL_COMPLETE;
    if (a->state == FV_TRIAL_PRUNED && a->step != b->step)
        return a->step > b->step;
    return maximize ? a->value > b->value : a->value < b->value;
}

int64_t fv_trials_best(const fv_trial *trials, int64_t count, int maximize)
{
    int64_t best = -1;
    for (int64_t i = 0; i < count; i++) {
        const fv_trial *t = &trials[i];
        bool ended = t->state == FV_TRIAL_COMPLETE || t->state == FV_TRIAL_PRUNED;
        if (ended && isfinite(t->value) && (best < 0 || is_better(t, &trials[best], maximize)))
            best = i;
    }
    return best;
}
