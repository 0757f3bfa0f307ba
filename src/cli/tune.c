/* SPDX-License-Identifier: Apache-2.0 */
/* fovea tune: from its arguments to the best run. */
#include "cli/tune.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/verbs.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    TRIALS = 50,
    POLL = 50000,       /* microseconds */
    ALIVE_SECONDS = 20, /* well within the study's patience */
    FAILURES = 3        /* of the first trials, all of them: then something else than their values is wrong */
};

static const char shared_file[] = "shared.yaml", database_file[] = "study.db";

static char *in_study(const tune_run *r, const char *name)
{
    return file_join(r->s.a.out, name);
}

/* ---- what is asked for ---- */

static int check_resume(const invocation *call)
{
    static const char *const allowed[] = {"resume", "trials", "time", "jobs", "threads", "retrain", "json"};
    for (const option *o = NULL; (o = verb_next_option(call->verb, o));) {
        bool stays = options_is_default(o, call->options);
        for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
            stays = stays || strcmp(o->name, allowed[i]) == 0;
        if (!stays)
            return cli_usage("--resume takes its options from the study; leave out --%s", o->name);
    }
    return EXIT_DONE;
}

static int read_shared(tune_run *r)
{
    train_arguments *a = &r->s.a;
    const char *study = r->a.train.resume;
    *a = (train_arguments){.out = study};
    char *path = in_study(r, shared_file);
    int status = EXIT_DONE;
    if (!path || !file_exists(path))
        status = cli_fail_with("%s: holds no study: there is no %s", study, shared_file);
    else if (config_read(path, train_table, a, &r->s.pool) != FV_OK)
        status = cli_fail();
    a->out = study;
    free(path);
    return status;
}

/* The options of a file, with those of the command line over them. */
static int read_configuration(tune_run *r, const invocation *call)
{
    int count;
    const char *config = r->a.train.config;
    r->a = (tune_arguments){0};
    if (config_read(config, train_table, &r->a, &r->s.pool) != FV_OK ||
        parse_flags(call->verb, call->words, call->word_count, &r->a, call->arguments, &count) != FV_OK)
        return cli_usage("%s", fv_error_message());
    return EXIT_DONE;
}

static int count_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/* What is this command's and no trial's. */
static int settle_limits(tune_run *r)
{
    train_arguments *a = &r->s.a;
    const train_arguments *given = &r->a.train;
    int64_t threads = given->threads ? given->threads : count_cores();
    r->a.jobs = r->a.jobs ? r->a.jobs : 1;
    r->threads = threads / r->a.jobs > 1 ? threads / r->a.jobs : 1;
    r->seconds = INFINITY;
    if (given->time && train_time_read(given->time, &r->seconds) != FV_OK)
        return cli_usage("%s", fv_error_message());
    if (given->watch)
        return cli_usage("--watch: trials are watched with: fovea runs --watch STUDY/trials");
    a->threads = 0;
    a->time = a->resume = a->config = NULL;
    return EXIT_DONE;
}

static int read_arguments(tune_run *r, const invocation *call)
{
    r->a = *(const tune_arguments *)call->options;
    int status = EXIT_DONE;
    if (r->a.train.resume) {
        if (call->count > 0)
            return cli_usage("--resume takes its data from the study; leave out '%s'", call->arguments[0]);
        status = check_resume(call);
        if (status == EXIT_DONE)
            status = read_shared(r);
    } else {
        if (r->a.train.config)
            status = read_configuration(r, call);
        r->s.a = r->a.train;
        if (call->count > 0)
            r->s.a.data = call->arguments[0];
    }
    if (status == EXIT_DONE)
        status = settle_limits(r);
    if (status == EXIT_DONE && !r->s.a.data)
        return cli_usage("tune needs DATA; see 'fovea tune --help'");
    if (status == EXIT_DONE && train_setup_check(&r->s.a) != FV_OK)
        return cli_usage("%s", fv_error_message());
    return status;
}

/* ---- the study ---- */

/* Trials may be run from another folder, later. */
static void settle_paths(train_setup *s)
{
    train_arguments *a = &s->a;
    train_settle_paths(s);
    a->weights = train_absolute(s, a->weights);
    a->augment = train_absolute(s, a->augment);
    a->class_weights = train_absolute(s, a->class_weights);
    a->teacher = train_absolute(s, a->teacher);
    a->model = a->model && strchr(a->model, '.') ? train_absolute(s, a->model) : a->model;
}

/* Looks at the data before anything is written: trials that all fail for one reason help nobody. */
static fv_status settle_data(tune_run *r)
{
    static const char *const columns[] = {"val/accuracy", "val/loss", "val/accuracy", "val/f1", "val/map"};
    train_arguments *a = &r->s.a;
    fv_dataset *data = train_open(a);
    if (!data)
        return status_last();
    const fv_dataset *train = fv_dataset_part(data, FV_TRAIN),
                     *validation = fv_dataset_part(data, FV_VALIDATION);
    fv_status status = FV_OK;
    if (!train || !validation || fv_dataset_size(validation) == 0)
        status = status_set(
            FV_ERROR_INVALID,
            "%s: has no validation pictures, by which trials are compared; --val-split sets some aside",
            a->data);
    else if (a->monitor == FV_MONITOR_DEFAULT)
        a->monitor = fv_dataset_is_multi_label(train) ? FV_MONITOR_MAP : FV_MONITOR_ACCURACY;
    r->column = columns[a->monitor];
    if (status == FV_OK)
        cli_say_problems(data);
    fv_dataset_destroy(data);
    return status;
}

