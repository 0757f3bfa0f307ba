/* SPDX-License-Identifier: Apache-2.0 */
#include "data/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

fv_status names_add(name_list *list, const char *format, ...)
{
    STATUS_TRY(MEM_GROW(list->items, list->count, list->capacity));
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *item = mem_array(length < 0 ? 1 : (size_t)length + 1, 1);
    if (!item)
        return status_last();
    if (length > 0) {
        va_start(arguments, format);
        vsnprintf(item, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    list->items[list->count++] = item;
    return FV_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_sort(name_list *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, by_bytes);
}

void names_release(name_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (name_list){0};
}

void names_match(const char *const *from, int64_t from_count, const char *const *to, int64_t to_count,
                 int32_t *map)
{
    int64_t place = 0; /* the search begins behind the last match */
    for (int64_t i = 0; i < from_count; i++) {
        map[i] = -1;
        for (int64_t step = 0; step < to_count && map[i] < 0; step++) {
            int64_t j = place + step < to_count ? place + step : place + step - to_count;
            if (strcmp(from[i], to[j]) == 0)
                map[i] = (int32_t)j;
        }
        if (map[i] >= 0)
            place = map[i] + 1;
    }
}
