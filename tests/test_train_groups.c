/* SPDX-License-Identifier: Apache-2.0 */
/* fv_groups_compare: rates by groups against counting them here, intervals, differences, what is too small, tables that are wrong. */
#include <math.h>

#include "test_scores.h"
#include "core/text.h"
#include "test_train.h"

enum {
    N = 120, /* 40 of each class */
    FEW = 8
};

typedef struct groups_fixture {
    char *folder, *table;
    fv_dataset *data;
    fv_evaluation e;
} groups_fixture;

/* Picture i lies in class i / 40; its column "sex" is "f" in two of three, "age" is "old" for eight pictures and empty for ten. */
static const char *sex_of(int i)
{
    return i % 3 == 0 ? "m" : "f";
}
static const char *age_of(int i)
{
    return i % 40 < 4 && i < 80 ? "old" : i % 12 == 11 ? "" : "young";
}

/* Two of three classes only when `two`: then 80 pictures. */
static groups_fixture make_fixture(bool two)
{
    static const char *const names[] = {"ant", "bee", "cat"};
    int classes = two ? 2 : 3, images = 40 * classes;
    groups_fixture f = {.folder = make_folder()};
    float p[N * 3] = {0};
    unsigned char truth[N * 3] = {0};
    text rows = {0};
    for (int k = 0; k < classes; k++)
        write_class(f.folder, names[k], k, 40);
    f.data = fv_dataset_open(f.folder, .validation_split = FV_OFF);
    assert_non_null(f.data);
    text_add(&rows, "sex,file,age\n");
    for (int i = 0; i < images; i++) {
        char file[512];
        fv_dataset_file(f.data, i, file, sizeof file);
        text_add(&rows, "%s,%s,%s\n", sex_of(i), strstr(file, names[i / 40]), age_of(i));
        int said = (i * 7) % 10 < 6 ? i / 40 : (i / 40 + 1 + i % 2) % classes;
        for (int k = 0; k < classes; k++)
            p[i * classes + k] = k == said ? 0.5f : 0.5f / (float)(classes - 1) - 0.01f;
        truth[i * classes + i / 40] = 1;
    }
    text_add(&rows, "x,nowhere.png,y\nm,only-two-cells\n");
    f.table = file_join(f.folder, "people.csv");
    assert_ok(file_write(f.table, rows.data, rows.length));
    text_release(&rows);
    f.e = make_evaluation(
        &(score_case){.images = images, .classes = classes, .top_k = 1, .p = p, .truth = truth});
    assert_ok(metrics_fill(&f.e));
    return f;
}

static void release_fixture(groups_fixture *f)
{
    fv_evaluation_release(&f->e);
    fv_dataset_destroy(f->data);
    remove_folder(f->folder);
    free(f->table);
}

static void assert_rate(const fv_rate *r, int64_t part, int64_t of)
{
    double low, high;
    assert_int_equal(r->of, of);
    if (of == 0) {
        assert_true(isnan(r->value) && isnan(r->low));
        return;
    }
    metrics_wilson(part, of, &low, &high);
    assert_true(r->value == (double)part / (double)of && r->low == low && r->high == high);
}

/* The pictures of a group, counted again. */
static void check_group(const groups_fixture *f, const fv_group *g, const char *(*value_of)(int))
{
    double recalls = 0, precisions = 0;
    int64_t images = 0, right = 0;
    int classes = (int)f->e.class_count;
    for (int k = 0; k < classes; k++) {
        int64_t has = 0, said = 0, both = 0;
        images = 0;
        for (int i = 0; i < f->e.images; i++) {
            if (strcmp(value_of(i), g->name) != 0)
                continue;
            images++;
            has += f->e.label[i] == k;
            said += f->e.predicted[i] == k;
            both += f->e.label[i] == k && f->e.predicted[i] == k;
        }
        assert_rate(&g->classes[k].precision, both, said);
        assert_rate(&g->classes[k].recall, both, has);
        assert_rate(&g->classes[k].false_positive_rate, said - both, images - has);
        assert_rate(&g->classes[k].selection_rate, said, images);
        right += both;
        recalls += (double)both / (double)has / classes;
        precisions += (double)both / (double)said / classes;
    }
    assert_int_equal(g->images, images);
    assert_rate(&g->accuracy, right, images);
    if (images > FEW) { /* there all classes occur and are predicted */
        assert_true(fabs(g->macro.recall.value - recalls) < 1e-12);
        assert_true(fabs(g->macro.precision.value - precisions) < 1e-12);
    }
    assert_true(g->macro.recall.low <= g->macro.recall.value &&
                g->macro.recall.value <= g->macro.recall.high);
}

