/* SPDX-License-Identifier: Apache-2.0 */
/* Run folders as others read them, and the page that compares them. */
#include <math.h>
#include <sys/file.h>

#include "core/text.h"
#include "report/run.h"
#include "report/svg.h"
#include "test_train.h"

static const char results[] = "epoch,seconds,train/loss,train/accuracy,val/loss,val/accuracy,lr\n"
                              "1,2.5,1.5,0.5,1.25,0.75,0.1\n"
                              "2,2.5,0.5,0.75,0.25,0.5,0.01\n"
                              "3,1,0.25,1,0.5,0.75,0.001\n";

static void write_file(const char *folder, const char *name, const char *words)
{
    char *path = file_join(folder, name);
    assert_ok(file_write(path, words, strlen(words)));
    free(path);
}

static char *make_run(const char *csv, const char *arguments)
{
    char *run = make_folder();
    if (csv)
        write_file(run, "results.csv", csv);
    if (arguments)
        write_file(run, "args.yaml", arguments);
    return run;
}

static void test_values(void **state)
{
    (void)state;
    char *folder = make_run(results, "lr: 0.1\nmodel: 'small_cnn'\naugment: [a, b]\n");
    fv_run r;
    assert_ok(fv_run_load(&r, folder));
    assert_int_equal(r.state, FV_RUN_INTERRUPTED);
    assert_int_equal(r.row_count, 3);
    assert_int_equal(r.best_row, 0); /* the first of the best */
    assert_float_equal(fv_run_value(&r, 1, "val/loss"), 0.25, 0);
    assert_float_equal(fv_run_seconds(&r), 6, 0);
    assert_true(isnan(fv_run_value(&r, 3, "lr")) && isnan(fv_run_value(&r, -1, "lr")) &&
                isnan(fv_run_value(&r, 0, "nothing")));
    assert_string_equal(fv_run_option(&r, "augment"), "a, b");
    assert_null(fv_run_option(&r, "nothing"));
    fv_run_release(&r);
    write_file(folder, "args.yaml", "monitor: val/loss\n");
    assert_ok(fv_run_load(&r, folder));
    assert_int_equal(r.best_row, 1);
    fv_run_release(&r);
    /* Without validation training decides. */
    write_file(folder, "results.csv", "epoch,train/accuracy,val/accuracy\n1,0.5,\n2,0.75,\n");
    write_file(folder, "args.yaml", "monitor: val/accuracy\n");
    assert_ok(fv_run_load(&r, folder));
    assert_int_equal(r.best_row, 1);
    fv_run_release(&r);
    remove_folder(folder);
}

static fv_run_state state_of(const char *folder)
{
    fv_run r;
    assert_ok(fv_run_load(&r, folder));
    fv_run_state s = r.state;
    fv_run_release(&r);
    return s;
}

static void test_states(void **state)
{
    (void)state;
    char *folder = make_run(results, "lr: 0.1\n"), *live = file_join(folder, "live");
    assert_int_equal(state_of(folder), FV_RUN_INTERRUPTED);
    assert_ok(file_make_folders(live));
    write_file(folder, RUN_STATE, "{\"state\":\"failed\",\"message\":\"the loss\\nbecame infinite\"}");
    fv_run r;
    assert_ok(fv_run_load(&r, folder));
    assert_int_equal(r.state, FV_RUN_FAILED);
    assert_string_equal(r.problem, "the loss became infinite");
    fv_run_release(&r);
    write_file(folder, RUN_STATE, "garbage [");
    assert_int_equal(state_of(folder), FV_RUN_INTERRUPTED);
    write_file(folder, "report.html", "x");
    assert_int_equal(state_of(folder), FV_RUN_FINISHED);
    char *path = file_join(folder, RUN_LOCK);
    FILE *lock = fopen(path, "w");
    assert_int_equal(state_of(folder), FV_RUN_FINISHED);
    assert_int_equal(flock(fileno(lock), LOCK_EX), 0);
    assert_int_equal(state_of(folder), FV_RUN_RUNNING);
    fclose(lock);
    assert_int_equal(state_of(folder), FV_RUN_FINISHED);
    assert_string_equal(fv_run_state_name(FV_RUN_RUNNING), "running");
    free(path);
    free(live);
    remove_folder(folder);
}

static void expect_unreadable(const char *csv, const char *arguments, const char *problem)
{
    char *folder = make_run(csv, arguments);
    fv_run r;
    assert_ok(fv_run_load(&r, folder));
    assert_int_equal(r.state, FV_RUN_UNREADABLE);
    if (!strstr(r.problem, problem))
        fail_msg("'%s' lacks '%s'", r.problem, problem);
    assert_null(strchr(r.problem, '\n'));
    fv_run_release(&r);
    remove_folder(folder);
}

