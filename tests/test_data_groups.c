/* SPDX-License-Identifier: Apache-2.0 */
/* data: groups of pictures from a column or a table beside the data, and how its rows name pictures. */
#include "test_data.h"

#include "data/store.h"

static void put_text(const char *name, const char *content)
{
    put_file(name, content, strlen(content));
}

/* p/CLASS/0.png ... for three classes of 6. */
static void put_tree(const char *below)
{
    char name[300];
    for (int i = 0; i < 18; i++) {
        snprintf(name, sizeof name, "%s/%c/%d.png", below, 'a' + i / 6, i);
        put_picture(name, 3, 4, 1, i);
    }
}

/* The group of the picture whose path ends in `ending`; "" for none. */
static const char *group_of(const fv_dataset *d, const char *ending)
{
    const store *s = d->store;
    for (int64_t i = 0; i < s->count; i++) {
        char path[600];
        fv_dataset_file(d, i, path, sizeof path);
        size_t n = strlen(path), k = strlen(ending);
        if (n >= k && strcmp(path + n - k, ending) == 0)
            return s->groups && s->groups[i] ? name_table_get(&s->group_names, s->groups[i] - 1) : "";
    }
    fail_msg("no picture ends in %s", ending);
    return NULL;
}

static fv_dataset *open_with(const char *data, const char *rows)
{
    put_text("tables/groups.csv", rows);
    fv_dataset *d = fv_dataset_open(in_root(data), .keep_together = in_root("tables/groups.csv"));
    if (!d)
        fail_msg("%s", fv_error_message());
    return d;
}

static void names_of_pictures(void **state)
{
    (void)state;
    put_tree("data/p");
    char rows[4096];
    static const char *const forms[] = {"%s/data/p/a/0.png,g\n",       /* absolute */
                                        "../data/p/a/0.png,g\n",       /* relative to the table */
                                        "./p/a/0.png,g\n",             /* relative to where DATA lies */
                                        "a/0.png,g\n",                 /* relative to DATA */
                                        "0.png,g\n",                   /* its name alone */
                                        "/elsewhere/study/a/0.png,g\n" /* made on another machine */
                                        ,
                                        "a\\0.png,g\n",
                                        "file,group\na/0.png,g\n",
                                        "patient,image,age\ng,a/0.png,3\n",
                                        "group,x\ng,a/0.png\n",
                                        "a/0.png;g\n"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        snprintf(rows, sizeof rows, forms[i], test_root);
        fv_dataset *d = open_with("data/p", rows);
        if (strcmp(group_of(d, "/a/0.png"), "g") != 0)
            fail_msg("%s was not understood", rows);
        assert_string_equal(group_of(d, "/a/1.png"), "");
        assert_true(has_problem(d, "no row names 17 of the pictures"));
        assert_int_equal(fv_dataset_problem_count(d), 1);
        fv_dataset_destroy(d);
    }
}

/* The longest row counts; names that several pictures have keep all of them together. */
static void rows_that_compete(void **state)
{
    (void)state;
    put_tree("data/p");
    put_picture("data/p/b/0.png", 3, 4, 1, 0);
    fv_dataset *d = open_with("data/p", "0.png,all\nb/0.png,one\n1.png,x\n");
    assert_string_equal(group_of(d, "/a/0.png"), "all");
    assert_string_equal(group_of(d, "/b/0.png"), "one");
    assert_false(has_problem(d, "several pictures"));
    fv_dataset_destroy(d);
    d = open_with("data/p", "0.png,all\n1.png,x\n1.png,y\n2.png,y\nq/2.png,z\n3.png\n");
    assert_string_equal(group_of(d, "/a/0.png"), "all");
    assert_string_equal(group_of(d, "/b/0.png"), "all");
    assert_string_equal(group_of(d, "/a/1.png"), group_of(d, "/a/2.png")); /* x and y share 1.png */
    assert_true(has_problem(d, "1 rows name several pictures each, the first is 0.png"));
    assert_true(has_problem(d, "1 rows put a file into a further group"));
    assert_true(has_problem(d, "1 rows name no picture of the data, the first is q/2.png"));
    assert_true(has_problem(d, "1 malformed rows were left out, the first: "));
    fv_dataset_destroy(d);
}

static void other_sources(void **state)
{
    (void)state;
    char command[1024];
    put_tree("data/p");
    snprintf(command, sizeof command, "cd %s/data && tar cf p.tar p", test_root);
    assert_int_equal(system(command), 0);
    static const char *const rows[] = {"a/0.png,g\n", "p/a/0.png,g\n", "p.tar/p/a/0.png,g\n"};
    for (int i = 0; i < 3; i++) {
        fv_dataset *d = open_with("data/p.tar", rows[i]);
        assert_string_equal(group_of(d, "/a/0.png"), "g");
        fv_dataset_destroy(d);
    }
    put_text("data/t.csv", "file,label,patient\np/a/0.png,a,own\np/a/1.png,a,own\np/b/6.png,b,\n");
    fv_dataset *d = fv_dataset_open(in_root("data/t.csv"));
    assert_string_equal(group_of(d, "0.png"), "own");
    assert_string_equal(group_of(d, "6.png"), "");
    fv_dataset_destroy(d);
    d = open_with("data/t.csv", "p/b/6.png,new\n"); /* in place of the column */
    assert_string_equal(group_of(d, "0.png"), "");
    assert_string_equal(group_of(d, "6.png"), "new");
    fv_dataset_destroy(d);
}

