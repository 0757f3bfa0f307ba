/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Augmentation policies: which augmentations of image/augment/ are applied, how strongly and how often (docs/augmentation.md).
 *
 *     augment_policy policy = {0};
 *     STATUS_TRY(augment_policy_init(&policy, "standard", &context));
 *     rng r = rng_at(seed, epoch, index);
 *     STATUS_TRY(augment_policy_apply(&policy, &picture, &r, &space));
 *     if (augment_policy_mixes(&policy))
 *         STATUS_TRY(augment_policy_mix(&policy, &picture, &other, &r, &share));
 *     augment_policy_release(&policy);
 */
#ifndef DATA_AUGMENT_H
#define DATA_AUGMENT_H

#include "core/text.h"
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

/* `words`: a preset ("none", "light", "standard", "strong"), a file that ends in .yaml or .yml, or YAML: a list of names,
 * `name: {parameter: value, p: 0.5, strength: 0.8}`, and `preset: standard`. Released on failure. */
fv_status augment_policy_init(augment_policy *p, const char *words, const augment_context *c);
/* Further steps behind those that are there; the policy stays releasable on failure. */
fv_status augment_policy_add(augment_policy *p, const char *words, const augment_context *c);
void augment_policy_release(augment_policy *p);

/* Takes one step: `parameters` (NULL: defaults) are copied, and checked. */
fv_status augment_policy_add_step(augment_policy *p, const augmentation *what, const void *parameters,
                                  float strength, float probability);
/* Random erasing with probability `erase`, MixUp and CutMix with these alphas; 0: not that one. */
fv_status augment_policy_add_extras(augment_policy *p, float erase, float mixup, float cutmix);
/* A preset's steps in the policy's own language; NULL: there is none of that name. */
const char *augment_preset(const char *name, const augment_context *c);
/* The data that a preset takes these pictures for, e.g. "grey pictures". */
const char *augment_kind(const augment_context *c);
/* The error for a preset that there is not. */
fv_status augment_preset_unknown(const char *name);

/* The steps that change single pictures, in order. */
fv_status augment_policy_apply(const augment_policy *p, image *im, rng *r, image_space *space);
/* Whether pictures are mixed with others; and doing it: of several such steps one is drawn. *share is the part of `im` that
 * remains, 1 when this time nothing is mixed. */
bool augment_policy_mixes(const augment_policy *p);
fv_status augment_policy_mix(const augment_policy *p, image *im, const image *other, rng *r, float *share);

/* Appends what the policy does as YAML that augment_policy_init reads, e.g.
 * "[random_crop: {strength: 0.5}, random_horizontal_flip: {p: 0.5}]", or "none". */
void augment_policy_describe(const augment_policy *p, text *out);
/* The same as a line for a log, which says what data a preset was chosen for: "augmentation: ... (standard, for grey pictures)". */
void augment_policy_tell(const augment_policy *p, const char *words, const augment_context *c, text *out);

#endif
