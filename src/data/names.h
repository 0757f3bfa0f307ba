/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing list of strings, and matching of two such lists.
 *
 *     name_list classes = {0};
 *     STATUS_TRY(names_add(&classes, "%s", "cat"));
 *     names_release(&classes);
 */
#ifndef DATA_NAMES_H
#define DATA_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct name_list {
    char **items;
    size_t count, capacity;
} name_list;

fv_status names_add(name_list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
void names_sort(name_list *list); /* byte order */
void names_release(name_list *list);

/* map[i] = the place of from[i] in `to`, or -1. Linear when both lists are in the same order, as sorted class
 * names are. */
void names_match(const char *const *from, int64_t from_count, const char *const *to, int64_t to_count,
                 int32_t *map);

#endif
