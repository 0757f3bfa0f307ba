/* SPDX-License-Identifier: Apache-2.0 */
/* fv_fit on features of the frozen layers: where a network is cut, that training on features is training on pixels where pictures are
 * not augmented, that it does not depend on threads nor on where a run was stopped, and when it is not done. */
#include <math.h>
#include <unistd.h>

#include "nn/network.h"
#include "train_fixture.h"
#include "train/features.h"

enum {
    EPOCHS = 4,
    BATCH_SIZE = 16 /* four steps an epoch, the last one of 12 pictures */
};

/* ---- where the network is cut ---- */

static feature_cut cut_of(fv_model *m, const char *frozen)
{
    assert_ok(fv_freeze(m, frozen));
    return feature_cut_find(m);
}

/* Two branches from one convolution, of which one is trained: the sum needs what both were made from. */
static fv_model *make_branches(void)
{
    fv_model *m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 1, .seed = 3);
    fv_node *stem = fv_conv2d(fv_input(m), .filters = 4, .kernel = 3, .padding = FV_SAME, .name = "stem");
    fv_node *left =
        fv_conv2d(stem, .filters = 4, .kernel = 3, .stride = 2, .padding = FV_SAME, .name = "left");
    fv_node *right =
        fv_conv2d(stem, .filters = 4, .kernel = 1, .stride = 2, .padding = FV_SAME, .name = "right");
    fv_output(fv_dense(fv_global_average_pool2d(fv_add(left, right)), .units = 3, .name = "fc"));
    return m;
}

static void test_cut(void **state)
{
    (void)state;
    fv_model *m = make_network(CLASSES), *b = make_branches();
    feature_cut cut = cut_of(m, "backbone");
    assert_int_equal(cut.count, 1); /* before dropout */
    assert_int_equal(cut.row, 4 * 4 * 8);
    assert_int_equal(cut_of(m, "none").count, 0);
    assert_int_equal(cut_of(m, "*.bias").count, 0);
    cut = cut_of(m, "conv2d*"); /* its norm goes by the batch's statistics */
    assert_int_equal(cut.count, 1);
    assert_int_equal(cut.row, 8 * 8 * 8);
    cut = cut_of(b, "stem*,left*");
    assert_int_equal(cut.count, 2);
    assert_int_equal(cut.row, 8 * 8 * 4 + 4 * 4 * 4);
    fv_model_destroy(m);
    fv_model_destroy(b);

    m = fv_zoo_create("mobilenet_v2", .classes = 5);
    cut = cut_of(m, "backbone");
    assert_int_equal(cut.count, 1);
    assert_int_equal(cut.row, 1280);
    fv_model_destroy(m);
    m = fv_zoo_create("densenet121", .classes = 5, .height = 32, .width = 32);
    assert_int_equal(cut_of(m, "backbone").row, 1024);
    fv_model_destroy(m);
}

/* ---- training on features ---- */

typedef struct run {
    const char *freeze, *augment, *cache, *resume, *out, *engine;
    int64_t views, cache_limit, stop; /* stop: after this step of the second epoch */
    int threads;
    float mixup;
    fv_balance balance;
    int (*watch)(const fv_progress *p, void *user);
    float loss[EPOCHS][4]; /* what came of it: training's and validation's loss and accuracy */
    char log[4096];
} run;

static int keep_epoch(const fv_progress *p, void *user)
{
    run *r = user;
    const float values[] = {p->train_loss, p->train_accuracy, p->validation_loss, p->validation_accuracy};
    memcpy(r->loss[p->epoch - 1], values, sizeof values);
    return 0;
}

static int watch_step(const fv_progress *p, void *user)
{
    const run *r = user;
    bool here = r->stop > 0 && p->epoch == 2 && p->step == r->stop;
    return here && !p->phase;
}

static void keep_log(const char *line, void *user)
{
    run *r = user;
    strncat(r->log, line, sizeof r->log - strlen(r->log) - 2);
    strcat(r->log, "\n");
}

