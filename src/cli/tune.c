/* SPDX-License-Identifier: Apache-2.0 */
/* fovea tune: the course of a search, from the first trial to the best run. */
#include "cli/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/verbs.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    POLL = 50000,       /* microseconds */
    ALIVE_SECONDS = 20, /* well within the study's patience */
    FAILURES = 3        /* of the first trials, all of them: then something else than their values is wrong */
};

/* ---- the trials ---- */

static double time_left(const tune_run *r)
{
    double reserve = r->a.retrain == FV_OFF ? 0 : fmin(r->reserve, r->seconds / 2);
    return r->start + r->seconds - reserve - clock_seconds();
}

static void settle_reserve(tune_run *r, const fv_trial *trials, int64_t count)
{
    int64_t best = fv_trials_best(trials, count, fv_study_settings(r->study)->maximize);
    r->ended = best >= 0;
    if (isfinite(r->seconds) && best >= 0)
        r->reserve = tune_trial_last_seconds(r, &trials[best]);
}

static fv_status check_failures(const fv_trial *trials, int64_t count)
{
    int64_t failures = 0;
    const fv_trial *last = NULL;
    for (int64_t i = 0; i < count; i++) {
        if (trials[i].state == FV_TRIAL_COMPLETE || trials[i].state == FV_TRIAL_PRUNED)
            return FV_OK;
        if (trials[i].state == FV_TRIAL_FAILED) {
            failures++;
            last = &trials[i];
        }
    }
    return failures < FAILURES
               ? FV_OK
               : status_set(FV_ERROR_INVALID, "the first %lld trials have all failed, the last one: %s",
                            (long long)failures, last->message);
}

static fv_status after_trial(tune_run *r, int64_t number)
{
    fv_trial *trials;
    int64_t count;
    STATUS_TRY(fv_study_trials(r->study, &trials, &count));
    for (int64_t i = 0; i < count; i++)
        if (trials[i].number == number)
            tune_say_ended(r, &trials[i]);
    settle_reserve(r, trials, count);
    fv_status status = check_failures(trials, count);
    fv_trials_release(trials, count);
    return status;
}

/* *more becomes false where there is no further trial. */
static fv_status start_next(tune_run *r, tune_job *job, bool *more)
{
    STATUS_TRY(fv_study_ask(r->study, &job->trial));
    *more = job->trial.number > 0;
    if (!*more)
        return FV_OK;
    int64_t number = job->trial.number;
    if (tune_job_start(r, job) == FV_OK)
        return FV_OK;
    fv_trial_release(&job->trial);
    return after_trial(r, number);
}

/* What has ended may have been given back, and then is a further trial: *more becomes true. */
static fv_status watch(tune_run *r, tune_job *job, bool *more)
{
    bool ended;
    fv_status status = tune_job_watch(r, job, &ended);
    if (!ended)
        return status;
    int64_t number = job->trial.number;
    *more = true;
    fv_trial_release(&job->trial);
    return status == FV_OK ? after_trial(r, number) : status;
}

/* One round over all places; *running: how many are taken. */
static fv_status go_round(tune_run *r, tune_job *jobs, bool *more, int64_t *running)
{
    *running = 0;
    for (int64_t i = 0; i < r->a.jobs; i++) {
        tune_job *job = &jobs[i];
        if (interrupt_signal() || time_left(r) < r->first)
            *more = false;
        if (!job->process && *more)
            STATUS_TRY(start_next(r, job, more));
        if (job->process && interrupt_signal())
            tune_job_stop(job, STOP_INTERRUPTED);
        else if (job->process && time_left(r) <= 0)
            tune_job_stop(job, STOP_TIME);
        if (job->process)
            STATUS_TRY(watch(r, job, more));
        if (job->process && !r->ended)
            r->reserve = fmax(r->reserve, job->last);
        *running += job->process != 0;
    }
    return FV_OK;
}

/* After a failure of the study itself: its trials are another process's, later. */
static void abandon(tune_run *r, tune_job *jobs)
{
    for (int64_t i = 0; i < r->a.jobs; i++) {
        bool ended = false;
        if (!jobs[i].process)
            continue;
        tune_job_stop(&jobs[i], STOP_INTERRUPTED);
        while (!ended && tune_job_watch(r, &jobs[i], &ended) == FV_OK)
            usleep(POLL);
        fv_trial_release(&jobs[i].trial);
    }
}

