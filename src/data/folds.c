/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-validation: the training pictures divided into folds, one of which is held out. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/random.h"
#include "data/store.h"

enum {
    FIRST_MARK = PART_COUNT, /* fold k is chosen with the mark FIRST_MARK + k, which is no part */
    MOST_MARKS = UINT8_MAX - FIRST_MARK
};

/* Keeps the folds' random numbers apart from those of the split and of augmentation. */
static const uint32_t fold_stream = 0x464f4c44;

/* ---- one class a picture, no groups ---- */

/*
 * Each class is shuffled, and the classes are dealt one after the other, as cards: fold k gets every K-th picture. So every class's,
 * and all pictures', numbers differ by one at most between folds.
 */
static fv_status deal(const store *s, uint64_t seed, int64_t folds, int64_t fold, uint8_t *parts)
{
    uint32_t *members = mem_array((size_t)s->training, sizeof *members);
    int64_t *count = mem_array(s->classes.count + 2, sizeof *count);
    if (!members || !count) {
        free(members);
        free(count);
        return status_last();
    }
    for (int64_t i = 0; i < s->training; i++)
        count[s->labels[i] + 2]++;
    for (size_t c = 0; c < s->classes.count; c++)
        count[c + 2] += count[c + 1];
    for (int64_t i = 0; i < s->training; i++)
        members[count[s->labels[i] + 1]++] = (uint32_t)i;
    for (size_t c = 0; c < s->classes.count; c++) {
        rng r = rng_at(seed, fold_stream, name_hash(s->classes.items[c]));
        rng_shuffle_u32(&r, members + count[c], count[c + 1] - count[c]);
    }
    for (int64_t i = fold; i < s->training; i += folds)
        parts[members[i]] = FV_TEST;
    free(members);
    free(count);
    return FV_OK;
}

/* ---- groups, or several classes a picture ---- */

/* Fold after fold is chosen as a part is: the first from all, with the share 1 / K, the next from what is left. */
static fv_status choose(const store *s, uint64_t seed, int64_t folds, int64_t fold, uint8_t *parts)
{
    if (folds > MOST_MARKS)
        return status_set(FV_ERROR_INVALID, "folds: at most %d where there are groups or several labels",
                          MOST_MARKS);
    for (int64_t k = 0; k <= fold && k < folds - 1; k++)
        STATUS_TRY(split_choose(s, 1 / (float)(folds - k), seed, (fv_part)(FIRST_MARK + k), parts));
    uint8_t wanted = fold < folds - 1 ? (uint8_t)(FIRST_MARK + fold) : FV_ALL;
    for (int64_t i = 0; i < s->training; i++)
        parts[i] = parts[i] == wanted ? FV_TEST : FV_ALL;
    return FV_OK;
}

/* ---- a fold for each group ---- */

/* A number from 1 for each group with training pictures, in the order in which these begin; the caller frees it. */
static uint32_t *number_groups(const store *s, int64_t *count)
{
    uint32_t *number = mem_array(s->group_names.count + 1, sizeof *number);
    *count = 0;
    for (int64_t i = 0; number && i < s->training; i++)
        if (s->groups[i] > 0 && number[s->groups[i]] == 0)
            number[s->groups[i]] = (uint32_t)++ * count;
    return number;
}

static fv_status check_grouped(const store *s)
{
    int64_t alone = 0;
    for (int64_t i = 0; s->groups && i < s->training; i++)
        alone += s->groups[i] == 0;
    if (!s->groups)
        return status_set(FV_ERROR_INVALID, "folds: leaving one group out needs groups: keep_together names "
                                            "a table of them, or the data has a group column");
    if (alone > 0)
        return status_set(FV_ERROR_INVALID,
                          "folds: %lld pictures are in no group; to leave one group out each must be in one",
                          (long long)alone);
    return FV_OK;
}

static fv_status leave_group_out(store *s, int64_t fold, uint8_t *parts)
{
    STATUS_TRY(check_grouped(s));
    uint32_t *number = number_groups(s, &s->folds);
    if (!number)
        return status_last();
    fv_status status = FV_OK;
    if (s->folds < 2)
        status = status_set(FV_ERROR_INVALID, "folds: all pictures are in one group");
    else if (fold >= s->folds)
        status = status_set(FV_ERROR_INVALID, "fold: %lld of %lld groups does not exist", (long long)fold + 1,
                            (long long)s->folds);
    for (int64_t i = 0; status == FV_OK && i < s->training; i++)
        if (number[s->groups[i]] == fold + 1)
            parts[i] = FV_TEST;
    free(number);
    return status;
}

/* ---- what is possible ---- */

/* Every fold is to have every class. */
static fv_status check_classes(const store *s, int64_t folds)
{
    int64_t *counts = store_count_classes(s);
    if (!counts)
        return status_last();
    size_t least = 0;
    for (size_t c = 1; c < s->training_classes; c++)
        least = counts[c] < counts[least] ? c : least;
    int64_t n = counts[least];
    free(counts);
    return n >= folds ? FV_OK
                      : status_set(FV_ERROR_INVALID,
                                   "folds: class %s has %lld pictures for training, too few for %lld folds",
                                   s->classes.items[least], (long long)n, (long long)folds);
}

static fv_status check_groups(const store *s, int64_t folds)
{
    int64_t count = 0;
    uint32_t *number = number_groups(s, &count);
    if (!number)
        return status_last();
    free(number);
    for (int64_t i = 0; i < s->training; i++)
        count += s->groups[i] == 0; /* a group of its own */
    return count >= folds ? FV_OK
                          : status_set(FV_ERROR_INVALID,
                                       "folds: the pictures are in %lld groups, too few for %lld folds",
                                       (long long)count, (long long)folds);
}

fv_status folds_hold_out(store *s, const fv_dataset_options *o, uint8_t *parts)
{
    if (o->leave_one_group_out)
        return leave_group_out(s, o->fold - 1, parts);
    STATUS_TRY(check_classes(s, o->folds));
    if (s->groups)
        STATUS_TRY(check_groups(s, o->folds));
    s->folds = o->folds;
    return (s->groups || s->label_first ? choose : deal)(s, o->seed, o->folds, o->fold - 1, parts);
}

int64_t fv_dataset_fold_count(const fv_dataset *d)
{
    return d ? d->store->folds : 0;
}
