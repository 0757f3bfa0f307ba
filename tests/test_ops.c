/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation on every engine against the reference engine: all rows of op_cases.h with their gradients, a table of
 * convolutions, and a network. An engine that cannot run here, or says that it does not support an operation, is a printed skip, unless the
 * table `required` says that it must.
 */
#include "op_cases.h"
#include "op_network.h"

/* The operations that an engine must support wherever its probe succeeds. */
static const struct {
    const char *engine;
    op_kind first, last;
} required[] = {
    {"onednn", 0, OP_KIND_COUNT - 1},
};

static engine *oracle;
static bool seen[OP_KIND_COUNT];

static bool must_support(const engine *e, op_kind kind)
{
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (strcmp(required[i].engine, e->api->name) == 0 && kind >= required[i].first &&
            kind <= required[i].last)
            return true;
    return false;
}

/* The engine in place `i` of the table. NULL for the reference itself, and, with the reason printed, for one that cannot run
 * here. */
static engine *open_engine(int i)
{
    const engine_api *api = engine_table[i];
    if (api == oracle->api)
        return NULL;
    text detail = {0};
    engine *e = NULL;
    if (api->probe(&detail) != FV_OK)
        print_message("[  REASON  ] engine %s cannot run here: %s\n", api->name, text_string(&detail));
    else
        assert_ok(api->create(2, &e));
    text_release(&detail);
    return e;
}

/* Whether the engine runs every operation of the graph; -1 when it must and does not. */
static int supports_all(const engine *e, const graph *g, const char *name)
{
    for (int32_t i = 0; i < g->op_count; i++) {
        const char *why = "no reason given";
        op_kind kind = g->ops[i].kind;
        seen[kind] = true;
        if (e->api->supports(g, &g->ops[i], &why))
            continue;
        bool must = must_support(e, kind);
        print_error("%s: engine %s does not support %s: %s%s\n", name, e->api->name, op_info_of(kind)->name,
                    why, must ? ", but it must" : "; skipped");
        return must ? -1 : 0;
    }
    return 1;
}

/* Whether the value can be read and means the same on every engine. */
static bool comparable(const value *v)
{
    return v->type == TYPE_F32 && (v->output || v->kind == VALUE_STATE || v->kind == VALUE_PARAMETER);
}

/* ---- what a table gives: a graph, its inputs' data, a tolerance ---- */

typedef void (*put_inputs)(plan *p, const engine *e, const void *context);

/* Runs once on nothing but NaN, so that the next run finds NaN in everything that an engine should not read: what another
 * operation left in the arena, the lanes that fill up a block of channels. */
static void soil(plan *p, const engine *e)
{
    const graph *g = plan_graph(p);
    for (value_id v = 0; v < g->value_count; v++) {
        if (g->values[v].kind == VALUE_COMPUTED || g->values[v].type != TYPE_F32)
            continue;
        int64_t count = shape_count(&g->values[v].shape);
        double *data = malloc((size_t)count * sizeof *data);
        assert_non_null(data);
        for (int64_t i = 0; i < count; i++)
            data[i] = (double)NAN;
        plan_put(p, e, v, data);
        free(data);
    }
    assert_ok(plan_run(p));
}

