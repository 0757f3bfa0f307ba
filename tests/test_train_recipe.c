/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a recipe beside the loss: optimizers, penalties, clipping and averaged weights against PyTorch and timm over ten steps of
 * a whole network; accumulation against batches in one piece. */
#include "golden/recipe.h"
#include "step_case.h"
#include "train/trainer.h"

static const char *const engines[] = {"reference", "auto"};

typedef struct fixture {
    uint8_t pixels[PICTURES * SIDE * SIDE * 3];
    int32_t labels[PICTURES];
    float weights[PICTURES];
} fixture;

static fv_model *compiled(fv_model *m, fv_compile_options o)
{
    o.struct_size = sizeof o;
    o.model = m;
    o.threads = 1;
    assert_ok(fv_compile_with(&o));
    return m;
}

/* Ten steps on both engines, whose losses must be `losses`. `norms` (NULL: not known) are those of the gradients. */
static void compare(fv_compile_options o, const float *losses, const float *norms)
{
    fixture f;
    fill_pictures(f.pixels, f.labels, f.weights);
    batch b = {.count = PICTURES, .pixels = f.pixels, .labels = f.labels, .weights = f.weights};
    for (int e = 0; e < 2; e++) {
        o.engine = engines[e];
        fv_model *m = compiled(make_model(), o);
        trainer *t;
        assert_ok(trainer_create(m, PICTURES, 0, &(step_loss){.targets = STEP_LABELS}, &t));
        assert_ok(trainer_write(t));
        for (int i = 0; i < STEPS; i++) {
            float loss, correct;
            assert_ok(trainer_step(t, &b, i, o.learning_rate, &loss, &correct));
            assert_float_equal(loss, losses[i], 2e-5);
            if (norms)
                assert_float_equal(trainer_gradient_norm(t), norms[i], 2e-5);
            else
                assert_true(isnan(trainer_gradient_norm(t)));
        }
        trainer_destroy(t);
        fv_model_destroy(m);
    }
}

static void test_optimizers(void **state)
{
    (void)state;
    compare((fv_compile_options){.optimizer = FV_ADAGRAD, .learning_rate = 0.02f, .weight_decay = 0.05f},
            golden_adagrad, NULL);
    compare((fv_compile_options){.optimizer = FV_NADAM, .learning_rate = 0.01f, .weight_decay = 0.05f},
            golden_nadam, NULL);
    compare((fv_compile_options){.optimizer = FV_LION, .learning_rate = 0.002f}, golden_lion, NULL);
    compare((fv_compile_options){.optimizer = FV_LAMB, .learning_rate = 0.02f, .weight_decay = 0.05f},
            golden_lamb, NULL);
    compare((fv_compile_options){.optimizer = FV_MUON, .learning_rate = 0.02f, .weight_decay = 0.05f},
            golden_muon, NULL);
}

static const fv_compile_options sgd = {.optimizer = FV_SGD, .learning_rate = 0.05f, .weight_decay = 0.02f};

static void test_penalties(void **state)
{
    (void)state;
    fv_compile_options o = sgd;
    o.l1 = 0.003f;
    o.l2 = 0.01f;
    compare(o, golden_penalties, NULL);
}

/* A penalty's gradient is clipped with the loss's. */
static void test_clipping(void **state)
{
    (void)state;
    fv_compile_options o = sgd;
    o.l2 = 0.01f;
    o.clip_norm = 0.25f;
    compare(o, golden_clip_norm, golden_clip_norm_norm);
    o = sgd;
    o.clip_value = 0.02f;
    compare(o, golden_clip_value, NULL);
}

static void expect_tensor(fv_model *m, const char *name, const float *expected)
{
    fv_tensor_view v;
    assert_ok(fv_model_find_tensor(m, name, &v));
    for (int64_t i = 0; i < v.count; i++)
        assert_float_equal(v.data[i], expected[i], 2e-5);
}

