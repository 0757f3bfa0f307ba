/* SPDX-License-Identifier: Apache-2.0 */
/* The functional API: shapes, names, errors; initialisers; the passes on a built network. */
#include "testing.h"

#include <math.h>

#include "nn/network.h"

static fv_model *small(void)
{
    fv_model *m = fv_model_create(.height = 28, .width = 20, .channels = 1);
    fv_node *x = fv_input(m);
    x = fv_conv2d(x, .filters = 8, .kernel = 3, .padding = FV_SAME, .use_bias = FV_OFF, .name = "conv1");
    x = fv_batch_norm(x, .activation = FV_RELU, .name = "bn1");
    fv_node *shortcut = x;
    x = fv_batch_norm(fv_conv2d(x, .filters = 8, .kernel = 3, .padding = FV_SAME, .name = "conv2"),
                      .name = "bn2");
    x = fv_relu(fv_add(x, shortcut));
    x = fv_dropout(fv_max_pool2d(x), .rate = 0.25f);
    fv_output(fv_dense(x, .units = 10, .name = "fc"));
    return m;
}

static void shapes_and_counts(void **state)
{
    (void)state;
    fv_model *m = small();
    assert_ok(network_check(m));
    assert_int_equal(fv_model_class_count(m), 10);
    assert_int_equal(fv_model_parameter_count(m), 8 * 9 + 16 + 8 * 8 * 9 + 8 + 16 + 10 * 8 * 14 * 10 + 10);
    assert_int_equal(fv_model_multiply_adds(m), 28 * 20 * 8 * 9 + 28 * 20 * 8 * 72 + 10 * 8 * 14 * 10);
    fv_layer_info info;
    assert_ok(fv_model_layer(m, 5, &info));
    assert_string_equal(info.type, "activation");
    assert_int_equal(info.height, 28);
    assert_int_equal(info.width, 20);
    fv_tensor_view view;
    assert_ok(fv_model_find_tensor(m, "bn2.running_var", &view));
    assert_false(view.trainable);
    assert_true(view.data[3] == 1);
    assert_int_equal(fv_model_find_tensor(m, "bn3.weight", &view), FV_ERROR_INVALID);
    fv_model_destroy(m);
}

static int count_ops(const graph *g, op_kind kind)
{
    int n = 0;
    for (int32_t i = 0; i < g->op_count; i++)
        n += g->ops[i].kind == kind;
    return n;
}

static void inference_is_folded_and_fused(void **state)
{
    (void)state;
    fv_model *m = small();
    graph *g = network_graph(m, 4, NETWORK_INFERENCE, NULL);
    assert_non_null(g);
    /* normalise, two folds, two convolutions, pool, dense: nothing else is left. */
    assert_int_equal(g->op_count, 7);
    assert_int_equal(count_ops(g, OP_CONV2D), 2);
    assert_int_equal(count_ops(g, OP_FOLD_BATCH_NORM), 2);
    assert_true(g->ops[0].prologue && g->ops[1].prologue);
    graph_destroy(g);
    g = network_graph(m, 4, NETWORK_TRAINING, NULL);
    assert_ok(graph_fuse(g, true));
    /* In training the residual and the ReLU go into the batch norms. */
    assert_int_equal(count_ops(g, OP_ADD) + count_ops(g, OP_ACTIVATION), 0);
    assert_int_equal(count_ops(g, OP_BATCH_NORM), 2);
    graph_destroy(g);
    fv_model_destroy(m);
}

static void first_error_is_kept(void **state)
{
    (void)state;
    fv_model *m = fv_model_create(.height = 8, .width = 8);
    fv_node *x = fv_input(m);
    x = fv_conv2d(x, .filters = 4, .kernel = 11, .name = "big");
    assert_null(x);
    assert_null(fv_dense(fv_relu(x), .units = 2));
    assert_null(fv_output(x));
    assert_int_equal(network_check(m), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "big"));
    assert_non_null(strstr(fv_error_message(), "11"));
    fv_model_destroy(m);

    m = fv_model_create(.height = 8, .width = 8);
    x = fv_input(m);
    assert_null(fv_conv2d(x, .filters = 5, .kernel = 3, .groups = 2, .name = "odd"));
    assert_int_equal(network_check(m), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "odd"));
    fv_model_destroy(m);

    m = fv_model_create(.height = 8, .width = 8);
    x = fv_input(m);
    assert_null(fv_dense(x, .units = 1 << 24, .name = "huge"));
    assert_non_null(strstr(fv_error_message(), "huge"));
    fv_model_destroy(m);

    assert_null(fv_model_create(.height = 0, .width = 8));
    assert_null(fv_model_create(.height = 8, .width = 8, .channels = 2));
}

/* Padding by name against the formulas of PyTorch and TensorFlow. */
static void padding_rules(void **state)
{
    (void)state;
    for (int64_t n = 5; n <= 9; n++)
        for (int64_t k = 1; k <= 5; k++)
            for (int64_t s = 1; s <= 3; s++) {
                fv_model *m = fv_model_create(.height = n, .width = n);
                fv_node *x = fv_input(m);
                fv_node *a = fv_conv2d(x, .filters = 1, .kernel = k, .stride = s, .padding = FV_SAME);
                fv_node *b = fv_conv2d(x, .filters = 1, .kernel = k, .stride = s, .padding = FV_SAME_TF);
                fv_node *c = fv_conv2d(x, .filters = 1, .kernel = k, .stride = s);
                assert_true(a && b && c);
                assert_int_equal(m->graph->values[a->value].shape.d[1], (n - 1) / s + 1);
                assert_int_equal(m->graph->values[b->value].shape.d[1], (n + s - 1) / s);
                assert_int_equal(m->graph->values[c->value].shape.d[1], (n - k) / s + 1);
                fv_model_destroy(m);
            }
}

static void initializers(void **state)
{
    (void)state;
    shape s = shape_4(64, 32, 3, 3);
    int64_t n = shape_count(&s);
    float *w = malloc((size_t)n * sizeof *w);
    const struct {
        fv_initializer init;
        double variance;
    } rows[] = {{FV_HE_NORMAL, 2.0 / 288},
                {FV_HE_UNIFORM, 2.0 / 288},
                {FV_HE_NORMAL_FAN_OUT, 2.0 / 576},
                {FV_GLOROT_NORMAL, 2.0 / (288 + 576)},
                {FV_GLOROT_UNIFORM, 2.0 / (288 + 576)}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        initializer_fill(rows[i].init, &s, 3, 1, w);
        double sum = 0, squares = 0;
        for (int64_t k = 0; k < n; k++) {
            sum += w[k];
            squares += w[k] * w[k];
        }
        /* Five standard errors of the mean, and of the variance of a normal. */
        assert_true(fabs(sum / n) < 5 * sqrt(rows[i].variance / n));
        assert_true(fabs(squares / n / rows[i].variance - 1) < 5 * sqrt(2.0 / n));
    }
    initializer_fill(FV_ORTHOGONAL, &s, 3, 1, w);
    for (int a = 0; a < 64; a++)
        for (int b = 0; b <= a; b++) {
            double dot = 0;
            for (int k = 0; k < 288; k++)
                dot += (double)w[a * 288 + k] * w[b * 288 + k];
            assert_true(fabs(dot - (a == b)) < 1e-5);
        }
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_and_counts),   cmocka_unit_test(inference_is_folded_and_fused),
        cmocka_unit_test(first_error_is_kept), cmocka_unit_test(padding_rules),
        cmocka_unit_test(initializers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