/* Runs the graph on an engine and on the reference; returns the number of values that differ. */
static int compare_graph(const char *name, const graph *g, engine *e, put_inputs put, const void *context,
                         double tolerance)
{
    int able = supports_all(e, g, name), failures = 0;
    if (able <= 0)
        return able < 0;
    plan *mine, *theirs;
    if (plan_create(e, g, &mine) != FV_OK) {
        print_error("%s: engine %s: %s\n", name, e->api->name, fv_error_message());
        return 1;
    }
    assert_ok(plan_create(oracle, g, &theirs));
    soil(mine, e);
    put(mine, e, context);
    put(theirs, oracle, context);
    if (plan_run(mine) != FV_OK) {
        print_error("%s: engine %s: %s\n", name, e->api->name, fv_error_message());
        failures++;
    }
    assert_ok(plan_run(theirs));
    for (value_id v = 0; v < g->value_count && !failures; v++) {
        const value *info = &g->values[v];
        if (!comparable(info))
            continue;
        double *actual = plan_get(mine, e, v), *expected = plan_get(theirs, oracle, v);
        char what[160];
        const op *producer = graph_producer(g, v);
        snprintf(what, sizeof what, "%s: value %d (%s)", e->api->name, (int)v,
                 producer ? op_info_of(producer->kind)->name : info->name);
        failures += check_close(name, what, expected, actual, shape_count(&info->shape), tolerance);
        free(actual);
        free(expected);
    }
    plan_destroy(mine);
    plan_destroy(theirs);
    return failures;
}

/* ---- the rows of op_cases.h ---- */

typedef struct case_context {
    const op_case *c;
    op_graph built;
    double *data[CASE_DATA];
} case_context;

static void put_case(plan *p, const engine *e, const void *context)
{
    const case_context *x = context;
    case_data_put(p, e, &x->built, x->data);
}

static int compare_case(const op_case *c, engine *e)
{
    case_context x = {.c = c, .built = op_graph_build(c, true)};
    case_data_make(c, &x.built, x.data);
    int failures = compare_graph(c->name, x.built.g, e, put_case, &x, c->tolerance);
    case_data_free(x.data);
    graph_destroy(x.built.g);
    return failures;
}

