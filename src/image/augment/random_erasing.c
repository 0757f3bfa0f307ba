/* SPDX-License-Identifier: Apache-2.0 */
/* Zhong, Zheng, Kang, Li, Yang, "Random erasing data augmentation" (AAAI 2020). */
#include <math.h>

#include "image/augment/parameters.h"

enum {
    CONSTANT,
    COLOUR,
    PIXEL,
    TRIES = 10 /* torchvision's */
};
static const char *const modes[] = {[CONSTANT] = "const", [COLOUR] = "rand", [PIXEL] = "pixel", NULL};

typedef struct parameters {
    float scale[2], ratio[2], value[3];
    int mode;
} parameters;

static const option options[] = {{.name = "scale",
                                  .type = OPTION_FLOATS,
                                  .length = 2,
                                  .offset = offsetof(parameters, scale),
                                  .high = 1,
                                  .shown = "0.02,0.33",
                                  .help = "the range of the rectangle's area, in parts of the picture's"},
                                 {.name = "ratio",
                                  .type = OPTION_FLOATS,
                                  .length = 2,
                                  .offset = offsetof(parameters, ratio),
                                  .low = 0.01,
                                  .high = 100,
                                  .shown = "0.3,3.3",
                                  .help = "the range of its height divided by its width"},
                                 {.name = "value",
                                  .type = OPTION_FLOATS,
                                  .length = 3,
                                  .offset = offsetof(parameters, value),
                                  .high = 255,
                                  .shown = "0",
                                  .help = "its colour, 0 to 255: one number or R,G,B"},
                                 {.name = "mode",
                                  .type = OPTION_CHOICE,
                                  .offset = offsetof(parameters, mode),
                                  .choices = modes,
                                  .shown = "const",
                                  .help = "const: the colour of value; rand: one colour by chance; pixel: "
                                          "noise (torchvision's value 'random')"},
                                 {0}};

typedef struct rectangle {
    int64_t top, left, height, width;
} rectangle;

/* False when no rectangle of that area and shape fitted. */
static bool choose(const parameters *o, float strength, const image *im, rng *r, rectangle *out)
{
    augment_range scale = augment_range_of(o->scale, (augment_range){0.02f, 0.33f}),
                  ratio = augment_range_of(o->ratio, (augment_range){0.3f, 3.3f});
    augment_range log_ratio = {logf(ratio.low), logf(ratio.high)};
    for (int i = 0; i < TRIES; i++) {
        double area = (double)(im->height * im->width) * (double)fminf(1, strength * augment_draw(scale, r));
        double aspect = exp((double)augment_draw(log_ratio, r));
        int64_t h = lrint(sqrt(area * aspect)), w = lrint(sqrt(area / aspect));
        if (h >= im->height || w >= im->width)
            continue;
        *out = (rectangle){(int64_t)rng_below(r, (uint64_t)(im->height - h) + 1),
                           (int64_t)rng_below(r, (uint64_t)(im->width - w) + 1), h, w};
        return true;
    }
    return false;
}

/* What is 0 on average with variance 1 in a picture that is normalised with ImageNet's means and deviations. */
static void draw_colour(rng *r, uint8_t out[3])
{
    static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};
    for (int k = 0; k < 3; k++)
        out[k] = (uint8_t)fminf(fmaxf(255 * (mean[k] + deviation[k] * rng_normal(r)) + 0.5f, 0), 255);
}

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    (void)space;
    const parameters *o = p;
    rectangle erased;
    if (strength == 0 || !choose(o, strength, im, r, &erased))
        return FV_OK;
    uint8_t colour[3];
    augment_colour(o->value, colour);
    if (o->mode == COLOUR)
        draw_colour(r, colour);
    for (int64_t y = erased.top; y < erased.top + erased.height; y++)
        for (int64_t x = erased.left; x < erased.left + erased.width; x++) {
            if (o->mode == PIXEL)
                draw_colour(r, colour);
            for (int64_t k = 0; k < im->channels; k++)
                im->data[(y * im->width + x) * im->channels + k] = colour[k];
        }
    return FV_OK;
}

static fv_status check(const void *p)
{
    const parameters *o = p;
    STATUS_TRY(augment_check_range("random_erasing", "scale", o->scale));
    return augment_check_range("random_erasing", "ratio", o->ratio);
}

const augmentation augment_random_erasing = {
    .name = "random_erasing",
    .keras = "RandomErasing",
    .probability = 0.5f,
    .help = "paint over a rectangle at random; strength multiplies its area",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
    .check = check,
};
