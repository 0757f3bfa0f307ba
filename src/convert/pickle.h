/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python pickles, as far as PyTorch's state dicts need them. Nothing is ever executed: the few calls that a state dict consists of
 * (an ordered dict, a tensor over a storage) are recorded as values, and any other name or opcode is an error that says which.
 *
 *     pickle p;
 *     pickle_init(&p, path, bytes, size);
 *     STATUS_TRY(pickle_read(&p, &value));   // again for the next pickle in the same bytes
 *     pickle_release(&p);                    // with all values
 */
#ifndef CONVERT_PICKLE_H
#define CONVERT_PICKLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/numbers.h"
#include "core/status.h"

enum {
    PICKLE_MAX_BYTES = 16 << 20, /* the largest networks' state dicts have some 100 kB */
    PICKLE_MAX_VALUES = 1 << 21
};

typedef enum pickle_kind {
    PICKLE_NONE,
    PICKLE_NUMBER, /* truth values too */
    PICKLE_BIG,    /* a whole number of more than 64 bits, or one with a fraction: of no use to us */
    PICKLE_STRING,
    PICKLE_LIST, /* tuples too */
    PICKLE_DICT,
    PICKLE_CALLABLE, /* a global's place in pickle.c's table */
    PICKLE_STORAGE,
    PICKLE_TENSOR
} pickle_kind;

typedef struct pickle_value pickle_value;
struct pickle_value {
    pickle_kind kind;
    union {
        int64_t number;
        struct {
            const char *bytes; /* within the pickle, not ended by a zero */
            size_t length;
        } string;
        struct { /* LIST; DICT: key, value, key, value … */
            pickle_value **items;
            size_t count, capacity;
        } list;
        struct {
            const pickle_value *key; /* a STRING */
            number_type type;
            int64_t first, count; /* elements */
        } storage;
        struct {
            const pickle_value *storage, *shape, *strides; /* the last two: LISTs, as they were written */
            int64_t offset;                                /* elements from storage.first */
        } tensor;
    };
};

typedef struct pickle {
    const char *path; /* for messages */
    const uint8_t *bytes;
    size_t size, at;
    pickle_value **blocks; /* the values, VALUES_A_BLOCK in each */
    size_t block_count, block_capacity, value_count;
    pickle_value **stack, **memo;
    size_t depth, stack_capacity, memo_size, memo_capacity;
    size_t *marks;
    size_t mark_count, mark_capacity;
    pickle_value **storages; /* all that were named, in their order */
    size_t storage_count, storage_capacity;
} pickle;

/* `path` and `bytes` are borrowed until pickle_release. */
void pickle_init(pickle *p, const char *path, const uint8_t *bytes, size_t size);
/* One pickle from p->at on, which then stands behind it. Values may contain themselves. */
fv_status pickle_read(pickle *p, const pickle_value **out);
void pickle_release(pickle *p);

bool pickle_is(const pickle_value *v, const char *string);
/* The value of a key of a DICT; NULL: not there. */
const pickle_value *pickle_get(const pickle_value *dict, const char *key);

#endif
