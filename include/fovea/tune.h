/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hyperparameter search: a space of dimensions, and a study that asks for values to try and is told how good they were.
 *
 *     fv_space *space = fv_space_parse("x: {type: float, low: -5, high: 10}\n"
 *                                      "kind: [round, square]\n", "space");
 *     fv_study *study = fv_study_create("study.db", space, .trials = 100, .seed = 1);
 *     fv_trial t;
 *     while (fv_study_ask(study, &t) == FV_OK && t.number > 0) {
 *         double loss = try(fv_trial_number(&t, "x"), fv_trial_word(&t, "kind"));
 *         fv_study_tell(study, t.number, FV_TRIAL_COMPLETE, loss, NULL);
 *         fv_trial_release(&t);
 *     }
 *     fv_study_destroy(study);
 *     fv_space_destroy(space);
 *
 * A study is an SQLite file. Any number of processes, on machines that share its folder, may work on it at once: a trial is given to one
 * of them. docs/tuning.md has the form of spaces, the samplers and the pruner.
 */
#ifndef FOVEA_TUNE_H
#define FOVEA_TUNE_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- spaces ---- */

typedef enum fv_dimension_type {
    FV_DIMENSION_FLOAT = 1,
    FV_DIMENSION_INT,        /* low, low + step, ... high */
    FV_DIMENSION_CATEGORICAL /* one of `choices`, without an order */
} fv_dimension_type;

/* A dimension is there only in trials in which a categorical one has one of these choices. */
typedef struct fv_condition {
    int64_t dimension; /* which one; it comes before the one that has the condition */
    uint64_t choices;  /* bit i: its choice i will do */
} fv_condition;

/* Belongs to its space. */
typedef struct fv_dimension {
    const char *name;
    fv_dimension_type type;
    double low, high, step; /* numbers, inclusive; step: of whole numbers, at least 1 */
    int log;                /* equal ratios are equally probable, and not equal differences */
    int64_t choice_count;
    const char *const *choices;
    double initial; /* what the first trial has: a number, or the place of a choice; NAN: whatever is drawn */
    int64_t condition_count;
    const fv_condition *conditions; /* all must be met */
} fv_dimension;

typedef struct fv_space fv_space;

/* A space from YAML, 1 to 64 dimensions; `source` stands in messages. NULL on failure: FV_ERROR_FORMAT for what is not YAML,
 * FV_ERROR_INVALID for a dimension that cannot be, with the line. */
FV_API fv_space *fv_space_parse(const char *yaml, const char *source);
FV_API fv_space *fv_space_load(const char *path);
FV_API void fv_space_destroy(fv_space *space);
FV_API int64_t fv_space_dimension_count(const fv_space *space);
FV_API const fv_dimension *fv_space_dimension(const fv_space *space, int64_t index); /* NULL: there is none */

/* ---- trials ---- */

typedef enum fv_trial_state {
    FV_TRIAL_RUNNING = 1,
    FV_TRIAL_COMPLETE,
    FV_TRIAL_PRUNED, /* stopped early; `value` is the best up to there */
    FV_TRIAL_FAILED
} fv_trial_state;

/* Release with fv_trial_release. */
typedef struct fv_trial {
    int64_t number; /* from 1 */
    fv_trial_state state;
    int64_t attempt; /* 1, and one more each time that the process which had the trial died */
    double value;    /* NAN: none yet */
    int64_t step;    /* the last one that was reported; 0: none */
    double seconds;  /* from ask to tell, or until now */
    int64_t count;   /* of dimensions */
    double *values;  /* (count): a number, or the place of a choice; NAN where a condition is not met */
    char host[64];   /* where it runs or ran last; "": it was given back, and nobody has it */
    int64_t process;
    char message[512];     /* why it failed */
    const fv_space *space; /* borrowed from the study */
} fv_trial;

FV_API void fv_trial_release(fv_trial *trial);
/* NAN and NULL where the trial has no such dimension. A word is a choice, which belongs to the study. */
FV_API double fv_trial_number(const fv_trial *trial, const char *dimension);
FV_API const char *fv_trial_word(const fv_trial *trial, const char *dimension);
FV_API const char *fv_trial_state_name(fv_trial_state state); /* "complete" */

/* ---- studies ---- */

