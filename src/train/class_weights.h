/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What classes weigh in the loss, from how many pictures have them.
 *
 *     class_counts counts = {.pictures = 70, .classes = 3, .with = with};
 *     class_weights_balance(&counts, FV_BALANCE_WEIGHTS, false, weights);
 */
#ifndef TRAIN_CLASS_WEIGHTS_H
#define TRAIN_CLASS_WEIGHTS_H

#include <stdbool.h>

#include "core/status.h"
#include "core/text.h"

typedef struct class_counts {
    int64_t pictures, classes;
    int64_t *with; /* (classes): pictures that have the class */
} class_counts;

/* Counts the pictures whose classes the model knows; `map` leads from the data's classes to the model's. The caller frees
 * counts->with. */
fv_status class_counts_make(const fv_dataset *data, const int32_t *map, int64_t classes,
                            class_counts *counts);

/* Of FV_BALANCE_WEIGHTS or FV_BALANCE_EFFECTIVE: pictures' weights by class, or with `multi_label` what each class weighs where a picture
 * has it. A class without pictures has 1. */
void class_weights_balance(const class_counts *counts, fv_balance balance, bool multi_label, float *weights);

/* A line: the weights with the numbers they come from; of many classes the smallest and the largest. */
void class_weights_describe(const class_counts *counts, const char *const *names, const float *weights,
                            text *out);

#endif
