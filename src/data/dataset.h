/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a data set: sources of pictures (data/source.h) and the samples drawn from them.
 *
 *     image picture = {0};
 *     image_space space = {0};
 *     STATUS_TRY(dataset_decode(part, index, &(image_decode_options){.channels = 3}, &space, &picture));
 */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stdbool.h>

#include "image/image.h"

/* Decodes sample `index` of a part into `out`; thread-safe, with a space for each thread. */
fv_status dataset_decode(const fv_dataset *d, int64_t index, const image_decode_options *o,
                         image_space *space, image *out);

/* The classes of sample `index`: one, or any number in multi-label data. Returns their count. */
int64_t dataset_labels(const fv_dataset *d, int64_t index, const int32_t **labels);
bool dataset_is_multi_label(const fv_dataset *d);

/* For every class of `d` its index in `names`, or -1: map has fv_dataset_class_count(d) places. Returns how
 * many pictures have a class that is not in `names`. */
int64_t dataset_match_classes(const fv_dataset *d, const char *const *names, int64_t count, int32_t *map);

/* Per-channel mean and standard deviation (0..255, in the network's channel order) of the pictures fitted to
 * `p`, over at most `sample` pictures chosen evenly; unreadable ones are left out. A deviation of zero, as in
 * blank pictures, is given as 1. */
fv_status dataset_statistics(const fv_dataset *d, const fv_preprocess *p, int64_t sample, float mean[3],
                             float std[3]);

/* What tells a data set from another one, without decoding: numbers of pictures and classes, the classes' names, and of the pictures in their
 * order labels and either pixels, where these are in memory, or names without folders and sizes (of many files not every one's). */
typedef struct dataset_fingerprint {
    int64_t pictures, classes;
    uint64_t names, contents;
} dataset_fingerprint;
fv_status dataset_take_fingerprint(const fv_dataset *d, dataset_fingerprint *out);

#endif
