/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fovea tune, in eight files: the options (tune_options.c), what they mean for this data and folder (tune_setup.c), the space and what its values mean as
 * options of a run (tune_space.c, tune_network.c), the trials' processes (tune_jobs.c), the search's course (tune.c), the best run (tune_best.c), and what
 * is printed (tune_print.c).
 */
#ifndef CLI_TUNE_H
#define CLI_TUNE_H

#include <sys/types.h>

#include "cli/train.h"

typedef struct tune_arguments {
    train_arguments train; /* first: train's table fills it; of its fields `out` is the study's folder */
    const char *space;
    int64_t trials, jobs, reduction, min_epochs, retrain_epochs;
    int sampler, pruner; /* indices into choices */
    int retrain, json;   /* truth values */
} tune_arguments;

extern const option tune_table[];
extern const option tune_kept_table[]; /* of them, what the study's folder keeps */

enum {
    TUNE_ASHA = 0 /* of `pruner`; it is the default */
};

typedef struct tune_run {
    train_setup
        s; /* the options that all trials share, with paths that are absolute; no data and no model of its own */
    tune_arguments a;
    fv_space *space;
    fv_study *study;
    const char *column;    /* of results.csv, that is monitored: "val/accuracy" */
    double start, seconds; /* clock: the command began; --time, INFINITY without */
    double
        reserve; /* seconds that the last training is expected to take, by the best trial or, before one has ended, the longest */
    bool ended;  /* a trial has ended with a value */
    double first;       /* seconds from a trial's start to the end of its first epoch; 0: not known yet */
    int64_t threads;    /* of a trial */
    char **environment; /* of a trial's process */
} tune_run;

/* ---- tune_setup.c ---- */

/* The options of a command line, over those of its configuration file, or all from the study that is gone on with. Exit status. */
int tune_read_arguments(tune_run *r, const invocation *call);
/* Looks at the data, and makes or opens the study. */
fv_status tune_open(tune_run *r);
/* STUDY/NAME; the caller frees it. */
char *tune_file(const tune_run *r, const char *name);

/* ---- tune_space.c ---- */

/* r->space: of --space, else one for this data and these options, said in a line. */
fv_status tune_space_make(tune_run *r);
/* Every dimension is an option of train that may vary, or a place in the network of --model, and takes each of its values. */
fv_status tune_space_check(const tune_run *r);
/* The options of a trial's run; texts go into the pool. A network is written beside `folder`. */
fv_status tune_trial_arguments(const tune_run *r, const fv_trial *t, const char *folder, string_pool *pool,
                               train_arguments *a);
/* A value as it is written in a table, "0.00123" or "adamw"; "-" where the trial does not have it. */
void tune_value_print(const fv_trial *t, int64_t dimension, text *out);

/* ---- tune_network.c ---- */

/* "network.layers[3].filters" */
bool tune_network_is(const char *dimension);
/* The network of `path` with some of its values replaced; names[i] is the dimension of values[i]. The error names the file and the
 * dimension. *yaml is the caller's to release. */
fv_status tune_network_make(const char *path, const char *const *names, const char *const *values,
                            int64_t count, text *yaml);
/* Whether it is a network with this one value. */
fv_status tune_network_check(const char *path, const char *name, const char *value);

/* ---- tune_jobs.c ---- */

/* Why a trial's process was asked to end. */
typedef enum tune_stop {
    STOP_NOT,
    STOP_PRUNED,
    STOP_TIME,       /* the search's time is over */
    STOP_INTERRUPTED /* so is fovea tune; the trial is given back */
} tune_stop;

typedef struct tune_job {
    fv_trial trial;
    pid_t process; /* 0: this place is free */
    char *folder;
    int64_t rows, bytes; /* of results.csv, as far as they were reported */
    double started;      /* clock */
    double last;         /* seconds that the last training would take with its values; 0: not known yet */
    tune_stop stop;
    double stopped; /* clock: when it was asked to */
} tune_job;

/* The folder of a trial, STUDY/trials/0007; the caller frees it. */
char *tune_trial_folder(const tune_run *r, int64_t number);
fv_status tune_job_start(tune_run *r, tune_job *job);
/* Reports new epochs; tells how the trial went once its process has ended, which makes the place free (*ended), also on failure. */
fv_status tune_job_watch(tune_run *r, tune_job *job, bool *ended);
void tune_job_stop(tune_job *job, tune_stop why);
/* Starts `fovea train` with these words; what it prints goes to the end of `log`. */
fv_status tune_spawn(const tune_run *r, char *const *words, const char *log, pid_t *process);

/* ---- tune_best.c ---- */

/* How long the last training with the values of this run would take, which has had some epochs in these seconds. */
double tune_last_seconds(const tune_run *r, const fv_run *run, double seconds);
/* Likewise, of a trial that has ended; 0 where its run is already what the last training would be. */
double tune_trial_last_seconds(const tune_run *r, const fv_trial *t);
/* Whether the file holds just this. */
bool tune_file_is(const char *path, const text *content);
/* STUDY/best.yaml: the options of the best trial's run. */
fv_status tune_best_write(const tune_run *r, const fv_trial *best);
/* Trains with them into STUDY/best; where the trial has had all the epochs, its run is copied. Exit status. */
int tune_retrain(tune_run *r, const fv_trial *best);

/* ---- tune_print.c ---- */

void tune_say_ended(const tune_run *r, const fv_trial *t);
/* The table of the best trials, or JSON, and the command for the best one, trials[best]. Exit status. */
int tune_print(const tune_run *r, const fv_trial *trials, int64_t count, int64_t best);

#endif