/* Tensors of a size that engines share out among threads, odd in every side; too large for differences. */
/* clang-format off: a row a line */
static const op_case large_cases[] = {
    {"large conv2d + bias + ReLU",
     OP_CONV2D,
     {IN(NORMAL, 4, 31, 33, 17), IN(NORMAL, 33, 17, 3, 3), IN(NORMAL, 33)},
     {.window = WINDOW(3, 1, 1, 1, 1, 1, 1, 1), .activation = FV_RELU},
     SUMMED},
    {"large dense",
     OP_DENSE,
     {IN(NORMAL, 65, 7, 7, 9), IN(NORMAL, 127, 441), IN(NORMAL, 127)},
     PLAIN,
     SUMMED},
    {"large dense of each place",
     OP_DENSE,
     {IN(NORMAL, 5, 7, 7, 65), IN(NORMAL, 127, 65), IN(NORMAL, 127)},
     {.each_place = 1},
     SUMMED},
    {"large group norm",
     OP_GROUP_NORM,
     {IN(NORMAL, 5, 31, 33, 36), IN(NORMAL, 36), IN(NORMAL, 36)},
     {.groups = 4, .epsilon = 1e-5f},
     SUMMED},
    {"large layer norm",
     OP_GROUP_NORM,
     {IN(FAR, 5, 31, 33, 35), IN(NORMAL, 35), IN(NORMAL, 35)},
     {.groups = 1, .each_place = 1, .epsilon = 1e-6f},
     SUMMED},
    {"large attention", OP_ATTENTION, {IN(NORMAL, 3, 7, 11, 3 * 66)}, {.heads = 2}, SUMMED},
    {"large max pool",
     OP_MAX_POOL2D,
     {IN(DISTINCT, 5, 41, 43, 19)},
     {.window = WINDOW(3, 2, 1, 1, 1, 1, 1, 1)},
     EXACT},
    {"large average pool",
     OP_AVERAGE_POOL2D,
     {IN(NORMAL, 5, 41, 43, 19)},
     {.window = WINDOW(3, 2, 1, 1, 1, 1, 1, 1)},
     POINTWISE},
    {"large global average pool", OP_GLOBAL_AVERAGE_POOL2D, {IN(NORMAL, 5, 41, 43, 19)}, PLAIN, POINTWISE},
    {"large batch norm",
     OP_BATCH_NORM,
     {IN(NORMAL, 5, 41, 43, 19), IN(NORMAL, 19), IN(NORMAL, 19), STATE(NORMAL, 19), STATE(POSITIVE, 19)},
     {.epsilon = 1e-5f, .momentum = 0.1f},
     SUMMED},
    {"large batch norm + residual + ReLU",
     OP_BATCH_NORM,
     {IN(NORMAL, 5, 31, 33, 35), IN(NORMAL, 35), IN(NORMAL, 35), STATE(NORMAL, 35), STATE(POSITIVE, 35),
      IN(NORMAL, 5, 31, 33, 35)},
     {.epsilon = 1e-5f, .momentum = 0.1f, .activation = FV_RELU},
     SUMMED},
    {"large batch norm of features + ReLU",
     OP_BATCH_NORM,
     {IN(NORMAL, 257, 1031), IN(NORMAL, 1031), IN(NORMAL, 1031), STATE(NORMAL, 1031), STATE(POSITIVE, 1031)},
     {.epsilon = 1e-5f, .momentum = 0.1f, .activation = FV_RELU},
     SUMMED},
    {"large inference batch norm",
     OP_BATCH_NORM_INFERENCE,
     {IN(NORMAL, 5, 31, 33, 35), IN(NORMAL, 35), IN(NORMAL, 35), STATE(NORMAL, 35), STATE(POSITIVE, 35)},
     {.epsilon = 1e-5f},
     SUMMED},
    {"large GELU", OP_ACTIVATION, {IN(KINKLESS, 5, 31, 33, 35)}, {.activation = FV_GELU}, POINTWISE},
    {"large ReLU", OP_ACTIVATION, {IN(KINKLESS, 5, 31, 33, 35)}, {.activation = FV_RELU}, EXACT},
    {"large softmax", OP_SOFTMAX, {IN(NORMAL, 509, 521)}, PLAIN, POINTWISE},
    {"large dropout",
     OP_DROPOUT,
     {IN(NORMAL, 5, 31, 33, 35), IN(STEP, 2)},
     {.rate = 0.5f, .stream = 1},
     EXACT},
    {"large add + ReLU",
     OP_ADD,
     {IN(NORMAL, 5, 31, 33, 35), IN(NORMAL, 5, 31, 33, 35)},
     {.activation = FV_RELU},
     EXACT},
    {"large multiply by a gate a channel",
     OP_MULTIPLY,
     {IN(NORMAL, 5, 31, 33, 35), IN(NORMAL, 5, 1, 1, 35)},
     PLAIN,
     SUMMED},
    {"large sum", OP_REDUCE_SUM, {IN(NORMAL, 5, 31, 33, 35)}, {.shape = {4, {1, 1, 1, 35}}}, SUMMED},
    {"large sum over the batch",
     OP_REDUCE_SUM,
     {IN(NORMAL, 69, 3, 5, 35)},
     {.shape = {4, {1, 3, 5, 35}}},
     SUMMED},
    {"large concat", OP_CONCAT, {IN(NORMAL, 5, 31, 33, 16), IN(NORMAL, 5, 31, 33, 19)}, PLAIN, EXACT},
    {"large pad",
     OP_PAD,
     {IN(NORMAL, 5, 31, 33, 35)},
     {.before = {0, 1, 2, 0}, .after = {0, 3, 4, 0}},
     EXACT},
    {"large flatten", OP_FLATTEN, {IN(NORMAL, 5, 31, 33, 35)}, PLAIN, EXACT},
    {"large normalize",
     OP_NORMALIZE,
     {IN(PIXELS, 5, 101, 103, 3)},
     {.mean = {123.7f, 116.3f, 103.5f}, .std = {58.4f, 57.1f, 57.4f}, .reverse = 1},
     POINTWISE},
    {"large softmax cross-entropy",
     OP_SOFTMAX_CROSS_ENTROPY,
     {IN(NORMAL, 509, 521), IN(CLASS, 509), IN(WEIGHT, 509)},
     {.smoothing = 0.1f},
     SUMMED},
    {"large sigmoid cross-entropy",
     OP_SIGMOID_CROSS_ENTROPY,
     {IN(NORMAL, 509, 521), IN(UNIT, 509, 521), IN(WEIGHT, 509)},
     PLAIN,
     SUMMED},
    {"large softmax loss",
     OP_SOFTMAX_LOSS,
     {IN(NORMAL, 509, 521), IN(CLASS, 509), IN(WEIGHT, 509), IN(SOFT, 509, 521)},
     {.smoothing = 0.1f, .gamma = 2, .temperature = 4, .teacher_share = 0.5f},
     SUMMED},
    {"large sigmoid loss",
     OP_SIGMOID_LOSS,
     {IN(NORMAL, 509, 521), IN(UNIT, 509, 521), IN(WEIGHT, 509), ABSENT, IN(WEIGHT, 521)},
     {.gamma = 1.5f},
     SUMMED},
    {"large correct", OP_CORRECT, {IN(NORMAL, 5009, 11), IN(CLASS, 5009), IN(WEIGHT, 5009)}, PLAIN, EXACT},
    {"large SGD",
     OP_UPDATE_SGD,
     {STATE(NORMAL, 331, 337), IN(NORMAL, 331, 337), STATE(NORMAL, 331, 337), IN(RATE, 1)},
     {.momentum = 0.9f, .nesterov = 1, .weight_decay = 0.01f, .lr_scale = 1},
     EXACT},
    {"large AdamW",
     OP_UPDATE_ADAM,
     {STATE(NORMAL, 331, 337), IN(NORMAL, 331, 337), STATE(NORMAL, 331, 337), STATE(POSITIVE, 331, 337),
      IN(RATE, 1), IN(TIME, 1)},
     {.beta_1 = 0.9f,
      .beta_2 = 0.999f,
      .epsilon = 1e-8f,
      .weight_decay = 0.01f,
      .decoupled = 1,
      .lr_scale = 1},
     POINTWISE},
    {"large RMSprop",
     OP_UPDATE_RMSPROP,
     {STATE(NORMAL, 331, 337), IN(NORMAL, 331, 337), STATE(POSITIVE, 331, 337), STATE(NORMAL, 331, 337),
      IN(RATE, 1)},
     {.beta_1 = 0.99f, .momentum = 0.9f, .epsilon = 1e-7f, .lr_scale = 1},
     POINTWISE},
    {"large Adagrad",
     OP_UPDATE_ADAGRAD,
     {STATE(NORMAL, 331, 337), IN(NORMAL, 331, 337), STATE(POSITIVE, 331, 337), IN(RATE, 1)},
     {.epsilon = 1e-10f, .weight_decay = 0.01f, .lr_scale = 1},
     POINTWISE},
    {"large Lion",
     OP_UPDATE_LION,
     {STATE(NORMAL, 331, 337), IN(NORMAL, 331, 337), STATE(NORMAL, 331, 337), IN(RATE, 1)},
     {.beta_1 = 0.9f, .beta_2 = 0.99f, .weight_decay = 0.1f, .lr_scale = 1},
     POINTWISE},
    {"large LAMB",
     OP_UPDATE_LAMB,
     {STATE(NORMAL, 331, 337), IN(NORMAL, 331, 337), STATE(NORMAL, 331, 337), STATE(POSITIVE, 331, 337),
      IN(RATE, 1), IN(TIME, 1)},
     {.beta_1 = 0.9f, .beta_2 = 0.999f, .epsilon = 1e-6f, .weight_decay = 0.01f, .adapt = 1, .lr_scale = 1},
     SUMMED},
    {"large orthogonal momentum",
     OP_ORTHOGONAL_MOMENTUM,
     {IN(NORMAL, 301, 127), STATE(NORMAL, 301, 127)},
     {.momentum = 0.95f},
     SUMMED},
    {"large penalties",
     OP_ADJUST_GRADIENT,
     {IN(NORMAL, 331, 337), STATE(NORMAL, 331, 337)},
     {.l1 = 0.1f, .l2 = 0.3f},
     EXACT},
    {"large square sum", OP_SQUARE_SUM, {IN(NORMAL, 331, 1337)}, PLAIN, POINTWISE},
    {"large average",
     OP_AVERAGE,
     {STATE(NORMAL, 331, 337), IN(NORMAL, 331, 337), IN(SHARE, 1)},
     PLAIN,
     EXACT},
    {"large dropout of channels",
     OP_DROPOUT,
     {IN(NORMAL, 69, 7, 5, 65), IN(STEP, 2)},
     {.rate = 0.5f, .stream = 1, .per_channel = 1},
     EXACT},
};
/* clang-format on */
enum {
    LARGE_CASE_COUNT = sizeof large_cases / sizeof *large_cases
};

