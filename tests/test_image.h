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

static inline int same_picture(const image *a, const image *b)
{
    return a->height == b->height && a->width == b->width && a->channels == b->channels &&
           difference(a, b->data) == 0;
}

#endif
