/* SPDX-License-Identifier: Apache-2.0 */
/* The report: ticks, tables, plots and the page, made from tables that are written here. */
#include <math.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/plugin.h"
#include "report/report.h"
#include "testing.h"
#include "core/random.h"

static char root[] = "/tmp/fovea-report-XXXXXX";

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

/* A fresh run folder with these files (NULL: without); the caller frees the path. */
static char *make_run(const char *name, const char *results, const char *arguments)
{
    char *run = file_join(root, name);
    assert_ok(file_make_folders(run));
    char *path = file_join(run, "results.csv");
    if (results)
        assert_ok(file_write(path, results, strlen(results)));
    free(path);
    path = file_join(run, "args.yaml");
    if (arguments)
        assert_ok(file_write(path, arguments, strlen(arguments)));
    free(path);
    return run;
}

static char *read_page(const char *run)
{
    char *path = file_join(run, "report.html");
    uint8_t *data;
    size_t size;
    assert_ok(file_read(path, 1 << 24, &data, &size));
    free(path);
    return (char *)data;
}

static bool run_has(const char *run, const char *name)
{
    char *path = file_join(run, name);
    bool there = file_exists(path);
    free(path);
    return there;
}

static uint32_t pixel(const image *im, double x, double y)
{
    const uint8_t *p = im->data + ((int64_t)y * im->width + (int64_t)x) * 3;
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* ---- an evaluation of `n` classes, worked out from `images` predictions ---- */

static fv_evaluation *make_evaluation(int64_t n, int64_t images, const char *const *names)
{
    fv_evaluation *e = mem_array(1, sizeof *e);
    *e = (fv_evaluation){.images = images, .class_count = n, .loss = 0.125, .top5 = 0.9975, .ece = 0.0321};
    e->classes = mem_array((size_t)n, sizeof *e->classes);
    e->confusion = mem_array((size_t)(n * n), sizeof *e->confusion);
    e->index = mem_array((size_t)images, sizeof *e->index);
    e->label = mem_array((size_t)images, sizeof *e->label);
    e->predicted = mem_array((size_t)images, sizeof *e->predicted);
    e->probability = mem_array((size_t)images, sizeof *e->probability);
    int64_t right = 0;
    for (int64_t i = 0; i < images; i++) {
        rng r = rng_at(1, 0, (uint64_t)i);
        e->index[i] = i + 1000;
        e->label[i] = (int32_t)(i % n);
        e->predicted[i] = rng_uniform(&r) < 0.8f ? e->label[i] : (int32_t)rng_below(&r, (uint64_t)n);
        e->probability[i] = rng_uniform(&r);
        e->confusion[e->label[i] * n + e->predicted[i]]++;
        e->classes[e->label[i]].support++;
        right += e->label[i] == e->predicted[i];
    }
    e->accuracy = (double)right / (double)images;
    e->accuracy_low = e->accuracy - 0.01;
    e->accuracy_high = e->accuracy + 0.01;
    for (int64_t i = 0; i < n; i++) {
        e->classes[i].name = names ? names[i] : NULL;
        e->classes[i].precision = 0.25f;
        e->classes[i].recall = 0.5f;
        e->classes[i].f1 = 0.3333f;
        e->classes[i].auc = NAN;
    }
    e->macro = (fv_class_score){
        .support = images, .precision = 0.1111f, .recall = 0.2222f, .f1 = 0.4444f, .auc = 0.5f};
    e->weighted = (fv_class_score){
        .support = images, .precision = 0.6666f, .recall = 0.7777f, .f1 = 0.8888f, .auc = 0.9f};
    return e;
}

static void free_evaluation(fv_evaluation *e)
{
    free(e->classes);
    free(e->confusion);
    free(e->index);
    free(e->label);
    free(e->predicted);
    free(e->probability);
    free(e);
}

/* ---- ticks ---- */

static void ticks_are_round(void **state)
{
    (void)state;
    static const struct {
        double low, high, least, first, step;
        int count;
    } cases[] = {
        {0, 1, 0, 0, 0.2, 6},        {0.03, 0.97, 0, 0, 0.2, 6}, {1, 20, 1, 0, 5, 5},
        {97.3, 99.1, 0, 97, 0.5, 6}, {1, 3, 1, 1, 1, 3},         {-2.5, 2.5, 0, -3, 1, 7},
        {0, 123456, 0, 0, 50000, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        report_ticks t = report_ticks_make(cases[i].low, cases[i].high, 5, cases[i].least);
        assert_true(fabs(t.first - cases[i].first) < 1e-9);
        assert_true(fabs(t.step - cases[i].step) < 1e-9);
        assert_int_equal(t.count, cases[i].count);
    }
}

static void ticks_cover_any_range(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 3000; i++) {
        rng r = rng_at(2, 0, i);
        double scale = pow(10, rng_range(&r, -9, 9)), low = scale * rng_normal(&r);
        double high = low + scale * (i % 5 ? rng_uniform(&r) : 0);
        report_ticks t = report_ticks_make(low, high, 1 + (int)rng_below(&r, 12), 0);
        double last = report_tick(&t, t.count - 1), room = t.step * 1e-6;
        assert_true(t.count >= 2 && t.count <= REPORT_MAX_TICKS && t.step > 0);
        assert_true(report_tick(&t, 0) <= low + room && last >= high - room);
        double mantissa = t.step / pow(10, floor(log10(t.step) + 1e-9));
        assert_true(fabs(mantissa - 1) < 1e-6 || fabs(mantissa - 2) < 1e-6 || fabs(mantissa - 5) < 1e-6);
    }
    char label[64];
    report_ticks t = {.first = 0, .step = 0.05, .count = 3};
    report_tick_print(&t, 1, label, sizeof label);
    assert_string_equal(label, "0.05");
    t = (report_ticks){.first = 0, .step = 20, .count = 6};
    report_tick_print(&t, 5, label, sizeof label);
    assert_string_equal(label, "100");
}

/* ---- tables ---- */

static void table_is_read(void **state)
{
    (void)state;
    char *run = make_run(
        "table", "epoch,seconds, train/loss ,\"lr\"\r\n1,2.5,nan,1e-3\r\n\n2,oops,-inf,\n3,4\n", NULL);
    char *path = file_join(run, "results.csv");
    report_table t;
    assert_ok(report_table_load(&t, path, "epoch"));
    assert_int_equal(t.column_count, 4);
    assert_int_equal(t.row_count, 3);
    assert_int_equal(report_table_find(&t, "train/loss"), 2);
    assert_int_equal(report_table_find(&t, "lr"), 3);
    assert_int_equal(report_table_find(&t, "val/loss"), -1);
    assert_true(report_table_get(&t, 0, 1) == 2.5);
    assert_true(report_table_get(&t, 0, 3) == 1e-3);
    assert_true(isnan(report_table_get(&t, 0, 2)));
    assert_true(isnan(report_table_get(&t, 1, 1)));
    assert_true(isinf(report_table_get(&t, 1, 2)));
    assert_true(isnan(report_table_get(&t, 2, 3)));
    assert_true(isnan(report_table_get(&t, 0, -1)));
    report_table_release(&t);
    free(path);
    free(run);
}

static void damaged_tables_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "\n\n", "a,b\n1,2\n", "epoch,loss\n1,2,3\n", "\x89PNG\r\n\x1a\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *run = make_run("damaged", bad[i], NULL);
        assert_int_equal(report_write(&(report_input){.run = run, .title = "x"}), FV_ERROR_FORMAT);
        assert_non_null(strstr(fv_error_message(), "results.csv"));
        assert_false(run_has(run, "report.html"));
        free(run);
    }
}

