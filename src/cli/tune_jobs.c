/* SPDX-License-Identifier: Apache-2.0 */
/* The trials' processes: each is `fovea train` with a configuration file of its own. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/tune.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    LOG_LIMIT = 16 << 20,
    SIGNALLED = 128,   /* of an exit status: a signal's number comes on top */
    LOCK_SECONDS = 60, /* that a process which was told to end may take */
    LOCK_POLL = 100000 /* microseconds */
};

char *tune_trial_folder(const tune_run *r, int64_t number)
{
    text path = {0};
    text_add(&path, "%s/trials/%04lld", r->s.a.out, (long long)number);
    if (text_status(&path) == FV_OK)
        return path.data;
    text_release(&path);
    return NULL;
}

/* ---- starting ---- */

/* In a process group of its own, so that Ctrl-C is ours alone to pass on. */
static int spawn(posix_spawn_file_actions_t *actions, char *const *words, char **environment, pid_t *process)
{
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    if (error == 0)
        error = posix_spawn(process, "/proc/self/exe", actions, &attributes, words, environment);
    posix_spawnattr_destroy(&attributes);
    return error;
}

fv_status tune_spawn(const tune_run *r, char *const *words, const char *log, pid_t *process)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return status_set(FV_ERROR_MEMORY, "fovea train cannot be started: %s", strerror(error));
    error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND,
                                                 0666);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    if (error == 0)
        error = spawn(&actions, words, r->environment, process);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? FV_OK : status_set(FV_ERROR_IO, "fovea train cannot be started: %s", strerror(error));
}

/* A run that a process left behind when it was killed goes on from its checkpoint; one that is still being trained, by a process that was
 * told to end with its parent, is waited for. */
static fv_status find_left(const char *folder, bool *resume)
{
    *resume = fv_run_is(folder);
    for (int i = 0; *resume; i++) {
        fv_run run;
        STATUS_TRY(fv_run_load(&run, folder));
        bool running = run.state == FV_RUN_RUNNING;
        fv_run_release(&run);
        if (!running)
            return FV_OK;
        if (i == LOCK_SECONDS * (1000000 / LOCK_POLL))
            return status_set(FV_ERROR_IO, "%s: another process trains it", folder);
        usleep(LOCK_POLL);
    }
    if (file_exists(folder))
        file_folder_discard(folder); /* killed before its options were written */
    return FV_OK;
}

static fv_status write_configuration(const tune_run *r, const tune_job *job, const char *path)
{
    string_pool pool = {0};
    train_arguments a;
    char comment[64];
    snprintf(comment, sizeof comment, "fovea %s tune, trial %lld", fv_version(),
             (long long)job->trial.number);
    fv_status status = tune_trial_arguments(r, &job->trial, job->folder, &pool, &a);
    if (status == FV_OK)
        status = config_write(path, train_table, &a, comment);
    pool_release(&pool);
    return status;
}

static fv_status start(tune_run *r, tune_job *job)
{
    bool resume;
    text log = {0}, configuration = {0};
    text_add(&log, "%s.log", job->folder);
    text_add(&configuration, "%s.yaml", job->folder);
    fv_status status = text_status(&log) == FV_OK ? text_status(&configuration) : text_status(&log);
    if (status == FV_OK)
        status = find_left(job->folder, &resume);
    if (status == FV_OK && !resume)
        status = write_configuration(r, job, configuration.data);
    if (status == FV_OK) {
        char *words[] = {"fovea", "train", resume ? "--resume" : "--config",
                         resume ? job->folder : configuration.data, NULL};
        status = tune_spawn(r, words, log.data, &job->process);
    }
    text_release(&log);
    text_release(&configuration);
    return status;
}

/* A trial that cannot be started has failed; whether others can is another question. */
fv_status tune_job_start(tune_run *r, tune_job *job)
{
    *job = (tune_job){.trial = job->trial, .started = clock_seconds()};
    job->folder = tune_trial_folder(r, job->trial.number);
    fv_status status = job->folder ? start(r, job) : status_last();
    if (status == FV_OK)
        return FV_OK;
    char message[512];
    snprintf(message, sizeof message, "%s", fv_error_message());
    job->process = 0;
    free(job->folder);
    job->folder = NULL;
    STATUS_TRY(fv_study_tell(r->study, job->trial.number, FV_TRIAL_FAILED, NAN, message));
    return status_restore(status, message);
}

