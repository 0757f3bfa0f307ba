/* SPDX-License-Identifier: Apache-2.0 */
/* A study's parts: its file and options (study.c), its trials as they are read (trials.c), and those that are asked for and told of (study_ask.c). */
#ifndef TUNE_STUDY_H
#define TUNE_STUDY_H

#include "tune/database.h"
#include "tune/owner.h"
#include "tune/space.h"

struct fv_study {
    database *db;
    fv_space *space;
    char *path;
    fv_study_options o; /* with every default in its place; path and space are ours */
    owner self;
};

/* The limit as it stands in the file now. */
fv_status study_read_limit(fv_study *s);

/* One trial; FV_ERROR_INVALID where there is none of this number. */
fv_status trials_read_one(fv_study *s, int64_t number, fv_trial *t);

/* The best value of a trial that came to a step, up to there; NAN where it had none. */
typedef struct trial_value {
    int64_t trial;
    double value;
} trial_value;

/* Of all trials that came to `step`, by number; the caller frees *list, also on failure. */
fv_status trials_values_at(fv_study *s, int64_t step, trial_value **list, int64_t *count);

double study_now(void); /* seconds since 1970 */

#endif
