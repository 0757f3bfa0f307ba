/* SPDX-License-Identifier: Apache-2.0 */
#include "data/augment.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "image/augment/beta.h"

/* Up to this size a crop is zero-padded, as is usual for CIFAR; black bars would stand out in larger
 * pictures. */
enum {
    SMALL_SIDE = 64
};

/* ---- presets ---- */

typedef enum kind {
    GREY = 0,   /* drawings, scans, microscopes: left and right may differ in meaning */
    CHARACTERS, /* digits and letters in colour, whose mirror images are others or none */
    SMALL,
    LARGE,
    KINDS
} kind;

typedef struct preset {
    const char *name;
    const char *steps[KINDS];
} preset;

/*
 * Why not what automatic policies do: solarising makes a bright stroke hollow, and one that is erased in the paper's colour may be
 * another digit; noise is seen to cover something.
 */
#define STRONG_GREY                                                                                          \
    "[random_affine: {degrees: 15, translate: [0.1, 0.1], scale: [0.85, 1.15], shear: 10, "                  \
    "interpolation: bilinear, fill_mode: reflect}, color_jitter: {brightness: 0.3, contrast: 0.3}, "         \
    "random_erasing: {p: 0.25, scale: [0.02, 0.2], mode: pixel}]"

/* In the policy language. TrivialAugment moves by up to 32 pixels, which leaves nothing of a small picture: RandAugment's moves are
 * in parts of the side. Shifts and crops of strength 1 move by up to an eighth of a side: 0.57 is 2 of 28 pixels. */
static const preset presets[] = {
    {"none", {"[]", "[]", "[]", "[]"}},
    {"light",
     {"[random_shift: {strength: 0.29}]", "[random_shift: {strength: 0.29}]", "[random_horizontal_flip]",
      "[random_resized_crop: {scale: [0.7, 1]}, random_horizontal_flip]"}},
    {"standard",
     {"[random_rotation: {degrees: 10, interpolation: bilinear, fill_mode: reflect}, random_shift: "
      "{strength: 0.57}]",
      "[random_rotation: {degrees: 10, interpolation: bilinear, fill_mode: reflect}, random_shift: "
      "{strength: 0.57}]",
      "[random_crop, random_horizontal_flip]",
      "[random_resized_crop: {scale: [0.35, 1]}, random_horizontal_flip, "
      "color_jitter: {brightness: 0.2, contrast: 0.2, saturation: 0.2}]"}},
    {"strong",
     {STRONG_GREY, STRONG_GREY,
      "[random_crop, random_horizontal_flip, rand_augment, random_erasing: {p: 0.25, mode: pixel}]",
      "[random_resized_crop: {scale: [0.2, 1]}, random_horizontal_flip, trivial_augment_wide, "
      "random_erasing: {p: 0.25, mode: pixel}]"}},
};
enum {
    PRESET_COUNT = sizeof presets / sizeof *presets
};

/* One character: a digit, a letter, or anything beyond ASCII. */
static bool is_character(const char *name)
{
    unsigned char first = (unsigned char)name[0];
    size_t length = strlen(name), expected = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    bool letter = (first >= '0' && first <= '9') || (first >= 'A' && first <= 'Z') ||
                  (first >= 'a' && first <= 'z') || first >= 0xc0;
    return letter && length == expected;
}

static kind kind_of(const augment_context *c)
{
    bool characters = c->classes && c->class_count > 0;
    if (c->channels == 1)
        return GREY;
    for (int64_t i = 0; characters && i < c->class_count; i++)
        characters = is_character(c->classes[i]);
    if (characters)
        return CHARACTERS;
    return (c->height < c->width ? c->height : c->width) <= SMALL_SIDE ? SMALL : LARGE;
}

const char *augment_kind(const augment_context *c)
{
    static const char *const names[KINDS] = {"grey pictures", "digits and letters", "small colour pictures",
                                             "photos"};
    return names[kind_of(c)];
}

