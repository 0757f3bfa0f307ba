/* SPDX-License-Identifier: Apache-2.0 */
#include "image/blur.h"

#include <math.h>

int64_t blur_size(double sigma)
{
    return 2 * (int64_t)ceil(3 * sigma) + 1;
}

/* k[t]: the weight of the two pixels t away, 0 <= t <= radius; all together weigh 1. */
static void weigh(float *k, int64_t radius, double sigma)
{
    double sum = 1;
    for (int64_t t = 1; t <= radius; t++)
        sum += 2 * exp(-0.5 * (double)(t * t) / (sigma * sigma));
    for (int64_t t = 0; t <= radius; t++)
        k[t] = (float)(exp(-0.5 * (double)(t * t) / (sigma * sigma)) / sum);
}

/* The pixel of n that stands for pixel i: a mirror at the middle of the outermost ones. */
static int64_t mirrored(int64_t i, int64_t n)
{
    int64_t period = n > 1 ? 2 * (n - 1) : 1;
    i = (i % period + period) % period;
    return i < n ? i : period - i;
}

static void start(float *restrict out, const float *restrict in, float k, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = k * in[i];
}

/* a and b may be the same, or overlap. */
static void add(float *restrict out, const float *a, const float *b, float k, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] += k * (a[i] + b[i]);
}

/* One pass along x: `padded` is a row with `radius` mirrored pixels at either end. */
static void across(const float *padded, float *out, int64_t row, int64_t channels, const float *k,
                   int64_t radius)
{
    const float *middle = padded + radius * channels;
    start(out, middle, k[0], row);
    for (int64_t t = 1; t <= radius; t++)
        add(out, middle - t * channels, middle + t * channels, k[t], row);
}

/* Row y of the pass along y. */
static void down(const float *plane, int64_t y, int64_t height, float *out, int64_t row, const float *k,
                 int64_t radius)
{
    start(out, plane + y * row, k[0], row);
    for (int64_t t = 1; t <= radius; t++)
        add(out, plane + mirrored(y - t, height) * row, plane + mirrored(y + t, height) * row, k[t], row);
}

/* The parts of the scratch numbers. */
typedef struct parts {
    float *plane, *line, *kx, *ky; /* line: a row and its padding */
} parts;

static parts divide(float *scratch, int64_t height, int64_t row, int64_t channels, int64_t radius)
{
    parts p = {.plane = scratch, .line = scratch + height * row};
    p.kx = p.line + row + 2 * radius * channels;
    p.ky = p.kx + radius + 1;
    return p;
}

size_t blur_scratch(int64_t height, int64_t width, int64_t channels, int64_t size)
{
    return (size_t)((height + 1) * width * channels + (size - 1) * channels + size + 1);
}

fv_status blur_image(image *im, int64_t size, double sigma, image_space *space)
{
    int64_t h = im->height, w = im->width, c = im->channels, row = w * c, radius = size / 2;
    STATUS_TRY(
        image_reshape(&space->spare[1], 1, (int64_t)blur_scratch(h, w, c, size), (int64_t)sizeof(float)));
    parts p = divide((float *)(void *)space->spare[1].data, h, row, c, radius);
    weigh(p.kx, radius, sigma);
    for (int64_t y = 0; y < h; y++) {
        const uint8_t *in = im->data + y * row;
        for (int64_t x = -radius; x < w + radius; x++)
            for (int64_t k = 0; k < c; k++)
                p.line[(x + radius) * c + k] = in[(x >= 0 && x < w ? x : mirrored(x, w)) * c + k];
        across(p.line, p.plane + y * row, row, c, p.kx, radius);
    }
    for (int64_t y = 0; y < h; y++) {
        down(p.plane, y, h, p.line, row, p.kx, radius);
        for (int64_t i = 0; i < row; i++)
            im->data[y * row + i] = (uint8_t)(p.line[i] + 0.5f);
    }
    return FV_OK;
}

void blur_plane(float *values, int64_t height, int64_t width, int64_t size, const double sigma[2],
                float *scratch)
{
    int64_t radius = size / 2;
    parts p = divide(scratch, height, width, 1, radius);
    weigh(p.kx, radius, sigma[0]);
    weigh(p.ky, radius, sigma[1]);
    for (int64_t y = 0; y < height; y++) {
        for (int64_t x = -radius; x < width + radius; x++)
            p.line[x + radius] = values[y * width + mirrored(x, width)];
        across(p.line, p.plane + y * width, width, 1, p.kx, radius);
    }
    for (int64_t y = 0; y < height; y++)
        down(p.plane, y, height, values + y * width, width, p.ky, radius);
}