static int compare_cases(const op_case *cases, int count)
{
    int failures = 0;
    for (int k = 0; engine_table[k]; k++) {
        engine *e = open_engine(k);
        for (int i = 0; e && i < count; i++)
            failures += compare_case(&cases[i], e);
        engine_close(e);
    }
    return failures;
}

static void test_cases(void **state)
{
    (void)state;
    assert_int_equal(compare_cases(op_cases, OP_CASE_COUNT), 0);
}

static void test_large_cases(void **state)
{
    (void)state;
    assert_int_equal(compare_cases(large_cases, LARGE_CASE_COUNT), 0);
}

/* A new operation without a row here is a mistake. */
static void test_every_operation_has_a_case(void **state)
{
    (void)state;
    for (int i = 0; i < OP_CASE_COUNT; i++) {
        op_graph b = op_graph_build(&op_cases[i], true);
        for (int32_t k = 0; k < b.g->op_count; k++)
            seen[b.g->ops[k].kind] = true;
        graph_destroy(b.g);
    }
    int missing = 0;
    for (int kind = 0; kind < OP_KIND_COUNT; kind++)
        if (!seen[kind]) {
            print_error("%s has no row in op_cases.h\n", op_info_of(kind)->name);
            missing++;
        }
    assert_int_equal(missing, 0);
}

