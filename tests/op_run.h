/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the operations share: a case says how to build a graph of one operation and what to fill its inputs
 * with; this builds it, fills it, runs it on an engine and compares.
 *
 *     op_graph built = op_graph_build(&op_cases[i], true);
 *     double *data[CASE_DATA];
 *     case_data_make(&op_cases[i], &built, data);
 */
#ifndef OP_RUN_H
#define OP_RUN_H

#include <math.h>

#include "core/random.h"
#include "engine/reference/reference.h"
#include "testing.h"

typedef enum fill {
    FILL_ABSENT,   /* the optional input is not given */
    FILL_NORMAL,   /* normal, mean 0, deviation 1 */
    FILL_DISTINCT, /* a shuffled ladder with steps of 1/64: no two elements are near each other */
    FILL_POSITIVE, /* 0.5..2 */
    FILL_KINKLESS, /* in -7..7, 1/32 away from every whole number: no activation bends there */
    FILL_LARGE,    /* normal, deviation 100 */
    FILL_HUGE,     /* normal, deviation 10000 */
    FILL_FAR,      /* normal, mean 30, deviation 1 */
    FILL_ZERO,     /* all zero, no gradient is asked for */
    FILL_WEIGHT,   /* of samples: 0, 0.5, 1, 1.5, ... in turn, no gradient is asked for */
    FILL_SOFT,     /* rows that are probabilities, as targets */
    FILL_UNIT,     /* 0..1, as targets */
    FILL_CLASS,    /* i32 0..2 */
    FILL_BINARY,   /* i32 0 or 1 */
    FILL_PIXELS,   /* u8 */
    FILL_STEP,     /* i32: two words that name a training step */
    FILL_RATE,     /* a learning rate, 0.1 */
    FILL_TIME,     /* a step number, 3 */
    FILL_SHARE     /* 0.3 */
} fill;

enum {
    OP_CASE_INPUTS = 7
};

typedef struct case_input {
    fill fill;
    shape shape;
    bool state; /* persistent, updated in place; no gradient is asked for */
} case_input;

typedef struct op_case {
    const char *name;
    op_kind kind;
    case_input in[OP_CASE_INPUTS];
    op_attributes a;
    /* How far another engine's f32 result may lie from the reference's, relative to the largest magnitude in the tensor. */
    double tolerance;
} op_case;

/* A graph with what tests want to read: outputs, gradients, persistent values. */
typedef struct op_graph {
    graph *g;
    value_id inputs[OP_CASE_INPUTS];
    value_id seed; /* the gradient that arrives at output 0; NO_VALUE for losses */
    value_id output;
    value_id wrt[OP_CASE_INPUTS], gradients[OP_CASE_INPUTS];
    int wrt_count;
} op_graph;

static inline data_type fill_type(fill f)
{
    switch (f) {
    case FILL_CLASS:
    case FILL_BINARY:
    case FILL_STEP:
        return TYPE_I32;
    case FILL_PIXELS:
        return TYPE_U8;
    default:
        return TYPE_F32;
    }
}

static inline bool fill_wants_gradient(fill f)
{
    return f >= FILL_NORMAL && f <= FILL_FAR;
}

static inline void fill_distinct(double *out, int64_t count, rng *r)
{
    int64_t *ladder = malloc((size_t)count * sizeof *ladder);
    assert_non_null(ladder);
    for (int64_t i = 0; i < count; i++)
        ladder[i] = i - count / 2;
    rng_shuffle(r, ladder, count);
    for (int64_t i = 0; i < count; i++)
        out[i] = (double)ladder[i] / 64;
    free(ladder);
}

static inline double fill_one(fill f, int64_t i, rng *r)
{
    switch (f) {
    case FILL_NORMAL:
        return (double)rng_normal(r);
    case FILL_LARGE:
        return (double)(100 * rng_normal(r));
    case FILL_HUGE:
        return (double)(10000 * rng_normal(r));
    case FILL_FAR:
        return (double)(30 + rng_normal(r));
    case FILL_POSITIVE:
        return (double)rng_range(r, 0.5f, 2);
    case FILL_KINKLESS:
        return (double)(rng_below(r, 14)) - 7 + (double)rng_range(r, 1.0f / 32, 31.0f / 32);
    case FILL_WEIGHT:
        return 0.5 * (double)((i + 1) % 4);
    case FILL_SOFT: /* normalised below */
    case FILL_UNIT:
        return (double)rng_uniform(r);
    case FILL_CLASS:
        return (double)rng_below(r, 3);
    case FILL_BINARY:
        return (double)rng_below(r, 2);
    case FILL_PIXELS:
        return (double)rng_below(r, 256);
    case FILL_STEP:
        return i == 0 ? 12345 : -77;
    case FILL_RATE:
        return 0.1f;
    case FILL_SHARE:
        return 0.3f;
    case FILL_TIME:
        return 3;
    default:
        return 0;
    }
}

