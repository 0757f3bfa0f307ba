/* SPDX-License-Identifier: Apache-2.0 */
/* fv_evaluate: classes by name, unknown classes, unreadable pictures, one output. */
#include <math.h>

#include "nn/network.h"
#include "test_train.h"
#include "train/metrics.h"

/* A model that has learnt the three patterns under names in another order than the data's. */
static fv_model *make_trained(const char *folder)
{
    write_class(folder, "diagonal", 2, 20);
    write_class(folder, "left", 1, 20);
    write_class(folder, "top", 0, 20);
    fv_dataset *data = fv_dataset_open(folder);
    fv_model *m = make_network(CLASSES);
    const char *const names[] = {"top", "left", "diagonal"};
    assert_ok(fv_model_set_classes(m, names, CLASSES));
    assert_ok(fv_compile(m, .learning_rate = 0.02f, .engine = "reference", .threads = 1));
    assert_ok(
        fv_fit(m, .train = fv_dataset_part(data, FV_ALL), .epochs = 12, .batch = 16, .augment = "none"));
    fv_dataset_destroy(data);
    return m;
}

static void test_by_name(void **state)
{
    (void)state;
    char *folder = make_folder(), *other = make_folder();
    fv_model *m = make_trained(folder);
    /* Data without "diagonal", with a class that the model does not know and a file that is no picture. */
    write_class(other, "left", 1, 9);
    write_class(other, "sideways", 1, 5);
    write_class(other, "top", 0, 7);
    char *broken = file_join(other, "top/broken.png");
    assert_ok(file_write(broken, "\x89PNG\r\n\x1a\nnothing", 15));
    fv_dataset *data = fv_dataset_open(other, .validation_split = FV_OFF);
    assert_non_null(data);
    fv_evaluation e;
    assert_ok(fv_evaluate(m, .data = data, .result = &e, .batch = 4));
    assert_int_equal(e.unknown, 5);
    assert_int_equal(e.images, 16);
    assert_int_equal(e.class_count, CLASSES);
    assert_string_equal(e.classes[1].name, "left");
    assert_int_equal(e.classes[0].support, 7);
    assert_int_equal(e.classes[1].support, 9);
    assert_int_equal(e.classes[2].support, 0);
    assert_true(e.accuracy > 0.9);
    for (int64_t i = 0; i < e.images; i++) {
        const char *name = fv_dataset_class_name(data, fv_dataset_label(data, e.index[i]));
        assert_string_equal(fv_model_class_name(m, e.label[i]), name);
    }
    fv_evaluation_release(&e);
    fv_dataset_destroy(data);
    fv_model_destroy(m);
    remove_folder(folder);
    remove_folder(other);
    free(broken);
}

static void test_nothing_known(void **state)
{
    (void)state;
    char *folder = make_folder();
    write_class(folder, "cat", 0, 2);
    write_class(folder, "dog", 1, 2);
    fv_dataset *data = fv_dataset_open(folder);
    fv_model *m = make_network(2);
    fv_evaluation e;
    assert_int_equal(fv_evaluate(m, .data = data, .result = &e), FV_ERROR_INVALID); /* no class names */
    assert_ok(fv_model_set_classes(m, (const char *const[]){"red", "blue"}, 2));
    assert_int_equal(fv_evaluate(m, .data = data, .result = &e), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "'cat'"));
    assert_null(e.index);
    fv_dataset_destroy(data);
    fv_model_destroy(m);
    remove_folder(folder);
}

/* One output and a binary loss tell two classes apart. */
static void test_one_output(void **state)
{
    (void)state;
    char *folder = make_folder();
    write_class(folder, "left", 1, 20);
    write_class(folder, "top", 0, 20);
    fv_dataset *data = fv_dataset_open(folder);
    const fv_dataset *all = fv_dataset_part(data, FV_ALL);
    fv_model *m = make_network(1);
    fv_evaluation e;
    assert_ok(fv_compile(m, .learning_rate = 0.02f, .engine = "reference", .threads = 1));
    assert_ok(fv_fit(m, .train = all, .validation = all, .epochs = 12, .batch = 16, .augment = "none"));
    assert_ok(fv_evaluate(m, .data = all, .result = &e));
    assert_int_equal(e.class_count, 2);
    assert_int_equal(e.images, 40);
    assert_true(e.accuracy > 0.9 && e.loss < 0.4 && e.classes[0].auc > 0.95f);
    assert_true(e.classes[0].auc == e.classes[1].auc);
    fv_evaluation_release(&e);
    fv_dataset_destroy(data);
    fv_model_destroy(m);
    remove_folder(folder);
}

static int stop_second(const fv_progress *p, void *user)
{
    (void)user;
    assert_int_equal(p->epochs, 1);
    return p->step == 2;
}

