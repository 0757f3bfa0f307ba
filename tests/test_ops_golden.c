/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference engine in double against PyTorch in double: outputs, gradients, and five steps of the optimizers.
 * tests/golden/make_ops.py wrote the numbers, with 13 digits. The other engines are compared with the reference in test_ops.c.
 */
#include <jansson.h>

#include "op_cases.h"

static const double tolerance = 1e-11;

#define RATE IN(RATE, 1)
#define NORM IN(NORMAL, 3), IN(NORMAL, 3), STATE(NORMAL, 3), STATE(NORMAL, 3)

/* clang-format off: a row a line */
static const op_case rows[] = {
    {"conv uneven",
     OP_CONV2D,
     {IN(NORMAL, 2, 6, 5, 3), IN(NORMAL, 4, 3, 3, 3), IN(NORMAL, 4)},
     {.window = WINDOW(3, 2, 1, 1, 0, 1, 1, 2)}},
    {"conv dilated groups",
     OP_CONV2D,
     {IN(NORMAL, 1, 6, 7, 4), IN(NORMAL, 6, 2, 3, 3)},
     {.window = WINDOW(3, 1, 2, 2, 2, 2, 1, 2)}},
    {"conv depthwise relu",
     OP_CONV2D,
     {IN(NORMAL, 2, 5, 5, 3), IN(NORMAL, 3, 1, 3, 3), IN(NORMAL, 3)},
     {.window = WINDOW(3, 2, 1, 3, 1, 1, 1, 1), .activation = FV_RELU}},
    {"conv oblong",
     OP_CONV2D,
     {IN(NORMAL, 1, 4, 6, 2), IN(NORMAL, 3, 2, 1, 3), IN(NORMAL, 3)},
     {.window = {{1, 3}, {2, 1}, {1, 2}, 1, {0, 0, 2, 1}}}},
    {"dense of a picture", OP_DENSE, {IN(NORMAL, 2, 2, 3, 4), IN(NORMAL, 5, 24), IN(NORMAL, 5)}, PLAIN},
    {"max pool", OP_MAX_POOL2D, {IN(NORMAL, 2, 7, 6, 2)}, {.window = WINDOW(3, 2, 1, 1, 1, 1, 1, 1)}},
    {"average pool", OP_AVERAGE_POOL2D, {IN(NORMAL, 2, 5, 7, 2)}, {.window = WINDOW(3, 2, 1, 1, 1, 1, 1, 1)}},
    {"average pool counting",
     OP_AVERAGE_POOL2D,
     {IN(NORMAL, 2, 5, 7, 2)},
     {.window = WINDOW(3, 2, 1, 1, 1, 1, 1, 1), .count_padding = 1}},
    {"global average pool", OP_GLOBAL_AVERAGE_POOL2D, {IN(NORMAL, 2, 3, 4, 3)}, PLAIN},
    {"batch norm", OP_BATCH_NORM, {IN(NORMAL, 2, 3, 4, 3), NORM}, {.epsilon = 1e-5f, .momentum = 0.1f}},
    {"batch norm of features", OP_BATCH_NORM, {IN(NORMAL, 5, 3), NORM}, {.epsilon = 1e-5f, .momentum = 0.1f}},
    {"inference batch norm relu",
     OP_BATCH_NORM_INFERENCE,
     {IN(NORMAL, 2, 2, 3, 3), NORM},
     {.epsilon = 1e-3f, .activation = FV_RELU}},
    {"relu", OP_ACTIVATION, {IN(NORMAL, 3, 8)}, {.activation = FV_RELU}},
    {"leaky relu", OP_ACTIVATION, {IN(NORMAL, 3, 8)}, {.activation = FV_LEAKY_RELU, .alpha = 0.01f}},
    {"relu6", OP_ACTIVATION, {IN(NORMAL, 3, 8)}, {.activation = FV_RELU6}},
    {"gelu", OP_ACTIVATION, {IN(NORMAL, 3, 8)}, {.activation = FV_GELU}},
    {"silu", OP_ACTIVATION, {IN(NORMAL, 3, 8)}, {.activation = FV_SILU}},
    {"hard swish", OP_ACTIVATION, {IN(NORMAL, 3, 8)}, {.activation = FV_HARD_SWISH}},
    {"sigmoid", OP_ACTIVATION, {IN(NORMAL, 3, 8)}, {.activation = FV_SIGMOID}},
    {"tanh", OP_ACTIVATION, {IN(NORMAL, 3, 8)}, {.activation = FV_TANH}},
    {"softmax", OP_SOFTMAX, {IN(NORMAL, 3, 8)}, PLAIN},
    {"cross-entropy",
     OP_SOFTMAX_CROSS_ENTROPY,
     {IN(NORMAL, 4, 5), IN(CLASS, 4), IN(WEIGHT, 4)},
     {.smoothing = 0.1f}},
    {"cross-entropy of probabilities",
     OP_SOFTMAX_CROSS_ENTROPY,
     {IN(NORMAL, 4, 5), IN(SOFT, 4, 5), IN(WEIGHT, 4)},
     {.smoothing = 0.2f}},
    {"binary cross-entropy",
     OP_SIGMOID_CROSS_ENTROPY,
     {IN(NORMAL, 4, 3), IN(UNIT, 4, 3), IN(WEIGHT, 4)},
     PLAIN},
    {"binary cross-entropy of one class",
     OP_SIGMOID_CROSS_ENTROPY,
     {IN(NORMAL, 4, 1), IN(BINARY, 4), IN(WEIGHT, 4)},
     {.smoothing = 0.1f}},
    {"sgd",
     OP_UPDATE_SGD,
     {STATE(NORMAL, 6), IN(NORMAL, 6), ABSENT, RATE},
     {.weight_decay = 0.01f, .lr_scale = 1}},
    {"sgd momentum",
     OP_UPDATE_SGD,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), RATE},
     {.momentum = 0.9f, .weight_decay = 0.01f, .lr_scale = 1}},
    {"sgd nesterov",
     OP_UPDATE_SGD,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), RATE},
     {.momentum = 0.9f, .nesterov = 1, .weight_decay = 0.01f, .lr_scale = 1}},
    {"adam",
     OP_UPDATE_ADAM,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), STATE(ZERO, 6), RATE, IN(TIME, 1)},
     {.beta_1 = 0.9f, .beta_2 = 0.999f, .epsilon = 1e-8f, .weight_decay = 0.01f, .lr_scale = 1}},
    {"adamw",
     OP_UPDATE_ADAM,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), STATE(ZERO, 6), RATE, IN(TIME, 1)},
     {.beta_1 = 0.9f,
      .beta_2 = 0.999f,
      .epsilon = 1e-8f,
      .weight_decay = 0.01f,
      .decoupled = 1,
      .lr_scale = 1}},
    {"rmsprop",
     OP_UPDATE_RMSPROP,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), ABSENT, RATE},
     {.beta_1 = 0.99f, .epsilon = 1e-7f, .weight_decay = 0.01f, .lr_scale = 1}},
    {"rmsprop momentum",
     OP_UPDATE_RMSPROP,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), STATE(ZERO, 6), RATE},
     {.beta_1 = 0.99f, .momentum = 0.9f, .epsilon = 1e-7f, .lr_scale = 1}},
    {"dropout", OP_DROPOUT, {IN(NORMAL, 2, 3, 3, 3), IN(STEP, 2)}, {.rate = 0.3f, .stream = 7}},
    {"add", OP_ADD, {IN(NORMAL, 2, 1, 3, 2), IN(NORMAL, 1, 2, 1, 2)}, PLAIN},
    {"multiply", OP_MULTIPLY, {IN(NORMAL, 2, 1, 3, 2), IN(NORMAL, 1, 2, 1, 2)}, PLAIN},
    {"reduce sum", OP_REDUCE_SUM, {IN(NORMAL, 2, 2, 3, 2)}, {.shape = {4, {2, 1, 3, 1}}}},
    {"concat", OP_CONCAT, {IN(NORMAL, 2, 2, 1, 1), IN(NORMAL, 2, 2, 1, 3), IN(NORMAL, 2, 2, 1, 2)}, PLAIN},
    {"pad", OP_PAD, {IN(NORMAL, 1, 2, 3, 2)}, {.before = {0, 1, 0, 1}, .after = {0, 2, 2, 0}}},
    {"crop", OP_CROP, {IN(NORMAL, 1, 5, 4, 3)}, {.before = {0, 1, 0, 1}, .after = {0, 2, 2, 0}}},
    {"shuffle", OP_SHUFFLE, {IN(NORMAL, 2, 2, 3, 6)}, {.groups = 2}},
    {"flatten", OP_FLATTEN, {IN(NORMAL, 2, 2, 3, 2)}, PLAIN},
    {"unflatten", OP_UNFLATTEN, {IN(NORMAL, 2, 12)}, {.shape = {4, {2, 2, 3, 2}}}},
    {"normalize",
     OP_NORMALIZE,
     {IN(PIXELS, 1, 2, 3, 3)},
     {.mean = {123.7f, 116.3f, 103.5f}, .std = {58.4f, 57.1f, 57.4f}}},
    {"normalize reversed",
     OP_NORMALIZE,
     {IN(PIXELS, 1, 2, 3, 3)},
     {.mean = {123.7f, 116.3f, 103.5f}, .std = {58.4f, 57.1f, 57.4f}, .reverse = 1}},
    {"correct", OP_CORRECT, {IN(NORMAL, 8, 3), IN(CLASS, 8), IN(WEIGHT, 8)}, PLAIN},
    {"fold batch norm",
     OP_FOLD_BATCH_NORM,
     {IN(NORMAL, 3, 2, 3, 3), IN(NORMAL, 3), IN(NORMAL, 3), IN(NORMAL, 3), IN(NORMAL, 3), IN(NORMAL, 3)},
     {.epsilon = 1e-5f}},
    {"cross-entropy of mixed labels",
     OP_SOFTMAX_CROSS_ENTROPY,
     {IN(NORMAL, 5, 6), IN(SOFT, 5, 6), IN(WEIGHT, 5)},
     {.smoothing = 0.1f}},
    {"binary cross-entropy of mixed labels",
     OP_SIGMOID_CROSS_ENTROPY,
     {IN(NORMAL, 5, 6), IN(UNIT, 5, 6), IN(WEIGHT, 5)},
     {.smoothing = 0.1f}},
    {"hard sigmoid", OP_ACTIVATION, {IN(NORMAL, 3, 8)}, {.activation = FV_HARD_SIGMOID}},
    {"gelu tanh", OP_ACTIVATION, {IN(NORMAL, 3, 8)}, {.activation = FV_GELU_TANH}},
    {"dense of each place",
     OP_DENSE,
     {IN(NORMAL, 2, 2, 3, 4), IN(NORMAL, 5, 4), IN(NORMAL, 5)},
     {.each_place = 1}},
    {"group norm",
     OP_GROUP_NORM,
     {IN(NORMAL, 2, 2, 3, 6), IN(NORMAL, 6), IN(NORMAL, 6)},
     {.groups = 3, .epsilon = 1e-5f}},
    {"layer norm",
     OP_GROUP_NORM,
     {IN(NORMAL, 2, 2, 3, 6), IN(NORMAL, 6), IN(NORMAL, 6)},
     {.groups = 1, .each_place = 1, .epsilon = 1e-6f}},
    {"attention", OP_ATTENTION, {IN(NORMAL, 2, 2, 3, 24)}, {.heads = 2}},
    {"stochastic depth",
     OP_DROPOUT,
     {IN(NORMAL, 9, 1, 2, 2), IN(STEP, 2)},
     {.rate = 0.3f, .stream = 7, .per_sample = 1}},
    {"reshape", OP_RESHAPE, {IN(NORMAL, 2, 2, 3, 4)}, {.shape = {4, {2, 1, 6, 4}}}},
    {"vote", OP_VOTE, {IN(NORMAL, 5, 40), IN(NORMAL, 40), IN(TIME, 1)}, {.classes = 4}},
    {"correct of probabilities", OP_CORRECT, {IN(NORMAL, 8, 4), IN(SOFT, 8, 4), IN(WEIGHT, 8)}, PLAIN},
    {"correct of several labels", OP_CORRECT, {IN(NORMAL, 8, 4), IN(UNIT, 8, 4), IN(WEIGHT, 8)}, {.each = 1}},
    {"nadam",
     OP_UPDATE_ADAM,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), STATE(ZERO, 6), RATE, IN(TIME, 1)},
     {.beta_1 = 0.9f,
      .beta_2 = 0.999f,
      .epsilon = 1e-8f,
      .weight_decay = 0.01f,
      .nesterov = 1,
      .lr_scale = 1}},
    {"nadam decoupled",
     OP_UPDATE_ADAM,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), STATE(ZERO, 6), RATE, IN(TIME, 1)},
     {.beta_1 = 0.9f,
      .beta_2 = 0.999f,
      .epsilon = 1e-8f,
      .weight_decay = 0.01f,
      .nesterov = 1,
      .decoupled = 1,
      .lr_scale = 1}},
    {"adagrad",
     OP_UPDATE_ADAGRAD,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), RATE},
     {.epsilon = 1e-10f, .weight_decay = 0.01f, .lr_scale = 1}},
    {"lion",
     OP_UPDATE_LION,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), RATE},
     {.beta_1 = 0.9f, .beta_2 = 0.99f, .weight_decay = 0.01f, .lr_scale = 1}},
    {"lamb",
     OP_UPDATE_LAMB,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), STATE(ZERO, 6), RATE, IN(TIME, 1)},
     {.beta_1 = 0.9f, .beta_2 = 0.999f, .epsilon = 1e-6f, .weight_decay = 0.01f, .adapt = 1, .lr_scale = 1}},
    {"lamb of a bias",
     OP_UPDATE_LAMB,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), STATE(ZERO, 6), RATE, IN(TIME, 1)},
     {.beta_1 = 0.9f, .beta_2 = 0.999f, .epsilon = 1e-6f, .lr_scale = 1}},
    {"muon wide", OP_ORTHOGONAL_MOMENTUM, {IN(NORMAL, 3, 5), STATE(ZERO, 3, 5)}, {.momentum = 0.95f}},
    {"muon high", OP_ORTHOGONAL_MOMENTUM, {IN(NORMAL, 6, 2), STATE(ZERO, 6, 2)}, {.momentum = 0.95f}},
    {"muon convolution",
     OP_ORTHOGONAL_MOMENTUM,
     {IN(NORMAL, 3, 2, 1, 3), STATE(ZERO, 3, 2, 1, 3)},
     {.momentum = 0.95f}},
    {"sgd decoupled",
     OP_UPDATE_SGD,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), RATE},
     {.momentum = 0.9f, .weight_decay = 0.01f, .decoupled = 1, .lr_scale = 1}},
    {"square sum", OP_SQUARE_SUM, {IN(NORMAL, 3, 7), IN(SHARE, 1)}, PLAIN},
    {"clip factor", OP_CLIP_FACTOR, {IN(SHARE, 1)}, {.limit = 0.5f}},
    {"clip factor of small gradients", OP_CLIP_FACTOR, {IN(SHARE, 1)}, {.limit = 0.5f}},
    {"adamw clipped",
     OP_UPDATE_ADAM,
     {STATE(NORMAL, 6), IN(NORMAL, 6), STATE(ZERO, 6), STATE(ZERO, 6), RATE, IN(TIME, 1), IN(SHARE, 1)},
     {.beta_1 = 0.9f,
      .beta_2 = 0.999f,
      .epsilon = 1e-8f,
      .weight_decay = 0.01f,
      .decoupled = 1,
      .lr_scale = 1}},
    {"penalties", OP_ADJUST_GRADIENT, {IN(NORMAL, 8), STATE(NORMAL, 8)}, {.l1 = 0.25f, .l2 = 0.5f}},
    {"penalties and a limit",
     OP_ADJUST_GRADIENT,
     {IN(NORMAL, 8), STATE(NORMAL, 8)},
     {.l1 = 0.25f, .l2 = 0.5f, .limit = 0.75f}},
    {"average", OP_AVERAGE, {STATE(NORMAL, 6), IN(NORMAL, 6), IN(SHARE, 1)}, PLAIN},
    {"spatial dropout",
     OP_DROPOUT,
     {IN(NORMAL, 3, 2, 2, 5), IN(STEP, 2)},
     {.rate = 0.3f, .stream = 7, .per_channel = 1}},
    {"softmax loss", OP_SOFTMAX_LOSS, {IN(NORMAL, 4, 5), IN(CLASS, 4), IN(WEIGHT, 4)}, PLAIN},
    {"focal", OP_SOFTMAX_LOSS, {IN(NORMAL, 4, 5), IN(CLASS, 4), IN(WEIGHT, 4)}, {.gamma = 2}},
    {"focal of probabilities",
     OP_SOFTMAX_LOSS,
     {IN(NORMAL, 4, 5), IN(SOFT, 4, 5), IN(WEIGHT, 4)},
     {.gamma = 0.5f, .smoothing = 0.1f}},
    {"focal of huge logits", OP_SOFTMAX_LOSS, {IN(NORMAL, 4, 5), IN(CLASS, 4), IN(WEIGHT, 4)}, {.gamma = 2}},
    {"teacher",
     OP_SOFTMAX_LOSS,
     {IN(NORMAL, 4, 5), IN(CLASS, 4), IN(WEIGHT, 4), IN(SOFT, 4, 5)},
     {.smoothing = 0.1f, .temperature = 4, .teacher_share = 0.75f}},
    {"positive weights",
     OP_SIGMOID_LOSS,
     {IN(NORMAL, 4, 3), IN(UNIT, 4, 3), IN(WEIGHT, 4), ABSENT, IN(WEIGHT, 3)},
     PLAIN},
    {"sigmoid focal",
     OP_SIGMOID_LOSS,
     {IN(NORMAL, 4, 3), IN(UNIT, 4, 3), IN(WEIGHT, 4)},
     {.gamma = 2, .alpha = 0.25f}},
    {"sigmoid focal of mixed labels",
     OP_SIGMOID_LOSS,
     {IN(NORMAL, 4, 3), IN(UNIT, 4, 3), IN(WEIGHT, 4)},
     {.gamma = 1.5f, .smoothing = 0.1f}},
    {"sigmoid loss of huge logits",
     OP_SIGMOID_LOSS,
     {IN(NORMAL, 4, 3), IN(UNIT, 4, 3), IN(WEIGHT, 4), ABSENT, IN(WEIGHT, 3)},
     PLAIN},
    {"teacher of one class",
     OP_SIGMOID_LOSS,
     {IN(NORMAL, 4, 1), IN(BINARY, 4), IN(WEIGHT, 4), IN(UNIT, 4, 1)},
     {.temperature = 3, .teacher_share = 0.5f}},
    {"binary cross-entropy of classes",
     OP_SIGMOID_CROSS_ENTROPY,
     {IN(NORMAL, 4, 5), IN(CLASS, 4), IN(WEIGHT, 4)},
     {.smoothing = 0.1f}},
    {"fake quantize uint8",
     OP_FAKE_QUANTIZE,
     {IN(NORMAL, 3, 20), STATE(SHARE, 1), STATE(TIME, 1)},
     {.quant_max = 255}},
    {"fake quantize int8",
     OP_FAKE_QUANTIZE,
     {IN(NORMAL, 3, 20), STATE(SHARE, 1), STATE(TIME, 1)},
     {.quant_min = -128, .quant_max = 127}},
    {"fake quantize of 4 bits",
     OP_FAKE_QUANTIZE,
     {IN(NORMAL, 3, 20), STATE(SHARE, 1), STATE(TIME, 1)},
     {.quant_min = -7, .quant_max = 7}},
};
/* clang-format on */
enum {
    ROWS = sizeof rows / sizeof *rows
};

