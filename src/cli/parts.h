/* SPDX-License-Identifier: Apache-2.0 */
/* --split of the verbs that measure: which part of the data. */
#ifndef CLI_PARTS_H
#define CLI_PARTS_H

#include "cli/cli.h"

/* "auto", "train", "val", "test", "all": the option's choices. */
extern const char *const part_choices[];

/* The part that was asked for, "auto" being `usual` where the data has it, else everything. NULL with the error set. */
const fv_dataset *part_choose(const fv_dataset *d, const char *path, int choice, fv_part usual);

#endif