/* ---- watching ---- */

void tune_job_stop(tune_job *job, tune_stop why)
{
    if (job->stop != STOP_NOT && why != STOP_INTERRUPTED)
        return;
    if (job->stop == STOP_NOT)
        kill(job->process, SIGTERM);
    job->stop = why;
    job->stopped = clock_seconds();
}

/* In its last epoch there is nothing left of a trial to be stopped. */
static fv_status report_rows(tune_run *r, tune_job *job, const fv_run *run)
{
    const char *epochs = fv_run_option(run, "epochs");
    int64_t last = epochs ? strtoll(epochs, NULL, 10) : 0;
    for (; job->rows < run->row_count && job->stop == STOP_NOT; job->rows++) {
        int stop;
        double value = fv_run_value(run, job->rows, r->column);
        STATUS_TRY(fv_study_report(r->study, job->trial.number, job->rows + 1, value, &stop));
        if (stop && job->rows + 1 != last)
            tune_job_stop(job, STOP_PRUNED);
        if (r->first == 0)
            r->first = clock_seconds() - job->started;
    }
    if (job->rows > 0)
        job->last = tune_last_seconds(r, run, clock_seconds() - job->started);
    return FV_OK;
}

/* The file is read again when it has grown. */
static fv_status report_new(tune_run *r, tune_job *job)
{
    struct stat about;
    char *path = file_join(job->folder, "results.csv");
    if (!path)
        return status_last();
    bool grown = stat(path, &about) == 0 && about.st_size != job->bytes;
    free(path);
    fv_run run;
    if (!grown || fv_run_load(&run, job->folder) != FV_OK)
        return FV_OK;
    job->bytes = about.st_size;
    fv_status status = report_rows(r, job, &run);
    fv_run_release(&run);
    return status;
}

/* The last line of the trial's log, which says what went wrong. */
static void read_reason(const tune_job *job, int status, char *message, size_t size)
{
    static const char mark[] = "fovea: ";
    uint8_t *bytes = NULL;
    size_t length = 0;
    text path = {0};
    text_add(&path, "%s.log", job->folder);
    snprintf(message, size, "fovea train ended with status %d", WEXITSTATUS(status));
    char *line = NULL;
    if (file_read(text_string(&path), LOG_LIMIT, &bytes, &length) == FV_OK)
        for (char *p = (char *)bytes; (p = strstr(p, mark)); p++)
            line = p;
    if (line) {
        line[strcspn(line, "\n")] = 0;
        snprintf(message, size, "%s", line + sizeof mark - 1);
    }
    free(bytes);
    text_release(&path);
}

static fv_status tell(tune_run *r, tune_job *job, int status)
{
    char message[512];
    int64_t number = job->trial.number;
    bool done = WIFEXITED(status) && WEXITSTATUS(status) == 0 && run_folder_has(job->folder, "report.html");
    if (job->stop == STOP_PRUNED)
        return fv_study_tell(r->study, number, FV_TRIAL_PRUNED, NAN, NULL);
    if (done)
        return fv_study_tell(r->study, number, FV_TRIAL_COMPLETE, NAN, NULL);
    if (job->stop == STOP_TIME && job->rows > 0)
        return fv_study_tell(r->study, number, FV_TRIAL_PRUNED, NAN, "the time was over");
    if (job->stop != STOP_NOT)
        return fv_study_return(r->study, number, false);
    if (WIFSIGNALED(status) || WEXITSTATUS(status) > SIGNALLED)
        return fv_study_return(r->study, number, true); /* by a signal of somebody else's */
    read_reason(job, status, message, sizeof message);
    return fv_study_tell(r->study, number, FV_TRIAL_FAILED, NAN, message);
}

fv_status tune_job_watch(tune_run *r, tune_job *job, bool *ended)
{
    int how;
    *ended = waitpid(job->process, &how, WNOHANG) == job->process;
    fv_status status = report_new(r, job);
    if (!*ended) {
        if (job->stop != STOP_NOT && clock_seconds() - job->stopped > LOCK_SECONDS)
            kill(job->process, SIGKILL);
        return status;
    }
    if (status == FV_OK)
        status = tell(r, job, how);
    job->process = 0; /* whatever the study says to it: there is nobody left to be waited for */
    free(job->folder);
    job->folder = NULL;
    return status;
}