static void test_rates(void **state)
{
    (void)state;
    groups_fixture f = make_fixture(false);
    fv_groups g, again;
    assert_ok(fv_groups_compare(&f.e, .data = f.data, .path = f.table, .result = &g, .resamples = 100,
                                .threads = 1));
    assert_ok(fv_groups_compare(&f.e, .data = f.data, .path = f.table, .result = &again, .resamples = 100,
                                .threads = 4));
    assert_int_equal(g.column_count, 2);
    assert_int_equal(g.problem_count, 2);
    assert_non_null(strstr(g.problems[0], ":123: the row has 2 cells, the first row 3"));
    assert_non_null(strstr(g.problems[1], "nowhere.png"));
    const fv_grouping *sex = &g.columns[0], *age = &g.columns[1];
    assert_string_equal(sex->column, "sex");
    assert_string_equal(age->column, "age");
    assert_int_equal(sex->group_count, 2);
    assert_int_equal(age->group_count, 2);
    assert_string_equal(sex->groups[0].name, "f");
    assert_string_equal(age->groups[0].name, "old");
    assert_int_equal(sex->without, 0);
    assert_int_equal(age->without, 10);
    for (int i = 0; i < 2; i++) {
        check_group(&f, &sex->groups[i], sex_of);
        check_group(&f, &age->groups[i], age_of);
        assert_memory_equal(&sex->groups[i].macro, &again.columns[0].groups[i].macro,
                            sizeof sex->groups[i].macro);
    }
    assert_true(age->groups[0].too_small && !age->groups[1].too_small && !sex->groups[1].too_small);
    assert_true(isnan(age->gaps[FV_GAP_ACCURACY].value)); /* one group is left */

    /* The largest differences, of rates on 30 pictures or more. */
    double accuracy = fabs(sex->groups[0].accuracy.value - sex->groups[1].accuracy.value);
    assert_true(sex->gaps[FV_GAP_ACCURACY].value == accuracy && sex->gaps[FV_GAP_ACCURACY].class_index == -1);
    assert_true(isnan(sex->gaps[FV_GAP_RECALL].value)); /* at most 27 pictures of a class in a group */
    double widest = 0;
    for (int k = 0; k < 3; k++)
        widest = fmax(widest, fabs(sex->groups[0].classes[k].selection_rate.value -
                                   sex->groups[1].classes[k].selection_rate.value));
    const fv_gap *parity = &sex->gaps[FV_GAP_SELECTION_RATE];
    assert_true(widest > 0 && parity->value == widest && parity->lowest + parity->highest == 1);
    fv_groups_release(&g);
    assert_ok(
        fv_groups_compare(&f.e, .data = f.data, .path = f.table, .result = &g, .resamples = 10, .least = 5));
    assert_true(g.columns[0].gaps[FV_GAP_RECALL].value > 0);
    assert_true(g.columns[1].gaps[FV_GAP_ACCURACY].value > 0);
    fv_groups_release(&g);
    fv_groups_release(&again);
    release_fixture(&f);
}