static void test_hostile(void **state)
{
    (void)state;
    fv_run r;
    expect_unreadable("\x01\x02garbage\xff\xfe\n\n1,2", NULL, "epoch");
    expect_unreadable("", NULL, "empty");
    expect_unreadable("epoch,a\n1,2,3\n", NULL, "more than 2 values");
    expect_unreadable(results, "a: [", "args.yaml");
    expect_unreadable(results, "- a\n- b\n", "mapping");

    /* Larger than what is read, without being written. */
    char *folder = make_run(results, NULL), *path = file_join(folder, "results.csv");
    assert_int_equal(truncate(path, (off_t)1 << 40), 0);
    assert_ok(fv_run_load(&r, folder));
    assert_int_equal(r.state, FV_RUN_UNREADABLE);
    assert_non_null(strstr(r.problem, "more than 16 are not read"));
    fv_run_release(&r);

    /* A short file that would be a large table: 1000 columns, lines of one value. */
    text csv = {0};
    text_add(&csv, "epoch");
    for (int i = 1; i < 1000; i++)
        text_add(&csv, ",%d", i);
    text_add(&csv, "\n");
    for (int i = 0; i < 40000; i++)
        text_add(&csv, "1\n");
    write_file(folder, "results.csv", text_string(&csv));
    text_release(&csv);
    assert_ok(fv_run_load(&r, folder));
    assert_int_equal(r.state, FV_RUN_UNREADABLE);
    assert_non_null(strstr(r.problem, "values"));
    fv_run_release(&r);
    free(path);
    remove_folder(folder);
    assert_int_equal(fv_run_load(&r, "/nonexistent"), FV_ERROR_IO);
    assert_false(fv_run_is("/"));
}

/* Where a curve's points lie: (first x, last x) at the frame's edges, a gap lifts the pen. */
static void test_svg(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5}, y[] = {0, 0.25, NAN, 0.75, 1};
    const svg_series series = {.name = "a<b", .x = x, .y = y, .count = 5, .color = 12};
    text out = {0};
    svg_add_plot(&out, &(svg_plot){.title = "T", .percent = true, .series = &series, .count = 1});
    const char *svg = text_string(&out);
    assert_non_null(strstr(svg, "d=\"M52.0 240.0L146.0 183.0M334.0 69.0L428.0 12.0\""));
    assert_non_null(strstr(svg, "var(--c2);stroke-dasharray"));
    assert_non_null(strstr(svg, "a&lt;b"));
    assert_non_null(strstr(svg, ">100 %<"));
    text_release(&out);
    const svg_series nothing = {.x = x, .y = y + 2, .count = 1};
    svg_add_plot(&out, &(svg_plot){.title = "T", .series = &nothing, .count = 1});
    assert_int_equal(out.length, 0);
}

static void test_compare(void **state)
{
    (void)state;
    char *a = make_run(results, "lr: 0.1\nbatch: 32\n"),
         *b = make_run(results, "lr: 0.2\nbatch: 32\naugment: <script>\n"), *page = file_join(a, "page.html");
    fv_run runs[2];
    assert_ok(fv_run_load(&runs[0], a));
    assert_ok(fv_run_load(&runs[1], b));
    assert_ok(fv_runs_compare(runs, 2, page));
    uint8_t *bytes;
    size_t size;
    assert_ok(file_read(page, 1 << 20, &bytes, &size));
    const char *html = (const char *)bytes;
    assert_non_null(strstr(html, "<tr><td>lr</td><td>0.1</td><td>0.2</td></tr>"));
    assert_non_null(strstr(html, "<tr><td>augment</td><td>–</td><td>&lt;script&gt;</td></tr>"));
    assert_null(strstr(html, "<td>batch</td>"));
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "http")); /* nothing from elsewhere */
    assert_non_null(strstr(html, "prefers-color-scheme:dark"));
    int curves = 0;
    for (const char *at = html; (at = strstr(at, "<path class=\"curve\"")); at++)
        curves++;
    assert_int_equal(curves, 5 * 2);
    assert_int_equal(fv_runs_compare(runs, 0, page), FV_ERROR_INVALID);
    free(bytes);
    free(page);
    fv_run_release(&runs[0]);
    fv_run_release(&runs[1]);
    remove_folder(a);
    remove_folder(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_states),
                                       cmocka_unit_test(test_hostile), cmocka_unit_test(test_svg),
                                       cmocka_unit_test(test_compare)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
