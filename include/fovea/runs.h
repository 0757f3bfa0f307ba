/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run folders, read while they are trained and afterwards.
 *
 *     fv_run runs[2];
 *     if (fv_run_load(&runs[0], "runs/photos-1") == FV_OK && fv_run_load(&runs[1], "runs/photos-2") == FV_OK)
 *         fv_runs_compare(runs, 2, "compared.html");
 */
#ifndef FOVEA_RUNS_H
#define FOVEA_RUNS_H

#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fv_run_state {
    FV_RUN_UNREADABLE = 0, /* `problem` says why */
    FV_RUN_RUNNING,        /* a process trains it now */
    FV_RUN_INTERRUPTED,    /* stopped or killed; fovea train --resume goes on */
    FV_RUN_FAILED,         /* `problem` says why */
    FV_RUN_FINISHED        /* it has its report */
} fv_run_state;

/* All of it belongs to the run; release with fv_run_release. */
typedef struct fv_run {
    char *folder;
    fv_run_state state;
    char problem[512];
    int64_t option_count; /* of args.yaml; a program's own run may have none */
    char **option_names, **option_values;
    int64_t column_count, row_count; /* of results.csv; no row before the first epoch's end */
    char **columns;
    double *values;   /* (row_count, column_count); NAN where there is none */
    int64_t best_row; /* by the run's monitored value; -1: none */
} fv_run;

/* True when the folder has args.yaml or results.csv. */
FV_API int fv_run_is(const char *folder);
/* What cannot be read (no YAML, no table, more than 16 MB of either) makes the run FV_RUN_UNREADABLE, and is no error. Errors: FV_ERROR_IO
 * (no run folder), FV_ERROR_MEMORY. */
FV_API fv_status fv_run_load(fv_run *run, const char *folder);
FV_API void fv_run_release(fv_run *run);
FV_API const char *fv_run_state_name(fv_run_state state);                       /* "running" */
FV_API const char *fv_run_option(const fv_run *run, const char *name);          /* NULL: there is none */
FV_API double fv_run_value(const fv_run *run, int64_t row, const char *column); /* NAN: there is none */
FV_API double fv_run_seconds(const fv_run *run);                                /* of all epochs */
/* Writes one HTML file without scripts: a table of the runs, the options in which they differ, and their curves over one another. At
 * most 50 runs. */
FV_API fv_status fv_runs_compare(const fv_run *runs, int64_t count, const char *path);

#ifdef __cplusplus
}
#endif
#endif
