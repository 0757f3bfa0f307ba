/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers that are made of several operations, each in a network of its own that is written as YAML: the logits are PyTorch's
 * (tests/golden/make_layers.py), a saved model gives them again, the engines agree on the gradients of all parameters, and what
 * cannot be is an error that names the layer. (test_gradients.c compares the operations' gradients with central differences.)
 */
#include "test_model.h"

#include "engine/engine.h"
#include "formulas.h"
#include "golden/layers.h"

enum {
    ROWS = sizeof golden / sizeof *golden,
    VALUES = GOLDEN_PICTURES * GOLDEN_CLASSES
};

/* f32 sums of some hundred terms */
static const double tolerance = 1e-5;

/* The text with `name: layer` among the layer's options. */
static fv_model *build_network(const char *layer)
{
    char yaml[1024];
    const char *options = strchr(layer, '{');
    int head = options ? (int)(options - layer) : (int)strlen(layer);
    snprintf(yaml, sizeof yaml,
             "input: {height: %d, width: %d, channels: 3}\n"
             "layers:\n"
             "  - conv2d: {filters: %d, kernel: 3, padding: same, name: stem}\n"
             "  - %.*s%s{name: layer%s%s\n"
             "  - dense: {units: %d, name: head}\n",
             GOLDEN_HEIGHT, GOLDEN_WIDTH, GOLDEN_FILTERS, head, layer, options ? "" : ": ",
             options ? ", " : "}", options ? options + 1 : "", GOLDEN_CLASSES);
    const char *path = scratch("layer.yaml");
    assert_ok(file_write(path, yaml, strlen(yaml)));
    return fv_network_load(path);
}

static int check_logits(fv_model *m, const char *engine, int row)
{
    float logits[VALUES];
    uint8_t *pixels = formula_pictures(GOLDEN_PICTURES, GOLDEN_HEIGHT, GOLDEN_WIDTH, 3);
    use_engine(m, engine);
    assert_ok(fv_predict_batch(m, pixels, GOLDEN_PICTURES, logits));
    free(pixels);
    double d = formula_difference(&golden[row].logits[0][0], logits, VALUES);
    if (d <= tolerance)
        return 0;
    print_error("%s on %s: logits differ by %.3g\n", golden[row].layer, engine, d);
    return 1;
}

static void logits_are_those_of_pytorch(void **state)
{
    (void)state;
    int failures = 0;
    for (int row = 0; row < ROWS; row++) {
        fv_model *m = build_network(golden[row].layer);
        if (!m)
            fail_msg("%s: %s", golden[row].layer, fv_error_message());
        formula_weights(m);
        failures += check_logits(m, "reference", row) + check_logits(m, "auto", row);
        assert_ok(fv_model_save(m, scratch("layer.safetensors")));
        fv_model_destroy(m);
        m = fv_model_load(scratch("layer.safetensors"));
        assert_non_null(m);
        failures += check_logits(m, "auto", row);
        fv_model_destroy(m);
    }
    assert_int_equal(failures, 0);
}

/* ---- gradients ---- */

/* The training form with a loss and the gradients of all parameters. */
typedef struct training {
    graph *g;
    value_id target, weight, loss, parameters[16], gradients[16];
    int count;
} training;

static training training_of(const fv_model *m)
{
    training t = {.g = network_graph(m, GOLDEN_PICTURES, NETWORK_TRAINING, NULL)};
    assert_non_null(t.g);
    t.target = graph_input(t.g, "target", TYPE_I32, shape_1(GOLDEN_PICTURES));
    t.weight = graph_input(t.g, "weight", TYPE_F32, shape_1(GOLDEN_PICTURES));
    t.loss = graph_add(t.g, OP_SOFTMAX_CROSS_ENTROPY, (value_id[]){m->output->value, t.target, t.weight}, 3,
                       NULL, "loss");
    for (int32_t i = 0; i < m->tensor_count; i++)
        if (m->tensors[i].trainable)
            t.parameters[t.count++] = m->tensors[i].value;
    assert_ok(graph_gradients(t.g, t.loss, NO_VALUE, t.parameters, t.count, t.gradients));
    graph_mark_output(t.g, t.loss);
    for (int i = 0; i < t.count; i++) {
        assert_int_not_equal(t.gradients[i], NO_VALUE);
        graph_mark_output(t.g, t.gradients[i]);
    }
    assert_ok(graph_remove_dead(t.g));
    return t;
}

static plan *run_training(const fv_model *m, const training *t, engine *e)
{
    plan *p;
    uint8_t *pixels = formula_pictures(GOLDEN_PICTURES, GOLDEN_HEIGHT, GOLDEN_WIDTH, 3);
    assert_ok(plan_create(e, t->g, &p));
    assert_ok(plan_write(p, m->pixels, pixels));
    assert_ok(plan_write(p, t->target, (int32_t[]){1, 0}));
    assert_ok(plan_write(p, t->weight, (float[]){1, 0.5f}));
    if (m->dropout_step != NO_VALUE)
        assert_ok(plan_write(p, m->dropout_step, (int32_t[]){12, 345}));
    for (int32_t i = 0; i < m->tensor_count; i++)
        assert_ok(plan_write(p, m->tensors[i].value, m->tensors[i].data));
    assert_ok(plan_run(p));
    free(pixels);
    return p;
}

static int compare_gradients(const training *t, plan *a, plan *b, const char *layer)
{
    int failures = 0;
    for (int i = 0; i < t->count; i++) {
        int64_t count = shape_count(&t->g->values[t->gradients[i]].shape);
        float *x = calloc((size_t)count, sizeof *x), *y = calloc((size_t)count, sizeof *y);
        assert_non_null(x);
        assert_non_null(y);
        assert_ok(plan_read(a, t->gradients[i], x));
        assert_ok(plan_read(b, t->gradients[i], y));
        double d = formula_difference(x, y, (int)count);
        if (!(d <= 10 * tolerance)) {
            print_error("%s: gradient of %s differs by %.3g\n", layer, t->g->values[t->parameters[i]].name,
                        d);
            failures++;
        }
        free(x);
        free(y);
    }
    return failures;
}

static void engines_agree_on_gradients(void **state)
{
    (void)state;
    int failures = 0;
    engine *one, *two;
    assert_ok(engine_open("reference", 1, &one));
    assert_ok(engine_open("auto", 2, &two));
    for (int row = 0; row < ROWS; row++) {
        fv_model *m = build_network(golden[row].layer);
        assert_non_null(m);
        formula_weights(m);
        training t = training_of(m);
        plan *a = run_training(m, &t, one), *b = run_training(m, &t, two);
        failures += compare_gradients(&t, a, b, golden[row].layer);
        plan_destroy(a);
        plan_destroy(b);
        graph_destroy(t.g);
        fv_model_destroy(m);
    }
    engine_close(one);
    engine_close(two);
    assert_int_equal(failures, 0);
}

/* ---- errors ---- */

static void errors_name_the_layer(void **state)
{
    (void)state;
    static const struct {
        const char *layer, *message;
    } bad[] = {
        {"multi_head_attention: {heads: 3}", "layer layer: 8 channels cannot be divided into 3 heads"},
        {"multi_head_attention", "layer layer"},
        {"group_norm: {groups: 5}", "layer layer: 8 channels cannot be divided into 5 groups"},
        {"separable_conv2d: {kernel: 3}", "layer layer: give the number of filters"},
        {"separable_conv2d: {filters: 3, kernel: 12}", "layer layer"},
        {"crop2d: {crop: [5, 5, 0, 0]}", "layer layer: nothing is left"},
        {"layer_scale: {initial: 2}", "layer layer"},
        {"squeeze_excitation: {gate: sigmoit}", "did you mean 'sigmoid'"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fv_model *m = build_network(bad[i].layer);
        if (m)
            fail_msg("%s was accepted", bad[i].layer);
        if (!strstr(fv_error_message(), bad[i].message))
            fail_msg("%s: the message is: %s", bad[i].layer, fv_error_message());
    }
    /* Layers of places take no features. */
    static const char *const of_places[] = {"multi_head_attention: {heads: 2}", "class_token", "layer_scale",
                                            "squeeze_excitation", "global_max_pool2d"};
    for (size_t i = 0; i < sizeof of_places / sizeof *of_places; i++) {
        char yaml[512];
        snprintf(yaml, sizeof yaml,
                 "input: {height: 4, width: 4, channels: 3}\nlayers:\n  - flatten\n  - %s\n  - dense: "
                 "{units: 2}\n",
                 of_places[i]);
        const char *path = scratch("layer.yaml");
        assert_ok(file_write(path, yaml, strlen(yaml)));
        assert_null(fv_network_load(path));
        assert_non_null(strstr(fv_error_message(), "needs pictures (N, H, W, C)"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_are_those_of_pytorch),
        cmocka_unit_test(engines_agree_on_gradients),
        cmocka_unit_test(errors_name_the_layer),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