typedef enum fv_sampler {
    FV_SAMPLER_TPE =
        0, /* tree-structured Parzen estimator (Bergstra et al. 2011), multivariate; the first 10 trials are drawn at random */
    FV_SAMPLER_RANDOM
} fv_sampler;

typedef enum fv_pruner {
    FV_PRUNER_NONE = 0,
    FV_PRUNER_ASHA /* asynchronous successive halving (Li et al. 2020), in the form that stops trials */
} fv_pruner;

typedef struct fv_study_options {
    size_t struct_size;
    const char *path;      /* made where it does not exist; NULL: in memory only */
    const fv_space *space; /* copied */
    int64_t trials;        /* how many there are to be in all; 0: no limit */
    uint64_t seed;         /* with the trial's number it decides what is drawn, whoever asks */
    fv_sampler sampler;
    fv_pruner pruner;
    int64_t reduction; /* of ASHA: one trial in so many goes on; default 3 */
    int64_t min_steps; /* of ASHA: the first rung; default 1 */
    int maximize;      /* 0: small values are good */
    double
        patience; /* seconds without a sign of life after which another machine's trial counts as dead; default 120 */
} fv_study_options;

typedef struct fv_study fv_study;

/* Makes a study, or opens it where the path has one with the same options (`trials` and `patience` may differ). NULL on failure: FV_ERROR_INVALID
 * for a study with other options, FV_ERROR_FORMAT for a file that is none or is damaged, FV_ERROR_UNSUPPORTED without libsqlite3,
 * FV_ERROR_IO for a file that cannot be written or stays locked. */
FV_API fv_study *fv_study_create_with(const fv_study_options *options);
#define fv_study_create(...) fv_study_create_with(&(fv_study_options){sizeof(fv_study_options), __VA_ARGS__})
/* The study of a file, with the options that it has. */
FV_API fv_study *fv_study_open(const char *path);
FV_API void fv_study_destroy(fv_study *study);
FV_API const fv_space *fv_study_space(const fv_study *study);
/* The options that it has; `path` and `space` are the study's own. */
FV_API const fv_study_options *fv_study_settings(const fv_study *study);
/* Changes the limit, for this and all other processes. */
FV_API fv_status fv_study_limit(fv_study *study, int64_t trials);

/* The next trial: one whose process has died (attempt > 1), else a new one; with number 0 where the limit is reached. A trial of a process of
 * this machine is dead when that process is, another's after `patience`; after its third attempt it has failed. */
FV_API fv_status fv_study_ask(fv_study *study, fv_trial *trial);
/* A value on the way: steps count from 1 and rise. *stop becomes 1 where the pruner wants the trial ended, then tell FV_TRIAL_PRUNED. */
FV_API fv_status fv_study_report(fv_study *study, int64_t number, int64_t step, double value, int *stop);
/* How a trial ended. `value` is ignored for FV_TRIAL_FAILED, and NAN stands for the best that was reported. FV_ERROR_INVALID where it is not
 * this process that has the trial: another one took it for dead. */
FV_API fv_status fv_study_tell(fv_study *study, int64_t number, fv_trial_state state, double value,
                               const char *message);
/* A sign of life for all trials that this handle has; now and then, well within `patience`. */
FV_API fv_status fv_study_alive(fv_study *study);
/* Gives a trial that this handle has back, for whoever asks next; until then it is running, but nobody has it. `died`: it counts as an attempt. */
FV_API fv_status fv_study_return(fv_study *study, int64_t number, int died);

/* All trials, by number. Release with fv_trials_release. */
FV_API fv_status fv_study_trials(fv_study *study, fv_trial **trials, int64_t *count);
FV_API void fv_trials_release(fv_trial *trials, int64_t count);
/* The place of the best: of the complete ones, else of the pruned ones that came furthest; -1: none. */
FV_API int64_t fv_trials_best(const fv_trial *trials, int64_t count, int maximize);

/* The part of the variance of the value that each dimension explains alone, (dimension count), by functional analysis of variance over a forest of
 * 64 regression trees (Hutter et al. 2014). With a pruner, the value is that at the first rung, which all trials reached. NAN everywhere
 * where fewer than 4 trials have a value or all values are the same. */
FV_API fv_status fv_study_importance(fv_study *study, double *importance);
/* FOLDER/report.html: one file without scripts. */
FV_API fv_status fv_study_write_report(fv_study *study, const char *folder, const char *title);

#ifdef __cplusplus
}
#endif
#endif
