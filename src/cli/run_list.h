/* SPDX-License-Identifier: Apache-2.0 */
/* The runs that arguments name: run folders, and folders of such. */
#ifndef CLI_RUN_LIST_H
#define CLI_RUN_LIST_H

#include "cli/cli.h"

typedef struct run_list {
    fv_run *list;
    size_t count, capacity;
} run_list;

/* "runs" when there is no argument. A folder that is no run stands for the runs right inside it. */
fv_status run_list_find(run_list *runs, char *const *arguments, int count);
void run_list_release(run_list *runs);

/* By a column of the table, of results.csv (its value in the best epoch) or an option of args.yaml: numbers with the best first (the
 * least of losses and seconds, else the greatest), words in their order; what has no value last. False: no run has such a column. */
bool run_list_sort(run_list *runs, const char *column, bool reverse);

/* The table's columns. */
enum {
    RUN_COLUMNS = 9
};
extern const char *const run_columns[RUN_COLUMNS];
/* One value as it is shown; empty where there is none. */
void run_list_cell(const fv_run *run, int column, text *out);

/* What several verbs show of a run, as JSON; NULL on failure. */
json_t *run_list_json(const fv_run *run);

#endif
