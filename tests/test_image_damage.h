/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every format's files must stand, for the tests of the formats: cut anywhere, damaged anywhere, limits.
 *
 *     cut_everywhere("image_tiff.bin", NULL);
 */
#ifndef TEST_IMAGE_DAMAGE_H
#define TEST_IMAGE_DAMAGE_H

#include "core/random.h"
#include "test_image.h"

enum {
    CUTS = 400 /* of a file */
};

/* NULL when the first `length` bytes are refused, by a message that names them, or show the whole picture all the same: the
 * first frame is there, or what lacks is not needed. */
static inline const char *judge_cut(const golden_picture *p, size_t length, image *im)
{
    uint8_t *cut = malloc(length + 1); /* so that reading beyond it is seen by the sanitizer */
    memcpy(cut, p->file, length);
    fv_status status = image_decode(cut, length, "cut.file", NULL, im);
    free(cut);
    if (status == FV_OK)
        return im->height == p->height && im->width == p->width && difference(im, p->pixels) <= p->tolerance
                   ? NULL
                   : "decoded";
    if (status != FV_ERROR_FORMAT && status != FV_ERROR_UNSUPPORTED)
        return "not a clean error";
    return strstr(fv_error_message(), "cut.file") ? NULL : "the message does not name the file";
}

/* `needed`: how many bytes at least a cut takes off (NULL: 1). Some cuts must be refused. */
static inline void cut_everywhere(const char *golden_name, size_t (*needed)(const golden_picture *p))
{
    golden g = golden_open(golden_name);
    int bad = 0, refused = 0;
    image im = {0};
    while (golden_more(&g)) {
        golden_picture p = golden_next(&g);
        size_t least = needed ? needed(&p) : 1;
        for (size_t length = 0; length + least <= p.size; length += p.size / CUTS + 1) {
            im.height = 0;
            const char *wrong = judge_cut(&p, length, &im);
            refused += im.height == 0;
            if (wrong) {
                print_error("%s: %zu of %zu bytes: %s: %s\n", p.name, length, p.size, wrong,
                            fv_error_message());
                bad++;
            }
        }
    }
    image_release(&im);
    assert_int_equal(bad, 0);
    assert_true(refused > 0);
    golden_close(&g);
}

/* Any byte changed: a picture or an error, and the sanitizers have nothing to say. */
static inline void damage_everywhere(const char *golden_name, int rounds)
{
    golden g = golden_open(golden_name);
    image im = {0};
    rng r = rng_at(12, 0, 0);
    while (golden_more(&g)) {
        golden_picture p = golden_next(&g);
        uint8_t *copy = malloc(p.size);
        for (int round = 0; round < rounds; round++) {
            memcpy(copy, p.file, p.size);
            for (uint64_t k = 0, n = 1 + rng_below(&r, 3); k < n; k++)
                copy[rng_below(&r, p.size)] = (uint8_t)rng_u32(&r);
            image_decode_options o = {.max_pixels = 1 << 20, .window = (fv_window)(round % 2)};
            fv_status status = image_decode(copy, p.size, "damaged", &o, &im);
            if (status != FV_OK && status != FV_ERROR_FORMAT && status != FV_ERROR_UNSUPPORTED)
                fail_msg("%s: %s", p.name, fv_error_message());
        }
        free(copy);
    }
    image_release(&im);
    golden_close(&g);
}

/* As many pixels as the picture has are allowed, one less are not, and then nothing is allocated. */
static inline void limit_everything(const char *golden_name)
{
    golden g = golden_open(golden_name);
    image im = {0};
    while (golden_more(&g)) {
        golden_picture p = golden_next(&g);
        int64_t pixels = (int64_t)p.height * p.width;
        if (pixels == 1)
            continue;
        assert_ok(image_decode(p.file, p.size, p.name, &(image_decode_options){.max_pixels = pixels}, &im));
        image_release(&im);
        assert_int_equal(
            image_decode(p.file, p.size, p.name, &(image_decode_options){.max_pixels = pixels - 1}, &im),
            FV_ERROR_FORMAT);
        assert_non_null(strstr(fv_error_message(), "limit"));
        assert_null(im.data);
    }
    golden_close(&g);
}

#endif
