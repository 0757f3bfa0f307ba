/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding a part: what the JPEG decoder cuts out while it decodes is what a cut after decoding the whole gives. */
#include "test_image.h"
#include "core/random.h"
#include "golden/crops.h"
#include "image/augment.h"

#include <jpeglib.h>
#include <math.h>

enum {
    HEIGHT = 203,
    WIDTH = 331,
    PARTS = 25 /* a file and scale */
};

typedef struct sampling {
    const char *name;
    J_COLOR_SPACE colours;
    int horizontal, vertical; /* samples of luma for one of chroma */
    boolean progressive;
    unsigned restart_rows;
} sampling;

static const sampling samplings[] = {
    {"4:4:4", JCS_YCbCr, 1, 1, FALSE, 0},
    {"4:2:2", JCS_YCbCr, 2, 1, FALSE, 0},
    {"4:4:0", JCS_YCbCr, 1, 2, FALSE, 0},
    {"4:2:0", JCS_YCbCr, 2, 2, FALSE, 0},
    {"4:1:1", JCS_YCbCr, 4, 1, FALSE, 0},
    {"4:1:0", JCS_YCbCr, 4, 2, FALSE, 0},
    {"4:2:0 progressive", JCS_YCbCr, 2, 2, TRUE, 0},
    {"4:2:0 restarts", JCS_YCbCr, 2, 2, FALSE, 1},
    {"grey", JCS_GRAYSCALE, 1, 1, FALSE, 0},
    {"RGB", JCS_RGB, 1, 1, FALSE, 0},
    {"CMYK", JCS_CMYK, 1, 1, FALSE, 0},
};

/* A file of smooth colours with noise, at any sampling. The caller frees it. */
static uint8_t *encode(const sampling *s, size_t *size)
{
    int channels = s->colours == JCS_GRAYSCALE ? 1 : s->colours == JCS_CMYK ? 4 : 3;
    image small = noise(5, 9, 13, channels), grain = noise(6, HEIGHT, WIDTH, channels), in = {0};
    assert_ok(image_resize(&small, NULL, HEIGHT, WIDTH, FV_BICUBIC, NULL, &in));
    for (int64_t i = 0; i < HEIGHT * WIDTH * channels; i++)
        in.data[i] = (uint8_t)((in.data[i] * 7 + grain.data[i]) / 8);
    struct jpeg_compress_struct c = {0};
    struct jpeg_error_mgr errors;
    uint8_t *file = NULL;
    unsigned long length = 0;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &file, &length);
    c.image_width = WIDTH;
    c.image_height = HEIGHT;
    c.input_components = channels;
    c.in_color_space = s->colours == JCS_YCbCr ? JCS_RGB : s->colours;
    jpeg_set_defaults(&c);
    jpeg_set_colorspace(&c, s->colours);
    jpeg_set_quality(&c, 92, TRUE);
    c.comp_info[0].h_samp_factor = s->horizontal;
    c.comp_info[0].v_samp_factor = s->vertical;
    c.restart_in_rows = (int)s->restart_rows;
    if (s->progressive)
        jpeg_simple_progression(&c);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < HEIGHT) {
        JSAMPROW row = in.data + (int64_t)c.next_scanline * WIDTH * channels;
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    image_release(&small);
    image_release(&grain);
    image_release(&in);
    *size = length;
    return file;
}

static void choose(void *user, int64_t height, int64_t width, image_region *region)
{
    assert_true(height == HEIGHT && width == WIDTH);
    assert_true(region->height == HEIGHT && region->width == WIDTH && region->top == 0 && region->left == 0);
    *region = *(const image_region *)user;
}

/* A part whose edges are multiples of `step`, or the picture's own. */
static image_region draw(rng *r, int64_t step)
{
    int64_t rows = (HEIGHT + step - 1) / step, columns = (WIDTH + step - 1) / step;
    int64_t top = (int64_t)rng_below(r, (uint64_t)rows), left = (int64_t)rng_below(r, (uint64_t)columns);
    int64_t bottom = (top + 1 + (int64_t)rng_below(r, (uint64_t)(rows - top))) * step,
            right = (left + 1 + (int64_t)rng_below(r, (uint64_t)(columns - left))) * step;
    return (image_region){.top = top * step,
                          .left = left * step,
                          .height = (bottom < HEIGHT ? bottom : HEIGHT) - top * step,
                          .width = (right < WIDTH ? right : WIDTH) - left * step};
}