static json_t *golden;
static engine *wide;

/* The numbers of a JSON array, NULL for null; the caller frees them. */
static double *numbers(const json_t *array, int64_t *count)
{
    if (!array || json_is_null(array))
        return NULL;
    *count = (int64_t)json_array_size(array);
    double *out = calloc((size_t)*count + 1, sizeof *out);
    assert_non_null(out);
    for (int64_t i = 0; i < *count; i++)
        out[i] = json_number_value(json_array_get(array, (size_t)i));
    return out;
}

/* Writes block `step` of an array that has one block a step, or its only one. Returns the number of blocks. */
static int64_t put(plan *p, value_id v, const json_t *array, int64_t step)
{
    int64_t count = 0, size = shape_count(&plan_graph(p)->values[v].shape);
    double *all = numbers(array, &count);
    assert_non_null(all);
    assert_int_equal(count % size, 0);
    if (step < count / size)
        plan_put(p, wide, v, all + step * size);
    free(all);
    return count / size;
}

/* Runs as many steps as the inputs hold; what is persistent is written before the first only. */
static void run_steps(plan *p, const op_graph *b, const json_t *expected)
{
    int64_t steps = 1;
    for (int64_t step = 0; step < steps; step++) {
        for (int i = 0; i < OP_CASE_INPUTS; i++) {
            if (b->inputs[i] == NO_VALUE || (step > 0 && b->g->values[b->inputs[i]].kind == VALUE_STATE))
                continue;
            int64_t blocks =
                put(p, b->inputs[i], json_array_get(json_object_get(expected, "inputs"), (size_t)i), step);
            steps = blocks > steps ? blocks : steps;
        }
        if (b->seed != NO_VALUE)
            put(p, b->seed, json_object_get(expected, "seed"), 0);
        assert_ok(plan_run(p));
    }
}