static fv_status fit(const fixture *f, fv_model *m, run *r)
{
    assert_ok(fv_compile(m, .learning_rate = 0.02f, .engine = r->engine ? r->engine : "reference",
                         .threads = r->threads ? r->threads : 1));
    assert_ok(fv_freeze(m, r->freeze ? r->freeze : "backbone"));
    return fv_fit(m, .train = f->train, .validation = f->validation, .epochs = EPOCHS, .batch = BATCH_SIZE,
                  .augment = r->augment ? r->augment : "none", .seed = 5, .feature_views = r->views,
                  .mixup = r->mixup, .balance = r->balance, .cache = r->cache, .cache_limit = r->cache_limit,
                  .patience = FV_OFF, .loader_threads = r->threads ? r->threads : 1, .out = r->out,
                  .resume = r->resume, .on_epoch = keep_epoch, .on_log = keep_log, .on_step = watch_step,
                  .user = r);
}

static fv_model *fitted(const fixture *f, run *r)
{
    fv_model *m = make_network(CLASSES);
    assert_ok(fit(f, m, r));
    return m;
}

static bool on_features(const run *r)
{
    return strstr(r->log, "features of the frozen layers: ") != NULL;
}

/* The largest difference between two models' tensors. */
static float difference(const fv_model *a, const fv_model *b)
{
    float largest = 0;
    for (int32_t i = 0; i < a->tensor_count; i++)
        for (int64_t k = 0; k < a->tensors[i].count; k++)
            largest = fmaxf(largest, fabsf(a->tensors[i].data[k] - b->tensors[i].data[k]));
    return largest;
}

/* Sums in another order round otherwise: what is left over of ten steps' rounding. */
static const float rounding = 2e-5f;

static void compare_with_pixels(const fixture *f, run r)
{
    run pixels = r;
    pixels.views = FV_OFF;
    fv_model *initial = make_network(CLASSES), *a = fitted(f, &r), *b = fitted(f, &pixels);
    assert_true(on_features(&r) && !on_features(&pixels));
    assert_true(difference(a, initial) > 0.01f);
    assert_true(difference(a, b) < rounding);
    for (int i = 0; i < EPOCHS * 4; i++)
        assert_float_equal(r.loss[i / 4][i % 4], pixels.loss[i / 4][i % 4], 1e-5);
    for (int32_t i = 0; i < a->tensor_count - 2 && !r.freeze; i++)
        assert_memory_equal(a->tensors[i].data, initial->tensors[i].data,
                            (size_t)a->tensors[i].count * sizeof(float));
    fv_model_destroy(initial);
    fv_model_destroy(a);
    fv_model_destroy(b);
}

static void test_same_as_pixels(void **state)
{
    const fixture *f = *state;
    compare_with_pixels(f, (run){0});
    compare_with_pixels(f, (run){.engine = "auto"});
    compare_with_pixels(f, (run){.balance = FV_BALANCE_SAMPLER});
    compare_with_pixels(f, (run){.freeze = "conv2d*"}); /* a norm and the head are trained */
}

static void same_bits(const fv_model *a, const fv_model *b)
{
    assert_true(difference(a, b) == 0);
}

/* Several views: the same whatever the threads, others than one view, and others with each seed. */
static void test_views(void **state)
{
    const fixture *f = *state;
    const char *how = "[random_crop: {padding: 2}]";
    run one = {.augment = how, .views = 3}, two = {.augment = how, .views = 3, .threads = 3},
        plain = {.augment = how, .views = 1}, none = {0};
    fv_model *a = fitted(f, &one), *b = fitted(f, &two), *c = fitted(f, &plain), *d = fitted(f, &none);
    assert_non_null(strstr(one.log, "of 3 views of each"));
    assert_non_null(strstr(plain.log, "without augmentation"));
    same_bits(a, b);
    assert_true(difference(a, c) > 1e-3f);
    same_bits(c, d); /* the first view is the picture as it is */
    fv_model_destroy(a);
    fv_model_destroy(b);
    fv_model_destroy(c);
    fv_model_destroy(d);
}

