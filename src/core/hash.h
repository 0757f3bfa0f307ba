/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash of 64 bits that tells whether two things are the same, against mistakes and not against forgery: FNV-1a over words
 * of 8 bytes.
 *
 *     uint64_t hash = hash_string(HASH_START, name);
 *     hash = hash_bytes(hash, values, sizeof values);
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START 14695981039346656037u

static inline uint64_t hash_number(uint64_t hash, uint64_t number)
{
    hash = (hash ^ number) * 1099511628211u;
    return hash ^ hash >> 32; /* a multiplication carries upwards only */
}

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *from = bytes;
    for (uint64_t word; size >= sizeof word; from += sizeof word, size -= sizeof word) {
        memcpy(&word, from, sizeof word);
        hash = hash_number(hash, word);
    }
    for (; size > 0; size--)
        hash = hash_number(hash, *from++);
    return hash;
}

/* With its length: "ab", "c" and "a", "bc" differ. */
static inline uint64_t hash_string(uint64_t hash, const char *string)
{
    size_t length = strlen(string);
    return hash_bytes(hash_number(hash, length), string, length);
}

#endif
