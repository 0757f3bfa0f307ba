/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of pictures share: golden files, made by golden/make_image.py, and noise.
 *
 *     golden g = golden_open("image_resize.bin");
 *     while (golden_more(&g))
 *         int32_t seed = golden_int(&g);
 *     golden_close(&g);
 */
#ifndef TEST_IMAGE_H
#define TEST_IMAGE_H

#include <stdbool.h>

#include "testing.h"

#include "core/file.h"
#include "image/image.h"

typedef struct golden {
    uint8_t *bytes;
    size_t size, at;
} golden;

static inline golden golden_open(const char *name)
{
    golden g = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/%s", FV_SOURCE_DIR, name);
    assert_ok(file_read(path, 1 << 20, &g.bytes, &g.size));
    return g;
}

static inline const uint8_t *golden_bytes(golden *g, size_t count)
{
    assert_true(count <= g->size - g->at);
    g->at += count;
    return g->bytes + g->at - count;
}

static inline int golden_more(const golden *g)
{
    return g->at < g->size;
}

static inline int32_t golden_int(golden *g)
{
    int32_t value;
    memcpy(&value, golden_bytes(g, sizeof value), sizeof value);
    return value;
}

static inline float golden_float(golden *g)
{
    float value;
    memcpy(&value, golden_bytes(g, sizeof value), sizeof value);
    return value;
}

static inline void golden_close(golden *g)
{
    assert_int_equal(g->at, g->size);
    free(g->bytes);
}

/* A record of image_decode.bin or image_formats.bin. */
typedef struct golden_picture {
    const char *name;
    int32_t tolerance, height, width, channels;
    size_t size;
    const uint8_t *file;   /* (size), of a picture file */
    const uint8_t *pixels; /* what it shows */
} golden_picture;

static inline golden_picture golden_next(golden *g)
{
    golden_picture p = {.name = (const char *)golden_bytes(g, 24)};
    p.tolerance = golden_int(g);
    p.height = golden_int(g);
    p.width = golden_int(g);
    p.channels = golden_int(g);
    p.size = (size_t)golden_int(g);
    p.file = golden_bytes(g, p.size);
    p.pixels = golden_bytes(g, (size_t)p.height * (size_t)p.width * (size_t)p.channels);
    return p;
}

/* The greatest difference from `expected`. */
static inline int difference(const image *im, const uint8_t *expected)
{
    int most = 0;
    for (int64_t i = 0; i < im->height * im->width * im->channels; i++) {
        int d = abs(im->data[i] - expected[i]);
        most = d > most ? d : most;
    }
    return most;
}

/* Every picture of the golden file is decoded and probed as it says. */
static inline void golden_compare(const char *golden_name)
{
    golden g = golden_open(golden_name);
    int bad = 0;
    image im = {0};
    while (golden_more(&g)) {
        golden_picture p = golden_next(&g);
        image_info info;
        assert_ok(image_decode(p.file, p.size, p.name, NULL, &im));
        assert_ok(image_probe(p.file, p.size, p.name, &info));
        bool size = im.height == p.height && im.width == p.width && im.channels == p.channels;
        bool probed = info.height == p.height && info.width == p.width && info.channels == p.channels;
        int d = size ? difference(&im, p.pixels) : 256;
        if (!size || !probed || d > p.tolerance) {
            print_error("%s: %lld x %lld x %lld, %d levels\n", p.name, (long long)im.height,
                        (long long)im.width, (long long)im.channels, d);
            bad++;
        }
    }
    image_release(&im);
    assert_int_equal(bad, 0);
    golden_close(&g);
}

/* The generator of make_image.py. */
static inline image noise(uint32_t seed, int64_t height, int64_t width, int64_t channels)
{
    image im = {0};
    assert_ok(image_reshape(&im, height, width, channels));
    for (int64_t i = 0; i < height * width * channels; i++) {
        seed = seed * 1664525u + 1013904223u;
        im.data[i] = (uint8_t)(seed >> 24);
    }
    return im;
}

static inline int same_picture(const image *a, const image *b)
{
    return a->height == b->height && a->width == b->width && a->channels == b->channels &&
           difference(a, b->data) == 0;
}

#endif
