/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/adjust.h"
#include "image/augment/parameters.h"

enum {
    HUE = 3
};

typedef struct parameters {
    float brightness[2], contrast[2], saturation[2], hue[2];
} parameters;

#define RANGE(field, least, most, what)                                                                      \
    {                                                                                                        \
        .name = #field, .type = OPTION_FLOATS, .offset = offsetof(parameters, field), .length = 2,           \
        .low = least, .high = most, .shown = "0", .help = what                                               \
    }

static const option options[] = {
    RANGE(brightness, 0, 100, "factors 1 - B to 1 + B, or [lowest, highest]"),
    RANGE(contrast, 0, 100, "likewise"),
    RANGE(saturation, 0, 100, "likewise; colour pictures only"),
    RANGE(hue, -0.5, 0.5, "turns of -H to H of the circle, or [lowest, highest]; colour pictures only"),
    {0}};

static bool is_given(const float given[2])
{
    return given[0] != 0 || given[1] != 0;
}

/* One number is a distance from 1, the factor that changes nothing, but not below 0; for hue from 0. */
static float draw(const float given[2], float middle, float strength, rng *r)
{
    augment_range limits = {given[0], given[1]};
    if (isnan(given[1]))
        limits = (augment_range){middle - fabsf(given[0]), middle + fabsf(given[0])};
    if (middle == 1)
        limits.low = fmaxf(limits.low, 0);
    return middle + strength * (augment_draw(limits, r) - middle);
}

static void change(image *im, int what, const float given[2], float strength, rng *r)
{
    static void (*const functions[])(image *, float) = {adjust_brightness, adjust_contrast,
                                                        adjust_saturation};
    if (!is_given(given))
        return;
    if (what == HUE)
        adjust_hue(im, fminf(fmaxf(draw(given, 0, strength, r), -0.5f), 0.5f));
    else
        functions[what](im, fmaxf(draw(given, 1, strength, r), 0));
}

static fv_status apply(const void *parameters_, float strength, image *im, rng *r, image_space *space)
{
    (void)space;
    const parameters *p = parameters_;
    const float *const given[] = {p->brightness, p->contrast, p->saturation, p->hue};
    int64_t order[] = {0, 1, 2, 3};
    rng_shuffle(r, order, 4);
    for (int i = 0; i < 4; i++)
        change(im, (int)order[i], given[order[i]], strength, r);
    return FV_OK;
}

static fv_status check(const void *parameters_)
{
    const parameters *p = parameters_;
    STATUS_TRY(augment_check_range("color_jitter", "brightness", p->brightness));
    STATUS_TRY(augment_check_range("color_jitter", "contrast", p->contrast));
    STATUS_TRY(augment_check_range("color_jitter", "saturation", p->saturation));
    STATUS_TRY(augment_check_range("color_jitter", "hue", p->hue));
    if (is_given(p->brightness) || is_given(p->contrast) || is_given(p->saturation) || is_given(p->hue))
        return FV_OK;
    return status_set(
        FV_ERROR_INVALID,
        "color_jitter: changes nothing unless brightness, contrast, saturation or hue is given");
}

const augmentation augment_color_jitter = {
    .name = "color_jitter",
    .keras = "RandomColorJitter",
    .help = "change brightness, contrast, saturation and hue, in random order",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
    .check = check,
};