static void records_of_idx(void **state)
{
    (void)state;
    const char *mnist = test_data("fashion-mnist");
    if (!mnist)
        skip();
    char path[4200];
    snprintf(path, sizeof path, "%s", mnist);
    put_text("groups.csv", "train-images-idx3-ubyte.gz#7,g\n");
    fv_dataset *d = fv_dataset_open(path, .keep_together = in_root("groups.csv"));
    assert_non_null(d);
    assert_string_equal(group_of(d, "train-images-idx3-ubyte.gz#7"), "g");
    assert_string_equal(group_of(d, "train-images-idx3-ubyte.gz#17"), "");
    fv_dataset_destroy(d);
}

static void refused(void **state)
{
    (void)state;
    put_tree("data/p");
    char table[512];
    snprintf(table, sizeof table, "%s", in_root("tables/groups.csv"));
    put_text("tables/groups.csv", "q/x.png,g\n");
    assert_not_open(FV_ERROR_INVALID, "its first file is q/x.png", in_root("data/p"), .keep_together = table);
    assert_non_null(strstr(fv_error_message(), "/data/p/a/0.png"));
    put_text("tables/groups.csv", "a/0.png\n");
    assert_not_open(FV_ERROR_FORMAT, "has one cell", in_root("data/p"), .keep_together = table);
    put_text("tables/groups.csv", "file,age,height\na/0.png,3,4\n");
    assert_not_open(FV_ERROR_FORMAT, "which column is the group", in_root("data/p"), .keep_together = table);
    put_text("tables/groups.csv", "file,group\n");
    assert_not_open(FV_ERROR_INVALID, "no rows", in_root("data/p"), .keep_together = table);
    put_text("tables/groups.csv", "a/0.png,\na/1.png,g\n");
    assert_not_open(FV_ERROR_FORMAT, ":1: the row lacks a group", in_root("data/p"), .keep_together = table,
                    .on_error = FV_FAIL);
    assert_not_open(FV_ERROR_IO, "none.csv", in_root("data/p"), .keep_together = in_root("none.csv"));
    assert_not_open(FV_ERROR_INVALID, "leave nothing for training", in_root("data/p"),
                    .validation_split = 0.5f, .test_split = 0.5f);
    assert_not_open(FV_ERROR_INVALID, "test_split: 1", in_root("data/p"), .test_split = 1);
}

/* A group in two parts that the data gives is said; in drawn parts there is none. */
static void leaks(void **state)
{
    (void)state;
    put_tree("data/train");
    put_tree("data/test");
    put_text("groups.csv", "train/a/0.png,g\ntest/a/3.png,g\ntrain/b/6.png,h\ntest/c/12.png,i\n");
    fv_dataset *d = fv_dataset_open(in_root("data"), .keep_together = in_root("groups.csv"));
    assert_non_null(d);
    assert_true(has_problem(d, "1 groups have pictures in the training and in the test part, "
                               "the first is g"));
    fv_dataset_destroy(d);
    put_text("groups.csv", "a/0.png,g\na/3.png,g\nb/6.png,g\nc/12.png,i\n");
    d = fv_dataset_open(in_root("data/train"), .keep_together = in_root("groups.csv"), .test_split = 0.3f);
    assert_non_null(d);
    assert_false(has_problem(d, "accuracies will flatter"));
    fv_dataset_destroy(d);
}

static void classes_that_lack(void **state)
{
    (void)state;
    put_tree("p");
    put_text("groups.csv", "a/0.png,g\na/1.png,g\na/2.png,g\na/3.png,g\na/4.png,g\na/5.png,g\n");
    fv_dataset *d = fv_dataset_open(in_root("p"), .keep_together = in_root("groups.csv"));
    assert_non_null(d);
    assert_true(has_problem(d,
                            "1 classes have no validation pictures because their groups are not divided, the "
                            "first is a"));
    assert_int_equal(count_label(fv_dataset_part(d, FV_VALIDATION), 0), 0);
    assert_in_range(count_label(fv_dataset_part(d, FV_VALIDATION), 1), 1, 3);
    fv_dataset_destroy(d);
}

/* Three parts of one folder: each class in each, nothing twice. */
static void drawn_test(void **state)
{
    (void)state;
    put_tree("p");
    fv_dataset *d = fv_dataset_open(in_root("p"), .validation_split = 0.33f, .test_split = 0.17f);
    assert_non_null(d);
    int64_t total = 0;
    static const int64_t wanted[] = {3, 2, 1};
    for (fv_part p = FV_TRAIN; p <= FV_TEST; p++) {
        const fv_dataset *part = fv_dataset_part(d, p);
        for (int64_t c = 0; c < 3; c++)
            assert_int_equal(count_label(part, c), wanted[p - FV_TRAIN]);
        total += fv_dataset_size(part);
    }
    assert_int_equal(total, 18);
    fv_dataset_destroy(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(names_of_pictures), TEST(rows_that_compete), TEST(other_sources),
                                       TEST(records_of_idx),    TEST(refused),           TEST(leaks),
                                       TEST(classes_that_lack), TEST(drawn_test)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