/* Options that all trials share. */
static fv_status print_shared(const tune_run *r, text *yaml)
{
    train_arguments a = r->s.a;
    char comment[64];
    a.out = NULL;
    snprintf(comment, sizeof comment, "fovea %s tune", fv_version());
    return config_print(train_table, &a, comment, yaml);
}

static fv_status fill_folder(const char *folder, const text *shared)
{
    char *path = file_join(folder, shared_file), *trials = file_join(folder, "trials");
    fv_status status = path && trials ? file_make_folders(trials) : status_last();
    if (status == FV_OK)
        status = file_write(path, shared->data, shared->length);
    free(path);
    free(trials);
    return status;
}

/* The folder appears with its files: another process that begins the same study sees it whole, or not at all. */
static fv_status make_folder(tune_run *r, const text *shared)
{
    train_arguments *a = &r->s.a;
    char *temporary;
    if (!a->out && !(a->out = pool_keep(&r->s.pool, run_folder_fresh(a->data))))
        return status_last();
    if (run_folder_has(a->out, shared_file))
        return FV_OK;
    fv_status status = run_folder_check(a->out);
    if (status == FV_OK && (status = file_folder_begin(a->out, &temporary)) == FV_OK) {
        status = fill_folder(temporary, shared);
        if (status == FV_OK)
            status = file_folder_commit(temporary, a->out);
        else
            file_folder_discard(temporary);
        free(temporary);
    }
    return run_folder_has(a->out, shared_file) ? FV_OK : status;
}

/* Whoever goes on with a study must have its options. */
static fv_status check_shared(const tune_run *r, const text *shared)
{
    char *path = in_study(r, shared_file);
    bool same = path && tune_file_is(path, shared);
    free(path);
    return same ? FV_OK
                : status_set(FV_ERROR_INVALID,
                             "%s: holds a study with other options; --resume %s goes on with it, another "
                             "--out begins a "
                             "new one",
                             r->s.a.out, r->s.a.out);
}

static fv_status make_study(tune_run *r)
{
    int64_t trials = r->a.trials ? r->a.trials : isfinite(r->seconds) ? 0 : TRIALS;
    char *path = in_study(r, database_file);
    if (!path)
        return status_last();
    r->study = fv_study_create(
        path, .space = r->space, .trials = trials, .seed = r->s.a.seed, .sampler = (fv_sampler)r->a.sampler,
        .pruner = r->a.pruner == TUNE_ASHA ? FV_PRUNER_ASHA : FV_PRUNER_NONE, .reduction = r->a.reduction,
        .min_steps = r->a.min_epochs, .maximize = r->s.a.monitor != FV_MONITOR_LOSS);
    free(path);
    return r->study ? FV_OK : status_last();
}

static fv_status begin(tune_run *r)
{
    text shared = {0};
    STATUS_TRY(tune_space_make(r));
    STATUS_TRY(tune_space_check(r));
    fv_status status = print_shared(r, &shared);
    if (status == FV_OK)
        status = make_folder(r, &shared);
    if (status == FV_OK)
        status = check_shared(r, &shared);
    text_release(&shared);
    return status == FV_OK ? make_study(r) : status;
}

static fv_status go_on(tune_run *r)
{
    char *path = in_study(r, database_file);
    if (!path)
        return status_last();
    r->study = fv_study_open(path);
    free(path);
    if (!r->study)
        return status_last();
    bool unlimited = !r->a.trials && isfinite(r->seconds);
    return r->a.trials || unlimited ? fv_study_limit(r->study, r->a.trials) : FV_OK;
}

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
        r->reserve = tune_whole_seconds(r, &trials[best]);
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
    job->process = 0;
    fv_trial_release(&job->trial);
    return after_trial(r, number);
}

static fv_status watch(tune_run *r, tune_job *job)
{
    bool ended;
    fv_status status = tune_job_watch(r, job, &ended);
    if (status != FV_OK || !ended)
        return status;
    int64_t number = job->trial.number;
    fv_trial_release(&job->trial);
    return after_trial(r, number);
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
            STATUS_TRY(watch(r, job));
        if (job->process && !r->ended)
            r->reserve = fmax(r->reserve, job->whole);
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

static int64_t count_running(const fv_trial *trials, int64_t count)
{
    int64_t running = 0;
    for (int64_t i = 0; i < count; i++)
        running += trials[i].state == FV_TRIAL_RUNNING;
    return running;
}

static int finish(tune_run *r, const fv_trial *trials, int64_t count)
{
    int64_t best = fv_trials_best(trials, count, fv_study_settings(r->study)->maximize);
    if (best < 0)
        return cli_fail_with("%s: no trial has a value yet", r->s.a.out);
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
    settle_paths(&r->s);
    if (make_environment(r) != FV_OK || settle_data(r) != FV_OK ||
        (r->a.train.resume ? go_on(r) : begin(r)) != FV_OK)
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
    int status = read_arguments(&r, call);
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
