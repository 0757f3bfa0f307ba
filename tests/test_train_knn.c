/* SPDX-License-Identifier: Apache-2.0 */
/* A head of neighbours that vote: scikit-learn's votes, what fv_fit finds, and what cannot be. */
#include <math.h>

#include "golden/knn.h"
#include "nn/network.h"
#include "train_fixture.h"
#include "train/metrics.h"

/* ---- the layer ---- */

static fv_model *golden_model(const char *engine, float k)
{
    fv_model *m = fv_model_create(.height = 1, .width = GOLDEN_FEATURES, .channels = 1);
    fv_output(
        fv_knn(fv_flatten(fv_input(m)), .classes = GOLDEN_CLASSES, .rows = GOLDEN_ROWS, .name = "votes"));
    fv_preprocess p = *fv_model_preprocess(m);
    p.mean[0] = 0;
    p.std[0] = 2;
    assert_ok(fv_model_set_preprocess(m, &p));
    assert_ok(fv_compile(m, .engine = engine, .threads = 1));
    for (int i = 0; i < GOLDEN_ROWS; i++) {
        double squares = 0;
        for (int d = 0; d < GOLDEN_FEATURES; d++)
            squares += pow(golden_rows[i * GOLDEN_FEATURES + d], 2);
        for (int d = 0; d < GOLDEN_FEATURES; d++)
            m->tensors[0].data[i * GOLDEN_FEATURES + d] =
                (float)(golden_rows[i * GOLDEN_FEATURES + d] / sqrt(squares));
        m->tensors[1].data[i] = (float)golden_labels[i];
    }
    m->tensors[2].data[0] = k;
    network_changed(m);
    return m;
}

static void check_golden(const char *engine, int k, const int32_t *votes, const int32_t *predicted)
{
    float logits[GOLDEN_PICTURES * GOLDEN_CLASSES];
    fv_model *m = golden_model(engine, (float)k);
    assert_ok(fv_predict_batch(m, golden_pictures, GOLDEN_PICTURES, logits));
    for (int i = 0; i < GOLDEN_PICTURES; i++) {
        assert_int_equal(metrics_largest(logits + i * GOLDEN_CLASSES, GOLDEN_CLASSES), predicted[i]);
        for (int c = 0; c < GOLDEN_CLASSES; c++)
            assert_float_equal(expf(logits[i * GOLDEN_CLASSES + c]),
                               (votes[i * GOLDEN_CLASSES + c] + 1.0 / GOLDEN_CLASSES) / (k + 1), 1e-6);
    }
    fv_model_destroy(m);
}

static void test_golden(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *engine = i ? "reference" : "auto";
        check_golden(engine, 1, golden_votes_1, golden_predicted_1);
        check_golden(engine, 5, golden_votes_5, golden_predicted_5);
        check_golden(engine, 10, golden_votes_10, golden_predicted_10);
    }
}

/* Numbers that a file should not hold: rows without a class do not vote, and k is at least 1. */
static void test_odd_tensors(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        float logits[GOLDEN_CLASSES];
        fv_model *m = golden_model(i ? "reference" : "auto", -7);
        for (int k = 0; k < GOLDEN_ROWS; k++)
            m->tensors[1].data[k] = k == 11 ? 2 : k % 2 ? -1 : 1e30f;
        assert_ok(fv_predict_batch(m, golden_pictures, 1, logits));
        assert_float_equal(expf(logits[2]), 0.625, 1e-6);
        m->tensors[1].data[11] = GOLDEN_CLASSES;
        m->tensors[2].data[0] = 1e30f;
        network_changed(m);
        assert_ok(fv_predict_batch(m, golden_pictures, 1, logits));
        for (int c = 0; c < GOLDEN_CLASSES; c++)
            assert_float_equal(expf(logits[c]), 0.25, 1e-6);
        fv_model_destroy(m);
    }
}

/* ---- fitting ---- */

typedef struct run {
    fv_progress last;
    char log[4096];
} run;

static int keep_epoch(const fv_progress *p, void *user)
{
    ((run *)user)->last = *p;
    return 0;
}

static void keep_log(const char *line, void *user)
{
    run *r = user;
    strncat(r->log, line, sizeof r->log - strlen(r->log) - 1);
}

static fv_model *knn_network(int64_t rows)
{
    fv_model *m = make_network(CLASSES), *votes = fv_model_knn_head(m, CLASSES, rows);
    assert_non_null(votes);
    fv_model_destroy(m);
    return votes;
}

static fv_status fit(const fixture *f, fv_model *m, run *r, uint64_t seed, int64_t views)
{
    assert_ok(fv_compile(m, .engine = "reference", .threads = 1));
    return fv_fit(m, .train = f->train, .validation = f->validation, .batch = 16,
                  .augment = views > 1 ? "standard" : "none", .feature_views = views, .seed = seed,
                  .head = FV_HEAD_KNN, .on_epoch = keep_epoch, .on_log = keep_log, .user = r);
}

/* How many pictures the k nearest others are right about, by sorting nothing: a row votes when fewer than k others are nearer. */
static int right_when_left_out(const fv_model *m, int k, int views)
{
    const network_tensor *t = &m->tensors[m->tensor_count - 3];
    int rows = (int)t->shape.d[0], features = (int)t->shape.d[1], right = 0;
    double *s = calloc((size_t)rows, sizeof *s);
    for (int i = 0; i < rows; i += views) {
        float votes[CLASSES] = {0};
        for (int j = 0; j < rows; j++) {
            s[j] = j / views == i / views ? -INFINITY : 0;
            for (int d = 0; d < features; d++)
                s[j] += (double)t->data[i * features + d] * (double)t->data[j * features + d];
        }
        for (int j = 0; j < rows; j++) {
            int nearer = 0;
            for (int n = 0; n < rows; n++)
                nearer += s[n] > s[j] || (s[n] == s[j] && n < j);
            if (nearer < k)
                votes[(int)t[1].data[j]]++;
        }
        right += metrics_largest(votes, CLASSES) == (int)t[1].data[i];
    }
    free(s);
    return right;
}

