/* SPDX-License-Identifier: Apache-2.0 */
#include "data/augment.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

/* Up to this size a crop is zero-padded, as is usual for CIFAR; black bars would stand out in larger
 * pictures. */
enum {
    SMALL_SIDE = 64
};

typedef struct preset {
    const char *name;
    /* Grey: shifts of a quarter of the side times this (28 pixels: 2 pixels are 2/7). */
    float grey_shift;
    /* Colour: crops and shifts likewise (32 pixels: 4 pixels are 0.5), and a flip. */
    float colour_shift, flip_probability;
} preset;

static const preset presets[] = {
    {"none", 0, 0, 0},
    {"light", 1.0f / 7, 0, 0.5f},
    {"standard", 2.0f / 7, 0.5f, 0.5f},
    {"strong", 3.0f / 7, 1, 0.5f},
};
enum {
    PRESET_COUNT = sizeof presets / sizeof *presets
};

static void add(augment_policy *p, augment_step step)
{
    if (step.strength > 0 && step.probability > 0)
        p->steps[p->count++] = step;
}

fv_status augment_policy_init(augment_policy *p, const char *name, int64_t channels)
{
    const preset *found = NULL;
    const char *names[PRESET_COUNT];
    *p = (augment_policy){0};
    for (int i = 0; i < PRESET_COUNT; i++) {
        names[i] = presets[i].name;
        if (strcmp(presets[i].name, name) == 0)
            found = &presets[i];
    }
    if (!found) {
        const char *near = text_nearest(name, names, PRESET_COUNT);
        return status_set(FV_ERROR_INVALID, "augment: %s is none of none, light, standard, strong%s%s%s",
                          name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    if (channels == 1) {
        add(p, (augment_step){&augment_random_shift, found->grey_shift, 1, 0, 0});
        return FV_OK;
    }
    add(p, (augment_step){&augment_random_crop, found->colour_shift, 1, 0, SMALL_SIDE});
    add(p, (augment_step){&augment_random_shift, found->colour_shift, 1, SMALL_SIDE + 1, 0});
    add(p, (augment_step){&augment_horizontal_flip, 1, found->flip_probability, 0, 0});
    return FV_OK;
}

fv_status augment_policy_apply(const augment_policy *p, image *im, rng *r, image *scratch)
{
    int64_t side = im->height < im->width ? im->height : im->width;
    for (int i = 0; i < p->count; i++) {
        const augment_step *s = &p->steps[i];
        if (side >= s->min_side && (s->max_side == 0 || side <= s->max_side))
            STATUS_TRY(s->what->apply(im, s->strength, s->probability, r, scratch));
    }
    return FV_OK;
}

void augment_policy_describe(const augment_policy *p, char *buffer, size_t size)
{
    size_t length = 0;
    snprintf(buffer, size, "%s", p->count == 0 ? "none" : "");
    for (int i = 0; i < p->count && length < size; i++) {
        const augment_step *s = &p->steps[i];
        text line = {0};
        text_add(&line, "%s%s", i ? ", " : "", s->what->name);
        if (s->strength < 1)
            text_add(&line, " %.3g", (double)s->strength);
        if (s->probability < 1)
            text_add(&line, " p=%.3g", (double)s->probability);
        if (s->max_side > 0)
            text_add(&line, " (up to %lld pixels)", (long long)s->max_side);
        if (s->min_side > 0)
            text_add(&line, " (from %lld pixels)", (long long)s->min_side);
        int n = snprintf(buffer + length, size - length, "%s", text_string(&line));
        length += n > 0 ? (size_t)n : 0;
        text_release(&line);
    }
}
