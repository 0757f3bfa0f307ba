/* SPDX-License-Identifier: Apache-2.0 */
/* data: splits that are written and opened again: the same pictures, classes and parts, each picture once. */
#include "test_data.h"

#include "data/dataset.h"

static void put_text(const char *name, const char *content)
{
    put_file(name, content, strlen(content));
}

/* CLASS/0.png ... for three classes of 8; every picture is another. */
static void put_tree(const char *below)
{
    char name[300];
    for (int i = 0; i < 24; i++) {
        snprintf(name, sizeof name, "%s/%c/%d.png", below, 'a' + i / 8, i);
        put_picture(name, 3, 4, 1, i);
    }
}

/* A number that the pixels, the classes' names and the part determine. */
static uint64_t fingerprint(const fv_dataset *d, int64_t index, fv_part part)
{
    image im = {0};
    image_space space = {0};
    assert_ok(dataset_decode(d, index, &(image_decode_options){.channels = 3}, &space, &im));
    uint64_t hash = 0xcbf29ce484222325u + (uint64_t)part;
    for (int64_t i = 0; i < im.height * im.width * 3; i++)
        hash = (hash ^ im.data[i]) * 0x100000001b3u;
    for (int64_t k = 0; k < fv_dataset_label_count(d, index); k++)
        for (const char *p = fv_dataset_class_name(d, fv_dataset_label_at(d, index, k)); *p; p++)
            hash = (hash ^ (uint8_t)*p) * 0x100000001b3u;
    image_release(&im);
    image_space_release(&space);
    return hash;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Of all pictures of all parts, sorted; the caller frees it. */
static uint64_t *fingerprints(const fv_dataset *d, int64_t *count)
{
    uint64_t *all = malloc((size_t)fv_dataset_size(d) * sizeof *all);
    *count = 0;
    for (fv_part p = FV_TRAIN; p <= FV_TEST; p++) {
        const fv_dataset *part = fv_dataset_part(d, p);
        for (int64_t i = 0; i < fv_dataset_size(part); i++)
            all[(*count)++] = fingerprint(part, i, p);
    }
    qsort(all, (size_t)*count, sizeof *all, by_value);
    return all;
}

/* `d` and what was written from it to `path` are the same. */
static void expect_same(const fv_dataset *d, const char *path)
{
    fv_dataset *again = fv_dataset_open(path, .validation_split = FV_OFF);
    if (!again)
        fail_msg("%s", fv_error_message());
    int64_t n, m;
    uint64_t *wanted = fingerprints(d, &n), *got = fingerprints(again, &m);
    assert_int_equal(n, fv_dataset_size(d));
    assert_int_equal(m, n);
    assert_memory_equal(got, wanted, (size_t)n * sizeof *got);
    assert_int_equal(fv_dataset_class_count(again), fv_dataset_class_count(d));
    assert_int_equal(fv_dataset_is_multi_label(again), fv_dataset_is_multi_label(d));
    assert_int_equal(fv_dataset_problem_count(again), 0);
    free(wanted);
    free(got);
    fv_dataset_destroy(again);
}

static fv_dataset *open_tree(const char *name)
{
    fv_dataset *d = fv_dataset_open(in_root(name), .validation_split = 0.25f, .test_split = 0.25f, .seed = 4);
    if (!d)
        fail_msg("%s", fv_error_message());
    return d;
}

static void every_form(void **state)
{
    (void)state;
    put_tree("p");
    fv_dataset *d = open_tree("p");
    static const struct {
        const char *path;
        fv_split_form form;
    } cases[] = {{"beside.csv", FV_SPLIT_DEFAULT},
                 {"p.csv/inner.tsv", FV_SPLIT_TABLE},
                 {"copy", FV_SPLIT_DEFAULT},
                 {"deep/link", FV_SPLIT_LINK},
                 {"symlink/", FV_SPLIT_SYMLINK}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(fv_split_write(d, in_root(cases[i].path), .form = cases[i].form));
        expect_same(d, in_root(cases[i].path));
        assert_int_equal(fv_split_write(d, in_root(cases[i].path), .form = cases[i].form), FV_ERROR_IO);
    }
    fv_dataset_destroy(d);
    struct stat a, b;
    char path[600], *text;
    size_t size;
    fv_dataset *linked = fv_dataset_open(in_root("deep/link"));
    fv_dataset_file(linked, 0, path, sizeof path);
    assert_int_equal(stat(path, &a), 0);
    assert_int_equal(a.st_nlink, 2);
    fv_dataset_destroy(linked);
    assert_int_equal(stat(in_root("copy"), &b), 0);
    assert_ok(file_read(in_root("beside.csv"), 1 << 20, (uint8_t **)&text, &size));
    assert_int_equal(strncmp(text, "file,label,split\np/a/", 21),
                     0); /* relative to the table, which can be moved */
    free(text);
    assert_ok(file_read(in_root("p.csv/inner.tsv"), 1 << 20, (uint8_t **)&text, &size));
    assert_int_equal(strncmp(text, "file\tlabel\tsplit\n/", 18), 0);
    free(text);
}

static int stop(int64_t done, int64_t total, void *user)
{
    assert_int_equal(total, 24);
    return done == *(int *)user;
}

/* Nothing is left of a split that was stopped or failed, and nothing that is there is touched. */
static void whole_or_not(void **state)
{
    (void)state;
    put_tree("p");
    fv_dataset *d = open_tree("p");
    int at = 10;
    file_list list;
    static const char *const targets[] = {"out.csv", "out"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fv_split_write(d, in_root(targets[i]), .on_progress = stop, .user = &at),
                         FV_INTERRUPTED);
        assert_ok(file_list_folder(&list, test_root));
        assert_int_equal(list.count, 1); /* p */
        file_list_release(&list);
    }
    put_text("out.csv", "mine");
    put_text("out/mine", "mine");
    for (int i = 0; i < 2; i++)
        assert_int_equal(fv_split_write(d, in_root(targets[i])), FV_ERROR_IO);
    assert_int_equal(access(in_root("out/mine"), F_OK), 0);
    assert_int_equal(fv_split_write(d, in_root("x.csv"), .form = FV_SPLIT_COPY), FV_ERROR_INVALID);
    assert_int_equal(fv_split_write(d, in_root("x"), .form = FV_SPLIT_TABLE), FV_ERROR_INVALID);
    assert_int_equal(fv_split_write(fv_dataset_part(d, FV_TRAIN), in_root("x.csv")), FV_ERROR_INVALID);
    assert_int_equal(unlink(in_root("p/b/12.png")), 0);
    assert_int_equal(fv_split_write(d, in_root("copy")), FV_ERROR_IO);
    assert_ok(file_list_folder(&list, test_root));
    assert_int_equal(list.count, 3); /* out, out.csv, p */
    file_list_release(&list);
    fv_dataset_destroy(d);
}

