/* SPDX-License-Identifier: Apache-2.0 */
/* The best trial's run: how long it takes, and the last training with its values. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/tune.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    POLL = 100000, /* microseconds */
    CONFIGURATION_LIMIT = 1 << 20
};

static int64_t trial_epochs(const fv_run *run)
{
    const char *epochs = fv_run_option(run, "epochs");
    return epochs ? strtoll(epochs, NULL, 10) : 0;
}

static int64_t last_epochs(const tune_run *r, const fv_run *run)
{
    return r->a.retrain_epochs > 0 ? r->a.retrain_epochs : trial_epochs(run);
}

/* What is not within epochs is taken once: start and report, not the files between epochs, which are little. */
double tune_last_seconds(const tune_run *r, const fv_run *run, double seconds)
{
    if (run->row_count == 0)
        return 0;
    double epochs = fv_run_seconds(run), once = fmax(0, seconds - epochs);
    return once + epochs / (double)run->row_count * (double)last_epochs(r, run);
}

/* Whether the last training would do the same once more. */
static bool is_last(const tune_run *r, const fv_trial *t, const fv_run *run)
{
    return t->state == FV_TRIAL_COMPLETE && last_epochs(r, run) == trial_epochs(run);
}

static bool load_trial(const tune_run *r, const fv_trial *t, fv_run *run)
{
    char *folder = tune_trial_folder(r, t->number);
    bool loaded = folder && fv_run_is(folder) && fv_run_load(run, folder) == FV_OK;
    free(folder);
    return loaded;
}

double tune_trial_last_seconds(const tune_run *r, const fv_trial *t)
{
    fv_run run;
    if (!load_trial(r, t, &run))
        return 0;
    double seconds = is_last(r, t, &run) ? 0 : tune_last_seconds(r, &run, t->seconds);
    fv_run_release(&run);
    return seconds;
}

static bool trial_is_last(const tune_run *r, const fv_trial *t)
{
    fv_run run;
    if (!load_trial(r, t, &run))
        return false;
    bool last = is_last(r, t, &run);
    fv_run_release(&run);
    return last;
}

bool tune_file_is(const char *path, const text *content)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool same = file_exists(path) && file_read(path, CONFIGURATION_LIMIT, &bytes, &size) == FV_OK &&
                size == content->length && memcmp(bytes, content->data, size) == 0;
    free(bytes);
    return same;
}

static fv_status print_configuration(const tune_run *r, const fv_trial *best, const char *folder, text *yaml)
{
    string_pool pool = {0};
    train_arguments a;
    char comment[96];
    snprintf(comment, sizeof comment, "fovea %s tune, the values of trial %lld", fv_version(),
             (long long)best->number);
    fv_status status = tune_trial_arguments(r, best, folder, &pool, &a);
    a.threads = 0;
    a.epochs = r->a.retrain_epochs > 0 ? r->a.retrain_epochs : a.epochs;
    if (status == FV_OK)
        status = config_print(train_table, &a, comment, yaml);
    pool_release(&pool);
    return status;
}

/* best/ that another trial's values made is removed. */
fv_status tune_best_write(const tune_run *r, const fv_trial *best)
{
    text yaml = {0};
    char *folder = tune_file(r, "best"), *path = tune_file(r, "best.yaml");
    fv_status status = folder && path ? print_configuration(r, best, folder, &yaml) : status_last();
    if (status == FV_OK && !tune_file_is(path, &yaml)) {
        if (file_exists(folder))
            file_folder_discard(folder);
        status = file_write(path, yaml.data, yaml.length);
    }
    text_release(&yaml);
    free(folder);
    free(path);
    return status;
}

/* Waits for the process; a signal to us is passed on. */
static int wait_for(pid_t process)
{
    int status;
    bool told = false;
    while (waitpid(process, &status, WNOHANG) != process) {
        if (interrupt_signal() && !told) {
            kill(process, SIGTERM);
            told = true;
        }
        usleep(POLL);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- the trial's own run ---- */

/* args.yaml names the folder that it is in. */
static fv_status copy_options(const char *from, const char *temporary, const char *to)
{
    train_arguments a = {0};
    string_pool pool = {0};
    char comment[64], *source = file_join(from, "args.yaml"), *target = file_join(temporary, "args.yaml");
    snprintf(comment, sizeof comment, "fovea %s train", fv_version());
    fv_status status = source && target ? config_read(source, train_table, &a, &pool) : status_last();
    a.out = to;
    if (status == FV_OK)
        status = config_write(target, train_table, &a, comment);
    free(source);
    free(target);
    pool_release(&pool);
    return status;
}

static fv_status copy_run(const char *from, const char *to)
{
    char *temporary;
    file_folder_discard(to); /* begun by a training that was to be another one */
    STATUS_TRY(file_folder_begin(to, &temporary));
    fv_status status = file_folder_copy(from, temporary);
    if (status == FV_OK)
        status = copy_options(from, temporary, to);
    if (status == FV_OK)
        status = file_folder_commit(temporary, to);
    else
        file_folder_discard(temporary);
    free(temporary);
    return status;
}

static int take_trial(const tune_run *r, const fv_trial *best, const char *to)
{
    char *from = tune_trial_folder(r, best->number);
    fv_status status = from ? copy_run(from, to) : status_last();
    free(from);
    if (status != FV_OK)
        return cli_fail();
    cli_say("%s is a copy of the run of trial %lld, which had all epochs", to, (long long)best->number);
    return EXIT_DONE;
}

/* ---- a training of its own ---- */

/* As many epochs as fit into the time that is left. */
static void add_time(const tune_run *r, char *words, size_t size)
{
    double left = r->start + r->seconds - clock_seconds();
    words[0] = 0;
    if (isfinite(left))
        snprintf(words, size, "%.2fs", fmax(left, 1));
}

static int train_best(tune_run *r, const fv_trial *best, char *configuration, char *folder, char *log)
{
    pid_t process;
    char time[32], threads[32];
    bool resume = fv_run_is(folder);
    add_time(r, time, sizeof time);
    snprintf(threads, sizeof threads, "%lld", (long long)(r->threads * r->a.jobs));
    char *fresh[] = {
        "fovea", "train", "--config", configuration, "--threads", threads, time[0] ? "--time" : NULL,
        time,    NULL};
    char *further[] = {"fovea", "train", "--resume", folder, NULL};
    cli_say("training with the values of trial %lld%s", (long long)best->number,
            resume ? ", where it was left" : "");
    if (tune_spawn(r, resume ? further : fresh, log, &process) != FV_OK)
        return cli_fail();
    int status = wait_for(process);
    if (interrupt_signal()) {
        cli_say("interrupted; go on with: fovea tune --resume %s", r->s.a.out);
        return 128 + interrupt_signal();
    }
    return status == 0 ? EXIT_DONE
                       : cli_fail_with("%s: the training ended with status %d; see %s", folder, status, log);
}

/* best/ may be there already, finished or not. */
int tune_retrain(tune_run *r, const fv_trial *best)
{
    char *folder = tune_file(r, "best"), *configuration = tune_file(r, "best.yaml"),
         *log = tune_file(r, "best.log");
    int status = EXIT_DONE;
    if (!folder || !configuration || !log)
        status = cli_fail();
    else if (!run_folder_has(folder, "report.html"))
        status = trial_is_last(r, best) ? take_trial(r, best, folder)
                                        : train_best(r, best, configuration, folder, log);
    free(folder);
    free(configuration);
    free(log);
    return status;
}