static fv_status search(tune_run *r)
{
    tune_job *jobs = mem_array((size_t)r->a.jobs, sizeof *jobs);
    if (!jobs)
        return status_last();
    bool more = true;
    int64_t running = 0;
    double alive = clock_seconds();
    fv_status status;
    while ((status = go_round(r, jobs, &more, &running)) == FV_OK && (more || running)) {
        if (clock_seconds() - alive > ALIVE_SECONDS) {
            if ((status = fv_study_alive(r->study)) != FV_OK)
                break;
            alive = clock_seconds();
        }
        usleep(POLL);
    }
    if (status != FV_OK) {
        char message[512];
        snprintf(message, sizeof message, "%s", fv_error_message());
        abandon(r, jobs);
        status_restore(status, message);
    }
    free(jobs);
    return status;
}

/* ---- the end ---- */

/* What was given back as the time was over is nobody's. */
static int64_t count_running(const fv_trial *trials, int64_t count)
{
    int64_t running = 0;
    for (int64_t i = 0; i < count; i++)
        running += trials[i].state == FV_TRIAL_RUNNING && trials[i].host[0];
    return running;
}

static int finish(tune_run *r, const fv_trial *trials, int64_t count)
{
    int64_t best = fv_trials_best(trials, count, fv_study_settings(r->study)->maximize);
    if (best < 0)
        return cli_fail_with(
            "%s: no trial came to the end of an epoch; fovea tune --resume %s goes on, with more --time",
            r->s.a.out, r->s.a.out);
    if (tune_best_write(r, &trials[best]) != FV_OK ||
        fv_study_write_report(r->study, r->s.a.out, file_base_name(r->s.a.data)) != FV_OK)
        return cli_fail();
    int status = EXIT_DONE;
    if (r->a.retrain != FV_OFF && count_running(trials, count) > 0)
        cli_say("other processes still work on this study; the last one trains with the best values");
    else if (r->a.retrain != FV_OFF)
        status = tune_retrain(r, &trials[best]);
    return status == EXIT_DONE ? tune_print(r, trials, count, best) : status;
}

static int conclude(tune_run *r)
{
    fv_trial *trials;
    int64_t count;
    if (interrupt_signal()) {
        cli_say("interrupted; go on with: fovea tune --resume %s", r->s.a.out);
        return 128 + interrupt_signal();
    }
    if (fv_study_trials(r->study, &trials, &count) != FV_OK)
        return cli_fail();
    int status = finish(r, trials, count);
    fv_trials_release(trials, count);
    return status;
}

extern char **environ;

/* Ours, and who we are: see follow_parent in main.c. */
static fv_status make_environment(tune_run *r)
{
    size_t count = 0;
    while (environ[count])
        count++;
    text parent = {0};
    text_add(&parent, "FOVEA_PARENT=%ld", (long)getpid());
    r->environment = mem_array(count + 2, sizeof *r->environment);
    char *kept = (char *)(uintptr_t)pool_keep(&r->s.pool, parent.data);
    if (!r->environment || !kept)
        return status_last();
    memcpy(r->environment, environ, count * sizeof *environ);
    r->environment[count] = kept;
    return FV_OK;
}

static int tune(tune_run *r)
{
    if (make_environment(r) != FV_OK || tune_open(r) != FV_OK)
        return cli_fail();
    if (!r->a.train.resume)
        cli_say("study %s", r->s.a.out);
    if (search(r) != FV_OK)
        return cli_fail();
    return conclude(r);
}

static int run(const invocation *call)
{
    tune_run r = {.start = clock_seconds()};
    int status = tune_read_arguments(&r, call);
    interrupt_catch();
    if (status == EXIT_DONE)
        status = tune(&r);
    fv_study_destroy(r.study);
    fv_space_destroy(r.space);
    free(r.environment);
    train_setup_release(&r.s);
    return status;
}

const verb verb_tune = {
    .name = "tune",
    .computes = true,
    .arguments = "DATA",
    .summary = "Searches for good training options: many short runs, and a last one with the best values",
    .description =
        "Each trial is a run of fovea train with other values of some options, or of the network that "
        "--model names as "
        "YAML; --space says which. Options of train beside these are the same for all trials. Trials are "
        "compared by "
        "--monitor on the validation pictures; those that look bad after few epochs are stopped.\n\n"
        "The study's folder is --out. It holds study.db (SQLite), trials/NNNN (run folders as train makes "
        "them), "
        "best.yaml, report.html and best/, the run with the best values. A study that was interrupted or "
        "killed goes on "
        "with --resume; several processes may work on one study at once, also from machines that share its "
        "folder.",
    .example = "fovea tune photos/ --time 30m --out runs/photos-tune --epochs 10",
    .options = tune_table,
    .further = train_table,
    .size = sizeof(tune_arguments),
    .least = 0,
    .most = 1,
    .run = run,
};