static void hostile_names(void **state)
{
    (void)state;
    static const char *const names[] = {"p/a, b/x,1.png",        "p/a, b/\"q\".png",    "p/a, b/ x .png",
                                        "p/a, b/two\nlines.png", "p/a, b/in/x,1.png",   "p/a, b/to/x,1.png",
                                        "p/a, b/u/in/x,1.png",   "p/c\"d/back\\sl.png", "p/c\"d/-2.png",
                                        "p/c\"d/a;b\t.png",      "p/c\"d/e.png"};
    enum {
        COUNT = sizeof names / sizeof *names
    };
    for (int i = 0; i < COUNT; i++)
        put_picture(names[i], 3, 4, 1, 10 * i);
    fv_dataset *d = open_tree("p");
    assert_int_equal(fv_dataset_size(d), COUNT);
    static const char *const targets[] = {"t.csv", "t.tsv", "p/c\"d/t.csv", "copy"};
    for (int i = 0; i < 4; i++) {
        assert_ok(fv_split_write(d, in_root(targets[i])));
        expect_same(d, in_root(targets[i]));
    }
    fv_dataset_destroy(d);
    put_picture("q/a|b/1.png", 3, 4, 1, 1);
    put_picture("q/c/1.png", 3, 4, 1, 2);
    d = open_tree("q");
    assert_int_equal(fv_split_write(d, in_root("q.csv")), FV_ERROR_UNSUPPORTED);
    assert_ok(fv_split_write(d, in_root("q-copy")));
    expect_same(d, in_root("q-copy"));
    fv_dataset_destroy(d);
    put_text("t2.csv", "p/c\"d/e.png,x/y\np/c\"d/-2.png,..\n");
    d = open_tree("t2.csv");
    assert_int_equal(fv_split_write(d, in_root("t2")), FV_ERROR_UNSUPPORTED);
    assert_ok(fv_split_write(d, in_root("t3.csv")));
    expect_same(d, in_root("t3.csv"));
    fv_dataset_destroy(d);
}

