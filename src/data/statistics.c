/* SPDX-License-Identifier: Apache-2.0 */
/* What a sample of the pictures is like: their size, and the mean and deviation of their values. */
#include <math.h>
#include <stdlib.h>

#include "data/store.h"

enum {
    SHAPE_SAMPLE = 64
};

int64_t dataset_spread(const fv_dataset *d, int64_t i, int64_t n)
{
    return (int64_t)((double)i * (double)d->count / (double)n);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

fv_status fv_dataset_shape(const fv_dataset *d, int64_t *height, int64_t *width, int64_t *channels)
{
    if (!d || d->count == 0)
        return status_set(FV_ERROR_INVALID, "the data set is empty: its pictures have no size");
    int64_t heights[SHAPE_SAMPLE], widths[SHAPE_SAMPLE];
    int64_t n = d->count < SHAPE_SAMPLE ? d->count : SHAPE_SAMPLE, known = 0;
    image_space space = {0};
    *channels = 1;
    for (int64_t i = 0; i < n; i++) {
        int64_t record;
        const source *s = dataset_locate(d, dataset_spread(d, i, n), &record);
        image_info info;
        if (source_probe(s, record, &space, &info) != FV_OK)
            continue;
        heights[known] = info.height;
        widths[known++] = info.width;
        *channels = info.channels > 1 ? 3 : *channels;
    }
    image_space_release(&space);
    if (known == 0)
        return status_prefix(status_last(), "none of %lld sampled pictures can be read, the last",
                             (long long)n);
    qsort(heights, (size_t)known, sizeof *heights, by_size);
    qsort(widths, (size_t)known, sizeof *widths, by_size);
    *height = heights[known / 2];
    *width = widths[known / 2];
    return FV_OK;
}

typedef struct sums {
    double sum[3], squares[3];
    int64_t pixels;
} sums;

static void add_picture(sums *t, const image *im)
{
    int64_t pixels = im->height * im->width, channels = im->channels;
    for (int64_t c = 0; c < channels; c++) {
        uint64_t sum = 0, squares = 0; /* exact up to 2^48 pixels */
        for (int64_t i = 0; i < pixels; i++) {
            uint64_t v = im->data[i * channels + c];
            sum += v;
            squares += v * v;
        }
        t->sum[c] += (double)sum;
        t->squares[c] += (double)squares;
    }
    t->pixels += pixels;
}

static fv_status read_fitted(const fv_dataset *d, int64_t index, const fv_preprocess *p, image_space *space,
                             image *decoded, image *fitted)
{
    static const uint8_t black[3] = {0};
    image_decode_options o = image_fit_options(p);
    image_fit_minimum(p, &o.min_height, &o.min_width);
    STATUS_TRY(dataset_decode(d, index, &o, space, decoded));
    return image_fit(decoded, p, black, space, fitted);
}

fv_status dataset_statistics(const fv_dataset *d, const fv_preprocess *p, int64_t sample, float mean[3],
                             float std[3])
{
    int64_t n = d->count < sample ? d->count : sample, known = 0;
    if (n <= 0)
        return status_set(FV_ERROR_INVALID, "the data set is empty: its pictures have no mean");
    /* The bars of a letterbox are filled with the mean that is being sought: they must not count. */
    fv_preprocess fit = *p;
    if (fit.resize_mode == FV_RESIZE_LETTERBOX)
        fit.resize_mode = FV_RESIZE_SQUASH;
    image decoded = {0}, fitted = {0};
    image_space space = {0};
    sums t = {0};
    fv_status last = FV_OK;
    for (int64_t i = 0; i < n; i++) {
        fv_status status = read_fitted(d, dataset_spread(d, i, n), &fit, &space, &decoded, &fitted);
        if (status == FV_OK)
            add_picture(&t, &fitted), known++;
        else
            last = status;
    }
    image_release(&decoded);
    image_release(&fitted);
    image_space_release(&space);
    if (known == 0)
        return status_prefix(last, "none of %lld sampled pictures can be read, the last", (long long)n);
    for (int64_t c = 0; c < p->channels; c++) {
        int64_t to = p->reverse_channels && p->channels == 3 ? 2 - c : c;
        double m = t.sum[c] / (double)t.pixels, variance = t.squares[c] / (double)t.pixels - m * m;
        mean[to] = (float)m;
        std[to] = variance > 1e-6 ? (float)sqrt(variance) : 1.0f;
    }
    return FV_OK;
}
