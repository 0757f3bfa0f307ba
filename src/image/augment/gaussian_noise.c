/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "image/augment/parameters.h"

typedef struct parameters {
    float mean, sigma;
} parameters;

static const option options[] = {{.name = "mean",
                                  .type = OPTION_FLOAT,
                                  .offset = offsetof(parameters, mean),
                                  .low = -1,
                                  .high = 1,
                                  .shown = "0",
                                  .help = "the noise's mean, where 1 is the way from black to white"},
                                 {.name = "sigma",
                                  .type = OPTION_FLOAT,
                                  .offset = offsetof(parameters, sigma),
                                  .low = 0.0001,
                                  .high = 10,
                                  .shown = "0.1",
                                  .help = "its standard deviation, likewise"},
                                 {0}};

static inline uint8_t add(uint8_t sample, float noise)
{
    return (uint8_t)fminf(fmaxf((float)sample + noise + 0.5f, 0), 255);
}

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    (void)space;
    const parameters *o = p;
    float mean = 255 * strength * o->mean, sigma = 255 * strength * (o->sigma != 0 ? o->sigma : 0.1f);
    int64_t count = strength > 0 ? im->height * im->width * im->channels : 0;
    /* Box-Muller gives two numbers at a time, and a noisy picture needs many. */
    for (int64_t i = 0; i < count; i += 2) {
        float size = sigma * sqrtf(-2 * logf(1 - rng_uniform(r))), sine, cosine;
        sincosf(6.28318530718f * rng_uniform(r), &sine, &cosine);
        im->data[i] = add(im->data[i], mean + size * cosine);
        if (i + 1 < count)
            im->data[i + 1] = add(im->data[i + 1], mean + size * sine);
    }
    return FV_OK;
}

const augmentation augment_gaussian_noise = {
    .name = "gaussian_noise",
    .keras = "GaussianNoise",
    .help = "add noise to every sample; strength multiplies sigma and the mean",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
