/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a data set: sources of pictures (data/source.h) and the samples drawn from them.
 *
 *     image picture = {0};
 *     STATUS_TRY(dataset_decode(part, index, 3, 0, 0, &picture));
 */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stdbool.h>

#include "image/image.h"

/* Decodes sample `index` of a part into `out` with `channels` channels; thread-safe. `minimum_height` and
 * `minimum_width`: see image_decode_options (0: full scale). */
fv_status dataset_decode(const fv_dataset *d, int64_t index, int64_t channels, int64_t minimum_height,
                         int64_t minimum_width, image *out);

/* For every class of `d` its index in `names`, or -1: map has fv_dataset_class_count(d) places. Returns how
 * many pictures belong to classes that are not in `names`. */
int64_t dataset_match_classes(const fv_dataset *d, const char *const *names, int64_t count, int32_t *map);

/* Per-channel mean and standard deviation (0..255, in the network's channel order) of the pictures fitted to
 * `p`, over at most `sample` pictures chosen evenly; unreadable ones are left out. A deviation of zero, as in
 * blank pictures, is given as 1. */
fv_status dataset_statistics(const fv_dataset *d, const fv_preprocess *p, int64_t sample, float mean[3],
                             float std[3]);

#endif
