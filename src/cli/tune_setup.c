/* SPDX-License-Identifier: Apache-2.0 */
/* What a search is asked for, and its folder and study: made, joined or gone on with. */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/config.h"
#include "cli/tune.h"
#include "core/file.h"

enum {
    TRIALS = 50
};

static const char shared_file[] = "shared.yaml", kept_file[] = "retrain.yaml", database_file[] = "study.db";

char *tune_file(const tune_run *r, const char *name)
{
    return file_join(r->s.a.out, name);
}

/* ---- what is asked for ---- */

static int check_resume(const invocation *call)
{
    static const char *const allowed[] = {"resume",  "trials",  "time",           "jobs",
                                          "threads", "retrain", "retrain_epochs", "json"};
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
    char *path = tune_file(r, shared_file);
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
    if (r->a.retrain == FV_OFF && r->a.retrain_epochs > 0)
        return cli_usage("--retrain-epochs: with --retrain=no there is no last training");
    if (r->a.retrain_epochs > 0 && a->head_epochs > r->a.retrain_epochs)
        return cli_usage("--retrain-epochs: must be at least %lld, as --head-epochs is",
                         (long long)a->head_epochs);
    a->threads = 0;
    a->time = a->resume = a->config = NULL;
    return EXIT_DONE;
}

int tune_read_arguments(tune_run *r, const invocation *call)
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
    char *path = tune_file(r, shared_file);
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
    char *path = tune_file(r, database_file);
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
    char *path = tune_file(r, database_file);
    if (!path)
        return status_last();
    r->study = fv_study_open(path);
    free(path);
    if (!r->study)
        return status_last();
    if (!r->a.trials && !isfinite(r->seconds) && fv_study_settings(r->study)->trials == 0)
        return status_set(FV_ERROR_INVALID, "%s: the study has no limit of trials; give --trials or --time",
                          r->s.a.out);
    bool unlimited = !r->a.trials && isfinite(r->seconds);
    return r->a.trials || unlimited ? fv_study_limit(r->study, r->a.trials) : FV_OK;
}

/* What is given is the study's from now on. */
static fv_status settle_kept(tune_run *r)
{
    char comment[64], *path = tune_file(r, kept_file);
    fv_status status = path ? FV_OK : status_last();
    snprintf(comment, sizeof comment, "fovea %s tune", fv_version());
    if (status == FV_OK && r->a.retrain_epochs > 0)
        status = config_write(path, tune_kept_table, &r->a, comment);
    else if (status == FV_OK && file_exists(path))
        status = config_read(path, tune_kept_table, &r->a, &r->s.pool);
    free(path);
    return status;
}

fv_status tune_open(tune_run *r)
{
    train_settle_all_paths(&r->s); /* trials may be run from another folder, later */
    STATUS_TRY(settle_data(r));
    STATUS_TRY(r->a.train.resume ? go_on(r) : begin(r));
    return settle_kept(r);
}