static void multi_label(void **state)
{
    (void)state;
    char rows[4096] = "file,label,person\n";
    put_tree("p");
    for (int i = 0; i < 24; i++) {
        static const char *const labels[] = {"", "x", "y", "x|y", "z"};
        size_t n = strlen(rows);
        snprintf(rows + n, sizeof rows - n, "p/%c/%d.png,%s,person %d\n", 'a' + i / 8, i, labels[i % 5],
                 i / 3);
    }
    put_text("m.csv", rows);
    fv_dataset *d = open_tree("m.csv");
    assert_true(fv_dataset_is_multi_label(d));
    assert_ok(fv_split_write(d, in_root("out.csv")));
    expect_same(d, in_root("out.csv"));
    assert_int_equal(fv_split_write(d, in_root("out")), FV_ERROR_UNSUPPORTED);
    char *text;
    size_t size;
    assert_ok(file_read(in_root("out.csv"), 1 << 20, (uint8_t **)&text, &size));
    assert_non_null(strstr(text, "p/a/4.png,z,"));
    assert_non_null(strstr(text, ",person 1\n"));
    assert_int_equal(strncmp(text, "file,label,split,group\n", 23), 0);
    free(text);
    fv_dataset_destroy(d);
    put_text("m.csv", "file,x,y\np/a/0.png,1,0\np/a/1.png,0,0\np/a/2.png,0,1\n"); /* none has two */
    d = open_tree("m.csv");
    assert_ok(fv_split_write(d, in_root("one.csv")));
    expect_same(d, in_root("one.csv"));
    fv_dataset_destroy(d);
}

/* What lies in archives and binary files becomes files; names without an ending get theirs. */
static void other_sources(void **state)
{
    (void)state;
    char command[2048];
    put_tree("p");
    snprintf(command, sizeof command,
             "cd %s && tar cf p.tar p && cp p/a/0.png p/a/bare && cp p/b/9.png p/b/bare", test_root);
    assert_int_equal(system(command), 0);
    fv_dataset *d = open_tree("p.tar");
    assert_int_equal(fv_split_write(d, in_root("t.csv")), FV_ERROR_UNSUPPORTED);
    assert_int_equal(fv_split_write(d, in_root("l"), .form = FV_SPLIT_LINK), FV_ERROR_UNSUPPORTED);
    assert_ok(fv_split_write(d, in_root("from-tar")));
    expect_same(d, in_root("from-tar"));
    fv_dataset_destroy(d);
    put_text("bare.csv", "p/a/bare,a\np/b/bare,b\np/a/3.png,a\np/b/12.png,b\n");
    d = open_tree("bare.csv");
    for (fv_split_form form = FV_SPLIT_COPY; form <= FV_SPLIT_SYMLINK; form++) {
        char path[64];
        snprintf(path, sizeof path, "bare-%d", (int)form);
        assert_ok(fv_split_write(d, in_root(path), .form = form));
        expect_same(d, in_root(path));
    }
    fv_dataset_destroy(d);
}

/* An IDX pair of 40 pictures in 4 classes. */
static void raw_pixels(void **state)
{
    (void)state;
    uint8_t pictures[16 + 40 * 6] = {0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 3},
                               labels[48] = {0, 0, 8, 1, 0, 0, 0, 40};
    for (int i = 0; i < 240; i++)
        pictures[16 + i] = (uint8_t)i;
    for (int i = 0; i < 40; i++)
        labels[8 + i] = (uint8_t)(i % 4);
    put_file("idx/train-images-idx3-ubyte", pictures, sizeof pictures);
    put_file("idx/train-labels-idx1-ubyte", labels, sizeof labels);
    fv_dataset *d = open_tree("idx");
    assert_int_equal(fv_split_write(d, in_root("t.csv")), FV_ERROR_UNSUPPORTED);
    assert_ok(fv_split_write(d, in_root("from-idx")));
    expect_same(d, in_root("from-idx"));
    fv_dataset_destroy(d);
    d = fv_dataset_open(in_root("from-idx"));
    char path[600];
    fv_dataset_file(d, 0, path, sizeof path);
    assert_non_null(strstr(path, "/train/0/train-images-idx3-ubyte-000"));
    fv_dataset_destroy(d);
}

/* Parts that the data has stay; with ignore_parts all is drawn anew. */
static void given_parts(void **state)
{
    (void)state;
    put_tree("p/train");
    for (int i = 0; i < 6; i++) {
        char name[64];
        snprintf(name, sizeof name, "p/test/%c/%d.png", 'a' + i / 2, i);
        put_picture(name, 3, 4, 1, 100 + i);
    }
    fv_dataset *d = open_tree("p");
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_TEST)), 6);
    assert_ok(fv_split_write(d, in_root("copy")));
    expect_same(d, in_root("copy"));
    fv_dataset_destroy(d);
    d = fv_dataset_open(in_root("p"), .ignore_parts = 1, .validation_split = 0.2f, .test_split = 0.4f);
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_TEST)), 12);
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_VALIDATION)), 6);
    assert_ok(fv_split_write(d, in_root("anew")));
    expect_same(d, in_root("anew")); /* a/0.png is there twice, in train and test of p */
    fv_dataset_destroy(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_form),  TEST(whole_or_not),  TEST(hostile_names),
                                       TEST(multi_label), TEST(other_sources), TEST(raw_pixels),
                                       TEST(given_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