static void arguments_are_read(void **state)
{
    (void)state;
    char *run = make_run("yaml", NULL, "epochs: 20\nname: \"a: b\"\nsizes: [1, 2]\ndeep: {a: 1}\nnone:\n");
    char *path = file_join(run, "args.yaml");
    report_pairs p;
    assert_ok(report_pairs_load(&p, path));
    static const char *const expected[][2] = {
        {"epochs", "20"}, {"name", "a: b"}, {"sizes", "1, 2"}, {"deep", "{…}"}, {"none", ""}};
    assert_int_equal(p.count, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(p.list[i].key, expected[i][0]);
        assert_string_equal(p.list[i].value, expected[i][1]);
    }
    report_pairs_release(&p);
    assert_ok(file_write(path, "a: [1\nb: }", 10));
    assert_int_equal(report_pairs_load(&p, path), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "args.yaml: line"));
    assert_ok(file_write(path, "- 1\n- 2\n", 8));
    assert_int_equal(report_pairs_load(&p, path), FV_ERROR_FORMAT);
    free(path);
    free(run);
}

/* ---- plots ---- */

enum {
    RED = 0xff0000,
    BLUE = 0x0000ff
};

/* Where a value lies, worked out from the axis alone. */
static double x_of(const report_frame *f, double x)
{
    return f->left + f->width * (x - f->x.first) / (f->x.step * (f->x.count - 1));
}

