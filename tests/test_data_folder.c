/* SPDX-License-Identifier: Apache-2.0 */
/* data: class folders, parts, classes by name, splits. */
#include "test_data.h"

#include "data/dataset.h"
#include "data/store.h"

static const char *class_of_file(const fv_dataset *d, int64_t i)
{
    static char path[600];
    fv_dataset_file(d, i, path, sizeof path);
    *strrchr(path, '/') = 0;
    return strrchr(path, '/') + 1;
}

static void plain_folder(void **state)
{
    (void)state;
    put_picture("b/2.png", 4, 4, 3, 1);
    put_picture("b/1.PNG", 4, 4, 3, 2);
    put_picture("a/deep/er/x.jpeg", 6, 8, 3, 3); /* names do not matter to the decoder */
    put_picture("a/z.jpg", 4, 4, 3, 4);
    put_picture("Z/q.png", 4, 4, 3, 5);
    put_file("a/notes.txt", "x", 1);
    put_file("a/.hidden.png", "x", 1);
    put_file("readme", "x", 1);
    put_picture("loose.png", 4, 4, 3, 6);
    assert_ok(file_make_folders(in_root("empty")));
    assert_int_equal(mkfifo(in_root("b/pipe.png"), 0600), 0);
    fv_dataset *d = fv_dataset_open(test_root, .validation_split = FV_OFF);
    assert_non_null(d);
    static const char *const files[] = {"Z/q.png", "a/z.jpg", "a/deep/er/x.jpeg", "b/1.PNG", "b/2.png"};
    static const int labels[] = {0, 1, 1, 2, 2};
    assert_int_equal(fv_dataset_size(d), 5);
    assert_int_equal(fv_dataset_class_count(d), 3);
    assert_string_equal(fv_dataset_class_name(d, 0), "Z");
    assert_string_equal(fv_dataset_class_name(d, 2), "b");
    assert_null(fv_dataset_class_name(d, 3));
    for (int i = 0; i < 5; i++) {
        char path[600];
        assert_string_equal(fv_dataset_file(d, i, path, sizeof path), in_root(files[i]));
        assert_int_equal(fv_dataset_label(d, i), labels[i]);
    }
    assert_int_equal(fv_dataset_label(d, 5), -1);
    assert_null(fv_dataset_part(d, FV_VALIDATION));
    assert_null(fv_dataset_part(d, FV_TEST));
    assert_true(has_problem(d, "/empty: no pictures"));
    assert_true(has_problem(d, "1 pictures lie outside"));
    assert_true(has_problem(d, "3 files that are not pictures"));
    assert_int_equal(fv_dataset_problem_count(d), 3);
    image im = {0};
    image_space space = {0};
    assert_ok(dataset_decode(d, 2, &(image_decode_options){.channels = 3}, &space, &im));
    assert_int_equal(im.height, 6);
    assert_int_equal(im.width, 8);
    assert_int_equal(im.data[1], 3 + 7);
    image_release(&im);
    image_space_release(&space);
    fv_dataset_destroy(d);
}

static void bad_folders(void **state)
{
    (void)state;
    assert_not_open(FV_ERROR_IO, "no such folder", in_root("missing"));
    assert_not_open(FV_ERROR_INVALID, "empty", test_root);
    assert_not_open(FV_ERROR_IO, "cannot be downloaded", "http://127.0.0.1:1/data.zip");
    assert_not_open(FV_ERROR_INVALID, "path is needed", NULL);
    put_file("plain/file.rar", "x", 1);
    assert_not_open(FV_ERROR_UNSUPPORTED, "file.rar: is a file", in_root("plain/file.rar"));
    put_picture("flat/a.png", 2, 2, 1, 0);
    assert_not_open(FV_ERROR_INVALID, "no class folders", in_root("flat"));
    assert_ok(file_make_folders(in_root("hollow/a")));
    assert_ok(file_make_folders(in_root("hollow/b")));
    assert_not_open(FV_ERROR_INVALID, "hollow: no class folders with pictures", in_root("hollow"));
    put_picture("ok/a/1.png", 2, 2, 1, 0);
    assert_not_open(FV_ERROR_INVALID, "validation_split", in_root("ok"), .validation_split = 1.5f);
    assert_not_open(FV_ERROR_IO, "nowhere", in_root("ok"), .test_path = "/nowhere");
    put_picture("half/test/a/1.png", 2, 2, 1, 0);
    assert_ok(file_make_folders(in_root("half/train")));
    assert_not_open(FV_ERROR_INVALID, "half/train: no class folders", in_root("half"));
    fv_dataset *one = fv_dataset_open(in_root("ok")); /* one class: may still be evaluated */
    assert_non_null(one);
    assert_int_equal(fv_dataset_class_count(one), 1);
    fv_dataset_destroy(one);
}

