/* SPDX-License-Identifier: Apache-2.0 */
/* data: tar shards that other programs wrote. */
#include "test_data.h"

#include "data/archives/ustar.h"
#include "data/dataset.h"

/* ---- writing tar ---- */

typedef struct tar {
    uint8_t *data;
    size_t size;
} tar;

static void tar_add(tar *t, const char *name, const void *data, size_t size)
{
    size_t whole = USTAR_BLOCK + size + ustar_padding(size);
    t->data = realloc(t->data, t->size + whole + 2 * USTAR_BLOCK);
    memset(t->data + t->size, 0, whole + 2 * USTAR_BLOCK);
    ustar_header(t->data + t->size, name, size, NULL);
    memcpy(t->data + t->size + USTAR_BLOCK, data, size);
    t->size += whole;
}

static void tar_add_text(tar *t, const char *name, const char *content)
{
    tar_add(t, name, content, strlen(content));
}

/* A grey picture of one tone. */
static void tar_add_picture(tar *t, const char *name, int tone)
{
    image im = {0};
    uint8_t *bytes;
    size_t size;
    assert_ok(image_reshape(&im, 4, 5, 1));
    memset(im.data, tone, 20);
    assert_ok(image_encode_png(&im, &bytes, &size));
    tar_add(t, name, bytes, size);
    free(bytes);
    image_release(&im);
}

static void tar_put(tar *t, const char *name)
{
    put_file(name, t->data, t->size + 2 * USTAR_BLOCK);
    free(t->data);
    *t = (tar){0};
}

/* A shard of `count` samples from `first` on, whose class texts come from `classes` in turn. */
static void put_shard(const char *name, int first, int count, const char *const *classes, int class_count)
{
    tar t = {0};
    for (int i = first; i < first + count; i++) {
        char file[100];
        snprintf(file, sizeof file, "set/%04d.png", i);
        tar_add_picture(&t, file, i);
        snprintf(file, sizeof file, "set/%04d.cls", i);
        tar_add_text(&t, file, classes[i % class_count]);
    }
    tar_put(&t, name);
}

static int tone_of(const fv_dataset *d, int64_t index)
{
    image im = {0};
    image_space space = {0};
    assert_ok(dataset_decode(d, index, &(image_decode_options){0}, &space, &im));
    assert_int_equal(im.height, 4);
    int tone = im.data[0];
    image_release(&im);
    image_space_release(&space);
    return tone;
}

static fv_dataset *open_data(const char *name)
{
    fv_dataset *d = fv_dataset_open(in_root(name), .validation_split = FV_OFF);
    if (!d)
        fail_msg("%s", fv_error_message());
    return d;
}

/* ---- one class a picture ---- */

static void numbers(void **state)
{
    (void)state;
    static const char *const classes[] = {"0", " 2\n", "1"};
    put_shard("numbers/x-train-0.tar", 0, 6, classes, 3);
    put_shard("numbers/x-train-1.tar", 6, 3, classes, 3);
    put_shard("numbers/x-val-0.tar", 9, 3, classes, 3);
    fv_dataset *d = open_data("numbers");
    assert_int_equal(fv_dataset_class_count(d), 3);
    assert_string_equal(fv_dataset_class_name(d, 2), "2");
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_TRAIN)), 9);
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_VALIDATION)), 3);
    static const int labels[] = {0, 2, 1};
    for (int64_t i = 0; i < 12; i++) {
        assert_int_equal(tone_of(d, i), i);
        assert_int_equal(fv_dataset_label(d, i), labels[i % 3]);
    }
    fv_dataset_destroy(d);
    /* Names for the numbers. */
    put_file("numbers/classes.txt", "cat\r\ndog\nfox", 12);
    d = open_data("numbers");
    assert_string_equal(fv_dataset_class_name(d, 0), "cat");
    assert_string_equal(fv_dataset_class_name(d, 2), "fox");
    assert_int_equal(fv_dataset_label(d, 1), 2);
    fv_dataset_destroy(d);
    /* The same by a pattern, and one shard alone. */
    char path[200];
    snprintf(path, sizeof path, "%s/x-train-{0..1}.tar", in_root("numbers"));
    d = fv_dataset_open(path, .validation_split = FV_OFF);
    assert_int_equal(fv_dataset_size(d), 9);
    assert_string_equal(fv_dataset_class_name(d, 1), "dog");
    fv_dataset_destroy(d);
    d = open_data("numbers/x-val-0.tar");
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_VALIDATION)), 3);
    fv_dataset_destroy(d);
    put_file("numbers/classes.txt", "cat\ndog\n", 8);
    assert_not_open(FV_ERROR_FORMAT, "class 2 is out of range", in_root("numbers"));
    put_file("numbers/classes.txt", "cat\n\ndog\n", 9);
    assert_not_open(FV_ERROR_FORMAT, "line 2 is empty", in_root("numbers"));
}