static double y_of(const report_frame *f, double y)
{
    return f->top + f->height * (1 - (y - f->y.first) / (f->y.step * (f->y.count - 1)));
}

static void curves_run_through_their_points(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6}, up[] = {0.1, 0.2, 0.4, 0.5, 0.8, 0.9},
                 gap[] = {0.9, 0.8, NAN, 0.6, 0.3, INFINITY};
    report_curves curves = {.title = "Accuracy",
                            .x_label = "epoch",
                            .percent = true,
                            .count = 2,
                            .list = {{"up", RED, x, up, 6}, {"gap", BLUE, x, gap, 6}}};
    image im = {0};
    report_frame f;
    assert_ok(report_plot_curves(&curves, &im, &f));
    assert_int_equal(im.width, REPORT_CURVES_WIDTH * REPORT_DENSITY);
    assert_int_equal(im.height, REPORT_CURVES_HEIGHT * REPORT_DENSITY);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(pixel(&im, x_of(&f, x[i]), y_of(&f, 100 * up[i])), RED);
        if (isfinite(gap[i]))
            assert_int_equal(pixel(&im, x_of(&f, x[i]), y_of(&f, 100 * gap[i])), BLUE);
    }
    /* Half way between points: on the line, and nothing in the gap. */
    assert_int_equal(pixel(&im, x_of(&f, 1.5), y_of(&f, 15)), RED);
    assert_int_equal(pixel(&im, x_of(&f, 1.5), y_of(&f, 85)), BLUE);
    assert_int_equal(pixel(&im, x_of(&f, 2.5), y_of(&f, 75)), 0xffffff);
    assert_int_equal(pixel(&im, x_of(&f, 3.5), y_of(&f, 63)), 0xffffff);
    /* Every gridline, where no curve crosses it. */
    for (int i = 1; i < f.y.count - 1; i++)
        assert_int_not_equal(pixel(&im, x_of(&f, report_tick(&f.x, 0)) + 5, y_of(&f, report_tick(&f.y, i))),
                             0xffffff);
    image_release(&im);
}

static void plots_of_little_are_plots(void **state)
{
    (void)state;
    const double x[] = {1}, one[] = {0.5}, none[] = {NAN}, huge[] = {1e300};
    image im = {0};
    report_frame f;
    report_curves curves = {
        .title = "Loss", .x_label = "epoch", .count = 1, .list = {{"train", RED, x, one, 1}}};
    assert_ok(report_plot_curves(&curves, &im, &f));
    assert_int_equal(pixel(&im, x_of(&f, 1), y_of(&f, 0.5)), RED);
    curves.list[0].y = none;
    assert_ok(report_plot_curves(&curves, &im, &f));
    curves.list[0].y = huge;
    assert_ok(report_plot_curves(&curves, &im, &f));
    curves.list[0].count = 0;
    assert_ok(report_plot_curves(&curves, &im, &f));
    assert_int_equal(im.width, REPORT_CURVES_WIDTH * REPORT_DENSITY);
    image_release(&im);
}

/* The colour near a cell's corner, where no number stands. */
static uint32_t cell_color(const image *im, const report_frame *f, int64_t n, int64_t row, int64_t column)
{
    double cell = f->width / (double)n;
    return pixel(im, f->left + ((double)column + 0.15) * cell, f->top + ((double)row + 0.15) * cell);
}