/* ---- convolutions: every window with every set of channels ---- */

typedef enum padding {
    VALID,
    SAME,
    SAME_TF,
    UNEVEN
} padding;

static const struct {
    int kernel[2], stride, dilation;
    padding padding;
} windows[] = {
    {{1, 1}, 1, 1, VALID},   {{1, 1}, 2, 1, VALID},   {{1, 1}, 3, 1, UNEVEN},  {{2, 2}, 1, 1, VALID},
    {{2, 2}, 2, 1, VALID},   {{2, 2}, 2, 1, SAME_TF}, {{2, 2}, 1, 2, UNEVEN},  {{3, 3}, 1, 1, VALID},
    {{3, 3}, 1, 1, SAME},    {{3, 3}, 1, 1, UNEVEN},  {{3, 3}, 2, 1, SAME},    {{3, 3}, 2, 1, SAME_TF},
    {{3, 3}, 2, 1, VALID},   {{3, 3}, 3, 1, SAME_TF}, {{3, 3}, 3, 1, UNEVEN},  {{3, 3}, 1, 2, SAME},
    {{3, 3}, 1, 2, VALID},   {{3, 3}, 2, 2, SAME_TF}, {{5, 5}, 1, 1, SAME},    {{5, 5}, 2, 1, SAME_TF},
    {{5, 5}, 1, 2, SAME},    {{5, 5}, 3, 1, UNEVEN},  {{7, 7}, 1, 1, SAME},    {{7, 7}, 2, 1, SAME},
    {{7, 7}, 2, 1, SAME_TF}, {{1, 3}, 1, 1, SAME},    {{1, 3}, 2, 1, SAME_TF}, {{3, 1}, 1, 2, UNEVEN},
};

