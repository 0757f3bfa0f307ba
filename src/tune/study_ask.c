/* SPDX-License-Identifier: Apache-2.0 */
/* Asking for trials and telling how they went. Each call is a transaction, so that processes see each other's trials whole. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "tune/asha.h"
#include "tune/sampler.h"
#include "tune/study.h"

enum {
    ATTEMPTS = 3
};

#define MINE "number = ? AND state = 1 AND host = ? AND process = ? AND birth = ?"

/* ---- the dead ---- */

static bool is_dead(const fv_study *s, const owner *o, double alive)
{
    bool lives;
    if (owner_is_same(o, &s->self))
        return false;
    if (owner_is_known(o, &s->self, &lives))
        return !lives;
    return study_now() - alive > s->o.patience;
}

/* The first trial whose process is dead, or that was given back; 0: none. */
static fv_status find_dead(fv_study *s, int64_t *number, int64_t *attempt)
{
    database_rows rows;
    *number = 0;
    STATUS_TRY(
        database_query(s->db, &rows,
                       "SELECT number, attempt, host, process, birth, alive FROM trials WHERE state = 1 "
                       "ORDER BY number",
                       ""));
    while (*number == 0 && database_next(&rows)) {
        owner o = {.process = database_integer(&rows, 3)};
        snprintf(o.host, sizeof o.host, "%s", database_text(&rows, 2));
        snprintf(o.birth, sizeof o.birth, "%s", database_text(&rows, 4));
        double alive = database_number(&rows, 5);
        if (isnan(alive) || is_dead(s, &o, alive)) {
            *number = database_integer(&rows, 0);
            *attempt = database_integer(&rows, 1) + !isnan(alive);
        }
    }
    return database_end(&rows);
}

static fv_status take_over(fv_study *s, int64_t number, int64_t attempt)
{
    return database_run(
        s->db, "UPDATE trials SET attempt = ?, host = ?, process = ?, birth = ?, alive = ? WHERE number = ?",
        "ititdi", attempt, s->self.host, s->self.process, s->self.birth, study_now(), number);
}

/* Takes a dead trial over; *number stays 0 where there is none. What died too often has failed. */
static fv_status ask_dead(fv_study *s, int64_t *number)
{
    for (;;) {
        int64_t attempt;
        STATUS_TRY(find_dead(s, number, &attempt));
        if (*number == 0)
            return FV_OK;
        if (attempt <= ATTEMPTS)
            return take_over(s, *number, attempt);
        STATUS_TRY(database_run(s->db, "UPDATE trials SET state = ?, ended = ?, message = ? WHERE number = ?",
                                "idti", (int64_t)FV_TRIAL_FAILED, study_now(), "its process died three times",
                                *number));
    }
}

/* ---- new ones ---- */

static fv_status insert(fv_study *s, int64_t number, const double *values)
{
    double now = study_now();
    STATUS_TRY(database_run(
        s->db,
        "INSERT INTO trials (number, state, attempt, host, process, birth, alive, started) VALUES "
        "(?, ?, 1, ?, ?, ?, ?, ?)",
        "iititdd", number, (int64_t)FV_TRIAL_RUNNING, s->self.host, s->self.process, s->self.birth, now,
        now));
    for (int64_t i = 0; i < s->space->count; i++) {
        const fv_dimension *d = &s->space->list[i];
        static const char sql[] = "INSERT INTO parameters VALUES (?, ?, ?)";
        if (!isfinite(values[i]))
            continue;
        if (d->type == FV_DIMENSION_CATEGORICAL)
            STATUS_TRY(database_run(s->db, sql, "itt", number, d->name, d->choices[(int64_t)values[i]]));
        else
            STATUS_TRY(database_run(s->db, sql, "itd", number, d->name, values[i]));
    }
    return FV_OK;
}

static fv_status ask_new(fv_study *s, int64_t *number)
{
    fv_trial *trials = NULL;
    int64_t count = 0;
    STATUS_TRY(study_read_limit(s));
    STATUS_TRY(fv_study_trials(s, &trials, &count));
    double *values = mem_array((size_t)s->space->count, sizeof *values);
    fv_status status = values ? FV_OK : status_last();
    int64_t next = count ? trials[count - 1].number + 1 : 1;
    bool more = s->o.trials == 0 || count < s->o.trials;
    if (status == FV_OK && more)
        status = sampler_next(&(sampler_input){.kind = s->o.sampler,
                                               .space = s->space,
                                               .trials = trials,
                                               .count = count,
                                               .maximize = s->o.maximize > 0,
                                               .seed = s->o.seed,
                                               .number = next},
                              values);
    if (status == FV_OK && more)
        status = insert(s, next, values);
    *number = status == FV_OK && more ? next : 0;
    free(values);
    fv_trials_release(trials, count);
    return status;
}

