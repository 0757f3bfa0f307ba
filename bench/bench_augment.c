/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Milliseconds for each augmentation of one 224 x 224 colour picture, one thread; bench/peers/augment.py is torchvision's side.
 *
 *     build/bench/bench_augment [NAME]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "image/augment.h"

enum {
    SIDE = 224
};
static const double seconds = 0.3;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Waves: compresses as photos do, unlike noise. */
static fv_status paint(image *im)
{
    STATUS_TRY(image_reshape(im, SIDE, SIDE, 3));
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        int c = i % 3, x = i / 3 % SIDE, y = i / 3 / SIDE,
            v = (x * x * (c + 1) + y * y * 2 + x * y) / 64 % 511;
        im->data[i] = (uint8_t)(v < 256 ? v : 510 - v);
    }
    return FV_OK;
}

/* As often as `seconds` allow; each time on a fresh picture, whose copying takes part. */
static fv_status measure(const augmentation *a, const void *parameters, const image *first,
                         double *milliseconds)
{
    image im = {0};
    image_space space = {0};
    fv_status status = image_reshape(&im, SIDE, SIDE, 3);
    double start = now();
    int count = 0;
    for (; status == FV_OK && now() - start < seconds; count++) {
        rng r = rng_at(1, 0, (uint64_t)count);
        memcpy(im.data, first->data, SIDE * SIDE * 3);
        status = a->apply(parameters, 1, &im, &r, &space);
    }
    *milliseconds = (now() - start) / count * 1e3;
    image_release(&im);
    image_space_release(&space);
    return status;
}

static fv_status report(const augmentation *a, const char *option, const char *value, const image *first)
{
    void *parameters = calloc(1, a->size + 1);
    double milliseconds = 0;
    fv_status status = parameters ? FV_OK : status_set(FV_ERROR_MEMORY, "not enough memory");
    if (status == FV_OK && option)
        status = options_set(a->options, parameters, option, value, "");
    if (status == FV_OK)
        status = measure(a, parameters, first, &milliseconds);
    if (status == FV_OK)
        printf("%-28s %-10s%8.3f\n", a->name, option ? value : "", milliseconds);
    free(parameters);
    return status;
}

int main(int argc, char **argv)
{
    image first = {0};
    fv_status status = paint(&first);
    for (const augmentation *const *a = augmentation_table; *a && status == FV_OK; a++) {
        if (!(*a)->apply || (argc > 1 && strcmp(argv[1], (*a)->name) != 0))
            continue;
        status = report(*a, NULL, NULL, &first);
        const option *filter = (*a)->options ? options_find((*a)->options, "interpolation") : NULL;
        if (status == FV_OK && filter)
            status = report(*a, "interpolation", filter->choices[1], &first);
    }
    image_release(&first);
    if (status != FV_OK)
        fprintf(stderr, "bench_augment: %s\n", fv_error_message());
    return status != FV_OK;
}
