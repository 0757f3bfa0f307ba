/* SPDX-License-Identifier: Apache-2.0 */
/* Which files are the shards of a data set, and the part that each belongs to. */
#ifndef DATA_SHARD_FILES_H
#define DATA_SHARD_FILES_H

#include "data/source.h"

typedef struct shard_files {
    name_list paths;  /* in order */
    fv_part *parts;   /* (paths.count) */
    char *class_file; /* where the class names would stand */
    size_t part_capacity;
} shard_files;

bool shard_files_detect(const data_place *place);
fv_status shard_files_find(const data_place *place,
                           shard_files *files); /* released by the caller, also on failure */
void shard_files_release(shard_files *files);

/* The part that a shard's name says: one of its words is train, val or test, as in imagenet-train-0001.tar. */
fv_part shard_part(const char *path);

#endif