static void names(void **state)
{
    (void)state;
    static const char *const classes[] = {"zebra", "cat", "10"};
    put_shard("names/0.tar", 0, 6, classes, 3);
    put_shard("names/1.tar", 6, 6, classes, 3);
    fv_dataset *d = open_data("names");
    assert_int_equal(fv_dataset_class_count(d), 3);
    for (int64_t i = 0; i < 12; i++)
        assert_string_equal(fv_dataset_class_name(d, fv_dataset_label(d, i)), classes[i % 3]);
    assert_string_equal(fv_dataset_class_name(d, 0), "10"); /* in byte order */
    fv_dataset_destroy(d);
    put_file("names/classes.txt", "zebra\n10\nfox\ncat\n", 17);
    d = open_data("names");
    assert_int_equal(fv_dataset_label(d, 0), 0);
    assert_int_equal(fv_dataset_label(d, 1), 3);
    for (int64_t i = 0; i < 12; i++)
        assert_string_equal(fv_dataset_class_name(d, fv_dataset_label(d, i)), classes[i % 3]);
    fv_dataset_destroy(d);
    put_file("names/classes.txt", "zebra\n10\n", 9);
    assert_not_open(FV_ERROR_FORMAT, "class cat is not in classes.txt", in_root("names"));
}

static void odd_files(void **state)
{
    (void)state;
    tar t = {0};
    tar_add_text(&t, "classes.txt", "cat\ndog\n");
    tar_add_picture(&t, "a.png", 1);
    tar_add_text(&t, "a.cls", "1");
    tar_add_picture(&t, "a.seg.png", 99); /* another thing than the picture */
    tar_add_text(&t, "a.json", "{\"caption\": \"a dog\"}");
    tar_add_picture(&t, "lonely.png", 2);
    tar_add_text(&t, "nothing.cls", "0");
    tar_add_picture(&t, "blank.png", 3);
    tar_add_text(&t, "blank.cls", " \n");
    tar_add_picture(&t, "dir.with.dots/b.png", 4);
    tar_add_text(&t, "dir.with.dots/b.cls", "0");
    tar_put(&t, "odd/s.tar");
    fv_dataset *d = open_data("odd");
    assert_int_equal(fv_dataset_size(d), 2);
    assert_false(fv_dataset_is_multi_label(d));
    assert_int_equal(tone_of(d, 0), 1);
    assert_string_equal(fv_dataset_class_name(d, fv_dataset_label(d, 0)), "dog");
    assert_int_equal(tone_of(d, 1), 4);
    assert_true(has_problem(d, "1 pictures without a class and 1 classes without a picture"));
    assert_true(has_problem(d, "blank.cls: no class stands in it"));
    fv_dataset_destroy(d);
    assert_not_open(FV_ERROR_FORMAT, "blank.cls", in_root("odd"), .on_error = FV_FAIL);
}

static void a_damaged_shard(void **state)
{
    (void)state;
    static const char *const classes[] = {"0", "1"};
    put_shard("damaged/0.tar", 0, 4, classes, 2);
    put_file("damaged/1.tar", "this is no tar archive, whatever its name says", 40);
    fv_dataset *d = open_data("damaged");
    assert_int_equal(fv_dataset_size(d), 4);
    assert_true(has_problem(d, "1.tar"));
    fv_dataset_destroy(d);
    assert_not_open(FV_ERROR_FORMAT, "1.tar", in_root("damaged"), .on_error = FV_FAIL);
}

/* ---- several ---- */

static void put_labels(tar *t, int tone, const char *json)
{
    char name[100];
    snprintf(name, sizeof name, "%03d.png", tone);
    tar_add_picture(t, name, tone);
    snprintf(name, sizeof name, "%03d.json", tone);
    tar_add_text(t, name, json);
}