static int check(plan *p, const char *name, const char *what, value_id v, const json_t *array)
{
    int64_t count = 0;
    double *expected = numbers(array, &count);
    if (!expected)
        return 0;
    double *actual = plan_get(p, wide, v);
    assert_int_equal(count, shape_count(&plan_graph(p)->values[v].shape));
    int failures = check_close(name, what, expected, actual, count, tolerance);
    free(expected);
    free(actual);
    return failures;
}

static int check_row(const op_case *c)
{
    op_graph b = op_graph_build(c, true);
    const json_t *expected = json_object_get(golden, c->name);
    const json_t *outputs = json_object_get(expected, "outputs"),
                 *gradients = json_object_get(expected, "gradients");
    int failures = 0, wrt = 0;
    plan *p;
    assert_non_null(expected);
    assert_ok(plan_create(wide, b.g, &p));
    run_steps(p, &b, expected);
    for (size_t i = 0; i < json_array_size(outputs); i++)
        failures += check(p, c->name, "output", b.g->ops[0].outputs[i], json_array_get(outputs, i));
    for (size_t i = 0; i < json_array_size(gradients); i++)
        if (wrt < b.wrt_count && b.inputs[i] == b.wrt[wrt]) {
            assert_true(json_is_array(json_array_get(gradients, i)));
            failures += check(p, c->name, "gradient", b.gradients[wrt++], json_array_get(gradients, i));
        }
    assert_int_equal(wrt, json_array_size(gradients) ? b.wrt_count : 0);
    plan_destroy(p);
    graph_destroy(b.g);
    return failures;
}

