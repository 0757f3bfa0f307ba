/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands beside a picture in a shard: KEY.cls with one class, or KEY.json with a list of them, {"labels": [0, 4]},
 * each a number or a name.
 *
 *     shard_labels l = {0};
 *     STATUS_TRY(shard_labels_read_class(&l, c, entry, &texts));   // l.list[0] is the class text's number in `texts`
 */
#ifndef DATA_SHARD_LABELS_H
#define DATA_SHARD_LABELS_H

#include "data/archives/container.h"
#include "data/name_table.h"

enum {
    SHARD_MAX_LABELS = 4096 /* of a picture */
};

/* Length of a file's key: up to the first dot of its last part. */
size_t shard_key_length(const char *name);
bool shard_is_class(const char *name);
bool shard_is_labels(const char *name); /* may be any .json */
bool shard_is_picture(const char *name);

/* The labels of one sample, as numbers of texts. Zero-initialised. */
typedef struct shard_labels {
    uint32_t *list;
    size_t count, capacity;
    file_bytes bytes; /* of the file that was read last */
} shard_labels;

fv_status shard_labels_add(shard_labels *l, const char *label, name_table *texts);
/* They replace the labels. */
fv_status shard_labels_read_class(shard_labels *l, const container *c, size_t entry, name_table *texts);
/* `*found` false: the file is not about labels. */
fv_status shard_labels_read_list(shard_labels *l, const container *c, size_t entry, name_table *texts,
                                 bool *found);
void shard_labels_release(shard_labels *l);

#endif