/* Numbers that a float holds exactly, the same for every engine. `index` makes each input's different. The caller frees them. */
static inline double *fill_make(fill f, const shape *s, uint64_t index)
{
    int64_t count = shape_count(s), columns = s->rank ? s->d[s->rank - 1] : 1;
    double *out = calloc((size_t)count, sizeof *out);
    assert_non_null(out);
    rng r = rng_at(2024, 0, index);
    if (f == FILL_DISTINCT)
        fill_distinct(out, count, &r);
    for (int64_t i = 0; i < count && f != FILL_DISTINCT; i++)
        out[i] = fill_one(f, i, &r);
    for (int64_t row = 0; f == FILL_SOFT && row < count; row += columns) {
        double sum = 0;
        for (int64_t k = 0; k < columns; k++)
            sum += out[row + k];
        for (int64_t k = 0; k < columns; k++)
            out[row + k] = (float)(out[row + k] / sum);
    }
    return out;
}

/* ---- graphs ---- */

static inline bool is_loss(op_kind kind)
{
    return kind == OP_SOFTMAX_CROSS_ENTROPY || kind == OP_SIGMOID_CROSS_ENTROPY || kind == OP_SOFTMAX_LOSS ||
           kind == OP_SIGMOID_LOSS;
}

/* A gradient that is no derivative, by intention: test_ops_golden compares it with PyTorch's. */
static inline bool is_straight_through(op_kind kind)
{
    return kind == OP_FAKE_QUANTIZE;
}

/* Whether autodiff takes this form: a fused activation's gradient must need its output alone. */
static inline bool is_differentiable(const op_case *c)
{
    if (!op_info_of(c->kind)->gradient)
        return false;
    fv_activation_kind fused = c->kind == OP_ACTIVATION ? FV_LINEAR : c->a.activation;
    return fused != FV_GELU && fused != FV_SILU && fused != FV_HARD_SWISH && fused != FV_GELU_TANH;
}

static inline void op_graph_differentiate(op_graph *b, const op_case *c)
{
    if (!is_loss(c->kind))
        b->seed = graph_input(b->g, "seed", TYPE_F32, b->g->values[b->output].shape);
    if (graph_gradients(b->g, b->output, b->seed, b->wrt, b->wrt_count, b->gradients) != FV_OK)
        fail_msg("%s: %s", c->name, fv_error_message());
    for (int i = 0; i < b->wrt_count; i++) {
        if (b->gradients[i] == NO_VALUE)
            fail_msg("%s: no gradient for input %s", c->name, b->g->values[b->wrt[i]].name);
        graph_mark_output(b->g, b->gradients[i]);
    }
}

/* Marks what the last operation computes, so that it can be read. */
static inline void mark_results(graph *g)
{
    const op *o = graph_last(g);
    for (int i = 0; i < o->output_count; i++)
        if (o->outputs[i] != NO_VALUE && g->values[o->outputs[i]].type != TYPE_OPAQUE)
            graph_mark_output(g, o->outputs[i]);
}

/* The operation of a case, with its gradients when asked for and when there are any. */
static inline op_graph op_graph_build(const op_case *c, bool gradients)
{
    op_graph b = {.g = graph_create(), .seed = NO_VALUE};
    assert_non_null(b.g);
    int count = 0;
    for (int i = 0; i < OP_CASE_INPUTS; i++) {
        const case_input *in = &c->in[i];
        char name[8];
        snprintf(name, sizeof name, "in%d", i);
        b.inputs[i] = NO_VALUE;
        if (in->fill == FILL_ABSENT)
            continue;
        b.inputs[i] = in->state ? graph_persistent(b.g, VALUE_STATE, name, in->shape)
                                : graph_input(b.g, name, fill_type(in->fill), in->shape);
        if (fill_wants_gradient(in->fill) && !in->state)
            b.wrt[b.wrt_count++] = b.inputs[i];
        count = i + 1;
    }
    /* Optional inputs at the end may still count: pad as the operation wants it. */
    if (count < op_info_of(c->kind)->min_inputs)
        count = op_info_of(c->kind)->min_inputs;
    b.output = graph_add(b.g, c->kind, b.inputs, count, &c->a, c->name);
    if (b.output == NO_VALUE)
        fail_msg("%s: %s", c->name, fv_error_message());
    mark_results(b.g);
    if (gradients && is_differentiable(c))
        op_graph_differentiate(&b, c);
    return b;
}