static const struct {
    int batch, height, width, in, out, groups;
} planes[] = {
    {1, 9, 11, 1, 16, 1},  {2, 10, 9, 3, 32, 1},   {5, 9, 9, 16, 17, 1}, {2, 11, 13, 17, 7, 1},
    {1, 13, 9, 32, 32, 2}, {2, 9, 10, 16, 16, 16}, {5, 11, 9, 7, 7, 7},  {1, 10, 10, 3, 6, 3},
};

/* What is fused; each combination of the two tables takes the next one in turn. */
static const struct {
    bool bias, residual;
    fv_activation_kind activation;
} fusions[] = {
    {false, false, FV_LINEAR},   {true, false, FV_LINEAR},       {true, false, FV_RELU},
    {false, true, FV_LINEAR},    {true, true, FV_RELU},          {true, false, FV_LEAKY_RELU},
    {false, false, FV_RELU6},    {true, false, FV_GELU},         {false, true, FV_SILU},
    {true, true, FV_HARD_SWISH}, {true, false, FV_SIGMOID},      {false, false, FV_TANH},
    {true, true, FV_LINEAR},     {true, false, FV_HARD_SIGMOID}, {true, true, FV_GELU_TANH},
};

enum {
    WINDOWS = sizeof windows / sizeof *windows,
    PLANES = sizeof planes / sizeof *planes,
    FUSIONS = sizeof fusions / sizeof *fusions,
    COMBINATIONS = WINDOWS * PLANES
};
_Static_assert(COMBINATIONS >= 200, "the table of convolutions has shrunk");

/* Sums of up to 7 * 7 * 32 products forward and 5 * 11 * 13 in the weights' gradient. */
static const double convolution_tolerance = SUMMED;

/* Padding before and after one side. */
static void resolve_padding(padding kind, int64_t size, int64_t reach, int64_t stride, int64_t out[2])
{
    int64_t total = 0;
    if (kind == SAME)
        total = (reach - 1) / 2 * 2;
    if (kind == SAME_TF) { /* ceil(size / stride) outputs, the odd one after */
        int64_t needed = ((size + stride - 1) / stride - 1) * stride + reach - size;
        total = needed > 0 ? needed : 0;
    }
    out[0] = kind == UNEVEN ? 0 : total / 2;
    out[1] = kind == UNEVEN ? (reach > 1 ? reach - 1 : 1) : total - total / 2;
}

static window combination_window(int i, int k)
{
    window w = {.groups = planes[k].groups};
    int64_t size[2] = {planes[k].height, planes[k].width};
    for (int side = 0; side < 2; side++) {
        w.kernel[side] = windows[i].kernel[side];
        w.stride[side] = windows[i].stride;
        w.dilation[side] = windows[i].dilation;
        int64_t reach = (w.kernel[side] - 1) * w.dilation[side] + 1;
        resolve_padding(windows[i].padding, size[side], reach, w.stride[side], &w.pad[2 * side]);
    }
    return w;
}

static void put_by_number(plan *p, const engine *e, const void *context)
{
    const graph *g = context;
    for (value_id v = 0; v < g->value_count; v++)
        if (g->values[v].kind == VALUE_INPUT) {
            const shape *s = &g->values[v].shape;
            double *data = fill_make(FILL_NORMAL, s, (uint64_t)v);
            /* Weights of He's scale: sums of order 1, so that an activation does not magnify their rounding. */
            if (strcmp(g->values[v].name, "w") == 0)
                for (int64_t i = 0; i < shape_count(s); i++)
                    data[i] /= sqrt((double)(s->d[1] * s->d[2] * s->d[3]));
            plan_put(p, e, v, data);
            free(data);
        }
}

