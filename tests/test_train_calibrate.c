/* SPDX-License-Identifier: Apache-2.0 */
/* Temperatures and thresholds: against SciPy and scikit-learn, in the model file, and in what uses them. */
#include <math.h>

#include "test_train.h"

#include "golden/calibration.h"
#include "train/calibrate.h"
#include "train/metrics.h"
#include "train/scores.h"

enum {
    N = CALIBRATION_COUNT,
    K = CALIBRATION_CLASSES
};

/* ---- the search ---- */

/* SciPy's bounded search ends within about 1e-8 of the minimum, where a sum of doubles is flat. */
static void assert_temperature(double value, double expected)
{
    if (!(fabs(value / expected - 1) < 1e-6))
        fail_msg("a temperature of %.12g, not %.12g", value, expected);
}

static void test_temperatures(void **state)
{
    (void)state;
    fv_evaluation e = {.images = N, .class_count = K, .label = (int32_t *)softmax_labels};
    assert_temperature(calibrate_temperature(&e, softmax_logits, K, false), softmax_temperature);
    e = (fv_evaluation){
        .images = N, .class_count = K, .multi_label = 1, .targets = (unsigned char *)sigmoid_truth};
    assert_temperature(calibrate_temperature(&e, sigmoid_logits, K, true), sigmoid_temperature);
    float one[N];
    int32_t labels[N];
    for (int i = 0; i < N; i++) {
        one[i] = sigmoid_logits[i * K];
        labels[i] = sigmoid_truth[i * K];
    }
    e = (fv_evaluation){.images = N, .class_count = 2, .label = labels};
    assert_temperature(calibrate_temperature(&e, one, 1, true), first_output_temperature);
}

static void test_limits(void **state)
{
    (void)state;
    const float logits[] = {1, 0, 0, 2}, nothing[4] = {0};
    int32_t right[] = {0, 1}, wrong[] = {1, 0};
    fv_evaluation e = {.images = 2, .class_count = 2, .label = right};
    assert_true(calibrate_temperature(&e, logits, 2, false) == CALIBRATE_LEAST);
    assert_true(calibrate_temperature(&e, nothing, 2, false) == 1);
    e.label = wrong;
    assert_true(calibrate_temperature(&e, logits, 2, false) == CALIBRATE_MOST);
}

static double f1_at(const fv_evaluation *e, int k, float threshold)
{
    double right = 0, said = 0, there = 0;
    for (int64_t i = 0; i < e->images; i++) {
        bool has = evaluation_has(e, i, k), says = e->probabilities[i * e->class_count + k] > threshold;
        right += has && says;
        said += says;
        there += has;
    }
    return 2 * right / (said + there);
}

static void test_threshold(void **state)
{
    (void)state;
    float p[N * K];
    ranking_entry list[N];
    uint32_t row[N];
    fv_evaluation e = {.images = N,
                       .class_count = K,
                       .multi_label = 1,
                       .targets = (unsigned char *)sigmoid_truth,
                       .probabilities = p};
    for (int i = 0; i < N; i++)
        metrics_probabilities(sigmoid_logits + i * K, K, true, p + i * K);
    for (int k = 0; k < K; k++) {
        float t = calibrate_threshold(&e, k, list, row);
        assert_true(fabs(f1_at(&e, k, t) - sigmoid_best_f1[k]) < 1e-12);
        for (int i = 0; i < N;
             i++) /* no other does better, and none as good is nearer to 0.5 but by less than a gap */
            assert_true(f1_at(&e, k, p[i * K + k]) <= f1_at(&e, k, t) + 1e-12);
    }
    /* A class without pictures, and one that all have with a probability of zero among them. */
    unsigned char none[] = {0, 1, 0, 1};
    float few[] = {0.25f, 0, 0.75f, 0.5f};
    e = (fv_evaluation){
        .images = 2, .class_count = 2, .multi_label = 1, .targets = none, .probabilities = few};
    assert_true(calibrate_threshold(&e, 0, list, row) == 0.5f);
    assert_true(calibrate_threshold(&e, 1, list, row) == 0.25f);
}

/* ---- the model ---- */