/* Where features would change what is learned, or do not fit, pixels are trained on. */
static void test_not_done(void **state)
{
    const fixture *f = *state;
    const run cases[] = {{.mixup = 0.2f},
                         {.augment = "[random_crop: {padding: 2}]", .freeze = "conv2d*"},
                         {.freeze = "none"},
                         {.cache = "ram", .cache_limit = 60 * 128 * 4}}; /* validation's would not fit */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run r = cases[i], pixels = cases[i];
        pixels.views = FV_OFF;
        fv_model *a = fitted(f, &r), *b = fitted(f, &pixels);
        assert_false(on_features(&r));
        same_bits(a, b);
        fv_model_destroy(a);
        fv_model_destroy(b);
    }
}

/* ---- features in a file ---- */

/* The same as from memory, computed or found. `found`: whether an earlier run's are taken. */
static void compare_with_memory(const fixture *f, run r, const char *folder, bool found)
{
    run file = r;
    file.cache = folder;
    fv_model *a = fitted(f, &r), *b = fitted(f, &file);
    assert_true(on_features(&r) && on_features(&file));
    assert_true((strstr(file.log, ", found in ") != NULL) == found);
    same_bits(a, b);
    assert_memory_equal(r.loss, file.loss, sizeof r.loss);
    fv_model_destroy(a);
    fv_model_destroy(b);
}

static void test_file(void **state)
{
    const fixture *f = *state;
    char *folder = file_join(f->folder, "kept");
    char where[512];
    snprintf(where, sizeof where, "disk:%s", folder);
    const run views = {.augment = "[random_crop: {padding: 2}]", .views = 3};
    compare_with_memory(f, (run){0}, where, false);
    compare_with_memory(f, (run){0}, where, true);
    compare_with_memory(f, (run){.engine = "auto"}, where, false); /* it rounds differently */
    compare_with_memory(f, views, where, false);
    compare_with_memory(f, views, where, true);
    compare_with_memory(f, (run){.freeze = "conv2d*"}, where, false); /* cut elsewhere */

    /* A head is behind the cut, any other tensor before it. */
    run r = {.cache = where};
    fv_model *m = make_network(CLASSES);
    m->tensors[m->tensor_count - 1].data[0] += 1;
    assert_ok(fit(f, m, &r));
    assert_non_null(strstr(r.log, ", found in "));
    fv_model_destroy(m);
    m = make_network(CLASSES);
    m->tensors[0].data[0] += 1;
    *r.log = 0;
    assert_ok(fit(f, m, &r));
    assert_null(strstr(r.log, ", found in "));
    fv_model_destroy(m);
    free(folder);
}

static void damage_file(const char *path, int damage)
{
    static const long places[] = {6000 /* among the rows */, 30 /* in the fingerprint */},
                      lengths[] = {5000, 0};
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    if (damage < 2) {
        assert_int_equal(fseek(file, places[damage], SEEK_SET), 0);
        fputc('!', file);
    } else {
        assert_int_equal(ftruncate(fileno(file), lengths[damage - 2]), 0);
    }
    fclose(file);
}

/* Whatever became of the files, features are what they are. */
static void test_damaged_file(void **state)
{
    const fixture *f = *state;
    char *folder = file_join(f->folder, "damaged");
    char where[512];
    snprintf(where, sizeof where, "disk:%s", folder);
    for (int damage = 0; damage < 4; damage++) {
        file_list list;
        compare_with_memory(f, (run){0}, where, false);
        assert_ok(file_list_folder(&list, folder));
        for (size_t i = 0; i < list.count; i++) {
            char *path = file_join(folder, list.names[i]);
            if (strstr(path, ".features"))
                damage_file(path, damage);
            free(path);
        }
        file_list_release(&list);
        run r = {.cache = where};
        fv_model_destroy(fitted(f, &r));
        assert_non_null(strstr(r.log, "is damaged, or holds no features of these pictures"));
        remove_folder(file_join(folder, ""));
    }
    free(folder);
}