/* Forward with what is fused, gradient of the input, gradient of the weights with that of the bias or without. */
static graph *combination_graph(int i, int k, int fusion)
{
    graph *g = graph_create();
    assert_non_null(g);
    op_attributes a = {
        .window = combination_window(i, k), .activation = fusions[fusion].activation, .alpha = 0.125f};
    shape xs = shape_4(planes[k].batch, planes[k].height, planes[k].width, planes[k].in);
    shape ws =
        shape_4(planes[k].out, planes[k].in / planes[k].groups, a.window.kernel[0], a.window.kernel[1]);
    value_id in[4] = {graph_input(g, "x", TYPE_F32, xs), graph_input(g, "w", TYPE_F32, ws), NO_VALUE,
                      NO_VALUE};
    if (fusions[fusion].bias)
        in[2] = graph_input(g, "b", TYPE_F32, shape_1(planes[k].out));
    op probe = {.kind = OP_CONV2D, .input_count = 4, .inputs = {in[0], in[1], NO_VALUE, NO_VALUE}, .a = a};
    value y[OP_MAX_OUTPUTS] = {0};
    assert_ok(op_info_of(OP_CONV2D)->infer(g, &probe, y));
    if (fusions[fusion].residual)
        in[3] = graph_input(g, "residual", TYPE_F32, y[0].shape);
    value_id dy = graph_input(g, "dy", TYPE_F32, y[0].shape);
    assert_int_not_equal(graph_add(g, OP_CONV2D, in, 4, &a, "conv"), NO_VALUE);
    mark_results(g);
    a.shape = xs;
    assert_int_not_equal(graph_add(g, OP_CONV2D_GRAD_INPUT, (value_id[]){dy, in[1]}, 2, &a, "conv"),
                         NO_VALUE);
    mark_results(g);
    a.shape = ws;
    assert_int_not_equal(graph_add(g, OP_CONV2D_GRAD_WEIGHT, (value_id[]){in[0], dy}, 2, &a, "conv"),
                         NO_VALUE);
    if (!fusions[fusion].bias)
        graph_last(g)->outputs[1] = NO_VALUE;
    mark_results(g);
    return g;
}

static int compare_combination(int i, int k, engine *e)
{
    int fusion = (i * PLANES + k) % FUSIONS;
    graph *g = combination_graph(i, k, fusion);
    char name[200];
    snprintf(name, sizeof name,
             "conv %dx%d stride %d dilation %d padding %d, (%d, %d, %d, %d) -> %d, %d groups, fusion %d",
             windows[i].kernel[0], windows[i].kernel[1], windows[i].stride, windows[i].dilation,
             windows[i].padding, planes[k].batch, planes[k].height, planes[k].width, planes[k].in,
             planes[k].out, planes[k].groups, fusion);
    int failures = compare_graph(name, g, e, put_by_number, g, convolution_tolerance);
    graph_destroy(g);
    return failures;
}

static void test_convolutions(void **state)
{
    (void)state;
    int failures = 0;
    for (int n = 0; engine_table[n]; n++) {
        engine *e = open_engine(n);
        for (int i = 0; e && i < WINDOWS; i++)
            for (int k = 0; k < PLANES; k++)
                failures += compare_combination(i, k, e);
        engine_close(e);
    }
    assert_int_equal(failures, 0);
}

/* ---- the network of op_network.h: layouts that travel from operation to operation ---- */

/* Each of some twenty operations in a row adds its rounding errors to what it got. */
static const double network_tolerance = 5e-5;

static void put_network(plan *p, const engine *e, const void *context)
{
    network_put(p, e, context);
}

/* A training step: gradients, and every parameter updated by them. */
static network training_step(int64_t channels, bool fuse)
{
    network n = network_build(channels);
    value_id gradients[NETWORK_PARAMETERS], rate = graph_input(n.g, "rate", TYPE_F32, shape_1(1));
    op_attributes a = {.weight_decay = 0.01f, .lr_scale = 1};
    if (fuse)
        assert_ok(graph_fuse(n.g, true));
    assert_ok(graph_gradients(n.g, n.loss, NO_VALUE, n.parameters, n.parameter_count, gradients));
    for (int i = 0; i < n.parameter_count; i++) {
        graph_mark_output(n.g, gradients[i]);
        value_id in[] = {n.parameters[i], gradients[i], NO_VALUE, rate};
        network_add(&n, OP_UPDATE_SGD, in, 4, &a, "update");
    }
    assert_ok(graph_remove_dead(n.g));
    return n;
}

