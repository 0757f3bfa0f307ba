/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluations out of golden/scores.h. */
#ifndef TEST_SCORES_H
#define TEST_SCORES_H

#include "testing.h"
#include "train/metrics.h"

/* Probabilities (images, classes), truth likewise, the scores in fv_score's order, and of each class precision, recall, F1, area
 * under the ROC curve and average precision. */
typedef struct score_case {
    const char *name;
    int images, classes, top_k, multi_label;
    const float *p;
    const unsigned char *truth;
    const double *values, *class_values;
} score_case;

#include "golden/scores.h"

static const char *const score_class_names[] = {"ant", "bee", "cat", "dog", "elk", "fox"};

static inline const score_case *find_case(const char *name)
{
    for (size_t i = 0; i < sizeof score_cases / sizeof *score_cases; i++)
        if (strcmp(score_cases[i].name, name) == 0)
            return &score_cases[i];
    fail_msg("no case %s", name);
    return NULL;
}

static inline void *copy_of(const void *bytes, size_t size)
{
    void *copy = malloc(size);
    assert_non_null(copy);
    return bytes ? memcpy(copy, bytes, size) : memset(copy, 0, size);
}

/* Filled but for the scores; picture i is picture i of the data. Released with fv_evaluation_release. */
static inline fv_evaluation make_evaluation(const score_case *c)
{
    size_t n = (size_t)c->images, k = (size_t)c->classes;
    fv_evaluation e = {.images = c->images,
                       .class_count = c->classes,
                       .multi_label = c->multi_label,
                       .top_k = c->top_k,
                       .views = 1,
                       .classes = copy_of(NULL, k * sizeof *e.classes),
                       .index = copy_of(NULL, n * sizeof *e.index),
                       .label = copy_of(NULL, n * sizeof *e.label),
                       .predicted = copy_of(NULL, n * sizeof *e.predicted),
                       .probability = copy_of(NULL, n * sizeof *e.probability),
                       .probabilities = copy_of(c->p, n * k * sizeof *e.probabilities)};
    if (c->multi_label)
        e.targets = copy_of(c->truth, n * k);
    else
        e.confusion = copy_of(NULL, k * k * sizeof *e.confusion);
    for (size_t i = 0; i < k; i++)
        e.classes[i].name = score_class_names[i];
    for (size_t i = 0; i < n; i++) {
        const unsigned char *one = memchr(c->truth + i * k, 1, k);
        e.index[i] = (int64_t)i;
        e.label[i] = one ? (int32_t)(one - (c->truth + i * k)) : -1;
    }
    return e;
}

#endif
