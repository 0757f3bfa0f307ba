/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole networks on the oneDNN engine against the reference engine: what single operations cannot show, that is layouts kept
 * from one operation to the next, memory shared in place, copies that go stale, and the prologue.
 */
#include <math.h>

#include "testing.h"

#include "core/random.h"
#include "engine/engine.h"
#include "engine/onednn/onednn.h"

enum {
    SIDE = 12,
    CLASSES = 5,
    SIZE = 6, /* pictures in a batch */
    MAX_PARAMETERS = 64
};

typedef struct network {
    graph *g;
    value_id parameters[MAX_PARAMETERS];
    int parameter_count, layer;
    value_id pixels, target, weight, rate, step, logits, loss;
} network;

static value_id add(network *n, op_kind kind, const value_id *inputs, int count, const op_attributes *a)
{
    char name[32];
    snprintf(name, sizeof name, "layer%d", ++n->layer);
    value_id v = graph_add(n->g, kind, inputs, count, a, name);
    if (v == NO_VALUE)
        fail_msg("%s", fv_error_message());
    return v;
}

static value_id persistent(network *n, value_kind kind, shape s)
{
    char name[32];
    snprintf(name, sizeof name, "p%d", (int)n->g->value_count);
    value_id v = graph_persistent(n->g, kind, name, s);
    assert_int_not_equal(v, NO_VALUE);
    if (kind == VALUE_PARAMETER)
        n->parameters[n->parameter_count++] = v;
    return v;
}

static value_id convolution(network *n, value_id x, int64_t filters, int64_t kernel, int64_t stride,
                            int64_t groups)
{
    int64_t pad = kernel / 2, channels = n->g->values[x].shape.d[3];
    op_attributes a = {.window = {.kernel = {kernel, kernel},
                                  .stride = {stride, stride},
                                  .dilation = {1, 1},
                                  .groups = groups,
                                  .pad = {pad, pad, pad, pad}}};
    value_id w = persistent(n, VALUE_PARAMETER, shape_4(filters, channels / groups, kernel, kernel));
    value_id b = persistent(n, VALUE_PARAMETER, shape_1(filters));
    return add(n, OP_CONV2D, (value_id[]){x, w, b, NO_VALUE}, 4, &a);
}

static value_id activation(network *n, value_id x, fv_activation_kind kind)
{
    return add(n, OP_ACTIVATION, &x, 1, &(op_attributes){.activation = kind});
}

static value_id batch_norm(network *n, value_id x)
{
    const shape *s = &n->g->values[x].shape, c = shape_1(s->d[s->rank - 1]);
    value_id in[] = {x, persistent(n, VALUE_PARAMETER, c), persistent(n, VALUE_PARAMETER, c),
                     persistent(n, VALUE_STATE, c), persistent(n, VALUE_STATE, c)};
    return add(n, OP_BATCH_NORM, in, 5, &(op_attributes){.epsilon = 1e-3f, .momentum = 0.1f});
}

static value_id dense(network *n, value_id x, int64_t units)
{
    const shape *s = &n->g->values[x].shape;
    value_id w =
        persistent(n, VALUE_PARAMETER, shape_2(units, s->rank == 4 ? s->d[1] * s->d[2] * s->d[3] : s->d[1]));
    value_id b = persistent(n, VALUE_PARAMETER, shape_1(units));
    return add(n, OP_DENSE, (value_id[]){x, w, b, NO_VALUE}, 4, NULL);
}

static value_id pool(network *n, value_id x, op_kind kind)
{
    op_attributes a = {.window = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}, .groups = 1}};
    return add(n, kind, &x, 1, &a);
}

static value_id input(network *n, int64_t channels)
{
    n->pixels = graph_input(n->g, "pixels", TYPE_U8, shape_4(BATCH, SIDE, SIDE, channels));
    n->target = graph_input(n->g, "target", TYPE_I32, shape_1(BATCH));
    n->weight = graph_input(n->g, "weight", TYPE_F32, shape_1(BATCH));
    n->rate = graph_input(n->g, "rate", TYPE_F32, shape_1(1));
    n->step = graph_input(n->g, "step", TYPE_I32, shape_1(2));
    op_attributes a = {.mean = {120, 110, 100, 90}, .std = {60, 70, 80, 90}};
    return add(n, OP_NORMALIZE, &n->pixels, 1, &a);
}