/* Weights and statistics are averaged, and the weights that are trained are what they would be without. */
static void test_ema(void **state)
{
    (void)state;
    fixture f;
    fill_pictures(f.pixels, f.labels, f.weights);
    batch b = {.count = PICTURES, .pixels = f.pixels, .labels = f.labels, .weights = f.weights};
    for (int e = 0; e < 2; e++) {
        fv_compile_options o = sgd;
        o.ema = 0.7f;
        o.engine = engines[e];
        fv_model *m = compiled(make_model(), o);
        trainer *t;
        assert_ok(trainer_create(m, PICTURES, 0, &(step_loss){.targets = STEP_LABELS}, &t));
        assert_ok(trainer_write(t));
        for (int i = 0; i < STEPS; i++) {
            float loss, correct;
            assert_ok(trainer_step(t, &b, i, o.learning_rate, &loss, &correct));
            assert_float_equal(loss, golden_ema[i], 2e-5);
        }
        assert_ok(trainer_read_average(t));
        expect_tensor(m, "bn1.running_mean", golden_ema_bn1_running_mean);
        expect_tensor(m, "bn1.weight", golden_ema_bn1_weight);
        expect_tensor(m, "fc.weight", golden_ema_fc_weight);
        trainer_destroy(t);
        fv_model_destroy(m);
    }
}

/* ---- accumulation ---- */

/* No batch norm: what a picture gives depends on no other. */
static fv_model *make_plain(void)
{
    fv_model *m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 3, .seed = 5);
    fv_node *x = fv_conv2d(fv_input(m), .filters = 16, .kernel = 3, .activation = FV_RELU);
    fv_output(fv_dense(fv_global_average_pool2d(x), .units = CLASSES));
    return m;
}

/* A step of `size` pictures from number `from`, of which the first `passed` do not count. */
static void take(trainer *t, const fixture *f, int64_t step, int64_t from, int64_t size, int64_t passed)
{
    float loss, correct, weights[PICTURES] = {0};
    for (int64_t k = passed; k < size; k++)
        weights[k] = f->weights[from + k];
    batch b = {.count = size,
               .pixels = (uint8_t *)f->pixels + from * SIDE * SIDE * 3,
               .labels = (int32_t *)f->labels + from,
               .weights = weights};
    assert_ok(trainer_step(t, &b, step, 0.05f, &loss, &correct));
}

static fixture make_weighted(void)
{
    fixture f;
    fill_pictures(f.pixels, f.labels, f.weights);
    for (int i = 0; i < PICTURES; i++)
        f.weights[i] *= 0.25f + (float)(i % 4);
    return f;
}

static void assert_close(fv_model *a, fv_model *b)
{
    for (int32_t i = 0; i < a->tensor_count; i++)
        for (int64_t k = 0; k < a->tensors[i].count; k++)
            assert_float_equal(a->tensors[i].data[k], b->tensors[i].data[k], 1e-6);
}

static trainer *make_trainer(fv_model *m, int64_t size, int64_t epoch_steps)
{
    trainer *t;
    assert_ok(trainer_create(m, size, 0, &(step_loss){.targets = STEP_LABELS}, &t));
    trainer_start_from(t, 0, epoch_steps);
    assert_ok(trainer_write(t));
    return t;
}

/* Epsilons keep Adam's quotient from blowing up what sums in another order differ by. */
static const fv_compile_options accumulating[] = {
    {.optimizer = FV_SGD, .learning_rate = 0.05f},
    {.optimizer = FV_LAMB, .clip_norm = 0.1f, .l2 = 0.01f, .ema = 0.5f, .epsilon = 1e-4f},
    {.optimizer = FV_ADAMW, .clip_value = 0.01f, .l1 = 0.01f, .epsilon = 1e-2f},
};

static double distance(const fv_model *a, const fv_model *b)
{
    double sum = 0;
    for (int32_t i = 0; i < a->tensor_count; i++)
        for (int64_t k = 0; k < a->tensors[i].count; k++)
            sum += fabs((double)a->tensors[i].data[k] - (double)b->tensors[i].data[k]);
    return sum;
}