/* A test folder that lacks a class, and one that has a class of its own, shift no label. */
static void parts_by_name(void **state)
{
    (void)state;
    char name[100];
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 4; i++) {
            snprintf(name, sizeof name, "train/%c/%d.png", "bdf"[c], i);
            put_picture(name, 3, 3, 1, i);
        }
    put_picture("valid/d/1.png", 3, 3, 1, 0);
    put_picture("test/f/1.png", 3, 3, 1, 0);
    put_picture("test/a/1.png", 3, 3, 1, 0);
    put_picture("other/f/1.png", 3, 3, 1, 0);
    fv_dataset *d = fv_dataset_open(test_root);
    assert_non_null(d);
    const fv_dataset *train = fv_dataset_part(d, FV_TRAIN), *val = fv_dataset_part(d, FV_VALIDATION),
                     *test = fv_dataset_part(d, FV_TEST);
    assert_int_equal(fv_dataset_size(d), 15);
    assert_int_equal(fv_dataset_size(train), 12);
    assert_int_equal(fv_dataset_class_count(train), 3);
    assert_int_equal(fv_dataset_size(val), 1);
    assert_int_equal(fv_dataset_class_count(val), 3);
    assert_int_equal(fv_dataset_label(val, 0), 1);
    assert_int_equal(fv_dataset_size(test), 2);
    assert_int_equal(fv_dataset_class_count(test), 4);
    for (int64_t i = 0; i < fv_dataset_size(d); i++)
        assert_string_equal(fv_dataset_class_name(d, fv_dataset_label(d, i)), class_of_file(d, i));
    assert_true(has_problem(d, "class a has no pictures for training"));
    assert_true(has_problem(d, "other: is none of"));

    static const char *const model[] = {"f", "x", "b"};
    int32_t map[4];
    assert_int_equal(dataset_match_classes(test, model, 3, map), 1);
    assert_int_equal(map[0], 2);
    assert_int_equal(map[1], -1);
    assert_int_equal(map[2], 0);
    assert_int_equal(map[3], -1);
    fv_dataset_destroy(d);

    d = fv_dataset_open(in_root("train"), .validation_path = in_root("valid"), .test_path = test_root);
    assert_non_null(d);
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_TRAIN)), 12);
    assert_int_equal(fv_dataset_label(fv_dataset_part(d, FV_VALIDATION), 0), 1);
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_TEST)), 2); /* the test part of that folder */
    fv_dataset_destroy(d);
}

/* A class of vehicles is not a part. */
static void train_may_be_a_class(void **state)
{
    (void)state;
    put_picture("train/1.png", 2, 2, 1, 0);
    put_picture("car/1.png", 2, 2, 1, 0);
    put_picture("car/2.png", 2, 2, 1, 0);
    fv_dataset *d = fv_dataset_open(test_root);
    assert_non_null(d);
    assert_int_equal(fv_dataset_class_count(d), 2);
    assert_int_equal(fv_dataset_size(d), 3);
    fv_dataset_destroy(d);
}

static void unlabelled_test(void **state)
{
    (void)state;
    put_picture("train/a/1.png", 2, 2, 1, 0);
    put_picture("train/b/1.png", 2, 2, 1, 0);
    put_picture("test/1.png", 2, 2, 1, 0);
    fv_dataset *d = fv_dataset_open(test_root);
    assert_non_null(d);
    assert_null(fv_dataset_part(d, FV_TEST));
    assert_true(has_problem(d, "test: there are pictures, but no class folders"));
    fv_dataset_destroy(d);
    assert_not_open(FV_ERROR_INVALID, "no class folders", test_root, .on_error = FV_FAIL);
}

static void uneven_and_unreadable(void **state)
{
    (void)state;
    char name[100];
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "many/%d.png", i);
        put_file(name, "", 0);
    }
    put_picture("few/1.png", 5, 7, 1, 0);
    fv_dataset *d = fv_dataset_open(test_root);
    assert_non_null(d);
    assert_true(has_problem(d, "uneven: many has 12 pictures for training, few only 1"));
    int64_t h, w, c;
    assert_ok(fv_dataset_shape(d, &h, &w, &c)); /* of those that can be read */
    assert_int_equal(h, 5);
    assert_int_equal(w, 7);
    assert_int_equal(c, 1);
    remove(in_root("few/1.png"));
    assert_int_equal(fv_dataset_shape(d, &h, &w, &c), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "none of 13"));
    fv_dataset_destroy(d);
}

static void median_shape(void **state)
{
    (void)state;
    put_picture("a/1.png", 10, 40, 1, 0);
    put_picture("a/2.png", 20, 30, 1, 0);
    put_picture("a/3.png", 30, 50, 3, 0);
    fv_dataset *d = fv_dataset_open(test_root);
    int64_t h, w, c;
    assert_ok(fv_dataset_shape(d, &h, &w, &c));
    assert_int_equal(h, 20);
    assert_int_equal(w, 40);
    assert_int_equal(c, 3);
    fv_dataset_destroy(d);
}

/* ---- splits ---- */