/* Convolutions, maximum, flattening, dropout. */
static value_id build_plain(network *n)
{
    value_id x = input(n, 1);
    x = pool(n, activation(n, convolution(n, x, 32, 3, 1, 1), FV_RELU), OP_MAX_POOL2D);
    x = pool(n, activation(n, convolution(n, x, 20, 3, 1, 1), FV_GELU), OP_MAX_POOL2D);
    x = add(n, OP_FLATTEN, &x, 1, NULL);
    x = add(n, OP_DROPOUT, (value_id[]){x, n->step}, 2, &(op_attributes){.rate = 0.3f, .stream = 3});
    return dense(n, activation(n, dense(n, x, 24), FV_TANH), CLASSES);
}

/* Residual blocks with and without a projection, shared inputs. */
static value_id build_residual(network *n)
{
    value_id x = input(n, 3);
    x = activation(n, batch_norm(n, convolution(n, x, 16, 3, 1, 1)), FV_RELU);
    for (int i = 0; i < 3; i++) {
        int64_t filters = i == 2 ? 32 : 16, stride = i == 2 ? 2 : 1;
        value_id y = activation(n, batch_norm(n, convolution(n, x, filters, 3, stride, 1)), FV_RELU);
        y = batch_norm(n, convolution(n, y, filters, 3, 1, 1));
        if (i == 2)
            x = batch_norm(n, convolution(n, x, filters, 1, stride, 1));
        x = activation(n, add(n, OP_ADD, (value_id[]){y, x}, 2, NULL), FV_RELU);
    }
    return dense(n, add(n, OP_GLOBAL_AVERAGE_POOL2D, &x, 1, NULL), CLASSES);
}

/* Depthwise convolutions, squeeze and excitation (Hu et al. 2018), branches that are joined, a residual that is the input too, odd channel counts. */
static value_id build_mixed(network *n)
{
    value_id x = activation(n, batch_norm(n, convolution(n, input(n, 3), 24, 3, 2, 1)), FV_HARD_SWISH);
    value_id y = activation(n, convolution(n, x, 24, 3, 1, 24), FV_SILU);
    value_id s = add(n, OP_GLOBAL_AVERAGE_POOL2D, &y, 1, NULL);
    op_attributes wide = {.shape = {4, {BATCH, 1, 1, 24}}};
    s = activation(n, dense(n, activation(n, dense(n, s, 7), FV_RELU), 24), FV_SIGMOID);
    s = add(n, OP_UNFLATTEN, &s, 1, &wide);
    y = add(n, OP_ADD, (value_id[]){add(n, OP_MULTIPLY, (value_id[]){y, s}, 2, NULL), x}, 2, NULL);
    y = add(n, OP_ADD, (value_id[]){convolution(n, y, 24, 3, 1, 24), y}, 2, NULL); /* beside its own input */
    value_id branches[] = {convolution(n, y, 8, 1, 1, 1), y,
                           activation(n, convolution(n, y, 16, 5, 1, 1), FV_LEAKY_RELU)};
    n->g->ops[n->g->op_count - 1].a.alpha = 0.1f;
    y = add(n, OP_CONCAT, branches, 3, NULL);
    y = pool(n, add(n, OP_DROPOUT, (value_id[]){y, n->step}, 2, &(op_attributes){.rate = 0.25f, .stream = 1}),
             OP_AVERAGE_POOL2D);
    y = activation(n, batch_norm(n, dense(n, y, 19)), FV_RELU);
    return dense(n, y, CLASSES);
}

/* Wide enough for Winograd's algorithm where the processor has AVX-512: with and without bias, folded, beside a residual. */
static value_id wide(network *n, fv_activation_kind kind)
{
    value_id x = activation(n, convolution(n, input(n, 3), 48, 3, 1, 1), kind);
    x = activation(n, convolution(n, x, 64, 3, 1, 1), kind);
    value_id y = activation(n, batch_norm(n, convolution(n, x, 64, 3, 1, 1)), kind);
    y = batch_norm(n, convolution(n, y, 64, 3, 1, 1));
    x = activation(n, add(n, OP_ADD, (value_id[]){y, x}, 2, NULL), kind);
    return dense(n, add(n, OP_GLOBAL_AVERAGE_POOL2D, &x, 1, NULL), CLASSES);
}

/* Its sums differ in more of their last bits, and on either side of zero ReLU's gradients differ as a whole: so smooth. */
static value_id build_wide(network *n)
{
    return wide(n, FV_SILU);
}

/* What it takes over in inference. */
static value_id build_wide_relu(network *n)
{
    return wide(n, FV_RELU);
}