static void confusion_cells_have_their_colour(void **state)
{
    (void)state;
    static const int64_t counts[] = {10, 0, 0,       5, 5,
                                     0,  0, 1000000, 0}; /* rows: all right, half right, all wrong */
    const char *names[] = {"a", NULL, "a name that is much longer than there is room for it, äöü and so on"};
    image im = {0};
    report_frame f;
    assert_ok(report_plot_confusion(counts, 3, names, &im, &f));
    assert_int_equal(cell_color(&im, &f, 3, 0, 0), 0x0950a0);
    assert_int_equal(cell_color(&im, &f, 3, 0, 1), 0xffffff);
    assert_int_equal(cell_color(&im, &f, 3, 2, 1), 0xc8281e);
    assert_int_equal(cell_color(&im, &f, 3, 2, 2), 0xffffff);
    uint32_t half = cell_color(&im, &f, 3, 1, 1);
    assert_true((half & 255) > (half >> 16)); /* bluish */
    half = cell_color(&im, &f, 3, 1, 0);
    assert_true((half & 255) < (half >> 16)); /* reddish */
    image_release(&im);
}

static void confusion_of_many_classes(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 10, 100, 1000, 2500};
    for (int k = 0; k < 6; k++) {
        int64_t n = sizes[k];
        int64_t *counts = mem_array((size_t)(n * n), sizeof *counts);
        for (int64_t i = 0; i < n; i++)
            counts[i * n + i] = 7;
        counts[n - 1] = n > 1; /* one mistake, in the upper right corner */
        image im = {0};
        report_frame f;
        assert_ok(report_plot_confusion(counts, n, NULL, &im, &f));
        assert_true(im.width <= 2400 && im.height <= 2400 && im.width >= 200);
        assert_true(f.left + f.width < (double)im.width && f.top + f.height < (double)im.height);
        if (n > 1 && n <= 1000) {
            uint32_t color = cell_color(&im, &f, n, 0, n - 1);
            assert_true((color >> 16) > (color & 255) + 40); /* clearly red */
            assert_int_equal(cell_color(&im, &f, n, n - 1, n - 1), 0x0950a0);
            assert_int_equal(cell_color(&im, &f, n, n - 1, 0), 0xffffff);
        }
        image_release(&im);
        free(counts);
    }
    image im = {0};
    assert_int_equal(report_plot_confusion(NULL, 0, NULL, &im, NULL), FV_ERROR_INVALID);
}

/* ---- mistakes ---- */

