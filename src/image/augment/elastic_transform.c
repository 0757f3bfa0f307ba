/* SPDX-License-Identifier: Apache-2.0 */
/* Simard, Steinkraus, Platt, "Best practices for convolutional neural networks applied to visual document analysis" (2003). */
#include <math.h>

#include "image/augment/parameters.h"
#include "image/blur.h"

typedef struct parameters {
    float alpha[2], sigma[2];
    augment_look look;
} parameters;

static const option options[] = {
    {.name = "alpha",
     .type = OPTION_FLOATS,
     .length = 2,
     .offset = offsetof(parameters, alpha),
     .high = 10000,
     .shown = "50",
     .help = "how far pixels move along x and y: half of this times smoothed noise between -1 and 1"},
    {.name = "sigma",
     .type = OPTION_FLOATS,
     .length = 2,
     .offset = offsetof(parameters, sigma),
     .low = 0.1,
     .high = 50,
     .shown = "5",
     .help = "how smooth the moves are along x and y: the noise's blur, in pixels"},
    AUGMENT_LOOK_OPTIONS(bilinear, constant),
    {0}};

/* torchvision's kernel: four standard deviations to either side. */
static int64_t kernel_size(double sigma)
{
    return (int64_t)(8 * sigma + 1) | 1;
}

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    const parameters *o = p;
    augment_range alpha = augment_range_of(o->alpha, (augment_range){50, 50}),
                  smooth = augment_range_of(o->sigma, (augment_range){5, 5});
    double sigma[2] = {(double)smooth.low, (double)smooth.high};
    if (strength == 0)
        return FV_OK;
    int64_t h = im->height, w = im->width, n = h * w;
    int64_t size[2] = {kernel_size(sigma[0]), kernel_size(sigma[1])};
    size_t scratch = blur_scratch(h, w, 1, size[size[1] > size[0]]);
    STATUS_TRY(image_reshape(&space->spare[1], 1, 2 * n + (int64_t)scratch, (int64_t)sizeof(float)));
    float *field = (float *)(void *)space->spare[1].data;
    float reach[2] = {strength * alpha.low / 2, strength * alpha.high / 2};
    for (int k = 0; k < 2; k++) {
        for (int64_t i = 0; i < n; i++)
            field[k * n + i] = reach[k] * rng_range(r, -1, 1);
        blur_plane(field + k * n, h, w, size[k], sigma, field + 2 * n);
    }
    warp_style style = augment_style(&o->look, WARP_BILINEAR, WARP_FILL);
    return warp_field(im, field, field + n, &style, space);
}

const augmentation augment_elastic_transform = {
    .name = "elastic_transform",
    .keras = "RandomElasticTransform",
    .help = "push pixels about smoothly, as seen through moving water; strength multiplies alpha",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
};
