/* SPDX-License-Identifier: Apache-2.0 */
/* Warps, blurs, JPEG and padded crops against torchvision's, on drawn pictures and on photos (golden/augment_geometry.py). */
#include "test_image.h"

#include <math.h>
#include <zlib.h>

#include "image/augment/shift.h"
#include "image/blur.h"
#include "image/warp.h"

enum {
    NOISE,
    SMOOTH,
    PHOTO
};

typedef enum operation {
    AFFINE,
    ROTATE,
    PERSPECTIVE,
    SHEAR_X,
    SHEAR_Y,
    TRANSLATE_X,
    TRANSLATE_Y,
    BLUR,
    JPEG,
    ELASTIC,
    CROP,
    PLANE,
    OPERATIONS
} operation;

/*
 * The most that a sample may differ, nearest and bilinear, and the most that it does on average. Nearest copies bytes, so it is
 * exact, and so is a crop. Pillow drops the fraction of a bilinear mean and we round it: up to 1 more, 0.5 on average. Where we do
 * as torchvision's tensors do (they round as well), one order of additions differs from another in ties only.
 */
static const struct bound {
    const char *name;
    int most[2];
    double mean[2];
} bounds[OPERATIONS] = {
    [AFFINE] = {"affine", {0, 1}, {0, 0.52}},
    [ROTATE] = {"rotate", {0, 1}, {0, 0.52}},
    [PERSPECTIVE] = {"perspective", {0, 1}, {0, 0.52}},
    [SHEAR_X] = {"shear_x", {0, 1}, {0, 0.52}},
    [SHEAR_Y] = {"shear_y", {0, 1}, {0, 0.52}},
    [TRANSLATE_X] = {"translate_x", {0, 0}, {0, 0}},
    [TRANSLATE_Y] = {"translate_y", {0, 0}, {0, 0}},
    [BLUR] = {"gaussian_blur", {1, 1}, {0.001, 0.001}},
    [JPEG] = {"jpeg", {0, 0}, {0, 0}},
    [ELASTIC] = {"elastic", {1, 1}, {0.02, 0.02}},
    [CROP] = {"crop", {0, 0}, {0, 0}},
    [PLANE] = {"gaussian_blur of numbers", {1, 1}, {0.001, 0.001}},
};

static const char *const photos[] = {"photos/imagenet-samples/n01443537_goldfish.JPEG",
                                     "photos/imagenet-samples/n01614925_bald_eagle.JPEG",
                                     "photos/imagenet-samples/n01484850_great_white_shark.JPEG"};

typedef struct record {
    int32_t kind, seed, crc, height, width, channels, operation, filter, fill[3], step;
    double a[8];
    const uint8_t *expected;
} record;

static record read_record(golden *g)
{
    record r;
    memcpy(&r, golden_bytes(g, offsetof(record, a)), offsetof(record, a));
    memcpy(r.a, golden_bytes(g, sizeof r.a), sizeof r.a);
    int samples = r.height * r.width * r.channels;
    r.expected = golden_bytes(g, (size_t)((samples + r.step - 1) / r.step));
    return r;
}

/* The generator of augment_geometry.py. */
static image smooth(int64_t seed, int64_t height, int64_t width, int64_t channels)
{
    image im = {0};
    assert_ok(image_reshape(&im, height, width, channels));
    uint8_t *to = im.data;
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int64_t c = 0; c < channels; c++) {
                int64_t v = ((x * x * 5 + y * y * 3 + x * y * 2 * (c + 1)) / 16 + 40 * c + 17 * seed) % 511;
                *to++ = (uint8_t)(v < 256 ? v : 510 - v);
            }
    return im;
}

/* The middle of a photo. */
static void middle(void *user, int64_t height, int64_t width, image_region *region)
{
    const record *r = user;
    *region = (image_region){.top = (height - r->height) / 2,
                             .left = (width - r->width) / 2,
                             .height = r->height,
                             .width = r->width};
}

static image picture_of(const record *r)
{
    if (r->kind == NOISE)
        return noise((uint32_t)r->seed, r->height, r->width, r->channels);
    if (r->kind == SMOOTH)
        return smooth(r->seed, r->height, r->width, r->channels);
    image im = {0};
    image_decode_options o = {.channels = 3, .ignore_profile = 1};
    assert_ok(image_load(test_data(photos[r->seed]), &o, &im));
    assert_ok(image_set_channels(&im, r->channels));
    image_region part;
    middle((void *)(uintptr_t)r, im.height, im.width, &part);
    image out = {0};
    assert_ok(image_reshape(&out, r->height, r->width, r->channels));
    size_t row = (size_t)(r->width * r->channels);
    for (int64_t y = 0; y < r->height; y++)
        memcpy(out.data + (size_t)y * row, im.data + ((part.top + y) * im.width + part.left) * r->channels,
               row);
    image_release(&im);
    return out;
}

/* dx and dy of the elastic records, in pixels, in one block; NULL fields of others. */
static float *displacement(const record *r)
{
    int64_t n = r->height * r->width;
    float *field = malloc((size_t)(2 * n) * sizeof *field);
    for (int k = 0; k < 2; k++) {
        image im = noise((uint32_t)(7001 + k), r->height, r->width, 1);
        for (int64_t i = 0; i < n; i++)
            field[k * n + i] = ((float)im.data[i] - 128) / 128 * (float)r->a[0];
        image_release(&im);
    }
    return field;
}