static void assert_labels(const fv_dataset *d, int64_t index, int64_t count, const int64_t *labels)
{
    assert_int_equal(fv_dataset_label_count(d, index), count);
    for (int64_t k = 0; k < count; k++)
        assert_int_equal(fv_dataset_label_at(d, index, k), labels[k]);
}

static void lists_of_labels(void **state)
{
    (void)state;
    tar t = {0};
    put_labels(&t, 0, "{\"labels\": [2, 0]}");
    put_labels(&t, 1, "{\"labels\": []}");
    put_labels(&t, 2, "{\"labels\": [1, 1, \"01\"], \"caption\": \"x\"}"); /* one class, thrice */
    put_labels(&t, 3, "{\"labels\": 1}");
    put_labels(&t, 4, "{\"labels\": [1.5]}");
    put_labels(&t, 5, "{\"labels\": [");
    tar_add_picture(&t, "006.png", 6); /* a single class among them */
    tar_add_text(&t, "006.cls", "2");
    tar_put(&t, "lists/s.tar");
    fv_dataset *d = open_data("lists");
    assert_true(fv_dataset_is_multi_label(d));
    assert_int_equal(fv_dataset_size(d), 4);
    assert_labels(d, 0, 2, (const int64_t[]){0, 2});
    assert_labels(d, 1, 0, NULL);
    assert_labels(d, 2, 1, (const int64_t[]){1});
    assert_labels(d, 3, 1, (const int64_t[]){2});
    assert_int_equal(tone_of(d, 3), 6);
    assert_true(has_problem(d, "2 pictures without a class"));
    assert_true(has_problem(d, "004.json: a label is neither a number nor a name"));
    fv_dataset_destroy(d);
}

static void lists_of_names(void **state)
{
    (void)state;
    tar t = {0};
    put_labels(&t, 0, "{\"labels\": [\"sky\", \"sea\"]}");
    put_labels(&t, 1, "{\"labels\": [\"tree\"]}");
    tar_put(&t, "words.tar");
    fv_dataset *d = open_data("words.tar"); /* no .cls: its .json says that it is a shard */
    assert_true(fv_dataset_is_multi_label(d));
    assert_int_equal(fv_dataset_class_count(d), 3);
    assert_labels(d, 0, 2, (const int64_t[]){0, 1});
    assert_string_equal(fv_dataset_class_name(d, 0), "sea");
    assert_labels(d, 1, 1, (const int64_t[]){2});
    fv_dataset_destroy(d);
}

/* More labels than any picture has cost time in proportion to their square. */
static void too_many_labels(void **state)
{
    (void)state;
    tar t = {0};
    char *json = malloc(100000), *p = json + sprintf(json, "{\"labels\": [0");
    for (int i = 1; i < 5000; i++)
        p += sprintf(p, ",%d", i);
    strcpy(p, "]}");
    put_labels(&t, 0, json);
    put_labels(&t, 1, "{\"labels\": [0]}");
    tar_put(&t, "flood/s.tar");
    free(json);
    fv_dataset *d = open_data("flood");
    assert_int_equal(fv_dataset_size(d), 1);
    assert_true(has_problem(d, "more than 4096 labels"));
    fv_dataset_destroy(d);
}

/* Pictures in class folders with notes beside them are no shard. */
static void other_archives_with_json(void **state)
{
    (void)state;
    tar t = {0};
    tar_add_picture(&t, "photos/cat/1.png", 1);
    tar_add_text(&t, "photos/cat/1.json", "{\"taken\": \"2020\"}");
    tar_add_picture(&t, "photos/dog/2.png", 2);
    tar_put(&t, "notes.tar");
    fv_dataset *d = open_data("notes.tar");
    assert_int_equal(fv_dataset_size(d), 2);
    assert_string_equal(fv_dataset_class_name(d, 1), "dog");
    fv_dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),         cmocka_unit_test(names),
        cmocka_unit_test(odd_files),       cmocka_unit_test(a_damaged_shard),
        cmocka_unit_test(lists_of_labels), cmocka_unit_test(lists_of_names),
        cmocka_unit_test(too_many_labels), cmocka_unit_test(other_archives_with_json)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