static void make_training(network *n, bool fused)
{
    value_id gradients[MAX_PARAMETERS];
    n->loss = add(n, OP_SOFTMAX_CROSS_ENTROPY, (value_id[]){n->logits, n->target, n->weight}, 3, NULL);
    if (fused)
        assert_ok(graph_fuse(n->g, true));
    assert_ok(graph_gradients(n->g, n->loss, NO_VALUE, n->parameters, n->parameter_count, gradients));
    op_attributes a = {.momentum = 0.9f, .weight_decay = 1e-3f, .lr_scale = 1};
    for (int i = 0; i < n->parameter_count; i++) {
        value_id state = persistent(n, VALUE_STATE, n->g->values[n->parameters[i]].shape);
        add(n, OP_UPDATE_SGD, (value_id[]){n->parameters[i], gradients[i], state, n->rate}, 4, &a);
    }
    graph_mark_output(n->g, n->loss);
    graph_mark_output(n->g, n->logits);
}

static void make_inference(network *n)
{
    graph_mark_output(n->g, n->logits);
    assert_ok(graph_to_inference(n->g));
    assert_ok(graph_fold_batch_norm(n->g));
    assert_ok(graph_fuse(n->g, false));
    assert_ok(graph_remove_dead(n->g));
    assert_ok(graph_hoist(n->g));
}

static void write_persistent(plan *p, const graph *g, uint64_t seed)
{
    for (value_id v = 0; v < g->value_count; v++) {
        const value *i = &g->values[v];
        if (i->kind != VALUE_PARAMETER && i->kind != VALUE_STATE)
            continue;
        int64_t count = shape_count(&i->shape);
        float *data = malloc((size_t)count * sizeof *data);
        rng r = rng_at(seed, 0, (uint64_t)v);
        double fan = (double)count / (double)i->shape.d[0];
        for (int64_t k = 0; k < count; k++) {
            float x = rng_normal(&r);
            data[k] = i->shape.rank > 1 ? x * (float)sqrt(2 / fan) : 1 + 0.2f * fabsf(x);
            if (i->kind == VALUE_STATE && i->shape.rank > 1)
                data[k] = 0;
        }
        assert_ok(plan_write(p, v, data));
        free(data);
    }
}

static void write_inputs(plan *p, const network *n, int32_t step)
{
    enum {
        MAX_PIXELS = SIZE * SIDE * SIDE * 3
    };
    uint8_t pixels[MAX_PIXELS];
    int32_t target[SIZE], steps[2] = {step, 77};
    float weight[SIZE], rate = 0.02f;
    rng r = rng_at(9, 0, (uint64_t)step);
    for (int i = 0; i < MAX_PIXELS; i++)
        pixels[i] = (uint8_t)rng_u32(&r);
    for (int i = 0; i < SIZE; i++) {
        target[i] = (int32_t)rng_below(&r, CLASSES);
        weight[i] = i == SIZE - 1 ? 0 : 1;
    }
    assert_ok(plan_write(p, n->pixels, pixels));
    assert_ok(plan_write(p, n->target, target));
    assert_ok(plan_write(p, n->weight, weight));
    assert_ok(plan_write(p, n->rate, &rate));
    assert_ok(plan_write(p, n->step, steps));
}

/* The largest difference of value v as a part of its largest element. */
static double difference(plan *a, plan *b, const graph *g, value_id v)
{
    int64_t count = shape_count(&g->values[v].shape);
    float *x = malloc((size_t)count * sizeof *x), *y = malloc((size_t)count * sizeof *y);
    double largest = 0, apart = 0;
    assert_ok(plan_read(a, v, x));
    assert_ok(plan_read(b, v, y));
    for (int64_t i = 0; i < count; i++) {
        double d = fabs((double)x[i] - (double)y[i]);
        if (!(d <= apart)) /* a NaN counts */
            apart = d;
        largest = fmax(largest, fabs((double)x[i]));
    }
    free(x);
    free(y);
    return apart / fmax(largest, 1e-3);
}

static void compare(plan *a, plan *b, const graph *g, double tolerance, const char *when)
{
    for (value_id v = 0; v < g->value_count; v++) {
        const value *i = &g->values[v];
        if (!i->output && i->kind != VALUE_PARAMETER && i->kind != VALUE_STATE)
            continue;
        double d = difference(a, b, g, v);
        if (!(d <= tolerance))
            fail_msg("%s: value %d (%s) differs by %g", when, (int)v, i->name ? i->name : "?", d);
    }
}

typedef value_id builder(network *n);
static builder *const builders[] = {build_plain, build_residual, build_mixed, build_wide, build_wide_relu};

static network make(builder *build, bool training, bool fused)
{
    network n = {.g = graph_create()};
    assert_non_null(n.g);
    n.logits = build(&n);
    if (training)
        make_training(&n, fused);
    else
        make_inference(&n);
    assert_ok(graph_set_batch(n.g, SIZE));
    return n;
}