static fv_status ask(fv_study *s, fv_trial *t)
{
    int64_t number;
    STATUS_TRY(ask_dead(s, &number));
    if (number == 0)
        STATUS_TRY(ask_new(s, &number));
    return number == 0 ? FV_OK : trials_read_one(s, number, t);
}

fv_status fv_study_ask(fv_study *s, fv_trial *t)
{
    *t = (fv_trial){.value = NAN};
    STATUS_TRY(database_begin(s->db));
    fv_status status = database_finish(s->db, ask(s, t));
    if (status != FV_OK)
        fv_trial_release(t);
    return status;
}

/* ---- on the way ---- */

static fv_status check_changed(fv_study *s, int64_t number)
{
    return database_changes(s->db) == 1
               ? FV_OK
               : status_set(
                     FV_ERROR_INVALID,
                     "%s: trial %lld is not, or no longer, this process's: it was told of, or taken for dead",
                     database_name(s->db), (long long)number);
}

static fv_status decide(fv_study *s, int64_t number, int64_t step, int *stop)
{
    trial_value *list = NULL;
    int64_t count = 0;
    double own = NAN;
    fv_status status = trials_values_at(s, step, &list, &count);
    double *values = status == FV_OK ? mem_array((size_t)count, sizeof *values) : NULL;
    if (status == FV_OK && !values)
        status = status_last();
    for (int64_t i = 0; status == FV_OK && i < count; i++) {
        values[i] = list[i].value;
        own = list[i].trial == number ? list[i].value : own;
    }
    if (status == FV_OK)
        *stop = !isfinite(own) || !asha_goes_on(values, count, own, s->o.reduction, s->o.maximize > 0);
    free(values);
    free(list);
    return status;
}

static fv_status report(fv_study *s, int64_t number, int64_t step, double value, int *stop)
{
    STATUS_TRY(database_run(s->db, "UPDATE trials SET alive = ? WHERE " MINE, "ditit", study_now(), number,
                            s->self.host, s->self.process, s->self.birth));
    STATUS_TRY(check_changed(s, number));
    STATUS_TRY(database_run(s->db, "INSERT OR REPLACE INTO reports VALUES (?, ?, ?)", "iid", number, step,
                            isfinite(value) ? value : NAN));
    bool rung = s->o.pruner == FV_PRUNER_ASHA && asha_is_rung(step, s->o.min_steps, s->o.reduction);
    return rung ? decide(s, number, step, stop) : FV_OK;
}

fv_status fv_study_report(fv_study *s, int64_t number, int64_t step, double value, int *stop)
{
    *stop = 0;
    if (step < 1)
        return status_set(FV_ERROR_INVALID, "study: steps count from 1");
    STATUS_TRY(database_begin(s->db));
    return database_finish(s->db, report(s, number, step, value, stop));
}

fv_status fv_study_alive(fv_study *s)
{
    return database_run(
        s->db, "UPDATE trials SET alive = ? WHERE state = 1 AND host = ? AND process = ? AND birth = ?",
        "dtit", study_now(), s->self.host, s->self.process, s->self.birth);
}

/* ---- the end ---- */

static fv_status tell(fv_study *s, int64_t number, fv_trial_state state, double value, const char *message)
{
    const char *best = s->o.maximize > 0
                           ? "UPDATE trials SET state = ?, ended = ?, message = ?, value = coalesce(?, "
                             "(SELECT max(value) FROM reports WHERE trial = number)) WHERE " MINE
                           : "UPDATE trials SET state = ?, ended = ?, message = ?, value = coalesce(?, "
                             "(SELECT min(value) FROM reports WHERE trial = number)) WHERE " MINE;
    STATUS_TRY(database_run(s->db, best, "idtditit", (int64_t)state, study_now(), message, value, number,
                            s->self.host, s->self.process, s->self.birth));
    return check_changed(s, number);
}

fv_status fv_study_tell(fv_study *s, int64_t number, fv_trial_state state, double value, const char *message)
{
    if (state < FV_TRIAL_COMPLETE || state > FV_TRIAL_FAILED)
        return status_set(FV_ERROR_INVALID, "study: a trial ends complete, pruned or failed");
    if (state == FV_TRIAL_FAILED || !isfinite(value))
        value = NAN;
    STATUS_TRY(database_begin(s->db));
    return database_finish(s->db, tell(s, number, state, value, message));
}

fv_status fv_study_return(fv_study *s, int64_t number, int died)
{
    STATUS_TRY(database_begin(s->db));
    fv_status status =
        database_run(s->db,
                     "UPDATE trials SET host = NULL, process = NULL, birth = NULL, alive = NULL, "
                     "attempt = attempt + ? WHERE " MINE,
                     "iitit", (int64_t)(died != 0), number, s->self.host, s->self.process, s->self.birth);
    return database_finish(s->db, status == FV_OK ? check_changed(s, number) : status);
}
