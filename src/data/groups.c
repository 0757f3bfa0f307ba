/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: pictures of one patient, one film, one animal, which must not lie on both sides of a split. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/store.h"

/* ---- out of the sources ---- */

/* map[i]: what the source's number i becomes. */
static fv_status map_groups(store *s, const source *from, uint32_t *map)
{
    for (size_t i = 0; i < from->group_names->count; i++) {
        STATUS_TRY(name_table_add(&s->group_names, name_table_get(from->group_names, i), &map[i + 1]));
        map[i + 1]++;
    }
    return FV_OK;
}

static fv_status take_from(store *s, source *from, int64_t first)
{
    uint32_t *map = mem_array(from->group_names->count + 1, sizeof *map);
    fv_status status = map ? map_groups(s, from, map) : status_last();
    for (int64_t i = 0; status == FV_OK && i < from->count; i++)
        s->groups[first + i] = map[from->groups[i]];
    free(map);
    free(from->groups);
    from->groups = NULL;
    return status;
}

fv_status store_take_groups(store *s)
{
    const listing *l = &s->sources;
    for (size_t i = 0; i < l->count; i++) {
        if (!l->sources[i]->groups)
            continue;
        if (!s->groups && !(s->groups = mem_array((size_t)s->count, sizeof *s->groups)))
            return status_last();
        STATUS_TRY(take_from(s, l->sources[i], s->first[i]));
    }
    name_table_close(&s->group_names);
    return FV_OK;
}

/* ---- what is wrong with them ---- */

static const char *part_name(fv_part part)
{
    return part == FV_TRAIN ? "training" : part == FV_VALIDATION ? "validation" : "test";
}

/* Groups with pictures in both parts; *first is one of them. `has` (groups + 1): bit p is set where part p has pictures. */
static int64_t count_split(const store *s, const uint8_t *has, fv_part a, fv_part b, size_t *first)
{
    uint8_t both = (uint8_t)(1 << a | 1 << b);
    int64_t count = 0;
    for (size_t g = 1; g <= s->group_names.count; g++)
        if ((has[g] & both) == both && count++ == 0)
            *first = g;
    return count;
}

static fv_status note_leaks(store *s, const uint8_t *has)
{
    static const fv_part pairs[][2] = {
        {FV_TRAIN, FV_VALIDATION}, {FV_TRAIN, FV_TEST}, {FV_VALIDATION, FV_TEST}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        size_t first = 0;
        int64_t count = count_split(s, has, pairs[i][0], pairs[i][1], &first);
        if (count > 0)
            STATUS_TRY(names_add(&s->sources.problems,
                                 "%lld groups have pictures in the %s and in the %s part, "
                                 "the first is %s; accuracies will flatter",
                                 (long long)count, part_name(pairs[i][0]), part_name(pairs[i][1]),
                                 name_table_get(&s->group_names, first - 1)));
    }
    return FV_OK;
}

/* Classes that training knows and the part lacks, although they have enough pictures. */
static fv_status note_lacking(store *s, fv_part part, const int64_t *all)
{
    const fv_dataset *d = &s->parts[part];
    size_t classes = s->training_classes;
    bool *there = mem_array(classes, sizeof *there);
    if (!there)
        return status_last();
    for (int64_t i = 0; i < d->count; i++) {
        const int32_t *labels;
        for (int64_t k = store_labels(s, d->indices[i], &labels); k-- > 0;)
            if ((size_t)labels[k] < classes)
                there[labels[k]] = true;
    }
    int64_t lacking = 0;
    size_t first = 0;
    for (size_t c = 0; c < classes; c++)
        if (!there[c] && all[c] >= FV_TEST && lacking++ == 0) /* else too few for three parts */
            first = c;
    free(there);
    if (lacking == 0)
        return FV_OK;
    return names_add(&s->sources.problems,
                     "%lld classes have no %s pictures because their groups are not divided, the first is %s",
                     (long long)lacking, part_name(part), s->classes.items[first]);
}

/* In parts that were drawn; what the data gives is as it is. */
static fv_status note_classes_lacking(store *s)
{
    int64_t *all = mem_array(s->training_classes, sizeof *all);
    if (!all)
        return status_last();
    for (int64_t i = 0; i < s->training; i++) {
        const int32_t *labels;
        for (int64_t k = store_labels(s, i, &labels); k-- > 0;)
            all[labels[k]]++;
    }
    fv_status status = FV_OK;
    for (fv_part part = FV_TRAIN; status == FV_OK && part <= FV_TEST; part++) {
        const fv_dataset *d = &s->parts[part];
        if (d->count > 0 && d->indices[0] < s->training)
            status = note_lacking(s, part, all);
    }
    free(all);
    return status;
}

fv_status store_note_groups(store *s, const uint8_t *parts)
{
    uint8_t *has = mem_array(s->group_names.count + 1, 1);
    if (!has)
        return status_last();
    for (int64_t i = 0; i < s->count; i++)
        has[s->groups[i]] |= (uint8_t)(1 << parts[i]);
    fv_status status = note_leaks(s, has);
    free(has);
    return status == FV_OK ? note_classes_lacking(s) : status;
}