/* Three batches of 4 are one of 12; only the last of them moves anything. */
static void compare_accumulated(fv_compile_options o)
{
    fixture f = make_weighted();
    fv_model *a = compiled(make_plain(), o), *before = make_plain();
    o.accumulate = 3;
    fv_model *b = compiled(make_plain(), o);
    trainer *whole = make_trainer(a, 12, 0), *parts = make_trainer(b, 4, 0);
    for (int step = 0; step < 12; step++) {
        take(parts, &f, step, step % 3 * 4, 4, 0);
        assert_ok(trainer_read(parts));
        if (step % 3 < 2) {
            assert_true(distance(b, before) == 0);
            continue;
        }
        take(whole, &f, step / 3, 0, 12, 0);
        assert_ok(trainer_read(whole));
        assert_close(a, b);
        assert_true(distance(b, before) > 0.01);
        for (int32_t i = 0; i < b->tensor_count; i++)
            memcpy(before->tensors[i].data, b->tensors[i].data, (size_t)b->tensors[i].count * sizeof(float));
    }
    if (o.ema > 0) {
        assert_ok(trainer_read_average(whole));
        assert_ok(trainer_read_average(parts));
        assert_close(a, b);
        assert_true(distance(b, before) > 0.01);
    }
    trainer_destroy(whole);
    trainer_destroy(parts);
    fv_model_destroy(a);
    fv_model_destroy(b);
    fv_model_destroy(before);
}

static void test_accumulation(void **state)
{
    (void)state;
    for (int k = 0; k < 6; k++) {
        fv_compile_options o = accumulating[k / 2];
        o.engine = engines[k % 2];
        compare_accumulated(o);
    }
}

/* An epoch of three batches, two of which make an update: the third makes one of its own. */
static void test_end_of_epoch(void **state)
{
    (void)state;
    fixture f = make_weighted();
    for (int e = 0; e < 2; e++) {
        fv_compile_options o = {.optimizer = FV_ADAMW, .epsilon = 1e-4f, .engine = engines[e]};
        fv_model *a = compiled(make_plain(), o);
        o.accumulate = 2;
        fv_model *b = compiled(make_plain(), o);
        trainer *whole = make_trainer(a, 8, 0), *parts = make_trainer(b, 4, 3);
        const int64_t update[] = {0, 0, 1, 2, 2, 3, 4};
        for (int i = 0; i < 7; i++)
            assert_int_equal(trainer_update(parts, i), update[i]);
        for (int step = 0; step < 6; step++)
            take(parts, &f, step, step % 3 * 4, 4, 0);
        for (int epoch = 0; epoch < 2; epoch++) {
            take(whole, &f, 2 * epoch, 0, 8, 0);
            take(whole, &f, 2 * epoch + 1, 4, 8, 4);
        }
        assert_ok(trainer_read(whole));
        assert_ok(trainer_read(parts));
        assert_close(a, b);
        trainer_destroy(whole);
        trainer_destroy(parts);
        fv_model_destroy(a);
        fv_model_destroy(b);
    }
}

static void refuses(fv_compile_options o, const char *words)
{
    fv_model *m = make_plain();
    o.struct_size = sizeof o;
    o.model = m;
    o.engine = "reference";
    assert_int_equal(fv_compile_with(&o), FV_ERROR_INVALID);
    if (!strstr(fv_error_message(), words))
        fail_msg("'%s' does not have '%s'", fv_error_message(), words);
    assert_null(fv_compiled_options(m));
    fv_model_destroy(m);
}

static void test_options(void **state)
{
    (void)state;
    refuses((fv_compile_options){.optimizer = FV_MUON + 1}, "no optimizer");
    refuses((fv_compile_options){.clip_norm = 1, .clip_value = 1}, "either clip_norm or clip_value");
    refuses((fv_compile_options){.clip_norm = NAN}, "clip_norm");
    refuses((fv_compile_options){.accumulate = -1}, "accumulate");
    refuses((fv_compile_options){.ema = 1}, "ema");
    refuses((fv_compile_options){.l1 = -0.5f}, "l1");
    refuses((fv_compile_options){.l2 = 11}, "l2");
    fv_model *m = compiled(make_plain(), (fv_compile_options){.optimizer = FV_LION});
    const fv_compile_options *o = fv_compiled_options(m);
    assert_true(o->learning_rate == 1e-4f && o->beta_2 == 0.99f && o->weight_decay == 0.1f);
    assert_true(o->accumulate == 1 && o->ema == 0 && o->clip_norm == 0);
    fv_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimizers),   cmocka_unit_test(test_penalties),
        cmocka_unit_test(test_clipping),     cmocka_unit_test(test_ema),
        cmocka_unit_test(test_accumulation), cmocka_unit_test(test_end_of_epoch),
        cmocka_unit_test(test_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