static int falling(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

static void worst_mistakes_come_first(void **state)
{
    (void)state;
    fv_evaluation *e = make_evaluation(7, 500, NULL);
    e->probability[0] = NAN;
    e->predicted[0] = e->label[0] + 1;
    float wrong[500];
    size_t wrong_count = 0;
    for (int i = 1; i < 500; i++)
        if (e->label[i] != e->predicted[i])
            wrong[wrong_count++] = e->probability[i];
    qsort(wrong, wrong_count, sizeof *wrong, falling);
    assert_true(wrong_count > REPORT_MAX_MISTAKES);
    report_mistake list[REPORT_MAX_MISTAKES];
    assert_int_equal(report_mistakes_find(e, list), REPORT_MAX_MISTAKES);
    for (int i = 0; i < REPORT_MAX_MISTAKES; i++) {
        assert_true(e->probability[list[i].at] == wrong[i]);
        assert_int_not_equal(e->label[list[i].at], e->predicted[list[i].at]);
    }
    e->images = 1;
    assert_int_equal(report_mistakes_find(e, list), 0);
    free_evaluation(e);
}

/* Picture 1000 + i is grey of value i, 300 x 30 pixels; every fifth cannot be read. */
static fv_status grey_picture(int64_t index, image *out, char *name, size_t size, void *user)
{
    ++*(int *)user;
    snprintf(name, size, "<b>%lld</b>.png", (long long)index);
    if (index % 5 == 0)
        return status_set(FV_ERROR_FORMAT, "damaged");
    STATUS_TRY(image_reshape(out, 30, 300, 3));
    memset(out->data, (int)(index - 1000) % 256, 30 * 300 * 3);
    return FV_OK;
}

/* ---- the page ---- */

/* What would fill the page is left to those who open it. */
static void page_of_many_classes(void **state)
{
    (void)state;
    const int64_t n = 1000;
    fv_evaluation *e = make_evaluation(n, 2000, NULL);
    int64_t classes[2 * REPORT_MAX_CONFUSIONS];
    memset(e->confusion, 0, (size_t)(n * n) * sizeof *e->confusion);
    e->confusion[999 * n + 7] = 3;
    e->confusion[7 * n + 500] = 2;
    e->confusion[7 * n + 7] = 9;
    e->classes[600].f1 = 0.01f;
    assert_int_equal(report_matrix_classes(e, classes), 3);
    assert_int_equal(classes[0], 7);
    assert_int_equal(classes[1], 500);
    assert_int_equal(classes[2], 999);
    char *run = make_run("many", "epoch,train/loss,lr\n1,0.5,0.1\n", NULL);
    report_input in = {.run = run, .title = "t", .evaluation = e};
    assert_ok(report_write(&in));
    char *page = read_page(run);
    assert_non_null(strstr(page, "Shown are the 3 of 1000 classes"));
    assert_non_null(strstr(page, "The 20 of 1000 classes with the lowest F1:</p>"));
    assert_non_null(strstr(page, "<summary>All classes</summary>"));
    assert_true(strstr(page, "<td>class 600</td>") < strstr(page, "<td>class 0</td>"));
    free(page);
    /* None of them confused: there is no matrix of no classes. */
    e->confusion[999 * n + 7] = e->confusion[7 * n + 500] = 0;
    assert_ok(report_write(&in));
    page = read_page(run);
    assert_non_null(strstr(page, "No class was taken for another."));
    assert_null(strstr(page, "confusion matrix"));
    free(page);
    free_evaluation(e);
    free(run);
}

/* No learning rate, and what the run warned of, each warning once. */
static void page_of_a_solved_head(void **state)
{
    (void)state;
    char *run = make_run("solved", "epoch,train/loss,val/accuracy,lr\n1,0.5,0.75,0\n", "epochs: 1\n"),
         *log = file_join(run, "log.txt");
    const char lines[] = "epoch 1\nwarning: <few> pictures\nwarning: loss\nwarning: <few> pictures\n"
                         "warning: pictures\nwarning: <few>\n"; /* parts of another are warnings, too */
    assert_ok(file_write(log, lines, strlen(lines)));
    report_input in = {.run = run, .title = "t"};
    assert_ok(report_write(&in));
    char *page = read_page(run);
    assert_non_null(strstr(page, "<h2>Warnings</h2>\n<ul>\n<li>&lt;few&gt; pictures</li>\n<li>loss</li>\n"
                                 "<li>pictures</li>\n<li>&lt;few&gt;</li>\n</ul>"));
    assert_null(strstr(page, "<b>Learning rate</b>"));
    assert_non_null(strstr(page, "fovea train --config args.yaml"));
    free(page);
    free(log);
    free(run);
}

static const char three_epochs[] =
    "epoch,seconds,train/loss,train/accuracy,val/loss,val/accuracy,lr\n"
    "1,5.1,1.5,0.5,1.4,0.61,0.001\n2,5.1,0.9,0.75,0.8,0.8125,0.0005\n3,5,0.7,0.8,0.9,0.7,0\n";

static void page_tells_the_numbers(void **state)
{
    (void)state;
    const char *names[] = {"<script>alert('a')</script>", "b&c", "d\"e", "f", "g", "h"};
    const char *problems[] = {"train/<i>.png: truncated & lost"};
    fv_evaluation *e = make_evaluation(6, 400, names);
    e->skipped = 3;
    char *run = make_run("full", three_epochs, "data: <img src=x>\nepochs: 3\n");
    int decoded = 0;
    report_input in = {.run = run,
                       .title = "A <title>",
                       .model_name = "net",
                       .parameters = 1234567,
                       .evaluation = e,
                       .problems = problems,
                       .problem_count = 1,
                       .picture = grey_picture,
                       .user = &decoded};
    assert_ok(report_write(&in));
    char *page = read_page(run), expected[160];
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "<img src=x"));
    assert_null(strstr(page, "<i>"));
    assert_null(strstr(page, "A <title>"));
    assert_non_null(strstr(page, "&lt;script&gt;alert(&#39;a&#39;)&lt;/script&gt;"));
    assert_non_null(strstr(page, "<h1>A &lt;title&gt;</h1>"));
    assert_non_null(strstr(page, "<td>b&amp;c</td>"));
    assert_non_null(strstr(page, "d&quot;e"));
    assert_non_null(strstr(page, "train/&lt;i&gt;.png: truncated &amp; lost"));
    assert_non_null(strstr(page, "<td>data</td><td>&lt;img src=x&gt;</td>"));
    assert_non_null(strstr(page, "<td>epochs</td><td>3</td>"));
    assert_non_null(strstr(page, "1,234,567 parameters"));
    assert_non_null(strstr(page, "3 pictures could not be read"));
    snprintf(expected, sizeof expected, "<span>Accuracy</span><b>%.2f %%</b>", 100 * e->accuracy);
    assert_non_null(strstr(page, expected));
    snprintf(expected, sizeof expected, "interval %.2f to %.2f&nbsp;%%, 400 pictures", 100 * e->accuracy_low,
             100 * e->accuracy_high);
    assert_non_null(strstr(page, expected));
    assert_non_null(strstr(page, "<span>Top-5 accuracy</span><b>99.75 %</b>"));
    assert_non_null(strstr(page, "<b>3.21 %</b>")); /* calibration error */
    static const char *const means[] = {"11.11 %", "22.22 %", "44.44 %", "66.66 %", "77.77 %", "88.88 %"};
    for (int i = 0; i < 6; i++)
        assert_non_null(strstr(page, means[i]));
    assert_non_null(strstr(page, "<tr class=\"best\"><td>2</td>")); /* the second epoch */
    assert_int_equal(decoded, REPORT_MAX_MISTAKES);
    free(page);
    free_evaluation(e);
    free(run);
}

