/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What counts pictures shows on standard error: a line that is redrawn on a terminal, nothing elsewhere.
 *
 *     count_bar bar;
 *     count_bar_init(&bar);
 *     fv_pack_write(..., .on_progress = count_bar_step, .user = &bar);
 *     count_bar_end(&bar);
 */
#ifndef CLI_COUNT_BAR_H
#define CLI_COUNT_BAR_H

#include "cli/cli.h"

typedef struct count_bar {
    bool terminal, drawn;
    double last, began; /* seconds */
} count_bar;

void count_bar_init(count_bar *bar);
int count_bar_step(int64_t done, int64_t total, void *bar); /* nonzero once a signal came */
void count_bar_end(count_bar *bar);                         /* before anything else is printed */

#endif