static fv_model *make_two_class(const char *folder, int64_t outputs, fv_dataset **data)
{
    write_class(folder, "left", 1, 40);
    write_class(folder, "top", 0, 20);
    *data = fv_dataset_open(folder, .validation_split = FV_OFF);
    fv_model *m = make_network(outputs);
    assert_ok(fv_compile(m, .learning_rate = 0.01f, .engine = "reference", .threads = 1));
    assert_ok(
        fv_fit(m, .train = fv_dataset_part(*data, FV_ALL), .epochs = 4, .batch = 16, .augment = "none"));
    /* Overconfident: the last layer three times too large. */
    fv_tensor_view t;
    for (int64_t i = fv_model_tensor_count(m) - 2; i < fv_model_tensor_count(m); i++) {
        assert_ok(fv_model_tensor(m, i, &t));
        for (int64_t k = 0; k < t.count; k++)
            t.data[k] *= 3;
    }
    fv_model_tensors_changed(m);
    return m;
}

static void check_model(int64_t outputs)
{
    char *folder = make_folder(), *path = file_join(folder, "m.safetensors"), file[512];
    fv_dataset *data;
    fv_model *m = make_two_class(folder, outputs, &data), *loaded;
    fv_calibration c;
    fv_evaluation before, after, again;
    const float *thresholds;
    float p[2], q[2], largest;
    fv_prediction top[2];
    assert_ok(fv_evaluate(m, .data = data, .result = &before));
    assert_ok(fv_calibrate(m, .data = data, .result = &c));
    assert_int_equal(c.images, 60);
    assert_true(c.before.loss == before.loss && c.before.ece == before.ece);
    assert_true(c.after.loss <= c.before.loss && c.after.f1 >= c.before.f1);
    assert_true(fv_model_temperature(m) == c.temperature && c.temperature != 1);
    assert_int_equal(fv_model_thresholds(m, &thresholds), 1);
    assert_ok(fv_evaluate(m, .data = data, .result = &after));
    assert_true(fabs(after.loss - c.after.loss) < 1e-9 && after.classes[1].f1 == c.after.f1);
    assert_true(after.thresholds[1] == thresholds[0] && after.classes[0].auc == before.classes[0].auc);

    /* The same from its file; a decision is the evaluation's. */
    assert_ok(fv_model_save(m, path));
    loaded = fv_model_load(path);
    assert_non_null(loaded);
    assert_true(fv_model_temperature(loaded) == c.temperature);
    assert_ok(fv_model_verify(loaded, &largest));
    assert_true(largest < 1e-4f);
    assert_ok(fv_evaluate(loaded, .data = data, .result = &again));
    assert_memory_equal(again.predicted, after.predicted, 60 * sizeof *again.predicted);
    for (int64_t i = 0; i < after.images; i++) {
        fv_dataset_file(data, after.index[i], file, sizeof file);
        assert_ok(fv_predict(loaded, file, .top = top, .top_count = 2));
        assert_int_equal(top[0].class_index, after.predicted[i]);
        assert_true(top[0].predicted && !top[1].predicted && top[1].class_index != top[0].class_index);
        assert_true(fabsf(top[0].probability - after.probability[i]) < 1e-5f);
    }
    /* What the temperature does, and a threshold that no one reaches. */
    assert_ok(fv_model_set_temperature(loaded, 1));
    assert_ok(fv_predict(loaded, file, .probabilities = p));
    assert_ok(fv_model_set_temperature(loaded, 2));
    assert_ok(fv_predict(loaded, file, .probabilities = q));
    double z = outputs == 1 ? log(p[0] / (1 - (double)p[0])) : log(p[1] / (double)p[0]);
    double half = outputs == 1 ? log(q[0] / (1 - (double)q[0])) : log(q[1] / (double)q[0]);
    assert_true(fabs(z / 2 - half) < 1e-3 * fabs(z) + 1e-4);
    assert_ok(fv_model_set_thresholds(loaded, (const float[]){1}, 1));
    assert_ok(fv_predict(loaded, file, .top = top));
    assert_int_equal(top[0].class_index, 0);

    /* Training makes other weights. */
    assert_ok(fv_compile(loaded, .learning_rate = 1e-4f, .engine = "reference", .threads = 1));
    assert_ok(fv_fit(loaded, .train = fv_dataset_part(data, FV_ALL), .epochs = 1, .augment = "none"));
    assert_true(fv_model_temperature(loaded) == 1 && fv_model_thresholds(loaded, &thresholds) == 0);

    assert_ok(fv_calibrate(m, .data = data, .thresholds = FV_OFF));
    assert_true(fv_model_temperature(m) == c.temperature && fv_model_thresholds(m, &thresholds) == 0);
    fv_evaluation_release(&before);
    fv_evaluation_release(&after);
    fv_evaluation_release(&again);
    fv_model_destroy(loaded);
    fv_model_destroy(m);
    fv_dataset_destroy(data);
    remove_folder(folder);
    free(path);
}

