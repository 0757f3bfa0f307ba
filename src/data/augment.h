/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Augmentation policies: which augmentations of image/augment/ are applied, how strongly and how often.
 *
 *     augment_policy policy = {0};
 *     STATUS_TRY(augment_policy_init(&policy, "standard", &context));
 *     rng r = rng_at(seed, epoch, index);
 *     STATUS_TRY(augment_policy_apply(&policy, &picture, &r, &space));
 *     augment_policy_release(&policy);
 */
#ifndef DATA_AUGMENT_H
#define DATA_AUGMENT_H

#include "image/augment.h"

typedef struct augment_step {
    const augmentation *what;
    void *parameters; /* owned; NULL: none */
    float strength, probability;
} augment_step;

typedef struct augment_policy {
    augment_step *steps;
    size_t count, capacity;
} augment_policy;

/* What a preset looks at: the network's input, and what the classes are called. */
typedef struct augment_context {
    int64_t height, width, channels;
    const char *const *classes; /* may be NULL */
    int64_t class_count;
} augment_context;

/* `words`: a preset ("none", "light", "standard", "strong"). Released on failure. */
fv_status augment_policy_init(augment_policy *p, const char *words, const augment_context *c);
void augment_policy_release(augment_policy *p);
/* The steps that change single pictures, in order. */
fv_status augment_policy_apply(const augment_policy *p, image *im, rng *r, image_space *space);
/* Says what the policy does, e.g. "random_crop 0.5, random_horizontal_flip p=0.5". */
void augment_policy_describe(const augment_policy *p, char *buffer, size_t size);

#endif