const char *augment_preset(const char *name, const augment_context *c)
{
    for (int i = 0; i < PRESET_COUNT; i++)
        if (strcmp(presets[i].name, name) == 0)
            return presets[i].steps[kind_of(c)];
    return NULL;
}

fv_status augment_preset_unknown(const char *name)
{
    const char *names[PRESET_COUNT];
    for (int i = 0; i < PRESET_COUNT; i++)
        names[i] = presets[i].name;
    const char *near = strlen(name) < 64 ? text_nearest(name, names, PRESET_COUNT) : NULL;
    return status_set(FV_ERROR_INVALID,
                      "augment: '%.100s' is neither none, light, standard or strong nor a .yaml file nor a "
                      "list in brackets%s%s%s",
                      name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* ---- steps ---- */

fv_status augment_policy_add_step(augment_policy *p, const augmentation *what, const void *parameters,
                                  float strength, float probability)
{
    if (strength == 0 || probability == 0)
        return FV_OK;
    STATUS_TRY(MEM_GROW(p->steps, p->count, p->capacity));
    augment_step s = {.what = what, .strength = strength, .probability = probability};
    if (what->size > 0) {
        if (!(s.parameters = mem_array(1, what->size)))
            return status_last();
        if (parameters)
            memcpy(s.parameters, parameters, what->size);
    }
    fv_status status = what->check ? what->check(s.parameters) : FV_OK;
    if (status == FV_OK)
        p->steps[p->count++] = s;
    else
        free(s.parameters);
    return status;
}

static fv_status add_mixing(augment_policy *p, const augmentation *what, float alpha)
{
    if (alpha == 0)
        return FV_OK;
    beta_parameters parameters = {.alpha = alpha};
    STATUS_TRY(options_check(beta_options, &parameters, what->name));
    return augment_policy_add_step(p, what, &parameters, 1, 1);
}

fv_status augment_policy_add_extras(augment_policy *p, float erase, float mixup, float cutmix)
{
    if (!(erase >= 0 && erase <= 1))
        return status_set(FV_ERROR_INVALID, "erase must be a probability, 0..1, not %g", (double)erase);
    STATUS_TRY(augment_policy_add_step(p, &augment_random_erasing, NULL, 1, erase));
    STATUS_TRY(add_mixing(p, &augment_mixup, mixup));
    return add_mixing(p, &augment_cutmix, cutmix);
}

fv_status augment_policy_init(augment_policy *p, const char *words, const augment_context *c)
{
    *p = (augment_policy){0};
    fv_status status = augment_policy_add(p, words, c);
    if (status != FV_OK)
        augment_policy_release(p);
    return status;
}

void augment_policy_release(augment_policy *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->steps[i].parameters);
    free(p->steps);
    *p = (augment_policy){0};
}

/* ---- use ---- */

static bool takes_place(const augment_step *s, rng *r)
{
    return s->probability >= 1 || rng_uniform(r) < s->probability;
}

fv_status augment_policy_apply(const augment_policy *p, image *im, rng *r, image_space *space)
{
    for (size_t i = 0; i < p->count; i++) {
        const augment_step *s = &p->steps[i];
        if (!s->what->apply || (s->what->colour_only && im->channels == 1))
            continue;
        if (takes_place(s, r))
            STATUS_TRY(s->what->apply(s->parameters, s->strength, im, r, space));
    }
    return FV_OK;
}

/* The n-th step that mixes, from 0; NULL: there are no more. */
static const augment_step *mixing_step(const augment_policy *p, uint64_t n)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->steps[i].what->mix && n-- == 0)
            return &p->steps[i];
    return NULL;
}

bool augment_policy_mixes(const augment_policy *p)
{
    return mixing_step(p, 0) != NULL;
}

fv_status augment_policy_mix(const augment_policy *p, image *im, const image *other, rng *r, float *share)
{
    uint64_t count = 0;
    *share = 1;
    while (mixing_step(p, count))
        count++;
    const augment_step *s = count > 0 ? mixing_step(p, rng_below(r, count)) : NULL;
    return s && takes_place(s, r) ? s->what->mix(s->parameters, s->strength, im, other, r, share) : FV_OK;
}
