/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside a data set: a source of pictures and the samples drawn from it.
 *
 * A source (folder, IDX, CIFAR: one file each) lists its samples once and then decodes them one by one from any thread.
 */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stdbool.h>

#include "image/image.h"

/* Decodes sample `index` of a part into `out` with `channels` channels; thread-safe. `minimum_height` and `minimum_width`: see
 * image_decode_options (0: full scale). */
fv_status dataset_decode(const fv_dataset *d, int64_t index, int64_t channels, int64_t minimum_height,
                         int64_t minimum_width, image *out);

/* For every class of `d` its index in `names`, or -1: map has fv_dataset_class_count(d) places. Returns how many pictures belong
 * to classes that are not in `names`. */
int64_t dataset_match_classes(const fv_dataset *d, const char *const *names, int64_t count, int32_t *map);

/* Per-channel mean and standard deviation (0..255) of the pictures fitted to `p`, over at most `sample` pictures chosen evenly. */
fv_status dataset_statistics(const fv_dataset *d, const fv_preprocess *p, int64_t sample, float mean[3], float std[3]);

#endif