/* Without a fingerprint, for as long as it is open; unwritable folders are an error. */
static void test_nameless_file(void **state)
{
    const fixture *f = *state;
    char *folder = file_join(f->folder, "nameless");
    feature_file file;
    file_list list;
    text problem = {0};
    assert_ok(file_make_folders(folder));
    assert_ok(feature_file_open(folder, NULL, 100000, &problem, &file));
    assert_false(file.whole);
    memset(file.bytes, 1, 100000);
    assert_ok(feature_file_commit(&file));
    assert_true(file.whole);
    assert_ok(file_list_folder(&list, folder));
    assert_int_equal(list.count, 0);
    file_list_release(&list);
    feature_file_close(&file);
    assert_int_equal(feature_file_open(folder, NULL, (size_t)1 << 60, &problem, &file), FV_ERROR_IO);
    assert_non_null(strstr(fv_error_message(), "disk:FOLDER"));
    assert_int_equal(feature_file_open("/nowhere", "abc", 10, &problem, &file), FV_ERROR_IO);
    assert_int_equal(problem.length, 0);
    free(folder);
}

/* ---- stopping and going on ---- */

static void test_resume(void **state)
{
    const fixture *f = *state;
    char *out = file_join(f->folder, "run"), *last = file_join(out, "last.safetensors");
    run whole = {.augment = "standard", .views = 2}, first = whole, second = whole, small = whole,
        other = whole;
    first.out = second.out = small.out = other.out = out;
    first.stop = 3;
    second.resume = small.resume = other.resume = last;
    second.threads = 2; /* the loader's and the engine's */
    fv_model *a = fitted(f, &whole), *b = make_network(CLASSES), *c = make_network(CLASSES);
    assert_int_equal(fit(f, b, &first), FV_INTERRUPTED);
    small.cache = "ram";
    small.cache_limit = 100;
    fv_model *d = make_network(CLASSES);
    assert_int_not_equal(fit(f, d, &small), FV_OK);
    other.views = 3;
    assert_int_equal(fit(f, d, &other), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "other options"));
    assert_ok(fit(f, c, &second));
    same_bits(a, c);
    assert_memory_equal(whole.loss[1], second.loss[1], sizeof whole.loss[1] * (EPOCHS - 1));
    fv_model_destroy(a);
    fv_model_destroy(b);
    fv_model_destroy(c);
    fv_model_destroy(d);
    free(out);
    free(last);
}

/* A callback may stop the run while features are computed. */
static int stop_features(const fv_progress *p, void *user)
{
    (void)user;
    if (!p->phase || strcmp(p->phase, "features") != 0)
        return 0;
    assert_true(isnan(p->step_loss) && isnan(p->validation_f1) && isnan(p->validation_map) &&
                isnan(p->gradient_norm));
    return 1;
}

static void test_stop(void **state)
{
    const fixture *f = *state;
    fv_model *m = make_network(CLASSES);
    assert_ok(fv_compile(m, .engine = "reference", .threads = 1));
    assert_ok(fv_freeze(m, "backbone"));
    assert_int_equal(fv_fit(m, .train = f->train, .epochs = 2, .on_step = stop_features), FV_INTERRUPTED);
    assert_int_equal(fv_fit(m, .train = f->train, .feature_views = 1001), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "feature_views"));
    fv_model_destroy(m);
}

/* A picture that cannot be read has no features and no weight, and is told once. */
static void test_unreadable(void **state)
{
    (void)state;
    char *folder = make_folder(), *bad = file_join(folder, "1/005.png");
    for (int c = 0; c < CLASSES; c++)
        write_class(folder, (const char *[]){"0", "1", "2"}[c], c, 20);
    FILE *file = fopen(bad, "wb");
    assert_non_null(file);
    fputs("no picture", file);
    fclose(file);
    fv_dataset *data = fv_dataset_open(folder, .validation_split = FV_OFF);
    assert_non_null(data);
    fixture f = {.train = fv_dataset_part(data, FV_TRAIN)};
    run r = {0}, pixels = {.views = FV_OFF};
    fv_model *a = fitted(&f, &r), *b = fitted(&f, &pixels);
    assert_true(on_features(&r));
    assert_true(difference(a, b) < rounding);
    const char *told = strstr(r.log, "left out: ");
    assert_non_null(told);
    assert_null(strstr(told + 1, "left out: "));
    char where[512];
    snprintf(where, sizeof where, "disk:%s/kept", folder);
    run first = {.cache = where}, second = first;
    fv_model *c = fitted(&f, &first), *d = fitted(&f, &second);
    assert_non_null(strstr(first.log, "left out: "));
    assert_non_null(strstr(second.log, "1 of 60 pictures have no features in "));
    same_bits(a, c);
    same_bits(a, d);
    fv_model_destroy(a);
    fv_model_destroy(b);
    fv_model_destroy(c);
    fv_model_destroy(d);
    fv_dataset_destroy(data);
    free(bad);
    remove_folder(folder);
}

