/* SPDX-License-Identifier: Apache-2.0 */
#include "image/augment/parameters.h"
#include "image/blur.h"

typedef struct parameters {
    int64_t kernel_size;
    float sigma[2];
} parameters;

static const option options[] = {
    {.name = "kernel_size",
     .type = OPTION_INT,
     .offset = offsetof(parameters, kernel_size),
     .low = 1,
     .high = 999,
     .shown = "3 sigma to either side",
     .help = "how many pixels across are mixed; odd"},
    {.name = "sigma",
     .type = OPTION_FLOATS,
     .length = 2,
     .offset = offsetof(parameters, sigma),
     .low = 0.01,
     .high = 100,
     .shown = "0.1,2",
     .help = "the range of standard deviations, in pixels; one number: always that"},
    {0}};

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    const parameters *o = p;
    double sigma = (double)(strength * augment_draw(augment_range_of(o->sigma, (augment_range){0.1f, 2}), r));
    if (sigma <= 0)
        return FV_OK;
    return blur_image(im, o->kernel_size ? o->kernel_size : blur_size(sigma), sigma, space);
}

static fv_status check(const void *p)
{
    const parameters *o = p;
    if (o->kernel_size && o->kernel_size % 2 == 0)
        return status_set(FV_ERROR_INVALID, "gaussian_blur: kernel_size must be odd, not %lld; try %lld",
                          (long long)o->kernel_size, (long long)o->kernel_size + 1);
    return augment_check_range("gaussian_blur", "sigma", o->sigma);
}

const augmentation augment_gaussian_blur = {
    .name = "gaussian_blur",
    .keras = "RandomGaussianBlur",
    .help = "blur, as out of focus; strength multiplies sigma",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
    .check = check,
};
