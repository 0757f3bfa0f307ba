/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: sources are listed, their classes brought together, training split. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"
#include "data/store.h"

static const float default_split = 0.2f;
static const int64_t uneven_ratio = 10; /* from which on uneven classes are worth a warning */

static bool is_training(const source *s)
{
    return s->part == FV_ALL || s->part == FV_TRAIN;
}

/* ---- sources ---- */

static bool has_part(const listing *l, fv_part part)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->sources[i]->part == part)
            return true;
    return false;
}

static void drop_part(listing *l, fv_part part)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++)
        if (l->sources[i]->part == part)
            l->sources[i]->destroy(l->sources[i]);
        else
            l->sources[kept++] = l->sources[i];
    l->count = kept;
}

/* `part` comes from another place: its part of that name when it has one, else all of it. */
static fv_status take_part(listing *l, const char *path, fv_part part)
{
    listing other = {.on_error = l->on_error,
                     .max_bytes = l->max_bytes,
                     .max_pixels = l->max_pixels,
                     .on_download = l->on_download,
                     .user = l->user};
    STATUS_TRY(listing_open(&other, path));
    drop_part(l, part);
    if (has_part(&other, part))
        for (fv_part p = FV_ALL; p <= FV_TEST; p++)
            if (p != part)
                drop_part(&other, p);
    fv_status status = FV_OK;
    for (size_t i = 0; status == FV_OK && i < other.problems.count; i++)
        status = names_add(&l->problems, "%s", other.problems.items[i]);
    for (size_t i = 0; status == FV_OK && i < other.count; i++) {
        source *moved = other.sources[i];
        other.sources[i] = NULL;
        moved->part = part;
        status = listing_add(l, moved);
    }
    listing_release(&other);
    return status;
}

/* Training first, then validation, then test; else the order in which they were found (an insertion sort:
 * they are few). */
static void order_sources(listing *l)
{
    for (size_t i = 1; i < l->count; i++) {
        source *moved = l->sources[i];
        size_t k = i;
        for (; k > 0 && !is_training(l->sources[k - 1]) &&
               (is_training(moved) || moved->part < l->sources[k - 1]->part);
             k--)
            l->sources[k] = l->sources[k - 1];
        l->sources[k] = moved;
    }
}

/* ---- samples ---- */

static fv_status add_samples(store *s)
{
    const listing *l = &s->sources;
    if (!(s->first = mem_array(l->count + 1, sizeof *s->first)))
        return status_last();
    for (size_t i = 0; i < l->count; i++) {
        s->first[i + 1] = s->first[i] + l->sources[i]->count;
        if (is_training(l->sources[i]))
            s->training = s->first[i + 1];
    }
    s->count = s->first[l->count];
    if (s->count >= SOURCE_MAX_RECORDS)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "%lld pictures are more than the %lld that a data set can hold",
                          (long long)s->count, (long long)SOURCE_MAX_RECORDS);
    STATUS_TRY(store_take_labels(s));
    return store_take_groups(s);
}

/* ---- parts ---- */

static fv_status fill_part(store *s, fv_part part, const uint8_t *parts)
{
    fv_dataset *d = &s->parts[part];
    for (int64_t i = 0; i < s->count; i++)
        d->count += parts[i] == part;
    if (d->count == 0)
        return FV_OK;
    if (!(d->indices = mem_array((size_t)d->count, sizeof *d->indices)))
        return status_last();
    d->store = s;
    d->class_count = (int64_t)s->training_classes;
    int64_t k = 0;
    for (int64_t i = 0; i < s->count; i++)
        if (parts[i] == part) {
            d->indices[k++] = (uint32_t)i;
            const int32_t *labels;
            int64_t n = store_labels(s, i, &labels); /* ascending */
            if (n > 0 && labels[n - 1] >= d->class_count)
                d->class_count = labels[n - 1] + 1;
        }
    return FV_OK;
}

static bool has_folds(const fv_dataset_options *o)
{
    return o->folds != 0 || o->leave_one_group_out;
}

/* The parts that the data does not name are drawn from the training pictures, of which each is a share. */
static fv_status draw_parts(store *s, const fv_dataset_options *o, uint8_t *parts)
{
    float test = has_part(&s->sources, FV_TEST) ? 0 : o->test_split;
    float validation = has_part(&s->sources, FV_VALIDATION) ? 0 : o->validation_split;
    if (has_folds(o))
        STATUS_TRY(folds_hold_out(s, o, parts));
    else if (test > 0)
        STATUS_TRY(split_choose(s, test, o->seed, FV_TEST, parts));
    if (validation > 0)
        STATUS_TRY(split_choose(s, validation / (1 - test), o->seed, FV_VALIDATION, parts));
    for (int64_t i = 0; i < s->training; i++)
        parts[i] = parts[i] ? parts[i] : FV_TRAIN;
    return FV_OK;
}

