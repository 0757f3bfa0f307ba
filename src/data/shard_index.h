/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of a shard, SHARD.idx beside SHARD.tar: where each picture lies and its classes, so that opening a pack does not
 * look through its shards. It begins as the index that NVIDIA DALI's WebDataset reader takes:
 *
 *     v1.2 SAMPLES fovea BYTES CRC                                   BYTES of the shard, CRC-32 of what follows this line
 *     cls 512 1 000000-tom.cls jpg 1536 4123 000000-tom.jpg          a line a sample: ending, place, size, name; twice
 *     ...
 *     3                                                              a line a sample: its classes' numbers
 *     ...
 *
 * Samples stand in the order of their bytes, which is that of their names. An index is believed whole or not at all, and only
 * beside the shard that it was made for: that has the same CRC as the tag of its first header (ustar.h).
 */
#ifndef DATA_SHARD_INDEX_H
#define DATA_SHARD_INDEX_H

#include "data/archives/container.h"
#include "data/archives/ustar.h"

/* ---- writing ---- */

typedef struct shard_index_writer {
    text samples, labels;
    int64_t count;
} shard_index_writer;

typedef struct shard_file {
    const char *ending, *name;
    uint64_t place, size; /* of its bytes in the shard */
} shard_file;

void shard_index_add(shard_index_writer *w, const shard_file *classes, const shard_file *picture,
                     const int32_t *labels, int64_t label_count);
/* Writes it for a shard of `bytes`, whose tag is returned; empties `w`, also on failure. */
fv_status shard_index_write(shard_index_writer *w, const char *shard, uint64_t bytes,
                            char tag[USTAR_TAG + 1]);

/* ---- reading ---- */

typedef struct shard_index {
    container *archive; /* its entries are the pictures; NULL: there is no index of ours */
    bool multi_label;
    uint32_t *
        label_first; /* (pictures + 1): picture i has labels[label_first[i]] to labels[label_first[i + 1] - 1] */
    int32_t *labels;
    size_t label_count, label_capacity;
} shard_index;

/* The caller releases it, also on failure. FV_ERROR_FORMAT: it does not fit the shard, or is damaged; the message says how.
 * `keep_open` as for container_open; class numbers are under `class_limit`. */
fv_status shard_index_read(shard_index *x, const char *shard, bool keep_open, int32_t class_limit);
void shard_index_release(shard_index *x);

#endif
