/* SPDX-License-Identifier: Apache-2.0 */
/* data: tables of file,label rows; what is malformed, hostile or missing in them. */
#include "test_data.h"

#include "data/csv.h"
#include "data/dataset.h"
#include "data/name_table.h"
#include "data/path_table.h"

static void put_text(const char *name, const char *content)
{
    put_file(name, content, strlen(content));
}

/* Pictures p/0.png ... p/9.png below the temporary folder. */
static void put_pictures(void)
{
    char name[32];
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "p/%d.png", i);
        put_picture(name, 3, 4, 1, i);
    }
}

/* "file=class|class " of every sample of a part, the files without their folder. */
static const char *describe(const fv_dataset *d)
{
    static char out[2000];
    size_t n = 0;
    out[0] = 0;
    for (int64_t i = 0; i < fv_dataset_size(d); i++) {
        char path[600];
        n += (size_t)snprintf(out + n, sizeof out - n,
                              "%s=", file_base_name(fv_dataset_file(d, i, path, sizeof path)));
        for (int64_t k = 0; k < fv_dataset_label_count(d, i); k++)
            n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", k ? "|" : "",
                                  fv_dataset_class_name(d, fv_dataset_label_at(d, i, k)));
        n += (size_t)snprintf(out + n, sizeof out - n, " ");
    }
    return out;
}

static void expect(const char *content, const char *wanted)
{
    put_text("t.csv", content);
    fv_dataset *d = fv_dataset_open(in_root("t.csv"), .validation_split = FV_OFF);
    if (!d)
        fail_msg("%s: %s", content, fv_error_message());
    assert_string_equal(describe(d), wanted);
    fv_dataset_destroy(d);
}

static void forms(void **state)
{
    (void)state;
    put_pictures();
    static const char plain[] = "0.png=cat 1.png=dog ";
    expect("p/0.png,cat\np/1.png,dog\n", plain);
    expect("p/0.png,cat\np/1.png,dog", plain);
    expect("file,label\np/0.png,cat\np/1.png,dog\n", plain);
    expect("\xef\xbb\xbf"
           "Label,Filename\r\ncat,p/0.png\r\n\r\ndog,./p/1.png\r\n",
           plain);
    expect("p/0.png,cat\rp/1.png,dog\r", plain);
    expect("p/0.png ; cat\n\"p/1.png\" ; dog\n", plain);
    expect("p/0.png\tcat\np/1.png\tdog\n", plain);
    expect("p\\0.png,cat\np\\1.png,dog\n", plain);
    expect("width,file,class,height\n4,p/0.png,cat,3\n4,p/1.png,dog,3\n", plain);
    expect("image,species\np/0.png,cat\np/1.png,dog\n", plain);
    expect("p/0.png,\"a, \"\"b\"\"\"\np/1.png,\" c \"\n", "0.png=a, \"b\" 1.png=c ");
    expect("p/0.png,\"two\nlines\"\np/1.png,x\n", "0.png=two\nlines 1.png=x ");
    expect("p/0.png,class\np/1.png,label\n", "0.png=class 1.png=label ");
    expect("p/0.png,9\np/1.png,10\n", "0.png=9 1.png=10 ");
    char path[600];
    snprintf(path, sizeof path, "%s,cat\n%s,dog\n", in_root("p/0.png"), in_root("p/1.png"));
    expect(path, plain);
    put_text("t.tsv", "file\tlabel\np/0.png\ta,b\np/1.png\t\"x\ty\"\n");
    fv_dataset *d = fv_dataset_open(in_root("t.tsv"), .validation_split = FV_OFF);
    assert_string_equal(describe(d), "0.png=a,b 1.png=x\ty ");
    fv_dataset_destroy(d);
}

/* Classes are in byte order wherever they come first, and the pictures can be decoded. */
static void classes_and_pixels(void **state)
{
    (void)state;
    put_pictures();
    put_text("t.csv", "p/2.png,b\np/0.png,a\np/1.png,B\n");
    fv_dataset *d = fv_dataset_open(in_root("t.csv"), .validation_split = FV_OFF);
    assert_string_equal(fv_dataset_class_name(d, 0), "B");
    assert_string_equal(fv_dataset_class_name(d, 2), "b");
    assert_int_equal(fv_dataset_label(d, 0), 2);
    assert_false(fv_dataset_is_multi_label(d));
    image im = {0};
    image_space space = {0};
    assert_ok(dataset_decode(d, 0, &(image_decode_options){.channels = 1}, &space, &im));
    assert_int_equal(im.data[1], 2 + 7);
    image_release(&im);
    image_space_release(&space);
    fv_dataset_destroy(d);
}