/* With folds FV_TEST is the one that is held out, and what the data names test is in no part. */
static int part_of(const source *from, const fv_dataset_options *o)
{
    return from->part == FV_TEST && has_folds(o) ? PART_COUNT : (int)from->part;
}

static fv_status make_parts(store *s, const fv_dataset_options *o)
{
    const listing *l = &s->sources;
    uint8_t *parts = mem_array((size_t)s->count, 1);
    if (!parts)
        return status_last();
    fv_status status = draw_parts(s, o, parts);
    for (size_t i = 0; i < l->count; i++)
        if (!is_training(l->sources[i]))
            memset(parts + s->first[i], part_of(l->sources[i], o), (size_t)(s->first[i + 1] - s->first[i]));
    s->parts[FV_ALL] = (fv_dataset){.store = s, .count = s->count, .class_count = (int64_t)s->classes.count};
    for (fv_part p = FV_TRAIN; status == FV_OK && p <= FV_TEST; p++)
        status = fill_part(s, p, parts);
    if (status == FV_OK && s->groups)
        status = store_note_groups(s, parts);
    free(parts);
    return status;
}

/* ---- problems ---- */

static fv_status note_uneven(store *s, const int64_t *counts)
{
    size_t low = 0, high = 0, classes = s->training_classes;
    for (size_t c = 1; c < classes; c++) {
        low = counts[c] < counts[low] ? c : low;
        high = counts[c] > counts[high] ? c : high;
    }
    if (s->training == 0 || counts[high] <= uneven_ratio * counts[low])
        return FV_OK;
    return names_add(&s->sources.problems,
                     "the classes are uneven: %s has %lld pictures for training, %s only %lld; accuracy "
                     "alone will mislead",
                     s->classes.items[high], (long long)counts[high], s->classes.items[low],
                     (long long)counts[low]);
}

static fv_status note_unknown(store *s)
{
    for (size_t c = s->training_classes; c < s->classes.count; c++)
        STATUS_TRY(names_add(&s->sources.problems,
                             "class %s has no pictures for training; a model will not know it",
                             s->classes.items[c]));
    return FV_OK;
}

static fv_status note_classes(store *s)
{
    int64_t *counts = store_count_classes(s);
    if (!counts)
        return status_last();
    fv_status status = note_uneven(s, counts);
    free(counts);
    return status == FV_OK ? note_unknown(s) : status;
}

/* ---- public ---- */

static fv_status check_share(const char *name, float *part, float usual)
{
    if (*part == 0)
        *part = usual;
    else if (*part == (float)FV_OFF)
        *part = 0;
    else if (!(*part > 0 && *part < 1))
        return status_set(FV_ERROR_INVALID, "%s: %g is not between 0 and 1", name, (double)*part);
    return FV_OK;
}

static fv_status check_folds(fv_dataset_options *o)
{
    if (!has_folds(o))
        return o->fold ? status_set(FV_ERROR_INVALID, "fold: %lld of no folds; say how many there are",
                                    (long long)o->fold)
                       : FV_OK;
    o->fold = o->fold ? o->fold : 1;
    if (o->leave_one_group_out ? o->folds != 0 : o->folds < 2)
        return status_set(FV_ERROR_INVALID,
                          o->leave_one_group_out
                              ? "folds: not beside leave_one_group_out, which makes one of each group"
                              : "folds: must be 2 or more");
    if (o->fold < 1 || (o->folds && o->fold > o->folds))
        return status_set(FV_ERROR_INVALID, "fold: %lld of %lld does not exist", (long long)o->fold,
                          (long long)o->folds);
    if (o->test_split > 0)
        return status_set(FV_ERROR_INVALID, "test_split: with folds the held-out one is the test part");
    return FV_OK;
}

static fv_status check_options(const fv_dataset_options *given, fv_dataset_options *o)
{
    *o = (fv_dataset_options){0};
    memcpy(o, given, given->struct_size < sizeof *o ? given->struct_size : sizeof *o);
    if (!o->path || !*o->path)
        return status_set(FV_ERROR_INVALID, "fv_dataset_open: a path is needed");
    if (o->max_pixels < 0 || o->max_bytes < 0)
        return status_set(FV_ERROR_INVALID, "%s: must be 1 or more, not %lld",
                          o->max_pixels < 0 ? "max_pixels" : "max_bytes",
                          (long long)(o->max_pixels < 0 ? o->max_pixels : o->max_bytes));
    STATUS_TRY(check_share("validation_split", &o->validation_split, default_split));
    STATUS_TRY(check_share("test_split", &o->test_split, 0));
    STATUS_TRY(check_folds(o));
    if (o->validation_split + o->test_split >= 1)
        return status_set(FV_ERROR_INVALID,
                          "validation_split and test_split: %g and %g leave nothing for training",
                          (double)o->validation_split, (double)o->test_split);
    return FV_OK;
}

/* Names that archives and tables give may hold anything; a problem is a line. */
static void flatten_problems(listing *l)
{
    for (size_t i = 0; i < l->problems.count; i++)
        text_flatten(l->problems.items[i]);
}

