/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory. Sizes are checked for overflow before anything is allocated, and a failed call has already set the error:
 *
 *     float *x = mem_array(count, sizeof *x);
 *     if (!x)
 *         return status_last();
 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* `count` zeroed elements of `size` bytes (at least one byte). Free with free(). NULL and FV_ERROR_MEMORY on failure. */
void *mem_array(size_t count, size_t size);

/* Grows `block` to `count` elements; the old block stays valid when NULL is returned. New elements are not zeroed. */
void *mem_resize(void *block, size_t count, size_t size);

/* `bytes` zeroed bytes at a multiple of 64. Free with free(). */
void *mem_aligned(size_t bytes);

/* A copy of a string, or of its first `length` bytes. NULL gives NULL. */
char *mem_string(const char *text);
char *mem_string_n(const char *text, size_t length);

/* Blocks that are freed together. Zero-initialised. */
typedef struct mem_pool {
    void **blocks;
    size_t count, capacity;
} mem_pool;

/* mem_array and a formatted string that live as long as the pool; NULL with the error set. */
void *mem_pool_array(mem_pool *pool, size_t count, size_t size);
char *mem_pool_text(mem_pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mem_pool_release(mem_pool *pool);

/* Makes room for one more element in a doubling array: MEM_GROW(list, count, capacity) is FV_OK or the error. */
#define MEM_GROW(list, count, capacity)                                                                      \
    mem_grow_((void **)&(list), (size_t)(count), &(capacity), sizeof *(list))
fv_status mem_grow_(void **list, size_t count, size_t *capacity, size_t size);

#endif
