/* SPDX-License-Identifier: Apache-2.0 */
/* The demo data set: what is written, that it repeats, and that nothing of the user's is touched. */
#include <math.h>

#include "core/file.h"
#include "core/memory.h"
#include "data/demo.h"
#include "data/demo_digits.h"
#include "testing.h"

static char root[] = "/tmp/fovea-demo-XXXXXX";

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

/* A path below the root; static. */
static const char *below(const char *format, ...)
{
    static char path[4][512];
    static int turn;
    char *to = path[turn = (turn + 1) % 4];
    int length = snprintf(to, sizeof path[0], "%s/", root);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(to + length, sizeof path[0] - (size_t)length, format, arguments);
    va_end(arguments);
    return to;
}

static size_t count_in(const char *path)
{
    file_list list;
    assert_ok(file_list_folder(&list, path));
    size_t count = list.count;
    file_list_release(&list);
    return count;
}

static bool same_file(const char *a, const char *b)
{
    uint8_t *x, *y;
    size_t n, m;
    assert_ok(file_read(a, 1 << 20, &x, &n));
    assert_ok(file_read(b, 1 << 20, &y, &m));
    bool same = n == m && memcmp(x, y, n) == 0;
    free(x);
    free(y);
    return same;
}

static void layout_and_formats(void **state)
{
    (void)state;
    assert_ok(fv_demo_write(below("a"), .train = 4, .test = 2, .seed = 5));
    assert_int_equal(count_in(below("a")), 2);
    assert_int_equal(count_in(below("a/train")), 10);
    assert_int_equal(count_in(below("a/test")), 10);
    for (int digit = 0; digit < 10; digit++) {
        assert_int_equal(count_in(below("a/train/%d", digit)), 4);
        assert_int_equal(count_in(below("a/test/%d", digit)), 2);
        for (int i = 0; i < 4; i++) {
            const char *path = below("a/train/%d/%05d.%s", digit, i, i == 2 ? "jpg" : "png");
            uint8_t *bytes;
            size_t size;
            image_info info;
            assert_ok(file_read(path, 1 << 20, &bytes, &size));
            assert_ok(image_probe(bytes, size, path, &info));
            assert_string_equal(info.format, i == 2 ? "JPEG" : "PNG");
            image im = {0};
            assert_ok(image_decode(bytes, size, path, &(image_decode_options){0}, &im));
            assert_int_equal(im.width, 32);
            assert_int_equal(im.height, 32);
            assert_int_equal(im.channels, 3);
            image_release(&im);
            free(bytes);
        }
    }
}

static void seeds_decide(void **state)
{
    (void)state;
    assert_ok(fv_demo_write(below("b"), .train = 4, .test = 2, .seed = 5));
    assert_ok(fv_demo_write(below("c"), .train = 4, .test = 2, .seed = 6));
    assert_ok(fv_demo_write(below("d"), .train = 5, .test = 3, .seed = 5)); /* begins like b */
    static const char *const parts[] = {"train", "test"};
    for (int part = 0; part < 2; part++)
        for (int digit = 0; digit < 10; digit++)
            for (int i = 0; i < (part ? 2 : 4); i++) {
                char file[64];
                snprintf(file, sizeof file, "%s/%d/%05d.%s", parts[part], digit, i, i == 2 ? "jpg" : "png");
                assert_true(same_file(below("a/%s", file), below("b/%s", file)));
                assert_true(same_file(below("a/%s", file), below("d/%s", file)));
                assert_false(same_file(below("a/%s", file), below("c/%s", file)));
            }
    /* The parts differ from each other, too. */
    assert_false(same_file(below("a/train/3/00000.png"), below("a/test/3/00000.png")));
}

static void users_files_are_left_alone(void **state)
{
    (void)state;
    assert_ok(file_make_folders(below("mine")));
    assert_ok(file_write(below("mine/thesis.txt"), "x", 1));
    assert_int_equal(fv_demo_write(below("mine"), .train = 1), FV_ERROR_IO);
    assert_non_null(strstr(fv_error_message(), "mine"));
    assert_non_null(strstr(fv_error_message(), "not empty"));
    assert_int_equal(count_in(below("mine")), 1);
    assert_int_equal(fv_demo_write(below("mine/thesis.txt"), .train = 1), FV_ERROR_IO);
    assert_non_null(strstr(fv_error_message(), "is a file"));
    assert_ok(file_make_folders(below("empty/deeper")));
    assert_ok(fv_demo_write(below("empty/deeper"), .train = 1, .test = FV_OFF));
    assert_int_equal(count_in(below("empty/deeper")), 1); /* no test pictures, no test folder */
}