/* The network as it is used: batch norm folded, everything fused, folding done in the prologue. */
static network inference(int64_t channels)
{
    network n = network_build(channels);
    n.g->values[n.loss].output = false;
    assert_ok(graph_to_inference(n.g));
    assert_ok(graph_fold_batch_norm(n.g));
    assert_ok(graph_fuse(n.g, false));
    assert_ok(graph_remove_dead(n.g));
    assert_ok(graph_hoist(n.g));
    return n;
}

static int compare_network(network n, engine *e, const char *name)
{
    int failures = compare_graph(name, n.g, e, put_network, &n, network_tolerance);
    graph_destroy(n.g);
    return failures;
}

static void test_network(void **state)
{
    (void)state;
    /* Less than a block of channels in an engine's layout, some blocks and a rest, whole blocks. */
    static const int64_t widths[] = {4, 20, 32};
    int failures = 0;
    for (int k = 0; engine_table[k]; k++) {
        engine *e = open_engine(k);
        if (!e)
            continue;
        for (int i = 0; i < 3; i++) {
            failures += compare_network(training_step(widths[i], false), e, "training step");
            failures += compare_network(training_step(widths[i], true), e, "fused training step");
            failures += compare_network(inference(widths[i]), e, "inference");
        }
        engine_close(e);
    }
    assert_int_equal(failures, 0);
}

static double *logits_of(network *n, engine *e, bool write_twice)
{
    plan *p;
    assert_ok(plan_create(e, n->g, &p));
    if (write_twice) { /* parameters that change after a run must reach what the prologue made of them */
        for (int i = 0; i < n->parameter_count; i++) {
            double *zeros = fill_make(FILL_ZERO, &n->g->values[n->parameters[i]].shape, 0);
            plan_put(p, e, n->parameters[i], zeros);
            free(zeros);
        }
        assert_ok(plan_run(p));
    }
    network_put(p, e, n);
    assert_ok(plan_run(p));
    double *logits = plan_get(p, e, n->logits);
    plan_destroy(p);
    return logits;
}

/* Folding and fusing change nothing; and the prologue runs again when the parameters change. */
static int compare_folded(engine *e, const double *expected)
{
    network folded = inference(20);
    int64_t prologue = 0, count = shape_count(&folded.g->values[folded.logits].shape);
    for (int32_t i = 0; i < folded.g->op_count; i++)
        prologue += folded.g->ops[i].prologue;
    assert_int_equal(prologue, 3);
    int able = supports_all(e, folded.g, "folded network"), failures = able < 0;
    if (able > 0) {
        double *actual = logits_of(&folded, e, true);
        failures = check_close("folded network", e->api->name, expected, actual, count, network_tolerance);
        free(actual);
    }
    graph_destroy(folded.g);
    return failures;
}

static void test_folded_network(void **state)
{
    (void)state;
    network plain = network_build(20);
    assert_ok(graph_to_inference(plain.g));
    double *expected = logits_of(&plain, oracle, false);
    int failures = compare_folded(oracle, expected);
    for (int k = 0; engine_table[k]; k++) {
        engine *e = open_engine(k);
        failures += e ? compare_folded(e, expected) : 0;
        engine_close(e);
    }
    assert_int_equal(failures, 0);
    free(expected);
    graph_destroy(plain.g);
}

static int open_oracle(void **state)
{
    (void)state;
    return engine_open("reference", 1, &oracle) == FV_OK ? 0 : -1;
}

static int close_oracle(void **state)
{
    (void)state;
    engine_close(oracle);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation_has_a_case),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_large_cases),
        cmocka_unit_test(test_convolutions),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_folded_network),
    };
    return cmocka_run_group_tests(tests, open_oracle, close_oracle);
}
