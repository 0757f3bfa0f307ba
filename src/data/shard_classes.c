/* SPDX-License-Identifier: Apache-2.0 */
#include "data/shard_classes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

fv_status shard_classes_read(shard_classes *c, const char *path, char *content)
{
    for (char *line = content, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        size_t length = next ? (size_t)(next++ - line) : strlen(line);
        length -= length > 0 && line[length - 1] == '\r';
        if (length == 0)
            return status_set(FV_ERROR_FORMAT, "%s: line %zu is empty; it is a class a line", path,
                              c->names.count + 1);
        if (c->names.count >= SHARD_MAX_CLASSES)
            return status_set(FV_ERROR_FORMAT, "%s: more than %d classes", path, SHARD_MAX_CLASSES);
        STATUS_TRY(names_add(&c->names, "%.*s", (int)length, line));
    }
    return FV_OK;
}

static bool all_numbers(const shard_classes *c)
{
    for (size_t i = 0; i < c->texts.count; i++) {
        const char *t = name_table_get(&c->texts, i);
        size_t digits = strspn(t, "0123456789");
        if (t[digits] || digits > 9)
            return false;
    }
    return true;
}

static fv_status number_classes(shard_classes *c, const char *where, int32_t *map)
{
    size_t given = c->names.count;
    for (size_t i = 0; i < c->texts.count; i++) {
        map[i] = (int32_t)atol(name_table_get(&c->texts, i));
        if (given > 0 && (size_t)map[i] >= given)
            return status_set(FV_ERROR_FORMAT, "%s: class %d is out of range: classes.txt names %zu", where,
                              map[i], given);
        if (map[i] >= SHARD_MAX_CLASSES)
            return status_set(FV_ERROR_FORMAT, "%s: class %d is over the limit of %d", where, map[i],
                              SHARD_MAX_CLASSES);
        while (given == 0 && (size_t)map[i] >= c->names.count)
            STATUS_TRY(names_add(&c->names, "%zu", c->names.count));
    }
    return FV_OK;
}

static int by_text(const void *a, const void *b, void *c)
{
    const name_table *texts = &((shard_classes *)c)->texts;
    return strcmp(name_table_get(texts, *(const uint32_t *)a), name_table_get(texts, *(const uint32_t *)b));
}

/* The texts in byte order: order[k] is the number of the k-th. */
static fv_status sort_texts(shard_classes *c, uint32_t **order, name_list *sorted)
{
    if (!(*order = mem_array(c->texts.count, sizeof **order)))
        return status_last();
    for (size_t i = 0; i < c->texts.count; i++)
        (*order)[i] = (uint32_t)i;
    qsort_r(*order, c->texts.count, sizeof **order, by_text, c);
    for (size_t i = 0; i < c->texts.count; i++)
        STATUS_TRY(names_add(sorted, "%s", name_table_get(&c->texts, (*order)[i])));
    return FV_OK;
}

/* places[k]: the class of the k-th of the sorted names. */
static fv_status find_places(shard_classes *c, const char *where, name_list *sorted, int32_t *places)
{
    if (c->names.count == 0) {
        c->names = *sorted;
        *sorted = (name_list){0};
        for (size_t i = 0; i < c->names.count; i++)
            places[i] = (int32_t)i;
        return FV_OK;
    }
    names_match((const char *const *)sorted->items, (int64_t)sorted->count,
                (const char *const *)c->names.items, (int64_t)c->names.count, places);
    for (size_t i = 0; i < sorted->count; i++)
        if (places[i] < 0)
            return status_set(FV_ERROR_FORMAT, "%s: class %s is not in classes.txt", where, sorted->items[i]);
    return FV_OK;
}

static fv_status name_classes(shard_classes *c, const char *where, int32_t *map)
{
    uint32_t *order = NULL;
    name_list sorted = {0};
    int32_t *places = mem_array(c->texts.count, sizeof *places);
    fv_status status = places ? sort_texts(c, &order, &sorted) : status_last();
    if (status == FV_OK)
        status = find_places(c, where, &sorted, places);
    for (size_t i = 0; status == FV_OK && i < c->texts.count; i++)
        map[order[i]] = places[i];
    free(order);
    free(places);
    names_release(&sorted);
    return status;
}

fv_status shard_classes_settle(shard_classes *c, const char *where, int32_t **map)
{
    if (!(*map = mem_array(c->texts.count, sizeof **map)))
        return status_last();
    return all_numbers(c) ? number_classes(c, where, *map) : name_classes(c, where, *map);
}

void shard_classes_release(shard_classes *c)
{
    name_table_release(&c->texts);
    names_release(&c->names);
}