static void multi_label(void **state)
{
    (void)state;
    put_pictures();
    expect("p/0.png,b|a\np/1.png,\np/2.png,c | c|\np/3.png,a\n", "0.png=a|b 1.png= 2.png=c 3.png=a ");
    expect("file,cat,dog\np/0.png,1,1\np/1.png,0,0\np/2.png,0.0,1.0\n", "0.png=cat|dog 1.png= 2.png=dog ");
    put_text("t.csv", "file,cat,dog\np/0.png,1,0\np/1.png,0,1\n"); /* one class each after all */
    fv_dataset *d = fv_dataset_open(in_root("t.csv"), .validation_split = FV_OFF);
    assert_false(fv_dataset_is_multi_label(d));
    assert_string_equal(describe(d), "0.png=cat 1.png=dog ");
    assert_int_equal(fv_dataset_label_count(d, 0), 1);
    assert_int_equal(fv_dataset_label_at(d, 1, 0), 1);
    assert_int_equal(fv_dataset_label_at(d, 1, 1), -1);
    fv_dataset_destroy(d);
    put_text("t.csv", "file,cat,dog\np/0.png,0,0\np/1.png,0,0\n");
    assert_not_open(FV_ERROR_INVALID, "none of the 2 pictures has a class", in_root("t.csv"));
}

static void parts(void **state)
{
    (void)state;
    put_pictures();
    put_text("t.csv", "file,label,split\np/0.png,b,train\np/1.png,a,Test\np/2.png,c,valid\np/3.png,c,train\n"
                      "p/4.png,b,training\np/5.png,x,\n");
    fv_dataset *d = fv_dataset_open(in_root("t.csv"));
    assert_non_null(d);
    assert_string_equal(describe(fv_dataset_part(d, FV_TRAIN)), "0.png=b 3.png=c 4.png=b ");
    assert_string_equal(describe(fv_dataset_part(d, FV_VALIDATION)), "2.png=c ");
    assert_string_equal(describe(fv_dataset_part(d, FV_TEST)), "1.png=a ");
    assert_string_equal(fv_dataset_class_name(d, 0), "b"); /* training's first, then what else there is */
    assert_string_equal(fv_dataset_class_name(d, 2), "a");
    assert_true(has_problem(d, "1 malformed rows"));
    assert_true(has_problem(d, ":7: '' is none of train, val, test"));
    fv_dataset_destroy(d);
}

/* A table that cannot be used: the message has `part`. */
static void refuse(const char *content, size_t size, const char *part)
{
    put_file("t.csv", content, size ? size : strlen(content));
    fv_dataset *d = fv_dataset_open(in_root("t.csv"));
    if (d)
        fail_msg("%.40s was opened", content);
    if (!strstr(fv_error_message(), part))
        fail_msg("\"%s\" lacks \"%s\"", fv_error_message(), part);
}

static void refused(void **state)
{
    (void)state;
    put_pictures();
    refuse("", 1, "zero bytes");
    refuse("\x89PNG\r\n\x1a\n\0\0\0", 11, "is not a table");
    refuse("\xff\xfe"
           "f\0",
           4, "UTF-16");
    refuse("\n\n", 0, "no rows");
    refuse("file,label\n", 0, "no rows");
    refuse("p/0.png\n", 0, "one cell");
    refuse("file,width,height\np/0.png,3,4\n", 0, "which column is the label");
    refuse("file\np/0.png\n", 0, "no column for the label");
    refuse("label\ncat\n", 0, "no column for the file");
    refuse("p/0.png,cat\np/1.png,\"dog\n", 0, "t.csv:2: a quote is opened");
    refuse("p/x.png,cat\nq/y.png,dog\n", 0, "none of the first 2 files exists");
    refuse("http://a/b.png,cat\n", 0, "is an address");
    refuse("p,cat\n/dev/null,dog\n", 0, "none of the first 2 files");
    assert_not_open(FV_ERROR_IO, "cannot be opened", in_root("none.csv"));
    assert_int_equal(mkfifo(in_root("pipe.csv"), 0600), 0);
    assert_not_open(FV_ERROR_IO, "is a pipe", in_root("pipe.csv"));
}