static fv_status open_store(store *s, const fv_dataset_options *o)
{
    s->sources = (listing){.on_error = o->on_error,
                           .max_bytes = o->max_bytes,
                           .max_pixels = o->max_pixels,
                           .on_download = o->on_download,
                           .user = o->user};
    STATUS_TRY(listing_open(&s->sources, o->path));
    for (size_t i = 0; o->ignore_parts && i < s->sources.count; i++)
        s->sources.sources[i]->part = FV_ALL;
    if (o->validation_path)
        STATUS_TRY(take_part(&s->sources, o->validation_path, FV_VALIDATION));
    if (o->test_path)
        STATUS_TRY(take_part(&s->sources, o->test_path, FV_TEST));
    order_sources(&s->sources);
    STATUS_TRY(add_samples(s));
    if (s->classes.count == 0)
        return status_set(FV_ERROR_INVALID, "%s: none of the %lld pictures has a class", o->path,
                          (long long)s->count);
    if (o->keep_together)
        STATUS_TRY(store_read_groups(s, o->keep_together));
    STATUS_TRY(make_parts(s, o));
    STATUS_TRY(note_classes(s));
    flatten_problems(&s->sources);
    return FV_OK;
}

static void store_destroy(store *s)
{
    for (fv_part p = FV_ALL; p <= FV_TEST; p++)
        free(s->parts[p].indices);
    listing_release(&s->sources);
    names_release(&s->classes);
    free(s->first);
    free(s->labels);
    free(s->label_first);
    free(s->label_list);
    free(s->groups);
    name_table_release(&s->group_names);
    free(s);
}

fv_dataset *fv_dataset_open_with(const fv_dataset_options *options)
{
    fv_dataset_options o;
    if (check_options(options, &o) != FV_OK)
        return NULL;
    store *s = mem_array(1, sizeof *s);
    if (!s)
        return NULL;
    if (open_store(s, &o) != FV_OK) {
        store_destroy(s);
        return NULL;
    }
    return &s->parts[FV_ALL];
}

void fv_dataset_destroy(fv_dataset *d)
{
    if (d)
        store_destroy((store *)d->store);
}

const fv_dataset *fv_dataset_part(const fv_dataset *d, fv_part part)
{
    if (!d || part < FV_ALL || part > FV_TEST)
        return NULL;
    const fv_dataset *p = &d->store->parts[part];
    return p->count > 0 ? p : NULL;
}

int64_t fv_dataset_size(const fv_dataset *d)
{
    return d ? d->count : 0;
}

int64_t fv_dataset_class_count(const fv_dataset *d)
{
    return d ? d->class_count : 0;
}

const char *fv_dataset_class_name(const fv_dataset *d, int64_t class_index)
{
    return d && class_index >= 0 && class_index < d->class_count ? d->store->classes.items[class_index]
                                                                 : NULL;
}

int64_t dataset_sample(const fv_dataset *d, int64_t index)
{
    return d->indices ? (int64_t)d->indices[index] : index;
}

int64_t fv_dataset_position(const fv_dataset *d, int64_t index)
{
    return d && index >= 0 && index < d->count ? dataset_sample(d, index) : -1;
}

const source *store_locate(const store *s, int64_t sample, int64_t *record)
{
    size_t i = s->sources.count - 1;
    while (sample < s->first[i])
        i--;
    *record = sample - s->first[i];
    return s->sources.sources[i];
}

void store_file(const store *s, int64_t sample, char *buffer, size_t size)
{
    int64_t record;
    const source *from = store_locate(s, sample, &record);
    from->file(from, record, buffer, size);
}

const source *dataset_locate(const fv_dataset *d, int64_t index, int64_t *record)
{
    return store_locate(d->store, dataset_sample(d, index), record);
}

const char *fv_dataset_file(const fv_dataset *d, int64_t index, char *buffer, size_t size)
{
    if (size > 0)
        buffer[0] = 0;
    if (d && size > 0 && index >= 0 && index < d->count)
        store_file(d->store, dataset_sample(d, index), buffer, size);
    return buffer;
}

fv_status dataset_decode(const fv_dataset *d, int64_t index, const image_decode_options *o,
                         image_space *space, image *out)
{
    if (index < 0 || index >= d->count)
        return status_set(FV_ERROR_INVALID, "picture %lld of %lld does not exist", (long long)index,
                          (long long)d->count);
    int64_t record;
    const source *s = dataset_locate(d, index, &record);
    return source_decode(s, record, o, space, out);
}

int64_t fv_dataset_problem_count(const fv_dataset *d)
{
    return d ? (int64_t)d->store->sources.problems.count : 0;
}

const char *fv_dataset_problem(const fv_dataset *d, int64_t index)
{
    return index >= 0 && index < fv_dataset_problem_count(d) ? d->store->sources.problems.items[index] : NULL;
}