static fv_status blur_noise(image *im, const double *a)
{
    int64_t n = im->height * im->width;
    float *values = malloc((size_t)n * sizeof *values);
    float *scratch = malloc(blur_scratch(im->height, im->width, 1, (int64_t)a[0]) * sizeof *scratch);
    for (int64_t i = 0; i < n; i++)
        values[i] = (float)im->data[i] / 127.5f - 1;
    blur_plane(values, im->height, im->width, (int64_t)a[0], a + 1, scratch);
    for (int64_t i = 0; i < n; i++)
        im->data[i] = (uint8_t)lrintf((values[i] + 1) * 127.5f);
    free(values);
    free(scratch);
    return FV_OK;
}

static fv_status jpeg(image *im, int quality)
{
    uint8_t *bytes;
    size_t size;
    STATUS_TRY(image_encode_jpeg(im, quality, &bytes, &size));
    fv_status status =
        image_decode(bytes, size, "jpeg", &(image_decode_options){.channels = im->channels}, im);
    free(bytes);
    return status;
}

static fv_status perform(const record *r, image *im, image_space *space)
{
    warp_style style = {.filter = (warp_filter)r->filter};
    for (int k = 0; k < 3; k++)
        style.fill[k] = (uint8_t)r->fill[k];
    switch (r->operation) {
    case AFFINE: {
        double m[6];
        warp_matrix(im->height, im->width,
                    &(warp_move){r->a[0], {r->a[1], r->a[2]}, r->a[3], {r->a[4], r->a[5]}}, m);
        return warp_affine(im, m, &style, space);
    }
    case ROTATE:
        return warp_rotate(im, r->a[0], &style, space);
    case PERSPECTIVE:
        return warp_perspective(im, r->a, &style, space);
    case SHEAR_X:
        return warp_shear_x(im, r->a[0], &style, space);
    case SHEAR_Y:
        return warp_shear_y(im, r->a[0], &style, space);
    case TRANSLATE_X:
        return warp_translate_x(im, (int64_t)r->a[0], &style, space);
    case TRANSLATE_Y:
        return warp_translate_y(im, (int64_t)r->a[0], &style, space);
    case BLUR:
        return blur_image(im, (int64_t)r->a[0], r->a[1], space);
    case JPEG:
        return jpeg(im, (int)r->a[0]);
    case ELASTIC: {
        float *field = displacement(r);
        fv_status status = warp_field(im, field, field + r->height * r->width, &style, space);
        free(field);
        return status;
    }
    case CROP:
        return shift_move(im, (int64_t)r->a[1], (int64_t)r->a[2], (shift_edge)r->a[0], style.fill,
                          &space->spare[0]);
    default:
        return blur_noise(im, r->a);
    }
}

/* torchvision's elastic fades into the fill over the outermost half pixel, where we repeat the pixels: not compared. */
static int64_t compared(const record *r, const float *field, int64_t pixel)
{
    if (r->operation != ELASTIC)
        return 1;
    double x = (double)(pixel % r->width) + (double)field[pixel],
           y = (double)(pixel / r->width) + (double)field[r->height * r->width + pixel];
    return x >= 0 && y >= 0 && x <= r->width - 1 && y <= r->height - 1;
}

typedef struct total {
    int64_t count, sum, most;
} total;

static void compare(const record *r, const image *im, total *t)
{
    float *field = r->operation == ELASTIC ? displacement(r) : NULL;
    int64_t samples = im->height * im->width * im->channels;
    for (int64_t i = 0; i < samples; i += r->step) {
        if (!compared(r, field, i / r->channels))
            continue;
        int64_t d = llabs((int64_t)im->data[i] - r->expected[i / r->step]);
        t->count++;
        t->sum += d;
        t->most = d > t->most ? d : t->most;
    }
    free(field);
}

static void check_records(bool of_photos)
{
    golden g = golden_open("augment_geometry.bin");
    total totals[OPERATIONS][2] = {{{0}}};
    image_space space = {0};
    while (golden_more(&g)) {
        record r = read_record(&g);
        if ((r.kind == PHOTO) != of_photos)
            continue;
        image im = picture_of(&r);
        size_t bytes = (size_t)(im.height * im.width * im.channels);
        assert_int_equal(crc32(0, im.data, (uInt)bytes) & 0x7FFFFFFF, r.crc);
        assert_ok(perform(&r, &im, &space));
        compare(&r, &im, &totals[r.operation][r.filter]);
        image_release(&im);
    }
    int bad = 0;
    for (int i = 0; i < 2 * OPERATIONS; i++) {
        const total *t = &totals[i / 2][i % 2];
        const struct bound *b = &bounds[i / 2];
        double mean = t->count ? (double)t->sum / (double)t->count : 0;
        if (t->count)
            printf("%s, %s: %lld samples differ by %.4f on average, %lld at most\n", b->name,
                   i % 2 ? "bilinear" : "nearest", (long long)t->count, mean, (long long)t->most);
        bad += t->most > b->most[i % 2] || mean > b->mean[i % 2];
    }
    assert_int_equal(bad, 0);
    image_space_release(&space);
    golden_close(&g);
}

static void drawn_pictures_are_as_torchvision_moves_them(void **state)
{
    (void)state;
    check_records(false);
}

static void photos_are_as_torchvision_moves_them(void **state)
{
    (void)state;
    if (!test_data("photos/imagenet-samples"))
        skip();
    check_records(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_pictures_are_as_torchvision_moves_them),
        cmocka_unit_test(photos_are_as_torchvision_moves_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
