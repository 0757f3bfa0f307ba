/* SPDX-License-Identifier: Apache-2.0 */
/* Augmentations: exact moves, and what must hold for each of them. */
#include "test_image.h"
#include "image/augment.h"

#include "core/random.h"

static void flip_twice_is_the_same(void **state)
{
    (void)state;
    for (int64_t width = 1; width < 6; width++)
        for (int64_t c = 1; c <= 3; c += 2) {
            image im = noise(1, 4, width, c), first = noise(1, 4, width, c);
            image_space scratch = {0};
            rng r = rng_at(1, 0, 0);
            assert_ok(augment_random_horizontal_flip.apply(NULL, 1, &im, &r, &scratch));
            for (int64_t y = 0; y < 4; y++)
                for (int64_t x = 0; x < width; x++)
                    assert_memory_equal(im.data + (y * width + x) * c,
                                        first.data + (y * width + width - 1 - x) * c, (size_t)c);
            assert_ok(augment_random_horizontal_flip.apply(NULL, 1, &im, &r, &scratch));
            assert_true(same_picture(&im, &first));
            image_release(&im);
            image_release(&first);
            image_space_release(&scratch);
        }
}

/* Same stream: same result. The shape is kept, also of one pixel. Spare memory of any earlier shape will do. */
static void all_keep_their_promises(void **state)
{
    (void)state;
    const int64_t sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 5}, {32, 32}, {40, 17}};
    image_space used = {0};
    for (const augmentation *const *a = augmentation_table; *a; a++)
        for (size_t i = 0; (*a)->apply && i < sizeof sizes / sizeof *sizes; i++)
            for (uint32_t seed = 0; seed < 20; seed++) {
                image one = noise(seed, sizes[i][0], sizes[i][1], 3),
                      two = noise(seed, sizes[i][0], sizes[i][1], 3);
                image_space fresh = {0};
                void *parameters = calloc(1, (*a)->size + 1); /* all at their defaults */
                rng r = rng_at(seed, 0, 0), s = rng_at(seed, 0, 0);
                assert_ok((*a)->apply(parameters, 1, &one, &r, &used));
                assert_ok((*a)->apply(parameters, 1, &two, &s, &fresh));
                assert_true(same_picture(&one, &two));
                assert_int_equal(one.height, sizes[i][0]);
                assert_int_equal(one.width, sizes[i][1]);
                free(parameters);
                image_release(&one);
                image_release(&two);
                image_space_release(&fresh);
            }
    image_space_release(&used);
}

static int64_t reflected(int64_t i, int64_t n)
{
    return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
}

/* The move whose result is `im`, by trying all of at most `most` pixels; the number of moves that fit is
 * returned. */
static int find_move(const image *im, const image *first, int64_t most, int reflect, int64_t *found_y,
                     int64_t *found_x)
{
    int found = 0;
    int64_t h = im->height, w = im->width;
    for (int64_t dy = -most; dy <= most; dy++)
        for (int64_t dx = -most; dx <= most; dx++) {
            int same = 1;
            for (int64_t i = 0; i < h * w && same; i++) {
                int64_t y = i / w + dy, x = i % w + dx;
                int inside = y >= 0 && y < h && x >= 0 && x < w;
                int expected = inside    ? first->data[y * w + x]
                               : reflect ? first->data[reflected(y, h) * w + reflected(x, w)]
                                         : 0;
                same = im->data[i] == expected;
            }
            if (same) {
                found++;
                *found_y = dy;
                *found_x = dx;
            }
        }
    return found;
}

/* Every result is the picture moved by at most twice the eighth of a side with the right edges, and every move occurs. */
static void moves_are_whole_and_within_bounds(void **state)
{
    (void)state;
    for (int reflect = 0; reflect < 2; reflect++) {
        int seen[9][9] = {{0}};
        image_space scratch = {0};
        for (uint32_t seed = 0; seed < 1200; seed++) {
            image im = noise(9, 16, 16, 1), first = noise(9, 16, 16, 1);
            rng r = rng_at(seed, 3, 4);
            const augmentation *a = reflect ? &augment_random_shift : &augment_random_crop;
            void *parameters = calloc(1, a->size);
            assert_ok(a->apply(parameters, 2, &im, &r, &scratch));
            free(parameters);
            int64_t dy = 0, dx = 0;
            assert_int_equal(find_move(&im, &first, 5, reflect, &dy, &dx), 1);
            assert_true(dy >= -4 && dy <= 4 && dx >= -4 && dx <= 4);
            seen[dy + 4][dx + 4]++;
            image_release(&im);
            image_release(&first);
        }
        image_space_release(&scratch);
        for (int i = 0; i < 81; i++)
            assert_true(seen[i / 9][i % 9] >
                        0); /* missed by chance: 81 * (80 / 81)^1200 = 3e-5, and the seeds are fixed */
    }
}

/* Every width about the vectors' blocks, on every instruction set: pixel x comes from width - 1 - x. */
static void flip_mirrors_every_width(void **state)
{
    (void)state;
    const char *const sets[] = {"generic", "avx2", "avx512"};
    rng r = rng_at(1, 2, 3);
    for (int k = 0; k < 3; k++)
        for (int64_t c = 1; c <= 3; c += 2)
            for (int64_t width = 1; width < 70; width++) {
                image im = noise((uint32_t)width, 3, width, c), before = noise((uint32_t)width, 3, width, c);
                setenv("FOVEA_ISA", sets[k], 1);
                assert_ok(augment_random_horizontal_flip.apply(NULL, 1, &im, &r, NULL));
                unsetenv("FOVEA_ISA");
                for (int64_t i = 0; i < 3 * width; i++)
                    assert_memory_equal(im.data + i * c,
                                        before.data + (i / width * width + width - 1 - i % width) * c,
                                        (size_t)c);
                image_release(&im);
                image_release(&before);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flip_twice_is_the_same),
        cmocka_unit_test(flip_mirrors_every_width),
        cmocka_unit_test(all_keep_their_promises),
        cmocka_unit_test(moves_are_whole_and_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
