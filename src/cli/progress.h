/* SPDX-License-Identifier: Apache-2.0 */
/* The progress bar on standard error: a line that is redrawn on a terminal, a line an epoch elsewhere. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdio.h>

#include "cli/cli.h"

typedef struct progress_bar {
    bool terminal, drawn;
    FILE *log;                    /* gets the library's lines, too; may be NULL */
    int64_t logged;               /* lines of the log since the last epoch's end */
    double last;                  /* when it was drawn, in seconds */
    double seconds, wait_seconds; /* of the epochs done */
} progress_bar;

void progress_init(progress_bar *bar);
void progress_end(progress_bar *bar); /* before anything else is printed */

/* Callbacks of the library; `user` is the bar. Nonzero once a signal came. */
int progress_step(const fv_progress *p, void *user);
int progress_epoch(const fv_progress *p, void *user);
void progress_log(const char *line, void *user);

#endif