/* ---- a head that is fitted ---- */

static fv_status fit_linear(const fixture *f, fv_model *m, run *r, int64_t epochs)
{
    return fv_fit(m, .train = f->train, .validation = f->validation, .epochs = epochs, .batch = BATCH_SIZE,
                  .augment = "none", .head = FV_HEAD_LINEAR, .patience = FV_OFF, .on_epoch = keep_epoch,
                  .on_log = keep_log, .user = r);
}

/* Few pictures and many features: a line divides the classes. What the epoch says of validation is what the whole network does, and the
 * solution does not depend on what the head was. */
static void test_linear(void **state)
{
    const fixture *f = *state;
    fv_model *initial = make_network(CLASSES), *m = make_network(CLASSES), *other = make_network(CLASSES);
    run r = {0}, again = {0};
    fv_evaluation e;
    assert_ok(fv_compile(m, .engine = "reference", .threads = 1));
    assert_ok(fit_linear(f, m, &r, 0));
    assert_non_null(strstr(r.log, "epochs 1 to 1, head: 387 of 475 parameters are fitted; "));
    assert_non_null(strstr(r.log, "logistic regression on 60 pictures"));
    assert_true(r.loss[0][0] < 0.05f && r.loss[0][1] == 1 && r.loss[0][3] > 0.8f);
    assert_ok(fv_evaluate(m, .data = f->validation, .result = &e));
    assert_float_equal(e.loss, r.loss[0][2], 1e-5);
    assert_float_equal(e.accuracy, r.loss[0][3], 1e-6);
    fv_evaluation_release(&e);
    for (int32_t i = 0; i < m->tensor_count - 2; i++)
        assert_memory_equal(m->tensors[i].data, initial->tensors[i].data,
                            (size_t)m->tensors[i].count * sizeof(float));
    assert_ok(fv_compile(other, .engine = "reference", .threads = 1));
    for (int64_t k = 0; k < other->tensors[other->tensor_count - 2].count; k++)
        other->tensors[other->tensor_count - 2].data[k] = (float)k;
    assert_ok(fit_linear(f, other, &again, 3)); /* two more epochs train everything */
    assert_memory_equal(r.loss[0], again.loss[0], sizeof r.loss[0]);
    assert_non_null(strstr(again.log, "epochs 2 to 3, thawed: 475 of 475 parameters are trained"));
    fv_model_destroy(initial);
    fv_model_destroy(m);
    fv_model_destroy(other);
}

static void test_linear_refuses(void **state)
{
    const fixture *f = *state;
    run r = {0};
    fv_model *m = make_network(CLASSES);
    assert_ok(fv_compile(m, .loss = FV_BINARY_CROSSENTROPY));
    assert_int_equal(fit_linear(f, m, &r, 0), FV_ERROR_UNSUPPORTED);
    fv_model_destroy(m);
    m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 1);
    fv_output(fv_global_average_pool2d(fv_conv2d(fv_input(m), .filters = CLASSES, .kernel = 3)));
    assert_int_equal(fit_linear(f, m, &r, 0), FV_ERROR_UNSUPPORTED);
    assert_non_null(strstr(fv_error_message(), "dense layer"));
    fv_model_destroy(m);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut), CASE(test_same_as_pixels), CASE(test_views),
        CASE(test_not_done),        CASE(test_file),           CASE(test_damaged_file),
        CASE(test_nameless_file),   CASE(test_resume),         CASE(test_stop),
        CASE(test_linear),          CASE(test_linear_refuses), cmocka_unit_test(test_unreadable)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
