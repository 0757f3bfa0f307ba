/* SPDX-License-Identifier: Apache-2.0 */
/* The sources' labels become the data set's: one list of classes, and all samples one after the other. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/store.h"

static size_t label_total(const source *s)
{
    return s->label_first ? s->label_first[s->count] : (size_t)s->count;
}

/* map[i]: the place of the source's class i in the data set's, to which new ones are added. */
static fv_status map_classes(name_list *classes, const name_list *from, int32_t *map)
{
    names_match((const char *const *)from->items, (int64_t)from->count, (const char *const *)classes->items,
                (int64_t)classes->count, map);
    for (size_t i = 0; i < from->count; i++)
        if (map[i] < 0) {
            map[i] = (int32_t)classes->count;
            STATUS_TRY(names_add(classes, "%s", from->items[i]));
        }
    return FV_OK;
}

/* The first source's labels stay where they are and the list grows: ten million are not held twice. */
static fv_status move_labels(store *s, source *from, int64_t first, const int32_t *map)
{
    if (first == 0) {
        if (!(s->labels = mem_resize(from->labels, (size_t)s->count, sizeof *s->labels)))
            return status_last();
        from->labels = NULL;
    }
    const int32_t *labels = from->labels ? from->labels : s->labels;
    for (int64_t i = 0; i < from->count; i++)
        s->labels[first + i] = map[labels[i]];
    free(from->labels);
    from->labels = NULL;
    return FV_OK;
}

/* Ascending, as a list of one sample is short. */
static void sort_labels(int32_t *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int32_t moved = list[i];
        size_t k = i;
        for (; k > 0 && list[k - 1] > moved; k--)
            list[k] = list[k - 1];
        list[k] = moved;
    }
}

static void move_label_lists(store *s, source *from, int64_t first, const int32_t *map)
{
    for (int64_t i = 0; i < from->count; i++) {
        size_t begin = from->label_first ? from->label_first[i] : (size_t)i,
               end = from->label_first ? from->label_first[i + 1] : begin + 1;
        const int32_t *labels = from->label_first ? from->label_list : from->labels;
        uint32_t start = s->label_first[first + i];
        for (size_t k = begin; k < end; k++)
            s->label_list[start + k - begin] = map[labels[k]];
        sort_labels(s->label_list + start, end - begin);
        s->label_first[first + i + 1] = start + (uint32_t)(end - begin);
        s->labels[first + i] = end > begin ? s->label_list[start] : -1;
    }
    free(from->labels);
    free(from->label_first);
    free(from->label_list);
    from->labels = from->label_list = NULL;
    from->label_first = NULL;
}

static fv_status make_label_lists(store *s)
{
    size_t total = 0;
    for (size_t i = 0; i < s->sources.count; i++)
        total += label_total(s->sources.sources[i]);
    if (total > UINT32_MAX)
        return status_set(FV_ERROR_UNSUPPORTED, "%zu labels are more than the %u that a data set can hold",
                          total, UINT32_MAX);
    s->labels = mem_array((size_t)s->count, sizeof *s->labels);
    s->label_first = mem_array((size_t)s->count + 1, sizeof *s->label_first);
    s->label_list = mem_array(total, sizeof *s->label_list);
    return s->labels && s->label_first && s->label_list ? FV_OK : status_last();
}

static fv_status add_labels(store *s, source *from, int64_t first)
{
    int32_t *map = mem_array(from->classes.count, sizeof *map);
    if (!map)
        return status_last();
    fv_status status = map_classes(&s->classes, &from->classes, map);
    if (status == FV_OK && s->label_first)
        move_label_lists(s, from, first, map);
    else if (status == FV_OK)
        status = move_labels(s, from, first, map);
    free(map);
    return status;
}

fv_status store_take_labels(store *s)
{
    const listing *l = &s->sources;
    bool multi_label = false;
    for (size_t i = 0; i < l->count; i++)
        multi_label = multi_label || l->sources[i]->label_first;
    if (multi_label)
        STATUS_TRY(make_label_lists(s));
    for (size_t i = 0; i < l->count; i++) {
        STATUS_TRY(add_labels(s, l->sources[i], s->first[i]));
        if (s->first[i + 1] <= s->training || s->training == 0)
            s->training_classes = s->classes.count;
    }
    return FV_OK;
}

int64_t store_labels(const store *s, int64_t sample, const int32_t **labels)
{
    if (!s->label_first) {
        *labels = &s->labels[sample];
        return 1;
    }
    *labels = s->label_list + s->label_first[sample];
    return (int64_t)s->label_first[sample + 1] - (int64_t)s->label_first[sample];
}

int64_t *store_count_classes(const store *s)
{
    int64_t *counts = mem_array(s->classes.count, sizeof *counts);
    for (int64_t i = 0; counts && i < s->training; i++) {
        const int32_t *labels;
        for (int64_t k = store_labels(s, i, &labels); k-- > 0;)
            counts[labels[k]]++;
    }
    return counts;
}

int64_t dataset_labels(const fv_dataset *d, int64_t index, const int32_t **labels)
{
    return store_labels(d->store, dataset_sample(d, index), labels);
}

bool dataset_is_multi_label(const fv_dataset *d)
{
    return d->store->label_first != NULL;
}

/* ---- public ---- */

int fv_dataset_is_multi_label(const fv_dataset *d)
{
    return d && dataset_is_multi_label(d);
}

int64_t fv_dataset_label(const fv_dataset *d, int64_t index)
{
    return d && index >= 0 && index < d->count ? d->store->labels[dataset_sample(d, index)] : -1;
}

int64_t fv_dataset_label_count(const fv_dataset *d, int64_t index)
{
    const int32_t *labels;
    return d && index >= 0 && index < d->count ? dataset_labels(d, index, &labels) : 0;
}

int64_t fv_dataset_label_at(const fv_dataset *d, int64_t index, int64_t k)
{
    const int32_t *labels;
    if (!d || index < 0 || index >= d->count || k < 0 || k >= dataset_labels(d, index, &labels))
        return -1;
    return labels[k];
}