enum {
    SPLIT_CLASSES = 5
};
static const int64_t split_sizes[SPLIT_CLASSES] = {1, 2, 3, 50, 101};

static void make_split_data(void)
{
    char name[100];
    for (int c = 0; c < SPLIT_CLASSES; c++)
        for (int64_t i = split_sizes[c]; i-- > 0;) {
            snprintf(name, sizeof name, "c%d/%03lld.png", c, (long long)i);
            put_file(name, "", 0);
        }
}

/* The names of the validation pictures of class `name`, as one string. */
static void validation_files(fv_dataset *d, const char *name, char *out, size_t size)
{
    const fv_dataset *val = fv_dataset_part(d, FV_VALIDATION);
    size_t length = 0;
    out[0] = 0;
    for (int64_t i = 0; i < fv_dataset_size(val); i++)
        if (strcmp(fv_dataset_class_name(val, fv_dataset_label(val, i)), name) == 0) {
            char path[600];
            length += (size_t)snprintf(out + length, size - length, "%s ",
                                       file_base_name(fv_dataset_file(val, i, path, sizeof path)));
        }
}

static void split_is_stratified(void **state)
{
    (void)state;
    make_split_data();
    for (float part = 0.1f; part < 0.95f; part += 0.2f) {
        fv_dataset *d = fv_dataset_open(test_root, .validation_split = part, .seed = 3);
        assert_non_null(d);
        const fv_dataset *train = fv_dataset_part(d, FV_TRAIN), *val = fv_dataset_part(d, FV_VALIDATION);
        assert_int_equal(fv_dataset_size(train) + fv_dataset_size(val), fv_dataset_size(d));
        for (int c = 0; c < SPLIT_CLASSES; c++) {
            int64_t n = split_sizes[c], v = count_label(val, c), t = count_label(train, c);
            assert_int_equal(v + t, n);
            assert_true(t >= 1);
            assert_true(v >= (n >= 2));
            if (n >= 3)
                assert_true((float)v > part * (float)n - 1 && (float)v < part * (float)n + 1);
        }
        /* Disjoint, and together everything: each sample of the whole is in exactly one of them. */
        char *seen = calloc((size_t)fv_dataset_size(d), 1);
        for (int64_t i = 0; i < train->count; i++)
            seen[train->indices[i]]++;
        for (int64_t i = 0; i < val->count; i++)
            seen[val->indices[i]]++;
        for (int64_t i = 0; i < fv_dataset_size(d); i++)
            assert_int_equal(seen[i], 1);
        free(seen);
        fv_dataset_destroy(d);
    }
}

static void split_is_seeded(void **state)
{
    (void)state;
    make_split_data();
    char first[2000], again[2000], other[2000], more[2000];
    fv_dataset *d = fv_dataset_open(test_root, .seed = 3);
    validation_files(d, "c4", first, sizeof first);
    assert_int_equal(count_label(fv_dataset_part(d, FV_VALIDATION), 4), 20); /* a fifth by default */
    fv_dataset_destroy(d);
    d = fv_dataset_open(test_root, .seed = 3);
    validation_files(d, "c4", again, sizeof again);
    fv_dataset_destroy(d);
    d = fv_dataset_open(test_root, .seed = 4);
    validation_files(d, "c4", other, sizeof other);
    fv_dataset_destroy(d);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    /* Classes before it, and gone, do not matter; nor does the order in which files were made. */
    put_file("a/new.png", "", 0);
    put_file("a/newer.png", "", 0);
    remove(in_root("c0/000.png"));
    remove(in_root("c4/050.png"));
    put_file("c4/050.png", "", 0);
    d = fv_dataset_open(test_root, .seed = 3);
    validation_files(d, "c4", more, sizeof more);
    fv_dataset_destroy(d);
    assert_string_equal(first, more);
}

/* Links to files are pictures; a link that leads back up does not go round for ever. */
static void links(void **state)
{
    (void)state;
    put_picture("store/1.png", 2, 2, 1, 0);
    put_picture("data/a/1.png", 2, 2, 1, 0);
    assert_int_equal(symlink(in_root("store/1.png"), in_root("data/a/2.png")), 0);
    assert_int_equal(symlink(in_root("store"), in_root("data/b")), 0);
    assert_int_equal(symlink(in_root("data"), in_root("data/a/up")), 0);
    assert_int_equal(symlink("/nowhere", in_root("data/a/gone.png")), 0);
    fv_dataset *d = fv_dataset_open(in_root("data"));
    assert_non_null(d);
    assert_int_equal(fv_dataset_size(d), 3);
    assert_int_equal(fv_dataset_class_count(d), 2);
    assert_true(has_problem(d, "a/up: a link to a folder"));
    fv_dataset_destroy(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plain_folder),    TEST(bad_folders),
        TEST(parts_by_name),   TEST(train_may_be_a_class),
        TEST(unlabelled_test), TEST(uneven_and_unreadable),
        TEST(median_shape),    TEST(split_is_stratified),
        TEST(split_is_seeded), TEST(links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