/* Three steps of training; the weights, their momentum and the running statistics stay together. */
static void test_training(void **state)
{
    (void)state;
    engine *mine, *theirs;
    assert_ok(engine_open("onednn", 2, &mine));
    assert_ok(engine_open("reference", 1, &theirs));
    for (int k = 0; k < 8; k++) {
        network n = make(builders[k / 2], true, k % 2);
        plan *a, *b;
        assert_ok(plan_create(theirs, n.g, &a));
        assert_ok(plan_create(mine, n.g, &b));
        write_persistent(a, n.g, 1);
        write_persistent(b, n.g, 1);
        for (int32_t step = 0; step < 3; step++) {
            char when[64];
            snprintf(when, sizeof when, "network %d, %s, step %d", k / 2, k % 2 ? "fused" : "not fused",
                     (int)step);
            write_inputs(a, &n, step);
            write_inputs(b, &n, step);
            assert_ok(plan_run(a));
            assert_ok(plan_run(b));
            compare(a, b, n.g, 2e-4, when);
        }
        plan_destroy(a);
        plan_destroy(b);
        graph_destroy(n.g);
    }
    engine_close(mine);
    engine_close(theirs);
}

/* Folded and fused; after new weights are written, the prologue must run again. */
static void test_inference(void **state)
{
    (void)state;
    engine *mine, *theirs;
    assert_ok(engine_open("onednn", 2, &mine));
    assert_ok(engine_open("reference", 1, &theirs));
    for (int k = 0; k < 5; k++) {
        network n = make(builders[k], false, true);
        plan *a, *b;
        assert_ok(plan_create(theirs, n.g, &a));
        assert_ok(plan_create(mine, n.g, &b));
        for (int32_t round = 0; round < 3; round++) {
            if (round != 1) { /* round 1 runs without the prologue */
                write_persistent(a, n.g, (uint64_t)round + 5);
                write_persistent(b, n.g, (uint64_t)round + 5);
            }
            write_inputs(a, &n, round);
            write_inputs(b, &n, round);
            assert_ok(plan_run(a));
            assert_ok(plan_run(b));
            compare(a, b, n.g, 2e-5, "inference");
        }
        plan_destroy(a);
        plan_destroy(b);
        graph_destroy(n.g);
    }
    engine_close(mine);
    engine_close(theirs);
}

/* What is written is read back, in whatever layout it is kept; a steady step makes no primitive. */
static void test_steady_step(void **state)
{
    (void)state;
    engine *e;
    assert_ok(engine_open("onednn", 2, &e));
    network n = make(build_mixed, true, true);
    plan *p, *q;
    assert_ok(plan_create(e, n.g, &p));
    assert_ok(plan_create(e, n.g, &q));
    write_persistent(p, n.g, 1);
    for (int i = 0; i < n.parameter_count; i++) {
        int64_t count = shape_count(&n.g->values[n.parameters[i]].shape);
        float *data = malloc((size_t)count * sizeof *data);
        assert_ok(plan_read(p, n.parameters[i], data));
        assert_ok(plan_write(q, n.parameters[i], data));
        free(data);
        assert_true(difference(p, q, n.g, n.parameters[i]) == 0);
    }
    write_inputs(p, &n, 0);
    assert_ok(plan_run(p));
    int64_t before = onednn_primitives_created();
    assert_true(before > 0);
    for (int32_t step = 1; step < 4; step++) {
        write_inputs(p, &n, step);
        assert_ok(plan_run(p));
    }
    assert_int_equal(onednn_primitives_created(), before);
    plan_destroy(p);
    plan_destroy(q);
    graph_destroy(n.g);
    engine_close(e);
}

/* The same seed, the same threads: the same bits. */
static void test_deterministic(void **state)
{
    (void)state;
    engine *e;
    assert_ok(engine_open("onednn", 2, &e));
    network n = make(build_mixed, true, true);
    plan *p[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(plan_create(e, n.g, &p[i]));
        write_persistent(p[i], n.g, 1);
        for (int32_t step = 0; step < 3; step++) {
            write_inputs(p[i], &n, step);
            assert_ok(plan_run(p[i]));
        }
    }
    compare(p[0], p[1], n.g, 0, "again");
    plan_destroy(p[0]);
    plan_destroy(p[1]);
    graph_destroy(n.g);
    engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_training), cmocka_unit_test(test_inference),
                                       cmocka_unit_test(test_steady_step),
                                       cmocka_unit_test(test_deterministic)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