/* With FV_SKIP the rest is used and the problems are counted; with FV_FAIL the first is the error. */
static void skipped_or_failed(void **state)
{
    (void)state;
    put_pictures();
    static const struct {
        const char *bad, *problem, *error;
    } cases[] = {
        {"p/5.png\n", "1 malformed rows", ":3: the row has 1 cells, the first row 2"},
        {"p/5.png,a,b\n", "1 malformed rows", ":3: the row has 3 cells"},
        {",cat\n", "1 malformed rows", "is no file's name"},
        {"\"p/5.png\"x,cat\n", "1 malformed rows", "more behind a closing quote"},
        {"p/5.png,\n", "1 rows without a label", "p/5.png has no label"},
        {"p/0.png,a\n", "1 rows with a file that was there before",
         ":3: p/0.png stands in an earlier row, too"},
        {"p/0.png,z\n", "1 rows with a file that was there before", "with another label"},
        {"p/none.png,a\np,b\n/dev/zero,c\n", "3 rows whose file cannot be had", "none.png does not exist"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text content = {0};
        text_add(&content, "p/0.png,a\np/1.png,b\n%sp/2.png,a\n", cases[i].bad);
        put_text("t.csv", text_string(&content));
        text_release(&content);
        fv_dataset *d = fv_dataset_open(in_root("t.csv"), .validation_split = FV_OFF);
        if (!d)
            fail_msg("%s: %s", cases[i].bad, fv_error_message());
        assert_string_equal(describe(d), "0.png=a 1.png=b 2.png=a ");
        if (!has_problem(d, cases[i].problem) || !has_problem(d, cases[i].error))
            fail_msg("%s: %s", cases[i].bad, fv_dataset_problem(d, 0));
        fv_dataset_destroy(d);
        assert_not_open(FV_ERROR_FORMAT + (i == 7) * (FV_ERROR_IO - FV_ERROR_FORMAT), cases[i].error,
                        in_root("t.csv"), .on_error = FV_FAIL);
    }
}

/* Rows that are too long are passed over without being held. */
static void long_rows(void **state)
{
    (void)state;
    put_pictures();
    size_t size = 3 << 20;
    char *content = malloc(size);
    for (int kind = 0; kind < 2; kind++) {
        memset(content, kind ? ',' : 'x', size);
        memcpy(content, "p/0.png,a\n", 10);
        memcpy(content + size - 11, "\np/1.png,b\n", 11);
        put_file("t.csv", content, size);
        fv_dataset *d = fv_dataset_open(in_root("t.csv"), .validation_split = FV_OFF);
        assert_non_null(d);
        assert_string_equal(describe(d), "0.png=a 1.png=b ");
        assert_true(has_problem(d, ":2: the row is over the limit of 1 MiB"));
        fv_dataset_destroy(d);
    }
    memcpy(content, "p/0.png,a\n\"", 11); /* an open quote that would swallow everything */
    memset(content + 11, 'x', size - 11);
    put_file("t.csv", content, size);
    assert_not_open(FV_ERROR_FORMAT, "t.csv:2: a quote is opened", in_root("t.csv"));
    memcpy(content, "p/0.png,a\np/1.png,b\0\n", 21); /* a zero byte behind what is looked at first */
    memset(content + 21, '\n', 8000);
    memcpy(content + 8021, "p/3.png,a\0b\np/2.png,b\n", 22);
    content[19] = ' ';
    put_file("t.csv", content, 8043);
    fv_dataset *d = fv_dataset_open(in_root("t.csv"), .validation_split = FV_OFF);
    assert_string_equal(describe(d), "0.png=a 1.png=b 2.png=b ");
    assert_true(has_problem(d, "the row has a zero byte"));
    fv_dataset_destroy(d);
    free(content);
}

static void many_names(void **state)
{
    (void)state;
    name_table t = {0};
    char name[32];
    for (int turn = 0; turn < 2; turn++)
        for (int i = 0; i < 150000; i++) { /* more than two blocks */
            uint32_t index;
            snprintf(name, sizeof name, "name %d", i);
            assert_ok(name_table_add(&t, name, &index));
            assert_int_equal(index, i);
        }
    for (int i = 0; i < 150000; i += 997) {
        snprintf(name, sizeof name, "name %d", i);
        assert_string_equal(name_table_get(&t, (size_t)i), name);
        assert_int_equal(name_table_find(&t, name), i);
    }
    assert_int_equal(name_table_find(&t, "name"), -1);
    assert_int_equal(t.count, 150000);
    name_table_release(&t);
    assert_int_equal(name_table_find(&t, "name"), -1);
}

/* Of more folders than one and two bytes can number, visited by turns; files without one, at the root, and the empty name. */
static void many_paths(void **state)
{
    (void)state;
    enum {
        FOLDERS = 40000
    };
    path_table t = {0};
    char path[64], got[64];
    static const char *const plain[] = {"a", "/a", "", "/", "a/", "a/a", "./a"};
    for (uint32_t turn = 0; turn < 2; turn++) {
        uint32_t index, wanted = 0;
        for (uint32_t i = 0; i < sizeof plain / sizeof *plain; i++, wanted++) {
            assert_ok(path_table_add(&t, plain[i], &index));
            assert_int_equal(index, wanted);
        }
        for (uint32_t i = 0; i < 3 * FOLDERS; i++, wanted++) {
            snprintf(path, sizeof path, "p/%u/%u.jpg", i % FOLDERS, i / FOLDERS);
            assert_ok(path_table_add(&t, path, &index));
            assert_int_equal(index, wanted);
        }
    }
    uint32_t first = sizeof plain / sizeof *plain;
    assert_int_equal(path_table_count(&t), 3 * FOLDERS + first);
    path_table_close(&t);
    for (uint32_t i = 0; i < first; i++)
        assert_string_equal(path_table_print(&t, i, got, sizeof got), plain[i]);
    for (uint32_t i = 0; i < 3 * FOLDERS; i++) {
        snprintf(path, sizeof path, "p/%u/%u.jpg", i % FOLDERS, i / FOLDERS);
        assert_string_equal(path_table_print(&t, i + first, got, sizeof got), path);
    }
    path_table_release(&t);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(forms),     TEST(classes_and_pixels), TEST(multi_label), TEST(parts),
        TEST(refused),   TEST(skipped_or_failed),  TEST(long_rows),   TEST(many_names),
        TEST(many_paths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