static void test_pytorch_agrees(void **state)
{
    (void)state;
    int failures = 0;
    assert_int_equal(json_object_size(golden), ROWS);
    for (int i = 0; i < ROWS; i++)
        failures += check_row(&rows[i]);
    assert_int_equal(failures, 0);
}

/* Every operation but the gradients', which the gradients of these compare. */
static void test_every_operation_has_a_row(void **state)
{
    (void)state;
    bool seen[OP_KIND_COUNT] = {false};
    for (int i = 0; i < ROWS; i++) {
        op_graph b = op_graph_build(&rows[i], true);
        for (int32_t k = 0; k < b.g->op_count; k++)
            seen[b.g->ops[k].kind] = true;
        graph_destroy(b.g);
    }
    int missing = 0;
    for (int kind = 0; kind < OP_KIND_COUNT; kind++)
        if (!seen[kind]) {
            print_error("%s is compared with nothing\n", op_info_of(kind)->name);
            missing++;
        }
    assert_int_equal(missing, 0);
}

static int set_up(void **state)
{
    (void)state;
    golden = json_load_file(FV_SOURCE_DIR "/tests/golden/ops.json", 0, NULL);
    return golden && reference64_engine_api.create(1, &wide) == FV_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    engine_close(wide);
    json_decref(golden);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pytorch_agrees),
                                       cmocka_unit_test(test_every_operation_has_a_row)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
