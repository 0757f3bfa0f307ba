/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Augmentation policies: which augmentations of image/augment/ are applied, how strongly and how often.
 *
 *     augment_policy policy;
 *     STATUS_TRY(augment_policy_init(&policy, "standard", 3));
 *     rng r = rng_at(seed, epoch, index);
 *     STATUS_TRY(augment_policy_apply(&policy, &picture, &r, &scratch));
 */
#ifndef DATA_AUGMENT_H
#define DATA_AUGMENT_H

#include "image/image.h"

enum {
    AUGMENT_MAX_STEPS = 16
};

typedef struct augment_step {
    const augmentation *what;
    float strength, probability;
    int64_t min_side, max_side; /* for pictures whose shorter side lies in this range; max_side 0: no limit */
} augment_step;

typedef struct augment_policy {
    augment_step steps[AUGMENT_MAX_STEPS];
    int count;
} augment_policy;

/* A preset ("none", "light", "standard", "strong") suited to pictures of this size and this number of
 * channels: nothing is flipped in one-channel data. */
fv_status augment_policy_init(augment_policy *p, const char *preset, int64_t channels);
fv_status augment_policy_apply(const augment_policy *p, image *im, rng *r, image *scratch);
/* Says what the policy does, e.g. "random_crop 0.5, horizontal_flip p=0.5". */
void augment_policy_describe(const augment_policy *p, char *buffer, size_t size);

#endif
