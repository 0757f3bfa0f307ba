/* SPDX-License-Identifier: Apache-2.0 */
/* Ten training steps against PyTorch, for each optimizer and engine: the same weights, pictures and labels give the same losses. */
#include "golden/train.h"
#include "step_case.h"
#include "train/trainer.h"

static void compare(fv_compile_options o, float rate, const float *losses, const float *means)
{
    static uint8_t pixels[PICTURES * SIDE * SIDE * 3];
    int32_t labels[PICTURES];
    float weights[PICTURES];
    int64_t indices[PICTURES] = {0};
    fill_pictures(pixels, labels, weights);
    batch b = {.count = PICTURES, .pixels = pixels, .labels = labels, .weights = weights, .indices = indices};
    o.struct_size = sizeof o;
    o.model = make_model();
    o.learning_rate = rate;
    o.threads = 1;
    assert_ok(fv_compile_with(&o));
    trainer *t;
    assert_ok(trainer_create(o.model, PICTURES, 0, &(step_loss){.targets = STEP_LABELS}, &t));
    assert_ok(trainer_write(t));
    for (int i = 0; i < STEPS; i++) {
        float loss, correct;
        assert_ok(trainer_step(t, &b, i, rate, &loss, &correct));
        assert_float_equal(loss, losses[i], 2e-5);
    }
    assert_ok(trainer_read(t));
    fv_tensor_view v;
    assert_ok(fv_model_find_tensor(o.model, "bn1.running_mean", &v));
    for (int i = 0; i < 4; i++)
        assert_float_equal(v.data[i], means[i], 2e-5);
    trainer_destroy(t);
    fv_model_destroy(o.model);
}

static void compare_all(const char *engine)
{
    compare(
        (fv_compile_options){
            .optimizer = FV_SGD, .momentum = 0.9f, .nesterov = 1, .weight_decay = 0.02f, .engine = engine},
        0.05f, golden_sgd, golden_sgd_mean);
    compare((fv_compile_options){.optimizer = FV_SGD,
                                 .momentum = FV_OFF,
                                 .weight_decay = FV_OFF,
                                 .loss = FV_BINARY_CROSSENTROPY,
                                 .engine = engine},
            0.05f, golden_sgd_plain, golden_sgd_plain_mean);
    compare((fv_compile_options){.optimizer = FV_ADAM,
                                 .beta_1 = 0.8f,
                                 .beta_2 = 0.95f,
                                 .epsilon = 1e-6f,
                                 .weight_decay = 0.05f,
                                 .label_smoothing = 0.1f,
                                 .engine = engine},
            0.01f, golden_adam, golden_adam_mean);
    compare((fv_compile_options){.weight_decay = 0.1f, .engine = engine}, 0.01f, golden_adamw,
            golden_adamw_mean);
    compare(
        (fv_compile_options){
            .optimizer = FV_RMSPROP, .momentum = 0.5f, .weight_decay = 0.01f, .engine = engine},
        0.002f, golden_rmsprop, golden_rmsprop_mean);
    compare((fv_compile_options){.optimizer = FV_RMSPROP, .engine = engine}, 0.002f, golden_rmsprop_plain,
            golden_rmsprop_plain_mean);
}

/* Mixed targets under a smoothed softmax, and several classes a picture; pictures weigh unequally in the loss, and alike in what
 * is counted as right. */
static void compare_targets(const char *engine, step_targets kind, fv_compile_options o, const float *losses,
                            const float *rights)
{
    static uint8_t pixels[PICTURES * SIDE * SIDE * 3];
    int32_t labels[PICTURES];
    float weights[PICTURES], targets[PICTURES][CLASSES];
    fill_pictures(pixels, labels, weights);
    for (int n = 0; n < PICTURES; n++) {
        weights[n] *= 0.5f + (float)(n % 3);
        for (int k = 0; k < CLASSES; k++) {
            float part = (float)(n % 5) / 4;
            float mixed = (1 - part) * (float)(n % CLASSES == k) + part * (float)((n + 1) % CLASSES == k);
            targets[n][k] = kind == STEP_SOFT ? mixed : (float)(n >> k & 1);
        }
    }
    batch b = {.count = PICTURES, .pixels = pixels, .targets = targets[0], .weights = weights};
    o.struct_size = sizeof o;
    o.model = make_model();
    o.optimizer = FV_SGD;
    o.momentum = o.weight_decay = FV_OFF;
    o.threads = 1;
    o.engine = engine;
    assert_ok(fv_compile_with(&o));
    trainer *t;
    assert_ok(trainer_create(o.model, PICTURES, 0, &(step_loss){.targets = kind}, &t));
    assert_ok(trainer_write(t));
    for (int i = 0; i < STEPS; i++) {
        float loss, correct;
        assert_ok(trainer_step(t, &b, i, 0.05f, &loss, &correct));
        assert_float_equal(loss, losses[i], 2e-5);
        assert_float_equal(correct, rights[i], 1e-5);
    }
    trainer_destroy(t);
    fv_model_destroy(o.model);
}

static void test_targets(void **state)
{
    (void)state;
    static const char *const engines[] = {"reference", "auto"};
    for (int i = 0; i < 2; i++) {
        compare_targets(engines[i], STEP_SOFT, (fv_compile_options){.label_smoothing = 0.1f}, golden_soft,
                        golden_soft_correct);
        compare_targets(engines[i], STEP_MULTI_LABEL,
                        (fv_compile_options){.loss = FV_BINARY_CROSSENTROPY, .label_smoothing = 0.1f},
                        golden_multi_label, golden_multi_label_correct);
    }
}

static void test_reference(void **state)
{
    (void)state;
    compare_all("reference");
}

static void test_auto(void **state)
{
    (void)state;
    compare_all("auto");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference), cmocka_unit_test(test_auto),
                                       cmocka_unit_test(test_targets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
