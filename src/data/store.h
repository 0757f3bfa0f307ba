/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a data set and its parts share: the sources, the samples (all records of all sources, one after the
 * other, training first) and the classes.
 *
 *     int64_t record;
 *     const source *s = dataset_locate(d, index, &record);
 */
#ifndef DATA_STORE_H
#define DATA_STORE_H

#include "data/dataset.h"
#include "data/source.h"

enum {
    PART_COUNT = FV_TEST + 1
};

typedef struct store store;

struct fv_dataset {
    const store *store;
    uint32_t *indices; /* (count) into the store's samples, ascending; NULL: all of them */
    int64_t count;
    int64_t class_count; /* training's classes, and further ones up to the highest label of this part */
};

struct store {
    fv_dataset parts[PART_COUNT]; /* by fv_part; the first is what the caller holds */
    listing sources;              /* with the problems */
    int64_t *first;               /* (sources.count + 1): the sample with which a source begins */
    int64_t count, training;      /* samples; the first `training` ones are for training and validation */
    int32_t *labels;       /* (count): index in classes; in multi-label data the first of several, or -1 */
    uint32_t *label_first; /* multi-label data: (count + 1), sample i has label_list[label_first[i]] to */
    int32_t *label_list;   /* label_list[label_first[i + 1] - 1]; else NULL */
    name_list classes;     /* the training part's, then what else occurs in others */
    size_t training_classes;
    uint32_t
        *groups; /* (count): 1 + the group's index in group_names, 0: a group of its own; NULL: no groups */
    name_table group_names;
    int64_t folds; /* of a cross-validation; 0: there are none */
};

/* The sample behind a part's index (in range). */
int64_t dataset_sample(const fv_dataset *d, int64_t index);

/* statistics.c: the i-th of n indices spread evenly over the data set. */
int64_t dataset_spread(const fv_dataset *d, int64_t i, int64_t n);

/* The source of sample `index` (in range) of `d`, and its record there. */
const source *dataset_locate(const fv_dataset *d, int64_t index, int64_t *record);
const source *store_locate(const store *s, int64_t sample, int64_t *record);
/* The sample's name, see fv_dataset_file. */
void store_file(const store *s, int64_t sample, char *buffer, size_t size);

/* labels.c: takes the labels out of the sources; fills labels, label_first, label_list, classes and
 * training_classes. */
fv_status store_take_labels(store *s);
/* As dataset_labels, of a sample of the store; ascending. */
int64_t store_labels(const store *s, int64_t sample, const int32_t **labels);
/* Training pictures of each class, which the caller frees; NULL: out of memory. */
int64_t *store_count_classes(const store *s);

/* groups.c: takes the groups out of the sources; fills groups and group_names. */
fv_status store_take_groups(store *s);
/* Adds a problem when pictures of one group lie in several parts, of which parts[i] is sample i's, and one for the classes that
 * a part lacks because of groups. */
fv_status store_note_groups(store *s, const uint8_t *parts);

/* together.c: takes the groups from a table of file,group rows, in place of those there are. */
fv_status store_read_groups(store *s, const char *path);

/* split.c: gives the part `mark` to some of the training samples whose part is FV_ALL: of every class to the share `part`,
 * rounded, but at least one stays on each side where a class has two (with groups: two groups). Groups stay whole. */
fv_status split_choose(const store *s, float part, uint64_t seed, fv_part mark, uint8_t *parts);

/* folds.c: gives FV_TEST to the training samples of the fold that the options hold out; parts are FV_ALL before. */
fv_status folds_hold_out(store *s, const fv_dataset_options *o, uint8_t *parts);

#endif
