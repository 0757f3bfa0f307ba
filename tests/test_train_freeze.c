/* SPDX-License-Identifier: Apache-2.0 */
/* Freezing, kept statistics and learning-rate scales: ten steps against PyTorch's requires_grad, bn.eval() and parameter groups; what
 * stays, what is no longer computed, and the stages of every network of the zoo. */
#include "golden/freezing.h"
#include "step_case.h"
#include "train/trainer.h"

static const char *const engines[] = {"reference", "auto"};

static void set_statistics(fv_model *m)
{
    const float mean[] = {0.1f, -0.05f, 0.2f, 0}, var[] = {0.25f, 0.5f, 1, 2};
    memcpy(network_find_tensor(m, "bn1.running_mean")->data, mean, sizeof mean);
    memcpy(network_find_tensor(m, "bn1.running_var")->data, var, sizeof var);
}

static fv_model *make_compiled(fv_compile_options o)
{
    o.struct_size = sizeof o;
    o.model = make_model();
    o.threads = 1;
    set_statistics(o.model);
    assert_ok(fv_compile_with(&o));
    return o.model;
}

/* Ten steps; the losses must be `losses` (NULL: whatever). The model has the tensors afterwards. */
static void train(fv_model *m, float rate, const float *losses)
{
    static uint8_t pixels[PICTURES * SIDE * SIDE * 3];
    int32_t labels[PICTURES];
    float weights[PICTURES];
    batch b = {.count = PICTURES, .pixels = pixels, .labels = labels, .weights = weights};
    trainer *t;
    fill_pictures(pixels, labels, weights);
    assert_ok(trainer_create(m, PICTURES, 0, &(step_loss){.targets = STEP_LABELS}, &t));
    assert_ok(trainer_write(t));
    for (int i = 0; i < STEPS; i++) {
        float loss, correct;
        assert_ok(trainer_step(t, &b, i, rate, &loss, &correct));
        if (losses)
            assert_float_equal(loss, losses[i], 2e-5);
    }
    assert_ok(trainer_read(t));
    trainer_destroy(t);
}

/* Which tensors ten steps change, as a bit each in the model's order: conv1.weight, bn1.weight, bias, running_mean, running_var, conv2.weight,
 * bias, fc.weight, bias. */
static unsigned changed(fv_model *m)
{
    fv_model *before = make_model();
    unsigned bits = 0;
    set_statistics(before);
    for (int32_t i = 0; i < m->tensor_count; i++) {
        const network_tensor *a = &m->tensors[i], *b = &before->tensors[i];
        if (memcmp(a->data, b->data, (size_t)a->count * sizeof *a->data) != 0)
            bits |= 1u << i;
    }
    fv_model_destroy(before);
    return bits;
}

static void compare_frozen(const char *what, int keep, const float *losses, unsigned bits)
{
    for (int e = 0; e < 2; e++) {
        fv_model *m = make_compiled((fv_compile_options){.weight_decay = 0.1f, .engine = engines[e]});
        assert_ok(fv_freeze(m, what));
        assert_ok(fv_keep_statistics(m, keep));
        train(m, 0.01f, losses);
        assert_int_equal(changed(m), bits);
        fv_model_destroy(m);
    }
}

static void test_frozen(void **state)
{
    (void)state;
    compare_frozen("none", 1, golden_kept, 0x1e7);
    compare_frozen("1", 0, golden_stage, 0x1e0);
    compare_frozen("conv1.*,bn1.*", 0, golden_stage, 0x1e0);
    compare_frozen("bn1.weight,bn1.bias", 0, golden_norm, 0x1e1);
    compare_frozen("backbone", 0, golden_head, 0x180);
    compare_frozen("2", 0, golden_head, 0x180);
    compare_frozen("conv?.weight", 0, golden_weights, 0x1de);
}

static void test_scales(void **state)
{
    (void)state;
    for (int e = 0; e < 2; e++) {
        fv_model *m = make_compiled((fv_compile_options){
            .optimizer = FV_SGD, .momentum = 0.9f, .weight_decay = 0.02f, .engine = engines[e]});
        assert_ok(fv_set_layer_decay(m, 0.5f));
        train(m, 0.05f, golden_scaled);
        fv_model_destroy(m);
        m = make_compiled((fv_compile_options){
            .optimizer = FV_SGD, .momentum = 0.9f, .weight_decay = 0.02f, .engine = engines[e]});
        assert_ok(fv_set_learning_rate_scale(m, "conv1.*,bn1.*", 0.25f));
        assert_ok(fv_set_learning_rate_scale(m, "conv2.*", 0.5f));
        train(m, 0.05f, golden_scaled);
        fv_model_destroy(m);
    }
}

static int count_kind(const graph *g, op_kind kind)
{
    int count = 0;
    for (int32_t i = 0; i < g->op_count; i++)
        count += g->ops[i].kind == kind;
    return count;
}

