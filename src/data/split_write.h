/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a split: split_write.c is the entry, the forms have a file each. */
#ifndef DATA_SPLIT_WRITE_H
#define DATA_SPLIT_WRITE_H

#include "data/paths.h"

typedef struct split_job {
    const fv_split_options *options;
    const store *store;
    picture_paths paths;
    int64_t done;
} split_job;

const char *split_part_name(fv_part part); /* "train", "val", "test" */
/* One more picture is written. FV_INTERRUPTED when the caller wants no more. */
fv_status split_step(split_job *job);
/* FV_ERROR_UNSUPPORTED when there are pictures that are no files of their own; `what` cannot be made of them. */
fv_status split_need_files(const split_job *job, const char *what);

fv_status split_write_table(split_job *job);
fv_status split_write_folders(split_job *job);

#endif