/* Groups' names come from tables: they are words here, not HTML. */
static void page_tells_of_groups(void **state)
{
    (void)state;
    fv_evaluation *e = make_evaluation(3, 40, NULL);
    fv_interval intervals[FV_SCORE_COUNT];
    for (int i = 0; i < FV_SCORE_COUNT; i++)
        intervals[i] = (fv_interval){NAN, NAN};
    intervals[FV_SCORE_MACRO_F1] = (fv_interval){0.4321, 0.5678};
    fv_class_rates rates[2][3] = {0};
    fv_group groups[] = {
        {.name = "<b>", .images = 31, .accuracy = {0.75, 0.5, 0.875, 31}, .classes = rates[0]},
        {.name = "few", .images = 9, .too_small = 1, .classes = rates[1]}};
    fv_grouping column = {.column = "skin & type", .groups = groups, .group_count = 2};
    for (int i = 0; i < FV_GAP_COUNT; i++)
        column.gaps[i] = (fv_gap){NAN, -1, -1, -1};
    column.gaps[FV_GAP_RECALL] = (fv_gap){0.125, 2, 1, 0};
    fv_groups g = {.columns = &column, .column_count = 1, .class_count = 3, .least = 30};
    char *run = make_run("groups", three_epochs, NULL);
    report_input in = {.run = run, .title = "t", .evaluation = e, .intervals = intervals, .groups = &g};
    assert_ok(report_write(&in));
    char *page = read_page(run);
    assert_null(strstr(page, "<td><b>"));
    assert_non_null(strstr(page, "<td>&lt;b&gt;</td><td>31</td><td>75.00 %<br><small>50.0 to 87.5</small>"));
    assert_non_null(strstr(page, "<th>skin &amp; type</th>"));
    assert_non_null(strstr(page, "few<br><small class=\"wrong\">too few to judge"));
    assert_non_null(
        strstr(page, "recall (equal opportunity): 12.5 points, from few to &lt;b&gt;, class class 2"));
    assert_non_null(strstr(page, "<td>macro_f1</td>"));
    assert_non_null(strstr(page, "<td>0.4321</td><td>0.5678</td>"));
    assert_non_null(strstr(page, "<td>kappa</td><td>0</td><td>–</td>"));
    free(page);
    free_evaluation(e);
    free(run);
}

/* Every picture lies in the page itself; returns how many there are. */
static int check_references(const char *page)
{
    int count = 0;
    for (const char *p = page; (p = strstr(p, "src=\"")); count++) {
        p += 5;
        assert_memory_equal(p, "data:image/png;base64,iVBORw0KGgo", 33);
    }
    assert_null(strstr(page, "href="));
    assert_null(strstr(page, "url("));
    assert_null(strstr(page, "http"));
    return count;
}

static int count_plots(const char *page)
{
    int count = 0;
    for (const char *p = page; (p = strstr(p, "<svg")); p++)
        count++;
    return count;
}