static int cut_difference(const image *part, const image *whole, int64_t top, int64_t left)
{
    int most = 0;
    for (int64_t y = 0; y < part->height; y++)
        for (int64_t x = 0; x < part->width * part->channels; x++) {
            int d = abs(part->data[y * part->width * part->channels + x] -
                        whole->data[((top + y) * whole->width + left) * whole->channels + x]);
            most = d > most ? d : most;
        }
    return most;
}

/* Every scale, with interpolated and with repeated chroma. */
static void a_part_is_cut_out_of_the_whole(void **state)
{
    (void)state;
    image whole = {0}, part = {0};
    rng r = rng_at(3, 0, 0);
    for (size_t i = 0; i < sizeof samplings / sizeof *samplings; i++) {
        size_t size;
        uint8_t *file = encode(&samplings[i], &size);
        for (int64_t step = 1; step <= 8; step *= 2)
            for (int fast = 0; fast < 2; fast++) {
                image_decode_options o = {.fast = fast,
                                          .min_height = (HEIGHT + step - 1) / step,
                                          .min_width = (WIDTH + step - 1) / step};
                assert_ok(image_decode(file, size, samplings[i].name, &o, &whole));
                assert_int_equal(whole.height, o.min_height);
                o.choose = choose;
                for (int n = 0; n < PARTS; n++) {
                    image_region region = draw(&r, step);
                    if (region.height <= 2 * step && region.width <= 2 * step)
                        continue; /* rounding makes it as large at half the scale */
                    region.min_height = (region.height + step - 1) / step;
                    region.min_width = (region.width + step - 1) / step;
                    o.user = &region;
                    assert_ok(image_decode(file, size, samplings[i].name, &o, &part));
                    assert_int_equal(part.height, region.min_height);
                    assert_int_equal(part.width, region.min_width);
                    int d = cut_difference(&part, &whole, region.top / step, region.left / step);
                    if (d > 0)
                        fail_msg("%s at 1/%d%s: rows %d + %d, columns %d + %d differ by %d",
                                 samplings[i].name, (int)step, fast ? ", fast" : "", (int)region.top,
                                 (int)region.height, (int)region.left, (int)region.width, d);
                }
            }
        free(file);
    }
    image_release(&whole);
    image_release(&part);
}

/* In a picture of 12 x 7 pixels that the file says how to turn: the part is of the upright picture. */
static void give(void *user, int64_t height, int64_t width, image_region *region)
{
    assert_true(height * width == 12 * 7);
    *region = *(const image_region *)user;
}

static void a_part_is_of_the_upright_picture(void **state)
{
    (void)state;
    golden g = golden_open("image_decode.bin");
    image whole = {0}, part = {0};
    int found = 0;
    while (golden_more(&g)) {
        const char *name = (const char *)golden_bytes(&g, 24);
        golden_int(&g);
        int64_t h = golden_int(&g), w = golden_int(&g), c = golden_int(&g);
        size_t size = (size_t)golden_int(&g);
        const uint8_t *file = golden_bytes(&g, size);
        golden_bytes(&g, (size_t)(h * w * c));
        if (!strstr(name, "EXIF"))
            continue;
        found++;
        assert_ok(image_decode(file, size, name, NULL, &whole));
        for (int64_t top = 0; top < h; top++)
            for (int64_t left = 0; left < w; left++)
                for (int64_t side = 1; top + side <= h && left + 1 <= w; side++) {
                    image_region region = {
                        .top = top, .left = left, .height = side, .width = 1 + (w - left) / 2};
                    if (region.width > w - left)
                        region.width = w - left;
                    image_decode_options o = {.choose = give, .user = &region};
                    assert_ok(image_decode(file, size, name, &o, &part));
                    assert_true(part.height == region.height && part.width == region.width);
                    assert_int_equal(cut_difference(&part, &whole, top, left), 0);
                }
    }
    assert_int_equal(found, 8);
    image_release(&whole);
    image_release(&part);
    golden_close(&g);
}