/* ---- data in and out; an engine's f32 is carried as double by reference64 and as float by the others ---- */

static inline void plan_put(plan *p, const engine *e, value_id v, const double *data)
{
    const value *info = &plan_graph(p)->values[v];
    int64_t count = shape_count(&info->shape);
    if (e->api == &reference64_engine_api && info->type == TYPE_F32) {
        assert_ok(plan_write(p, v, data));
        return;
    }
    void *block = calloc((size_t)count + 1, 4);
    assert_non_null(block);
    for (int64_t i = 0; i < count; i++)
        if (info->type == TYPE_F32)
            ((float *)block)[i] = (float)data[i];
        else if (info->type == TYPE_I32)
            ((int32_t *)block)[i] = (int32_t)data[i];
        else
            ((uint8_t *)block)[i] = (uint8_t)data[i];
    assert_ok(plan_write(p, v, block));
    free(block);
}

/* The caller frees the numbers. */
static inline double *plan_get(plan *p, const engine *e, value_id v)
{
    const value *info = &plan_graph(p)->values[v];
    int64_t count = shape_count(&info->shape);
    double *out = calloc((size_t)count + 1, sizeof *out);
    assert_non_null(out);
    if (e->api == &reference64_engine_api) {
        assert_ok(plan_read(p, v, out));
        return out;
    }
    float *block = calloc((size_t)count + 1, sizeof *block);
    assert_non_null(block);
    assert_ok(plan_read(p, v, block));
    for (int64_t i = 0; i < count; i++)
        out[i] = (double)block[i];
    free(block);
    return out;
}

/* The data of a case's inputs, then of the seed. */
enum {
    CASE_DATA = OP_CASE_INPUTS + 1
};

static inline void case_data_make(const op_case *c, const op_graph *b, double *data[CASE_DATA])
{
    for (int i = 0; i < OP_CASE_INPUTS; i++)
        data[i] = b->inputs[i] == NO_VALUE ? NULL : fill_make(c->in[i].fill, &c->in[i].shape, (uint64_t)i);
    data[OP_CASE_INPUTS] =
        b->seed == NO_VALUE ? NULL : fill_make(FILL_NORMAL, &b->g->values[b->seed].shape, OP_CASE_INPUTS);
}

static inline void case_data_put(plan *p, const engine *e, const op_graph *b, double *const data[CASE_DATA])
{
    for (int i = 0; i < OP_CASE_INPUTS; i++)
        if (data[i])
            plan_put(p, e, b->inputs[i], data[i]);
    if (data[OP_CASE_INPUTS])
        plan_put(p, e, b->seed, data[OP_CASE_INPUTS]);
}

static inline void case_data_free(double *data[CASE_DATA])
{
    for (int i = 0; i < CASE_DATA; i++)
        free(data[i]);
}

/* ---- comparison ---- */

static inline double largest_magnitude(const double *x, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(x[i]));
    return largest;
}

/* The largest difference relative to the largest expected magnitude (absolute when all are zero). A NaN is an infinite one. */
static inline double difference(const double *expected, const double *actual, int64_t count)
{
    double largest = largest_magnitude(expected, count), worst = 0;
    for (int64_t i = 0; i < count; i++) {
        double d = fabs(expected[i] - actual[i]);
        worst = d >= 0 ? fmax(worst, d) : INFINITY;
    }
    return largest > 0 ? worst / largest : worst;
}

static inline int check_close(const char *name, const char *what, const double *expected,
                              const double *actual, int64_t count, double tolerance)
{
    double d = difference(expected, actual, count);
    if (d <= tolerance)
        return 0;
    print_error("%s: %s differs by %.3g, which is more than %.3g\n", name, what, d, tolerance);
    for (int64_t i = 0, shown = 0; i < count && shown < 4; i++)
        if (!(fabs(expected[i] - actual[i]) <= tolerance * largest_magnitude(expected, count))) {
            print_error("    [%lld] expected %.9g, got %.9g\n", (long long)i, expected[i], actual[i]);
            shown++;
        }
    return 1;
}

#endif
