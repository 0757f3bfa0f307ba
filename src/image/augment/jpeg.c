/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "image/augment.h"

typedef struct parameters {
    int64_t quality[2];
} parameters;

static const option options[] = {
    {.name = "quality",
     .type = OPTION_INTS,
     .length = 2,
     .offset = offsetof(parameters, quality),
     .low = 1,
     .high = 100,
     .shown = "30,95",
     .help = "the range of qualities, both ends included; one number: always that"},
    {0}};

static fv_status apply(const void *p, float strength, image *im, rng *r, image_space *space)
{
    (void)space;
    const parameters *o = p;
    int64_t low = o->quality[0] ? o->quality[0] : 30, high = o->quality[0] ? o->quality[1] : 95;
    int64_t drawn = low + (int64_t)rng_below(r, (uint64_t)(high - low) + 1);
    if (strength == 0)
        return FV_OK;
    int quality = (int)lroundf(fmaxf(1, 100 - strength * (float)(100 - drawn)));
    uint8_t *bytes;
    size_t size;
    STATUS_TRY(image_encode_jpeg(im, quality, &bytes, &size));
    fv_status status =
        image_decode(bytes, size, "jpeg", &(image_decode_options){.channels = im->channels}, im);
    free(bytes);
    return status;
}

static fv_status check(const void *p)
{
    const parameters *o = p;
    if (o->quality[0] <= o->quality[1])
        return FV_OK;
    return status_set(FV_ERROR_INVALID,
                      "jpeg: quality must be a range from low to high, not from %lld to %lld",
                      (long long)o->quality[0], (long long)o->quality[1]);
}

const augmentation augment_jpeg = {
    .name = "jpeg",
    .help = "compress as JPEG and decode again; strength multiplies what the quality lacks of 100",
    .options = options,
    .size = sizeof(parameters),
    .apply = apply,
    .check = check,
};
