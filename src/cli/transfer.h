/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a download shows on standard error: a line that is redrawn on a terminal, nothing elsewhere.
 *
 *     fv_dataset *d = transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options), .path = path});
 */
#ifndef CLI_TRANSFER_H
#define CLI_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"

typedef struct transfer_bar {
    bool terminal, drawn;
    double last, began;  /* seconds */
    int64_t first, seen; /* bytes when it began, and last time */
} transfer_bar;

void transfer_init(transfer_bar *bar);
int transfer_step(int64_t done, int64_t total, void *bar); /* nonzero once a signal came */
void transfer_end(transfer_bar *bar);

/* fv_dataset_open_with, showing what it downloads. */
fv_dataset *transfer_open(const fv_dataset_options *o);

#endif