static void options_are_checked(void **state)
{
    (void)state;
    assert_int_equal(fv_demo_write_with(NULL), FV_ERROR_INVALID);
    assert_int_equal(fv_demo_write(NULL), FV_ERROR_INVALID);
    assert_int_equal(fv_demo_write(below("e"), .train = -3), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "train"));
    assert_int_equal(fv_demo_write(below("e"), .size = 8), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "size"));
    assert_int_equal(fv_demo_write(below("e"), .test = 1000000), FV_ERROR_INVALID);
    assert_false(file_exists(below("e"))); /* nothing was begun */
    assert_int_equal(fv_demo_write("/proc/fovea/demo", .train = 1), FV_ERROR_IO);
    assert_non_null(strstr(fv_error_message(), "/proc/fovea"));
}

static int stop_at_seven(int64_t done, int64_t total, void *user)
{
    *(int64_t *)user = total;
    return done == 7;
}

static void progress_can_stop_it(void **state)
{
    (void)state;
    int64_t total = 0;
    assert_int_equal(
        fv_demo_write(below("f"), .train = 2, .test = 1, .on_progress = stop_at_seven, .user = &total),
        FV_INTERRUPTED);
    assert_int_equal(total, 30);
    size_t written = 0;
    for (int digit = 0; digit < 10; digit++)
        written += count_in(below("f/train/%d", digit));
    assert_int_equal(written, 7);
}

static void other_sizes(void **state)
{
    (void)state;
    static const int64_t sizes[] = {16, 28, 96};
    for (int i = 0; i < 3; i++) {
        demo_painter p;
        image im = {0};
        assert_ok(demo_painter_init(&p, sizes[i]));
        rng r = rng_at(1, 2, 3);
        assert_ok(demo_paint(&p, 4, &r, &im));
        assert_int_equal(im.width, sizes[i]);
        assert_int_equal(im.height, sizes[i]);
        image_release(&im);
        demo_painter_release(&p);
    }
}

/* Catches a knot that was added without raising its glyph's count. */
static void glyphs_are_complete(void **state)
{
    (void)state;
    for (int digit = 0; digit < DEMO_DIGITS; digit++)
        for (int v = 0; v < DEMO_VARIANTS; v++) {
            const demo_glyph *g = &demo_glyphs[digit][v];
            assert_in_range(g->count, 3, DEMO_MAX_KNOTS);
            assert_int_equal(g->knots[0].turn, DEMO_LIFT);
            for (int i = 0; i < DEMO_MAX_KNOTS; i++) {
                bool used = g->knots[i].x > 0 && g->knots[i].y > 0;
                assert_int_equal(used, i < g->count); /* the count is that of the knots written down */
                assert_true(g->knots[i].x < 1 && g->knots[i].y < 1);
            }
        }
}

/* Ink may be darker or brighter than the paper, each about as often: no model gets by with brightness. */
static void either_may_be_brighter(void **state)
{
    (void)state;
    demo_painter p;
    image im = {0};
    int dark = 0, total = 300;
    assert_ok(demo_painter_init(&p, 32));
    for (int n = 0; n < total; n++) {
        rng r = rng_at(3, 1, (uint64_t)n);
        assert_ok(demo_paint(&p, 1, &r, &im));
        double middle = 0,
               border = 0; /* a one's stroke stands in the middle rows; the sides are mostly paper */
        for (int y = 8; y < 24; y++)
            for (int x = 0; x < 32; x++)
                for (int k = 0; k < 3; k++)
                    *(x >= 10 && x < 22 ? &middle : &border) += im.data[(y * 32 + x) * 3 + k];
        dark += middle / 12 < border / 20;
    }
    assert_in_range(dark, total * 3 / 10, total * 7 / 10);
    image_release(&im);
    demo_painter_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_and_formats),         cmocka_unit_test(seeds_decide),
        cmocka_unit_test(users_files_are_left_alone), cmocka_unit_test(options_are_checked),
        cmocka_unit_test(progress_can_stop_it),       cmocka_unit_test(other_sizes),
        cmocka_unit_test(glyphs_are_complete),        cmocka_unit_test(either_may_be_brighter),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