static void check_choice(const fv_model *m, const run *r, int views)
{
    static const int choices[] = {1, 3, 5, 10, 20, 50};
    int k = (int)m->tensors[m->tensor_count - 1].data[0], right = right_when_left_out(m, k, views);
    assert_float_equal(r->last.train_accuracy, right / 60.0, 1e-6);
    for (int i = 0; i < 6; i++)
        assert_true(right_when_left_out(m, choices[i], views) <= right);
}

static void test_fit(void **state)
{
    const fixture *f = *state;
    fv_model *initial = make_network(CLASSES), *m = knn_network(60), *again = knn_network(70);
    run r = {0}, other = {0};
    fv_evaluation e;
    assert_ok(fit(f, m, &r, 0, 1));
    assert_non_null(strstr(r.log, "neighbours vote, no parameters are trained"));
    assert_non_null(strstr(r.log, "60 pictures are right with 1: "));
    check_choice(m, &r, 1);
    assert_true(r.last.validation_accuracy > 0.6f);
    assert_ok(fv_evaluate(m, .data = f->validation, .result = &e));
    assert_float_equal(e.loss, r.last.validation_loss, 1e-5);
    assert_float_equal(e.accuracy, r.last.validation_accuracy, 1e-6);
    fv_evaluation_release(&e);
    for (int32_t i = 0; i < m->tensor_count - 3; i++)
        assert_memory_equal(m->tensors[i].data, initial->tensors[i].data,
                            (size_t)m->tensors[i].count * sizeof(float));
    assert_ok(fit(f, again, &other, 9, 1)); /* another order, and rows to spare */
    for (int32_t i = m->tensor_count - 3; i < m->tensor_count; i++)
        assert_memory_equal(m->tensors[i].data, again->tensors[i].data,
                            (size_t)m->tensors[i].count * sizeof(float));
    assert_float_equal(again->tensors[again->tensor_count - 2].data[60], -1, 0);
    fv_model_destroy(initial);
    fv_model_destroy(m);
    fv_model_destroy(again);
}

/* A picture's own views are left out with it. */
static void test_views(void **state)
{
    const fixture *f = *state;
    fv_model *m = knn_network(120);
    run r = {0};
    assert_ok(fit(f, m, &r, 3, 2));
    check_choice(m, &r, 2);
    fv_model_destroy(m);
}

static void test_file(void **state)
{
    const fixture *f = *state;
    fv_model *m = knn_network(60);
    run r = {0};
    assert_ok(fit(f, m, &r, 0, 1));
    char *path = file_join(f->folder, "knn.safetensors");
    assert_ok(fv_model_save(m, path));
    fv_model *loaded = fv_model_load(path);
    assert_non_null(loaded);
    uint8_t pixels[SIDE * SIDE];
    float a[CLASSES], b[CLASSES];
    draw_picture(1, 500, pixels);
    assert_ok(fv_compile(loaded, .engine = "reference", .threads = 1));
    assert_ok(fv_predict_batch(m, pixels, 1, a));
    assert_ok(fv_predict_batch(loaded, pixels, 1, b));
    assert_memory_equal(a, b, sizeof a);
    fv_model_destroy(m);
    fv_model_destroy(loaded);
    free(path);
}

/* ---- what cannot be ---- */

static void refused(fv_status status, const char *why)
{
    assert_int_not_equal(status, FV_OK);
    assert_non_null(strstr(fv_error_message(), why));
}

static void test_refuses(void **state)
{
    const fixture *f = *state;
    run r = {0};
    fv_model *m = knn_network(60), *dense = make_network(CLASSES), *few = knn_network(59);
    refused(fv_fit(m, .train = f->train), "no gradient");
    refused(fv_fit(m, .train = f->train, .head = FV_HEAD_KNN, .epochs = 2), "no gradient");
    refused(fv_fit(m, .train = f->train, .head = FV_HEAD_KNN, .balance = FV_BALANCE_WEIGHTS), "vote alike");
    refused(fv_model_average(m, (const fv_model *const[]){m}, 1), "no mean");
    refused(fit(f, dense, &r, 0, 1), "fv_model_knn_head");
    refused(fit(f, few, &r, 0, 1), "59 rows");
    assert_null(fv_model_knn_head(dense, CLASSES, 0));
    assert_null(fv_model_knn_head(dense, CLASSES, INT64_MAX));
    assert_null(fv_model_knn_head(NULL, CLASSES, 3));
    fv_model_destroy(few);
    fv_model_destroy(m);
    fv_model_destroy(dense);
    m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 1);
    fv_output(fv_global_average_pool2d(fv_conv2d(fv_input(m), .filters = CLASSES, .kernel = 3)));
    refused(fit(f, m, &r, 0, 1), "fv_model_knn_head");
    fv_model_destroy(m);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden),
                                       cmocka_unit_test(test_odd_tensors),
                                       CASE(test_fit),
                                       CASE(test_views),
                                       CASE(test_file),
                                       CASE(test_refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
