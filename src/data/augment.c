/* SPDX-License-Identifier: Apache-2.0 */
#include "data/augment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"

/* Up to this size a crop is zero-padded, as is usual for CIFAR; black bars would stand out in larger
 * pictures. */
enum {
    SMALL_SIDE = 64
};

typedef struct preset {
    const char *name;
    /* Grey: shifts of an eighth of the side times this (28 pixels: 2 pixels are 4/7). */
    float grey_shift;
    /* Colour: crops and shifts likewise (32 pixels: 4 pixels are 1), and a flip. */
    float colour_shift, flip_probability;
} preset;

static const preset presets[] = {
    {"none", 0, 0, 0},
    {"light", 2.0f / 7, 0, 0.5f},
    {"standard", 4.0f / 7, 1, 0.5f},
    {"strong", 6.0f / 7, 2, 0.5f},
};
enum {
    PRESET_COUNT = sizeof presets / sizeof *presets
};

static fv_status add(augment_policy *p, const augmentation *what, float strength, float probability)
{
    if (strength == 0 || probability == 0)
        return FV_OK;
    STATUS_TRY(MEM_GROW(p->steps, p->count, p->capacity));
    void *parameters = mem_array(1, what->size); /* all at their defaults */
    if (!parameters)
        return status_last();
    p->steps[p->count++] = (augment_step){what, parameters, strength, probability};
    return FV_OK;
}

static fv_status add_preset(augment_policy *p, const preset *found, const augment_context *c)
{
    if (c->channels == 1)
        return add(p, &augment_random_shift, found->grey_shift, 1);
    bool small = (c->height < c->width ? c->height : c->width) <= SMALL_SIDE;
    STATUS_TRY(add(p, small ? &augment_random_crop : &augment_random_shift, found->colour_shift, 1));
    return add(p, &augment_random_horizontal_flip, 1, found->flip_probability);
}

fv_status augment_policy_init(augment_policy *p, const char *words, const augment_context *c)
{
    const preset *found = NULL;
    const char *names[PRESET_COUNT];
    *p = (augment_policy){0};
    for (int i = 0; i < PRESET_COUNT; i++) {
        names[i] = presets[i].name;
        if (strcmp(presets[i].name, words) == 0)
            found = &presets[i];
    }
    if (!found) {
        const char *near = text_nearest(words, names, PRESET_COUNT);
        return status_set(FV_ERROR_INVALID, "augment: %s is none of none, light, standard, strong%s%s%s",
                          words, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    fv_status status = add_preset(p, found, c);
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

fv_status augment_policy_apply(const augment_policy *p, image *im, rng *r, image_space *space)
{
    for (size_t i = 0; i < p->count; i++) {
        const augment_step *s = &p->steps[i];
        if (!s->what->apply || (s->what->colour_only && im->channels == 1))
            continue;
        if (s->probability >= 1 || rng_uniform(r) < s->probability)
            STATUS_TRY(s->what->apply(s->parameters, s->strength, im, r, space));
    }
    return FV_OK;
}

void augment_policy_describe(const augment_policy *p, char *buffer, size_t size)
{
    text line = {0};
    for (size_t i = 0; i < p->count; i++) {
        const augment_step *s = &p->steps[i];
        text_add(&line, "%s%s", i ? ", " : "", s->what->name);
        if (s->strength != 1)
            text_add(&line, " %.3g", (double)s->strength);
        if (s->probability < 1)
            text_add(&line, " p=%.3g", (double)s->probability);
    }
    snprintf(buffer, size, "%s", p->count ? text_string(&line) : "none");
    text_release(&line);
}
