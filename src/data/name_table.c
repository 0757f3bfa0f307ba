/* SPDX-License-Identifier: Apache-2.0 */
#include "data/name_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum {
    BLOCK_BITS = 16,
    FIRST_SLOTS = 64 /* a power of two */
};

uint64_t name_hash(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (const char *p = name; *p; p++)
        hash = (hash ^ (uint8_t)*p) * 0x100000001b3u;
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
    return hash ^ hash >> 33;
}

/* Of `length` bytes, 8 at a time: names are hashed more often than compared. The steps are those of name_hash's last mix. */
static uint32_t slot_hash(const char *name, size_t length)
{
    uint64_t hash = length, word;
    for (; length >= sizeof word; name += sizeof word, length -= sizeof word) {
        memcpy(&word, name, sizeof word);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 33;
    }
    word = 0;
    memcpy(&word, name, length);
    hash = (hash ^ word) * 0xff51afd7ed558ccdu;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
    return (uint32_t)(hash >> 32);
}

const char *name_table_get(const name_table *t, size_t index)
{
    return t->bytes.data + t->blocks[index >> BLOCK_BITS] + t->offsets[index];
}

/* The slot that has the string, or the free one for it. */
static size_t find_slot(const name_table *t, const char *name, uint32_t hash)
{
    size_t mask = t->slot_count - 1, slot = hash & mask;
    for (; t->slots[slot]; slot = (slot + 1) & mask)
        if (t->slots[slot] >> 32 == hash &&
            strcmp(name_table_get(t, (uint32_t)t->slots[slot] - 1), name) == 0)
            break;
    return slot;
}

/* Slots are kept under three quarters full. They hold the hash that says where they go: the strings are not read again, and
 * what stood side by side goes to two places side by side. */
static fv_status make_room(name_table *t)
{
    if (4 * (t->count + 1) <= 3 * t->slot_count)
        return FV_OK;
    size_t more = t->slot_count ? 2 * t->slot_count : FIRST_SLOTS;
    uint64_t *slots = mem_array(more, sizeof *slots);
    if (!slots)
        return status_last();
    for (size_t i = 0; i < t->slot_count; i++) {
        size_t slot = t->slots[i] >> 32 & (more - 1);
        while (t->slots[i] && slots[slot])
            slot = (slot + 1) & (more - 1);
        if (t->slots[i])
            slots[slot] = t->slots[i];
    }
    free(t->slots);
    t->slots = slots;
    t->slot_count = more;
    return FV_OK;
}

static fv_status append(name_table *t, const char *name, size_t length)
{
    STATUS_TRY(MEM_GROW(t->offsets, t->count, t->capacity));
    size_t block = t->count >> BLOCK_BITS;
    STATUS_TRY(MEM_GROW(t->blocks, block, t->block_capacity));
    if ((t->count & ((1u << BLOCK_BITS) - 1)) == 0)
        t->blocks[block] = t->bytes.length;
    t->offsets[t->count] = (uint32_t)(t->bytes.length - t->blocks[block]);
    text_add_bytes(&t->bytes, name, length + 1);
    STATUS_TRY(text_status(&t->bytes));
    t->count++;
    return FV_OK;
}

fv_status name_table_add(name_table *t, const char *name, uint32_t *index)
{
    STATUS_TRY(make_room(t));
    size_t length = strlen(name);
    uint32_t hash = slot_hash(name, length);
    size_t slot = find_slot(t, name, hash);
    if (t->slots[slot]) {
        *index = (uint32_t)t->slots[slot] - 1;
        return FV_OK;
    }
    if (length > NAME_TABLE_LONGEST || t->count >= UINT32_MAX - 1)
        return status_set(FV_ERROR_UNSUPPORTED, "a name of %zu bytes, or %zu names, are too many", length,
                          t->count);
    STATUS_TRY(append(t, name, length));
    t->slots[slot] = (uint64_t)hash << 32 | t->count;
    *index = (uint32_t)t->count - 1;
    return FV_OK;
}

int64_t name_table_find(const name_table *t, const char *name)
{
    if (t->slot_count == 0)
        return -1;
    uint64_t found = t->slots[find_slot(t, name, slot_hash(name, strlen(name)))];
    return found ? (int64_t)(uint32_t)found - 1 : -1;
}

void name_table_close(name_table *t)
{
    free(t->slots);
    t->slots = NULL;
    t->slot_count = 0;
}

void name_table_release(name_table *t)
{
    text_release(&t->bytes);
    free(t->offsets);
    free(t->blocks);
    free(t->slots);
    *t = (name_table){0};
}