static void a_part_outside_is_an_error(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = encode(&samplings[3], &size);
    image part = {0};
    image_region wrong[] = {{.top = -1, .height = 2, .width = 2},
                            {.left = WIDTH, .height = 2, .width = 2},
                            {.top = 1, .height = HEIGHT, .width = 2},
                            {.height = 2, .width = 0},
                            {.left = 1, .height = 2, .width = INT64_MAX}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        image_decode_options o = {.choose = choose, .user = &wrong[i]};
        assert_int_equal(image_decode(file, size, "outside", &o, &part), FV_ERROR_INVALID);
    }
    free(file);
    image_release(&part);
}

/* Only what is decoded can be found missing: the part's own rows, and those above it. */
static void a_truncated_part_is_an_error(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = encode(&samplings[3], &size);
    image part = {0}, whole = {0};
    image_region upper = {.top = 8, .left = 40, .height = 40, .width = 100}, lower = upper;
    lower.top = HEIGHT - 40;
    image_decode_options o = {.choose = choose, .user = &upper};
    assert_ok(image_decode(file, size, "whole", NULL, &whole));
    assert_ok(image_decode(file, size / 2, "upper", &o, &part));
    assert_int_equal(cut_difference(&part, &whole, upper.top, upper.left), 0);
    o.user = &lower;
    assert_int_equal(image_decode(file, size / 2, "lower", &o, &part), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "truncated"));
    free(file);
    image_release(&part);
    image_release(&whole);
}

/* ---- random_resized_crop ---- */

enum {
    DRAWS = 20000
};

/* Means within 5 standard errors of torchvision's, deviations within 5 % of them. */
static void crops_are_torchvisions(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof crops / sizeof *crops; k++) {
        double height = (double)crops[k].height, width = (double)crops[k].width, sum[4] = {0},
               squares[4] = {0};
        float parameters[4] = {crops[k].scale[0], crops[k].scale[1], crops[k].ratio[0], crops[k].ratio[1]};
        if (k == 0)
            memset(parameters, 0, sizeof parameters); /* its numbers are the defaults */
        for (int i = 0; i < DRAWS; i++) {
            rng r = rng_at(7, 0, (uint64_t)i);
            image_region part = {0};
            augment_random_resized_crop.choose(parameters, 1, crops[k].height, crops[k].width, &r, &part);
            assert_true(part.top >= 0 && part.left >= 0 && part.height > 0 && part.width > 0);
            assert_true(part.top + part.height <= crops[k].height &&
                        part.left + part.width <= crops[k].width);
            double h = (double)part.height, w = (double)part.width;
            const double drawn[4] = {h * w / (height * width), log(w / h),
                                     ((double)part.top + h / 2) / height,
                                     ((double)part.left + w / 2) / width};
            for (int c = 0; c < 4; c++) {
                sum[c] += drawn[c];
                squares[c] += drawn[c] * drawn[c];
            }
        }
        for (int c = 0; c < 4; c++) {
            double mean = sum[c] / DRAWS, deviation = sqrt(fmax(squares[c] / DRAWS - mean * mean, 0));
            const double *expected = crops[k].figures + 2 * c;
            assert_true(fabs(mean - expected[0]) <=
                        5 * expected[1] * sqrt(1.0 / DRAWS + 1.0 / CROP_DRAWS) + 2e-6);
            assert_true(fabs(deviation - expected[1]) <= 0.05 * expected[1] + 2e-6);
        }
    }
}

static void crop_parameters_are_checked(void **state)
{
    (void)state;
    const augmentation *a = &augment_random_resized_crop;
    assert_ok(a->check((float[4]){0.5f, 0.5f, 1, 1}));
    assert_ok(a->check((float[4]){0.5f, NAN, 0, 0})); /* the second is left at its default */
    assert_int_equal(a->check((float[4]){0.5f, 0.4f, 0, 0}), FV_ERROR_INVALID);
    assert_int_equal(a->check((float[4]){0, 0, 2, 1}), FV_ERROR_INVALID);
    /* Without strength nothing is random: the whole of a square. */
    image_region part = {0};
    rng r = rng_at(1, 0, 0);
    a->choose(NULL, 0, 50, 50, &r, &part);
    assert_true(part.height == 50 && part.width == 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_cut_out_of_the_whole), cmocka_unit_test(a_part_is_of_the_upright_picture),
        cmocka_unit_test(a_part_outside_is_an_error),     cmocka_unit_test(a_truncated_part_is_an_error),
        cmocka_unit_test(crops_are_torchvisions),         cmocka_unit_test(crop_parameters_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
