/* SPDX-License-Identifier: Apache-2.0 */
/* Between pack.c and its parts: what becomes of one picture, and the shard being written. */
#ifndef DATA_PACK_H
#define DATA_PACK_H

#include "core/file.h"
#include "data/dataset.h"
#include "data/shard_index.h"

/* ---- pack_picture.c ---- */

/* One a thread. Zero-initialised. */
typedef struct pack_space {
    image_space space;
    image decoded, resized;
} pack_space;
void pack_space_release(pack_space *space);

typedef struct packed_picture {
    file_bytes file; /* the bytes to write */
    const char *ending;
    bool encoded; /* by us; else the bytes are the source's */
    bool deep;    /* left as it is for having more than 8 bits */
} packed_picture;
void packed_release(packed_picture *p);

/* The picture as it goes into a pack: its file's bytes, once they have been decoded to see that they can be; or encoded anew when
 * it is larger than `size` (0: never) or raw. Thread-safe. */
fv_status pack_picture(const fv_dataset *d, int64_t index, int64_t size, int quality, pack_space *space,
                       packed_picture *out);

/* ---- pack_shard.c ---- */

typedef struct pack_shard {
    bool open;
    char *path;
    file_writer file;
    shard_index_writer index;
    uint64_t bytes;
    char first[USTAR_NAME + 1]; /* name and size of the file that it begins with */
    uint64_t first_size;
} pack_shard;

/* Begins PATH, which is kept until the shard is finished. */
fv_status pack_shard_open(pack_shard *s, const char *path);
/* The bytes that a sample takes in a shard. */
uint64_t pack_sample_bytes(uint64_t class_size, uint64_t picture_size);
/* Adds KEY.cls or KEY.json, by `multi_label`, and KEY.ENDING. */
fv_status pack_shard_add(pack_shard *s, const char *key, const packed_picture *picture, const int32_t *labels,
                         int64_t label_count, bool multi_label);
/* Writes the end and the index. */
fv_status pack_shard_finish(pack_shard *s);
void pack_shard_discard(pack_shard *s);

#endif
