/* SPDX-License-Identifier: Apache-2.0 */
/* core: random numbers, files, texts. */
#include "testing.h"

#include <math.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/random.h"
#include "core/status.h"
#include "core/text.h"

/* Known answers of Philox4x32-10 from the authors' Random123 distribution (kat_vectors). */
static void philox_known_answers(void **state)
{
    (void)state;
    uint32_t out[4];
    rng_philox((uint32_t[4]){0, 0, 0, 0}, (uint32_t[2]){0, 0}, out);
    assert_int_equal(out[0], 0x6627e8d5);
    assert_int_equal(out[1], 0xe169c58d);
    assert_int_equal(out[2], 0xbc57ac4c);
    assert_int_equal(out[3], 0x9b00dbd8);
    uint32_t ones = 0xffffffffu;
    rng_philox((uint32_t[4]){ones, ones, ones, ones}, (uint32_t[2]){ones, ones}, out);
    assert_int_equal(out[0], 0x408f276d);
    assert_int_equal(out[1], 0x41c83b0e);
    assert_int_equal(out[2], 0xa20bc7c6);
    assert_int_equal(out[3], 0x6d5451fd);
}

static void random_moments(void **state)
{
    (void)state;
    rng r = rng_at(7, 1, 2);
    double sum = 0, squares = 0;
    int n = 200000;
    for (int i = 0; i < n; i++) {
        double x = rng_normal(&r);
        sum += x;
        squares += x * x;
    }
    /* Five standard errors. */
    assert_true(fabs(sum / n) < 5 / sqrt(n));
    assert_true(fabs(squares / n - 1) < 5 * sqrt(2.0 / n));
}

static void writer_keeps_the_old_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/fovea-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = file_join(folder, "a/b");
    assert_int_equal(file_write(path, "x", 1), FV_ERROR_IO);
    assert_non_null(strstr(fv_error_message(), path));
    char *deep = file_join(folder, "a");
    assert_int_equal(file_make_folders(deep), FV_OK);
    assert_int_equal(file_write(path, "old", 3), FV_OK);
    file_writer w;
    assert_int_equal(file_writer_open(&w, path), FV_OK);
    file_writer_add(&w, "new", 3);
    file_writer_discard(&w);
    uint8_t *data;
    size_t size;
    assert_int_equal(file_read(path, 100, &data, &size), FV_OK);
    assert_int_equal(size, 3);
    assert_memory_equal(data, "old", 3);
    free(data);
    assert_int_equal(file_read(path, 2, &data, &size), FV_ERROR_FORMAT);
    file_list list;
    assert_int_equal(file_list_folder(&list, deep), FV_OK);
    assert_int_equal(list.count, 1); /* no temporary file is left */
    file_list_release(&list);
    unlink(path);
    rmdir(deep);
    rmdir(folder);
    free(path);
    free(deep);
}

static void pools_keep_what_they_give(void **state)
{
    (void)state;
    mem_pool pool = {0};
    char *words[40];
    for (int i = 0; i < 40; i++)
        words[i] = mem_pool_text(&pool, "number %d", i);
    const int *zeros = mem_pool_array(&pool, 3, sizeof *zeros);
    assert_true(zeros && zeros[0] == 0 && zeros[2] == 0);
    assert_string_equal(words[0], "number 0");
    assert_string_equal(words[39], "number 39");
    assert_null(mem_pool_array(&pool, SIZE_MAX, 2));
    mem_pool_release(&pool);
    assert_null(pool.blocks);
}

static void full_disk_is_an_error(void **state)
{
    (void)state;
    file_writer w = {.path = mem_string("/dev/full"), .stream = fopen("/dev/full", "wb")};
    if (!w.stream)
        skip();
    char block[70000] = {0};
    file_writer_add(&w, block, sizeof block);
    file_writer_add(&w, block, sizeof block);
    assert_int_equal(w.status, FV_ERROR_IO);
    assert_non_null(strstr(w.message, "/dev/full"));
    file_writer_discard(&w);
}

static void nearest_words(void **state)
{
    (void)state;
    const char *words[] = {"epochs", "batch", "seed"};
    assert_string_equal(text_nearest("epcohs", words, 3), "epochs");
    assert_string_equal(text_nearest("bach", words, 3), "batch");
    assert_null(text_nearest("zzzzzz", words, 3));
    assert_int_equal(text_distance("kitten", "sitting"), 3);
}

static void numbers_are_decimal(void **state)
{
    (void)state;
    static const char *const none[] = {"",    " 1",    "1 ", "1,5", "0x1p3", "nan",
                                       "inf", "1e999", "-",  "1e",  "1.2.3"};
    double x;
    assert_true(text_number("-12.5e-1", &x) && x == -1.25);
    assert_true(text_number(".5", &x) && x == 0.5);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (text_number(none[i], &x))
            fail_msg("'%s' is accepted", none[i]);
}

static void messages_are_one_line(void **state)
{
    (void)state;
    status_set(FV_ERROR_FORMAT, "%s: damaged", "a\r\nb\x1b[2J\x7f.png");
    assert_string_equal(fv_error_message(), "a  b [2J .png: damaged");
    status_prefix(FV_ERROR_FORMAT, "c\nd");
    assert_string_equal(fv_error_message(), "c d: a  b [2J .png: damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),      cmocka_unit_test(random_moments),
        cmocka_unit_test(writer_keeps_the_old_file), cmocka_unit_test(pools_keep_what_they_give),
        cmocka_unit_test(full_disk_is_an_error),     cmocka_unit_test(nearest_words),
        cmocka_unit_test(numbers_are_decimal),       cmocka_unit_test(messages_are_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
