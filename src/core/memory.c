/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int product(size_t count, size_t size, size_t *bytes)
{
    if (__builtin_mul_overflow(count, size, bytes) || *bytes > PTRDIFF_MAX) {
        status_set(FV_ERROR_MEMORY, "a block of %zu x %zu bytes is too large", count, size);
        return 0;
    }
    if (*bytes == 0)
        *bytes = 1;
    return 1;
}

static void *checked(void *block, size_t bytes)
{
    if (!block)
        status_set(FV_ERROR_MEMORY, "out of memory (%zu bytes were asked for)", bytes);
    return block;
}

void *mem_array(size_t count, size_t size)
{
    size_t bytes;
    if (!product(count, size, &bytes))
        return NULL;
    return checked(calloc(1, bytes), bytes);
}

void *mem_resize(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (!product(count, size, &bytes))
        return NULL;
    return checked(realloc(block, bytes), bytes);
}

void *mem_aligned(size_t bytes)
{
    size_t rounded;
    if (__builtin_add_overflow(bytes, (size_t)63, &rounded) || !product(1, rounded & ~(size_t)63, &rounded))
        return checked(NULL, bytes);
    if (rounded < 64)
        rounded = 64;
    void *block = checked(aligned_alloc(64, rounded), rounded);
    if (block)
        memset(block, 0, rounded);
    return block;
}

char *mem_string(const char *text)
{
    return text ? mem_string_n(text, strlen(text)) : NULL;
}

char *mem_string_n(const char *text, size_t length)
{
    if (!text)
        return NULL;
    char *copy = mem_array(length + 1, 1);
    if (copy)
        memcpy(copy, text, length);
    return copy;
}

fv_status mem_grow_(void **list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return FV_OK;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    while (wanted <= count)
        wanted *= 2;
    void *grown = mem_resize(*list, wanted, size);
    if (!grown)
        return status_last();
    *list = grown;
    *capacity = wanted;
    return FV_OK;
}

/* ---- pools ---- */

void *mem_pool_array(mem_pool *pool, size_t count, size_t size)
{
    if (MEM_GROW(pool->blocks, pool->count, pool->capacity) != FV_OK)
        return NULL;
    void *block = mem_array(count, size);
    if (block)
        pool->blocks[pool->count++] = block;
    return block;
}

char *mem_pool_text(mem_pool *pool, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    char *words = mem_pool_array(pool, length >= 0 ? (size_t)length + 1 : SIZE_MAX, 1);
    if (!words)
        return NULL;
    va_start(list, format);
    vsnprintf(words, (size_t)length + 1, format, list);
    va_end(list);
    return words;
}

void mem_pool_release(mem_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        free(pool->blocks[i]);
    free(pool->blocks);
    *pool = (mem_pool){0};
}