/* On a frozen backbone there is no convolution backwards, one state pair for each tensor of the head, and batch norms are folded. */
static void test_frozen_graph(void **state)
{
    (void)state;
    fv_model *m = fv_zoo_create("resnet18", .classes = 5, .height = 64, .width = 64);
    step_graph s;
    assert_ok(fv_compile(m, .engine = "reference"));
    assert_ok(step_graph_build(m, 4, &(step_loss){.targets = STEP_LABELS}, &s));
    assert_int_equal(count_kind(s.graph, OP_CONV2D_GRAD_WEIGHT), 20);
    assert_int_equal(s.state_count, 2 * 62);
    step_graph_release(&s);
    assert_ok(fv_freeze(m, "backbone"));
    assert_ok(step_graph_build(m, 4, &(step_loss){.targets = STEP_LABELS}, &s));
    assert_int_equal(count_kind(s.graph, OP_CONV2D_GRAD_WEIGHT), 0);
    assert_int_equal(count_kind(s.graph, OP_CONV2D_GRAD_INPUT), 0);
    assert_int_equal(count_kind(s.graph, OP_BATCH_NORM), 0);
    assert_int_equal(count_kind(s.graph, OP_BATCH_NORM_INFERENCE), 0);
    assert_int_equal(count_kind(s.graph, OP_DENSE_GRAD_WEIGHT), 1);
    assert_int_equal(s.state_count, 2 * 2);
    for (int32_t i = 0; i < s.graph->op_count; i++)
        assert_int_equal(s.graph->ops[i].prologue, s.graph->ops[i].kind == OP_FOLD_BATCH_NORM);
    step_graph_release(&s);
    assert_ok(fv_freeze(m, "4")); /* conv1, layer1, layer2, layer3 */
    assert_ok(step_graph_build(m, 4, &(step_loss){.targets = STEP_LABELS}, &s));
    assert_int_equal(count_kind(s.graph, OP_CONV2D_GRAD_WEIGHT), 5);
    step_graph_release(&s);
    fv_model_destroy(m);
}

/* Every network of the zoo has a head and a few stages before it, none of which holds nearly everything. */
static void test_zoo_stages(void **state)
{
    (void)state;
    for (int64_t z = 0; z < fv_zoo_count(); z++) {
        fv_model *m = fv_zoo_create(fv_zoo_get(z)->name, .classes = 7);
        assert_non_null(m);
        int32_t *stage = calloc((size_t)m->tensor_count, sizeof *stage), last = 0;
        int32_t count = network_stages(m, stage);
        int64_t sizes[256] = {0}, weights = 0, head = 0;
        assert_in_range(count, 2, 255);
        for (int32_t i = 0; i < m->tensor_count; i++) {
            assert_true(stage[i] == -1 || stage[i] == last || stage[i] == last + 1);
            last = stage[i] < 0 ? last : stage[i];
            weights += m->tensors[i].decay && stage[i] >= 0;
            if (stage[i] >= 0)
                sizes[stage[i]] += m->tensors[i].decay;
            else
                head += m->tensors[i].shape.d[0] == 7;
        }
        assert_int_equal(last, count - 1);
        int64_t heads = strstr(fv_model_name(m), "_distilled_") ? 2 : 1; /* weight and, mostly, bias */
        assert_in_range(head, heads, 2 * heads);
        for (int32_t k = 0; k < count; k++)
            if (sizes[k] == 0 || 4 * sizes[k] > 3 * weights + 3)
                fail_msg("%s: stage %d of %d has %d of %d weights", fv_model_name(m), (int)k, (int)count,
                         (int)sizes[k], (int)weights);
        assert_int_equal(fv_model_stage_count(m), count);
        free(stage);
        fv_model_destroy(m);
    }
}

static void expect_stages(const char *name, int64_t count)
{
    fv_model *m = fv_zoo_create(name, .classes = 7);
    assert_non_null(m);
    assert_int_equal(fv_model_stage_count(m), count);
    fv_model_destroy(m);
}

static void test_stages(void **state)
{
    (void)state;
    expect_stages("resnet18", 5); /* conv1, layer1 to layer4 */
    expect_stages("resnet50", 5);
    expect_stages("mobilenet_v2", 19); /* features.0 to features.18 */
}

static void refuses(fv_status status, const char *words)
{
    assert_int_equal(status, FV_ERROR_INVALID);
    if (!strstr(fv_error_message(), words))
        fail_msg("'%s' does not have '%s'", fv_error_message(), words);
}

static void test_refuses(void **state)
{
    (void)state;
    fv_model *m = make_compiled((fv_compile_options){.engine = "reference"});
    trainer *t;
    refuses(fv_freeze(m, "3"), "2 stages");
    refuses(fv_freeze(m, "-1"), "2 stages");
    refuses(fv_freeze(m, "backbones"), "conv1.weight");
    refuses(fv_freeze(m, ""), "pattern");
    refuses(fv_freeze(NULL, "none"), "model");
    refuses(fv_set_learning_rate_scale(m, "nothing*", 1), "nothing*");
    refuses(fv_set_learning_rate_scale(m, "*", 0), "above 0");
    refuses(fv_set_learning_rate_scale(m, "*", NAN), "above 0");
    refuses(fv_set_layer_decay(m, 1.5f), "up to 1");
    assert_ok(fv_freeze(m, "*"));
    refuses(trainer_create(m, PICTURES, 0, &(step_loss){.targets = STEP_LABELS}, &t), "all are frozen");
    assert_ok(fv_freeze(m, "none"));
    assert_ok(trainer_create(m, PICTURES, 0, &(step_loss){.targets = STEP_LABELS}, &t));
    trainer_destroy(t);
    fv_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_frozen),       cmocka_unit_test(test_scales),
                                       cmocka_unit_test(test_frozen_graph), cmocka_unit_test(test_zoo_stages),
                                       cmocka_unit_test(test_stages),       cmocka_unit_test(test_refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