static void thumbnails_are_written_anew(void **state)
{
    (void)state;
    fv_evaluation *e = make_evaluation(6, 400, NULL);
    char *run = make_run("thumbs", three_epochs, NULL);
    int decoded = 0;
    report_input in = {.run = run, .title = "t", .evaluation = e, .picture = grey_picture, .user = &decoded};
    assert_ok(report_write(&in));
    report_mistake list[REPORT_MAX_MISTAKES];
    int64_t count = report_mistakes_find(e, list);
    for (int64_t i = 0; i < count; i++) {
        char name[64];
        int64_t index = e->index[list[i].at];
        snprintf(name, sizeof name, "mistakes/%02d.png", (int)i + 1);
        assert_int_equal(run_has(run, name), index % 5 != 0);
        if (index % 5 == 0)
            continue;
        char *path = file_join(run, name);
        image im = {0};
        assert_ok(image_load(path, &(image_decode_options){.channels = 3}, &im));
        assert_int_equal(im.width, 192);
        assert_int_equal(im.height, 19);
        assert_int_equal(im.data[0], (index - 1000) % 256);
        image_release(&im);
        free(path);
    }
    char *page = read_page(run);
    assert_true(check_references(page) > 4 && count_plots(page) == 4);
    assert_non_null(strstr(page, "&lt;b&gt;1"));
    assert_non_null(strstr(page, "class 3")); /* the classes have no names */
    free(page);
    /* A better model's report must not show an older one's mistakes. */
    e->images = 0;
    assert_ok(report_write(&in));
    assert_false(run_has(run, "mistakes/01.png"));
    page = read_page(run);
    assert_null(strstr(page, "Worst mistakes"));
    free(page);
    free_evaluation(e);
    free(run);
}

static void report_without_an_evaluation(void **state)
{
    (void)state;
    char *run = make_run("bare", three_epochs, NULL);
    assert_ok(report_write(&(report_input){.run = run, .title = "bare"}));
    char *page = read_page(run);
    assert_non_null(
        strstr(page, "<span>Validation accuracy</span><b>81.25 %</b><small>best epoch: 2</small>"));
    assert_null(strstr(page, "confusion.png"));
    assert_null(strstr(page, "Options"));
    assert_int_equal(check_references(page), 0);
    assert_int_equal(count_plots(page), 3);
    free(page);
    free(run);
}

static void report_of_one_epoch_with_gaps(void **state)
{
    (void)state;
    char *run = make_run("one", "epoch,train/loss,train/accuracy,val/accuracy\n1,nan,0.25,nan\n", NULL);
    assert_ok(report_write(&(report_input){.run = run, .title = "one"}));
    char *page = read_page(run);
    assert_non_null(strstr(page, "<span>Training accuracy</span><b>25.00 %</b>"));
    assert_null(strstr(page, "Validation accuracy"));
    assert_null(strstr(page, "learning_rate.png")); /* there is no such column */
    assert_null(strstr(page, "nan"));
    assert_int_equal(count_plots(page), 1); /* the loss has no value, the learning rate no column */
    free(page);
    free(run);
    run = make_run("zero", "epoch,train/loss,lr\n", NULL); /* stopped in its first epoch */
    assert_ok(report_write(&(report_input){.run = run, .title = "zero"}));
    free(run);
}

static void missing_results_are_an_error(void **state)
{
    (void)state;
    char *run = make_run("nothing", NULL, NULL);
    assert_int_equal(report_write(&(report_input){.run = run, .title = "x"}), FV_ERROR_IO);
    assert_non_null(strstr(fv_error_message(), "nothing/results.csv"));
    assert_false(run_has(run, "report.html"));
    free(run);
}

/* A machine without cairo: everything but the plots. */
static void report_without_cairo(void **state)
{
    (void)state;
    plugin there = plugin_cairo;
    plugin_cairo = (plugin){.library = "libfovea-none.so", .package = "libcairo2", .purpose = "drawing"};
    char *run = make_run("plain", three_epochs, NULL);
    fv_evaluation *e = make_evaluation(3, 40, NULL);
    fv_status status = report_write(&(report_input){.run = run, .title = "plain", .evaluation = e});
    plugin_cairo = there;
    assert_ok(status);
    char *page = read_page(run);
    assert_int_equal(check_references(page), 0);
    assert_non_null(strstr(
        page, "There are no plots: libfovea-none.so is needed for drawing: install the package libcairo2"));
    assert_non_null(strstr(page, "<h2>Classes</h2>"));
    free(page);
    free_evaluation(e);
    free(run);
}

