/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment.h"

#include <math.h>

enum {
    TRIES = 10
};

static const float default_scale[2] = {0.08f, 1}, default_ratio[2] = {3.0f / 4, 4.0f / 3};

typedef struct parameters {
    float scale[2], ratio[2];
} parameters;

static const option options[] = {
    {.name = "scale",
     .type = OPTION_FLOATS,
     .offset = offsetof(parameters, scale),
     .length = 2,
     .low = 1e-4,
     .high = 1,
     .shown = "0.08, 1",
     .help = "least and greatest share of the picture's area"},
    {.name = "ratio",
     .type = OPTION_FLOATS,
     .offset = offsetof(parameters, ratio),
     .length = 2,
     .low = 0.01,
     .high = 100,
     .shown = "3/4, 4/3",
     .help = "least and greatest width by height"},
    {0},
};

static float number(float given, float otherwise)
{
    return given == 0 || isnan(given) ? otherwise : given;
}

/* What is not given has its default. */
static parameters resolve(const parameters *given)
{
    parameters p = {{default_scale[0], default_scale[1]}, {default_ratio[0], default_ratio[1]}};
    for (int i = 0; given && i < 2; i++) {
        p.scale[i] = number(given->scale[i], default_scale[i]);
        p.ratio[i] = number(given->ratio[i], default_ratio[i]);
    }
    return p;
}

/* torchvision's fallback: the largest part in the middle whose ratio is within the limits. */
static void middle(double low, double high, int64_t height, int64_t width, image_region *region)
{
    double ratio = (double)width / (double)height;
    int64_t h = height, w = width;
    if (ratio < low)
        h = (int64_t)fmax(1, rint((double)w / low));
    else if (ratio > high)
        w = (int64_t)fmax(1, rint((double)h * high));
    *region = (image_region){.top = (height - h) / 2, .left = (width - w) / 2, .height = h, .width = w};
}

/* torchvision's RandomResizedCrop.get_params: areas are uniform, ratios uniform in their logarithm. A strength other than 1
 * moves the limits of both away from, or closer to, the whole picture. */
static void choose(const void *given, float strength, int64_t height, int64_t width, rng *r,
                   image_region *region)
{
    parameters p = resolve(given);
    double area = (double)height * (double)width;
    float low_scale = fmaxf(1 - (1 - p.scale[0]) * strength, 1e-4f),
          high_scale = fmaxf(1 - (1 - p.scale[1]) * strength, 1e-4f);
    float low = logf(p.ratio[0]) * strength, high = logf(p.ratio[1]) * strength;
    for (int i = 0; i < TRIES; i++) {
        double wanted = area * (double)rng_range(r, low_scale, high_scale);
        double ratio = exp((double)rng_range(r, low, high));
        int64_t w = (int64_t)rint(sqrt(wanted * ratio)), h = (int64_t)rint(sqrt(wanted / ratio));
        if (w < 1 || h < 1 || w > width || h > height)
            continue;
        int64_t top = (int64_t)rng_below(r, (uint64_t)(height - h + 1));
        int64_t left = (int64_t)rng_below(r, (uint64_t)(width - w + 1));
        *region = (image_region){.top = top, .left = left, .height = h, .width = w};
        return;
    }
    middle(exp((double)low), exp((double)high), height, width, region);
}

static fv_status check(const void *given)
{
    parameters p = resolve(given);
    if (p.scale[0] <= p.scale[1] && p.ratio[0] <= p.ratio[1])
        return FV_OK;
    return status_set(FV_ERROR_INVALID,
                      "random_resized_crop: scale and ratio are two numbers each, the lower one first");
}

const augmentation augment_random_resized_crop = {
    .name = "random_resized_crop",
    .help = "cut out a part of random size, shape and place, resized to the network's input",
    .options = options,
    .size = sizeof(parameters),
    .choose = choose,
    .check = check,
};