static void test_softmax_of_two(void **state)
{
    (void)state;
    check_model(2);
}

static void test_one_output(void **state)
{
    (void)state;
    check_model(1);
}

static void test_refused(void **state)
{
    (void)state;
    fv_model *two = make_network(2), *three = make_network(3);
    const float *thresholds;
    assert_int_equal(fv_model_set_temperature(two, 0), FV_ERROR_INVALID);
    assert_int_equal(fv_model_set_temperature(two, NAN), FV_ERROR_INVALID);
    assert_int_equal(fv_model_set_temperature(two, INFINITY), FV_ERROR_INVALID);
    assert_int_equal(fv_model_set_thresholds(two, (const float[]){0.5f, 0.5f}, 2), FV_ERROR_INVALID);
    assert_int_equal(fv_model_set_thresholds(two, (const float[]){NAN}, 1), FV_ERROR_INVALID);
    assert_int_equal(fv_model_set_thresholds(two, (const float[]){1.5f}, 1), FV_ERROR_INVALID);
    assert_int_equal(fv_model_set_thresholds(three, (const float[]){0.5f}, 1), FV_ERROR_INVALID);
    assert_int_equal(fv_model_set_thresholds(three, (const float[]){0, 0, 0}, 3), FV_ERROR_INVALID);
    assert_true(fv_model_temperature(two) == 1 && fv_model_thresholds(three, &thresholds) == 0);
    assert_int_equal(fv_calibrate(two, .data = NULL), FV_ERROR_INVALID);
    fv_model_destroy(two);
    fv_model_destroy(three);
}

/* A failure leaves the model as it was. */
static void test_failure(void **state)
{
    (void)state;
    char *folder = make_folder();
    fv_dataset *data;
    fv_model *m = make_two_class(folder, 2, &data);
    const float *thresholds;
    assert_ok(fv_model_set_temperature(m, 3));
    assert_ok(fv_model_set_thresholds(m, (const float[]){0.25f}, 1));
    assert_int_equal(fv_calibrate(m, .data = data, .batch = -1), FV_ERROR_INVALID);
    assert_true(fv_model_temperature(m) == 3);
    assert_int_equal(fv_model_thresholds(m, &thresholds), 1);
    assert_true(thresholds[0] == 0.25f);
    fv_model_destroy(m);
    fv_dataset_destroy(data);
    remove_folder(folder);
}

/* Metadata of a file, replaced by words of the same length. */
static void spoil(const char *path, const char *from, const char *to)
{
    uint8_t *bytes;
    size_t size;
    assert_ok(file_read(path, 1 << 24, &bytes, &size));
    uint8_t *found = memmem(bytes, size, from, strlen(from));
    assert_non_null(found);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(found, to, strlen(to));
    assert_ok(file_write(path, bytes, size));
    free(bytes);
}

static void test_damaged_file(void **state)
{
    (void)state;
    static const char *const damage[][2] = {{"\\\"temperature\\\":3.0", "\\\"temperature\\\":0.0"},
                                            {"3.0", "\\\"x"},
                                            {"\\\"temperature\\\"", "\\\"temperatura\\\""},
                                            {"[0.25]", "[2.25]"},
                                            {"[0.25]", "\\\"25\\\""},
                                            {"[0.25]", "[0, 1]"}};
    char *folder = make_folder(), *path = file_join(folder, "m.safetensors");
    fv_model *m = make_network(2);
    assert_ok(fv_model_set_temperature(m, 3));
    assert_ok(fv_model_set_thresholds(m, (const float[]){0.25f}, 1));
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        assert_ok(fv_model_save(m, path));
        fv_model *read = fv_model_load(path);
        assert_non_null(read);
        fv_model_destroy(read);
        spoil(path, damage[i][0], damage[i][1]);
        assert_null(fv_model_load(path));
        assert_non_null(strstr(fv_error_message(), path));
    }
    fv_model_destroy(m);
    remove_folder(folder);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_temperatures), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_threshold),    cmocka_unit_test(test_softmax_of_two),
        cmocka_unit_test(test_one_output),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failure),      cmocka_unit_test(test_damaged_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