/* The public call, with a model and a data set of real files, one of them damaged since it was listed. */
static void report_of_a_model_and_its_data(void **state)
{
    (void)state;
    char *run = make_run("public", three_epochs, NULL), *data_path = file_join(root, "data");
    assert_ok(fv_demo_write(data_path, .train = 3, .test = FV_OFF));
    fv_dataset *data = fv_dataset_open(data_path, .validation_split = FV_OFF);
    fv_model *m = fv_model_create(.height = 32, .width = 32, .name = "<tiny>");
    assert_non_null(data);
    assert_non_null(m);
    assert_non_null(fv_output(fv_dense(fv_flatten(fv_input(m)), .units = 10)));
    char file[512];
    assert_ok(file_write(fv_dataset_file(data, 3, file, sizeof file), "no picture", 10));
    fv_evaluation *e = make_evaluation(10, 30, NULL);
    for (int i = 0; i < 30; i++) {
        e->index[i] = i;
        e->label[i] = (int32_t)fv_dataset_label(data, i);
        e->predicted[i] = i < 6 ? 9 - e->label[i] : e->label[i];
        e->probability[i] = 1 - (float)i / 100;
    }
    for (int i = 0; i < 10; i++)
        e->classes[i].name = fv_dataset_class_name(data, i);
    assert_ok(fv_report_write(run, .model = m, .data = data, .evaluation = e));
    for (int i = 0; i < 6; i++) {
        char name[32];
        snprintf(name, sizeof name, "mistakes/%02d.png", i + 1);
        assert_int_equal(run_has(run, name), i != 3);
    }
    /* The second worst mistake's thumbnail is the second picture, pixel by pixel. */
    image expected = {0}, shown = {0};
    char *thumbnail = file_join(run, "mistakes/02.png");
    assert_ok(image_load(fv_dataset_file(data, 1, file, sizeof file), &(image_decode_options){.channels = 3},
                         &expected));
    assert_ok(image_load(thumbnail, &(image_decode_options){.channels = 3}, &shown));
    assert_memory_equal(expected.data, shown.data, 32 * 32 * 3);
    char *page = read_page(run);
    assert_non_null(strstr(page, "<h1>&lt;tiny&gt;</h1>"));
    assert_non_null(strstr(page, "30,730 parameters")); /* 32 * 32 * 3 * 10 + 10 */
    assert_non_null(strstr(page, "no picture"));
    assert_non_null(strstr(page, "97.0 % sure"));
    assert_int_equal(fv_report_write(NULL, .model = m), FV_ERROR_INVALID);
    assert_int_equal(fv_report_write(run), FV_ERROR_INVALID);
    assert_int_equal(fv_report_write("/nowhere", .model = m), FV_ERROR_IO);
    free(page);
    free(thumbnail);
    image_release(&expected);
    image_release(&shown);
    free_evaluation(e);
    fv_model_destroy(m);
    fv_dataset_destroy(data);
    free(data_path);
    free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(ticks_cover_any_range),
        cmocka_unit_test(table_is_read),
        cmocka_unit_test(damaged_tables_are_refused),
        cmocka_unit_test(arguments_are_read),
        cmocka_unit_test(curves_run_through_their_points),
        cmocka_unit_test(plots_of_little_are_plots),
        cmocka_unit_test(confusion_cells_have_their_colour),
        cmocka_unit_test(confusion_of_many_classes),
        cmocka_unit_test(worst_mistakes_come_first),
        cmocka_unit_test(page_tells_the_numbers),
        cmocka_unit_test(page_tells_of_groups),
        cmocka_unit_test(page_of_many_classes),
        cmocka_unit_test(page_of_a_solved_head),
        cmocka_unit_test(thumbnails_are_written_anew),
        cmocka_unit_test(report_without_an_evaluation),
        cmocka_unit_test(report_of_one_epoch_with_gaps),
        cmocka_unit_test(missing_results_are_an_error),
        cmocka_unit_test(report_without_cairo),
        cmocka_unit_test(report_of_a_model_and_its_data),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