/* Of two classes the second one's rates are compared. */
static void test_two_classes(void **state)
{
    (void)state;
    groups_fixture f = make_fixture(true);
    fv_groups g;
    assert_ok(
        fv_groups_compare(&f.e, .data = f.data, .path = f.table, .result = &g, .resamples = 10, .least = 5));
    const fv_grouping *sex = &g.columns[0];
    for (int kind = 1; kind < FV_GAP_COUNT; kind++)
        assert_int_equal(sex->gaps[kind].class_index, 1);
    double recall = fabs(sex->groups[0].classes[1].recall.value - sex->groups[1].classes[1].recall.value);
    assert_true(sex->gaps[FV_GAP_RECALL].value == recall);
    for (int i = 0; i < 2; i++)
        check_group(&f, &sex->groups[i], sex_of);
    fv_groups_release(&g);
    release_fixture(&f);
}

/* A group of all pictures: its mean recall is the balanced accuracy, also in every resample. */
static void test_whole(void **state)
{
    (void)state;
    groups_fixture f = make_fixture(false);
    fv_groups g;
    fv_interval intervals[FV_SCORE_COUNT];
    text rows = {0};
    text_add(&rows, "file,all\n");
    for (int i = 0; i < N; i++) {
        char file[512];
        text_add(&rows, "%s,yes\n", fv_dataset_file(f.data, i, file, sizeof file));
    }
    assert_ok(file_write(f.table, rows.data, rows.length));
    text_release(&rows);
    assert_ok(fv_groups_compare(&f.e, .data = f.data, .path = f.table, .result = &g, .seed = 4));
    assert_ok(fv_bootstrap(&f.e, .intervals = intervals, .seed = 4));
    const fv_group *all = &g.columns[0].groups[0];
    assert_true(all->accuracy.value == f.e.accuracy);
    assert_true(fabs(all->macro.recall.value - f.e.balanced_accuracy) < 1e-12);
    assert_true(fabs(all->macro.recall.low - intervals[FV_SCORE_BALANCED_ACCURACY].low) < 1e-12);
    assert_true(fabs(all->macro.recall.high - intervals[FV_SCORE_BALANCED_ACCURACY].high) < 1e-12);
    fv_groups_release(&g);
    release_fixture(&f);
}

static void assert_wrong(groups_fixture *f, const char *table, const char *why)
{
    fv_groups g;
    assert_ok(file_write(f->table, table, strlen(table)));
    assert_int_not_equal(fv_groups_compare(&f->e, .data = f->data, .path = f->table, .result = &g), FV_OK);
    if (!strstr(fv_error_message(), why))
        fail_msg("'%s' does not say '%s'", fv_error_message(), why);
    assert_null(g.columns);
}

static void test_wrong_tables(void **state)
{
    (void)state;
    groups_fixture f = make_fixture(false);
    fv_groups g;
    text many = {0};
    assert_wrong(&f, "", "is empty");
    assert_wrong(&f, "file\nant/000.png\n", "must name the columns");
    assert_wrong(&f, "picture one,sex\nant/000.png,f\n", "must name the columns");
    assert_wrong(&f, "file,sex\n", "no rows");
    assert_wrong(&f, "file,sex\nq.png,f\n", "none of its rows names a picture");
    text_add(&many, "file,number\n");
    for (int i = 0; i < 1100; i++)
        text_add(&many, "ant/%d.png,%d\n", i, i);
    assert_wrong(&f, many.data, "these are no groups");
    text_release(&many);
    f.e.index[3] = 1000;
    assert_int_equal(fv_groups_compare(&f.e, .data = f.data, .path = f.table, .result = &g),
                     FV_ERROR_INVALID);
    assert_int_equal(fv_groups_compare(&f.e, .data = NULL, .path = f.table, .result = &g), FV_ERROR_INVALID);
    assert_string_equal(fv_gap_name(FV_GAP_SELECTION_RATE), "demographic_parity");
    assert_null(fv_gap_name(FV_GAP_COUNT));
    release_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates), cmocka_unit_test(test_two_classes),
                                       cmocka_unit_test(test_whole), cmocka_unit_test(test_wrong_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