static void test_interrupted(void **state)
{
    (void)state;
    char *folder = make_folder();
    write_class(folder, "left", 1, 4);
    write_class(folder, "top", 0, 4);
    fv_dataset *data = fv_dataset_open(folder);
    fv_model *m = make_network(2);
    fv_evaluation e;
    assert_ok(fv_model_set_classes(m, (const char *const[]){"left", "top"}, 2));
    assert_int_equal(fv_evaluate(m, .data = fv_dataset_part(data, FV_ALL), .result = &e, .batch = 2,
                                 .on_step = stop_second),
                     FV_INTERRUPTED);
    assert_null(e.classes);
    fv_dataset_destroy(data);
    fv_model_destroy(m);
    remove_folder(folder);
}

/* The flipped pictures of write_class, mirrored by hand. */
static float mirrored_mean(fv_model *m, const fv_dataset *data, int64_t index, int32_t predicted)
{
    char file[512];
    image im = {0};
    float a[CLASSES], b[CLASSES];
    uint8_t mirrored[SIDE * SIDE];
    assert_ok(image_load(fv_dataset_file(data, index, file, sizeof file),
                         &(image_decode_options){.channels = 1}, &im));
    for (int i = 0; i < SIDE * SIDE; i++)
        mirrored[i] = im.data[i / SIDE * SIDE + SIDE - 1 - i % SIDE];
    image_release(&im);
    assert_ok(fv_predict(m, file, .probabilities = a));
    assert_ok(
        fv_predict(m, .pixels = mirrored, .height = SIDE, .width = SIDE, .channels = 1, .probabilities = b));
    return (a[predicted] + b[predicted]) / 2;
}

static void assert_same_evaluation(const fv_evaluation *a, const fv_evaluation *b)
{
    assert_true(a->images == b->images && a->loss == b->loss && a->accuracy == b->accuracy);
    assert_memory_equal(a->predicted, b->predicted, (size_t)a->images * sizeof *a->predicted);
    assert_memory_equal(a->probability, b->probability, (size_t)a->images * sizeof *a->probability);
}

/* Averages are those made by hand, whatever the threads and batches; a single view is none at all. */
static void test_views(void **state)
{
    (void)state;
    char *folder = make_folder();
    fv_model *m = make_trained(folder);
    fv_dataset *data = fv_dataset_open(folder, .validation_split = FV_OFF);
    fv_evaluation plain, one, e, again;
    assert_ok(fv_evaluate(m, .data = data, .result = &plain));
    assert_ok(fv_evaluate(m, .data = data, .result = &one, .tta = "1"));
    assert_same_evaluation(&plain, &one);
    assert_int_equal(one.views, 1);
    assert_ok(fv_evaluate(m, .data = data, .result = &e, .tta = "flip", .loader_threads = 1, .batch = 16));
    assert_ok(fv_evaluate(m, .data = data, .result = &again, .tta = "2", .loader_threads = 8, .batch = 16));
    assert_same_evaluation(&e, &again);
    assert_int_equal(e.views, 2);
    assert_int_equal(e.images, plain.images);
    int changed = 0;
    for (int64_t i = 0; i < e.images; i++) {
        assert_float_equal(e.probability[i], mirrored_mean(m, data, e.index[i], e.predicted[i]), 1e-6);
        changed += fabsf(e.probability[i] - plain.probability[i]) > 1e-3f;
    }
    assert_true(changed > 10);
    fv_evaluation_release(&again);
    assert_int_equal(fv_evaluate(m, .data = data, .result = &again, .tta = "all"), FV_ERROR_INVALID);
    fv_evaluation_release(&plain);
    fv_evaluation_release(&one);
    fv_evaluation_release(&e);
    fv_dataset_destroy(data);
    fv_model_destroy(m);
    remove_folder(folder);
}

/* One weight that is not a number: no score would mean anything. */
static void test_not_a_number(void **state)
{
    (void)state;
    char *folder = make_folder();
    write_class(folder, "left", 1, 4);
    write_class(folder, "top", 0, 4);
    fv_dataset *data = fv_dataset_open(folder);
    fv_model *m = make_network(2);
    fv_tensor_view bias;
    fv_evaluation e;
    const fv_dataset *all = fv_dataset_part(data, FV_ALL);
    assert_ok(fv_model_set_classes(m, (const char *const[]){"left", "top"}, 2));
    assert_int_equal(fv_evaluate(m, .data = all, .result = &e, .top_k = -1), FV_ERROR_INVALID);
    assert_ok(fv_model_tensor(m, fv_model_tensor_count(m) - 1, &bias)); /* the last layer's bias */
    bias.data[1] = NAN;
    fv_model_tensors_changed(m);
    assert_int_equal(fv_evaluate(m, .data = all, .result = &e, .batch = 2), FV_ERROR_DIVERGED);
    assert_non_null(strstr(fv_error_message(), "not a number"));
    assert_non_null(strstr(fv_error_message(), "left/000.png"));
    assert_null(e.classes);
    bias.data[1] = INFINITY;
    fv_model_tensors_changed(m);
    assert_int_equal(fv_evaluate(m, .data = all, .result = &e), FV_ERROR_DIVERGED);
    fv_dataset_destroy(data);
    fv_model_destroy(m);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_name),    cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_one_output), cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_views),      cmocka_unit_test(test_not_a_number)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
