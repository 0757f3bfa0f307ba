/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many different strings, each with the number of its first coming: class names and paths of tables of ten million rows.
 *
 *     name_table t = {0};
 *     uint32_t index;
 *     STATUS_TRY(name_table_add(&t, "cat", &index));    // 0, and 0 again whenever "cat" comes
 *     name_table_get(&t, index);                        // "cat"
 *     name_table_release(&t);
 */
#ifndef DATA_NAME_TABLE_H
#define DATA_NAME_TABLE_H

#include <stdint.h>

#include "core/text.h"

enum {
    NAME_TABLE_LONGEST = 65535 /* bytes of a string */
};

typedef struct name_table {
    text bytes; /* the strings, zero-ended, one after the other */
    uint32_t *
        offsets; /* (count) behind the first string of the block of 65536 in which it stands: 4 bytes, not 8 */
    uint64_t *blocks; /* offset of each block's first string */
    uint64_t *slots;  /* open addressing, (32 bits of hash, index + 1), 0: free */
    size_t count, capacity, block_capacity, slot_count;
} name_table;

/* The string's number, given to it now when it is new. FV_ERROR_UNSUPPORTED: too many or too long. */
fv_status name_table_add(name_table *t, const char *name, uint32_t *index);
int64_t name_table_find(const name_table *t, const char *name); /* -1: not there */
const char *name_table_get(const name_table *t, size_t index);
/* No more strings will be added or sought: frees what finds them. */
void name_table_close(name_table *t);
void name_table_release(name_table *t);

/* FNV-1a (Fowler, Noll, Vo) with a last mix (of MurmurHash3, Appleby): the upper bits are as good as the lower ones. */
uint64_t name_hash(const char *name);

#endif
