/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of colour and tone against torchvision's functions on photos (golden/augment_colour.py). */
#include "test_image.h"

#include <math.h>

#include "image/adjust.h"

enum {
    PHOTOS_MOST = 8
};

static image copy_of(const image *im)
{
    image copy = {0};
    assert_ok(image_reshape(&copy, im->height, im->width, im->channels));
    memcpy(copy.data, im->data, (size_t)(im->height * im->width * im->channels));
    return copy;
}

static void apply(image *im, int function, float value)
{
    image spare = {0};
    switch (function) {
    case 0:
        adjust_brightness(im, value);
        break;
    case 1:
        adjust_contrast(im, value);
        break;
    case 2:
        adjust_saturation(im, value);
        break;
    case 3:
        adjust_hue(im, value);
        break;
    case 4:
        assert_ok(adjust_sharpness(im, value, &spare));
        break;
    case 5:
        adjust_posterize(im, (int)value);
        break;
    case 6:
        adjust_solarize(im, value);
        break;
    case 7:
        adjust_invert(im, 1);
        break;
    case 8:
        adjust_autocontrast(im, 1);
        break;
    case 9:
        adjust_equalize(im, 1);
        break;
    case 10:
        adjust_saturation(im, 0);
        break;
    default:
        fail_msg("the golden file has a function %d", function);
    }
    image_release(&spare);
}

static const char *const names[] = {"brightness",   "contrast",  "saturation", "hue",
                                    "sharpness",    "posterize", "solarize",   "invert",
                                    "autocontrast", "equalize",  "grayscale"};

/* Mean difference a sample 0, greatest difference 0: equal. */
static void same_as_torchvision(void **state)
{
    (void)state;
    golden g = golden_open("augment_colour.bin");
    image photos[PHOTOS_MOST] = {0};
    int count = 0, records = 0;
    for (;; count++) {
        int32_t h = golden_int(&g), w = golden_int(&g), c = golden_int(&g);
        if (h == 0)
            break;
        assert_true(count < PHOTOS_MOST);
        assert_ok(image_reshape(&photos[count], h, w, c));
        memcpy(photos[count].data, golden_bytes(&g, (size_t)(h * w * c)), (size_t)(h * w * c));
    }
    for (; golden_more(&g); records++) {
        int32_t k = golden_int(&g), function = golden_int(&g);
        float value = golden_float(&g);
        assert_true(k >= 0 && k < count);
        image im = copy_of(&photos[k]);
        apply(&im, function, value);
        int most = difference(&im, golden_bytes(&g, (size_t)(im.height * im.width * im.channels)));
        if (most > 0)
            fail_msg("%s %g of photo %d: differs by up to %d", names[function], (double)value, k, most);
        image_release(&im);
    }
    assert_true(records > 150);
    golden_close(&g);
    for (int k = 0; k < count; k++)
        image_release(&photos[k]);
}

/* Half the strength goes half the way, sample by sample; none leaves the picture alone. */
static void strength_is_a_part_of_the_way(void **state)
{
    (void)state;
    void (*const functions[])(image *, float) = {adjust_invert, adjust_autocontrast, adjust_equalize};
    for (int k = 0; k < 3; k++) {
        image first = noise(5, 40, 30, 3);
        for (int i = 0; i < 40 * 30 * 3; i++)
            first.data[i] = (uint8_t)(60 + first.data[i] / 4);
        image full = copy_of(&first), half = copy_of(&first), none = copy_of(&first);
        functions[k](&full, 1);
        functions[k](&half, 0.5f);
        functions[k](&none, 0);
        assert_true(same_picture(&none, &first));
        assert_false(same_picture(&full, &first));
        for (int i = 0; i < 40 * 30 * 3; i++)
            assert_int_equal(half.data[i], (first.data[i] + full.data[i]) / 2);
        image_release(&first);
        image_release(&full);
        image_release(&half);
        image_release(&none);
    }
}

static void smallest_pictures(void **state)
{
    (void)state;
    for (int64_t size = 1; size < 4; size++)
        for (int64_t c = 1; c <= 3; c += 2)
            for (int function = 0; function < 11; function++) {
                image im = noise(3, size, 4 - size, c);
                apply(&im, function, function == 3 ? 0.3f : 2);
                image_release(&im);
            }
}

static void mixing(void **state)
{
    (void)state;
    image a = noise(1, 20, 20, 3), b = noise(2, 20, 20, 3), m = copy_of(&a);
    adjust_mix(&m, &b, 1);
    assert_true(same_picture(&m, &a));
    adjust_mix(&m, &b, 0.3f);
    for (int i = 0; i < 20 * 20 * 3; i++)
        assert_true(fabs(m.data[i] - 0.3 * a.data[i] - 0.7 * b.data[i]) <= 0.5 + 255.0 / 65536);
    adjust_mix(&m, &b, 0);
    assert_true(same_picture(&m, &b));
    image_release(&a);
    image_release(&b);
    image_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_torchvision),
        cmocka_unit_test(strength_is_a_part_of_the_way),
        cmocka_unit_test(smallest_pictures),
        cmocka_unit_test(mixing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
