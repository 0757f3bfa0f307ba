/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small network in which the operations meet: conv - batch norm - ReLU, a residual block whose input is used twice, a gate over
 * channels (squeeze and excitation), depthwise convolution with SiLU, concat, max pool, dropout, dense, softmax cross-entropy.
 *
 *     network n = network_build(4);
 *     assert_ok(graph_gradients(n.g, n.loss, NO_VALUE, n.parameters, n.parameter_count, gradients));
 */
#ifndef OP_NETWORK_H
#define OP_NETWORK_H

#include "op_run.h"

enum {
    NETWORK_BATCH = 3,
    NETWORK_CLASSES = 5,
    NETWORK_PARAMETERS = 24
};

typedef struct network {
    graph *g;
    value_id x, target, weight, step;
    /* An input that is added to the first block's output: their sum, `middle`, has the same gradient. It is not zero, or maxima
     * over ReLU's zeros would be ties, where there is no slope. */
    value_id probe;
    value_id middle; /* a value inside */
    value_id logits, loss;
    value_id parameters[NETWORK_PARAMETERS];
    int parameter_count;
} network;

static inline value_id network_parameter(network *n, const char *layer, const char *name, shape s)
{
    char full[64];
    snprintf(full, sizeof full, "%s.%s", layer, name);
    value_id v = graph_persistent(n->g, VALUE_PARAMETER, full, s);
    n->parameters[n->parameter_count++] = v;
    return v;
}

static inline value_id network_add(network *n, op_kind kind, const value_id *in, int count,
                                   const op_attributes *a, const char *name)
{
    value_id v = graph_add(n->g, kind, in, count, a, name);
    if (v == NO_VALUE)
        fail_msg("%s: %s", name, fv_error_message());
    return v;
}

static inline value_id network_conv(network *n, value_id x, int64_t in, int64_t out, int64_t groups,
                                    const char *name)
{
    op_attributes a = {.window = {{3, 3}, {1, 1}, {1, 1}, groups, {1, 1, 1, 1}}};
    value_id w = network_parameter(n, name, "weight", shape_4(out, in / groups, 3, 3));
    return network_add(n, OP_CONV2D, (value_id[]){x, w}, 2, &a, name);
}

static inline value_id network_batch_norm(network *n, value_id x, int64_t channels, const char *name)
{
    char mean[64], variance[64];
    snprintf(mean, sizeof mean, "%s.running_mean", name);
    snprintf(variance, sizeof variance, "%s.running_var", name);
    op_attributes a = {.epsilon = 1e-5f, .momentum = 0.1f};
    value_id in[] = {x, network_parameter(n, name, "weight", shape_1(channels)),
                     network_parameter(n, name, "bias", shape_1(channels)),
                     graph_persistent(n->g, VALUE_STATE, mean, shape_1(channels)),
                     graph_persistent(n->g, VALUE_STATE, variance, shape_1(channels))};
    return network_add(n, OP_BATCH_NORM, in, 5, &a, name);
}

static inline value_id network_activation(network *n, value_id x, fv_activation_kind kind, const char *name)
{
    op_attributes a = {.activation = kind};
    return network_add(n, OP_ACTIVATION, &x, 1, &a, name);
}

static inline value_id network_dense(network *n, value_id x, int64_t in, int64_t out, const char *name)
{
    value_id inputs[] = {x, network_parameter(n, name, "weight", shape_2(out, in)),
                         network_parameter(n, name, "bias", shape_1(out))};
    return network_add(n, OP_DENSE, inputs, 3, NULL, name);
}

/* x * sigmoid(dense(mean of x over places)) */
static inline value_id network_gate(network *n, value_id x, int64_t channels)
{
    value_id mean = network_add(n, OP_GLOBAL_AVERAGE_POOL2D, &x, 1, NULL, "gate.mean");
    value_id gate = network_activation(n, network_dense(n, mean, channels, channels, "gate.dense"),
                                       FV_SIGMOID, "gate.sigmoid");
    op_attributes a = {.shape = shape_4(BATCH, 1, 1, channels)};
    gate = network_add(n, OP_UNFLATTEN, &gate, 1, &a, "gate.shape");
    return network_add(n, OP_MULTIPLY, (value_id[]){x, gate}, 2, NULL, "gate.multiply");
}

/* Everything after the residual block: (N, 8, 8, channels) to the loss. */
static inline void network_head(network *n, value_id x, value_id middle, int64_t channels)
{
    value_id d =
        network_activation(n, network_conv(n, x, channels, channels, channels, "depthwise"), FV_SILU, "silu");
    value_id both = network_add(n, OP_CONCAT, (value_id[]){d, middle}, 2, NULL, "concat");
    op_attributes pool = {.window = {{2, 2}, {2, 2}, {1, 1}, 1, {0}}}, drop = {.rate = 0.25f, .stream = 3};
    value_id p = network_add(n, OP_MAX_POOL2D, &both, 1, &pool, "pool");
    value_id kept = network_add(n, OP_DROPOUT, (value_id[]){p, n->step}, 2, &drop, "dropout");
    n->logits = network_dense(n, kept, 4 * 4 * 2 * channels, NETWORK_CLASSES, "classifier");
    op_attributes loss = {.smoothing = 0.1f};
    n->loss = network_add(n, OP_SOFTMAX_CROSS_ENTROPY, (value_id[]){n->logits, n->target, n->weight}, 3,
                          &loss, "loss");
    graph_mark_output(n->g, n->logits);
    graph_mark_output(n->g, n->loss);
}

/* Built for any batch, then fixed to NETWORK_BATCH. `channels` is even. */
static inline network network_build(int64_t channels)
{
    network n = {.g = graph_create()};
    assert_non_null(n.g);
    n.x = graph_input(n.g, "x", TYPE_F32, shape_4(BATCH, 8, 8, 3));
    n.probe = graph_input(n.g, "probe", TYPE_F32, shape_4(BATCH, 8, 8, channels));
    n.target = graph_input(n.g, "target", TYPE_I32, shape_1(BATCH));
    n.weight = graph_input(n.g, "weight", TYPE_F32, shape_1(BATCH));
    n.step = graph_input(n.g, "step", TYPE_I32, shape_1(2));
    value_id h = network_batch_norm(&n, network_conv(&n, n.x, 3, channels, 1, "conv1"), channels, "bn1");
    h = network_activation(&n, h, FV_RELU, "relu1");
    n.middle = network_add(&n, OP_ADD, (value_id[]){h, n.probe}, 2, NULL, "probe");
    value_id b =
        network_batch_norm(&n, network_conv(&n, n.middle, channels, channels, 1, "conv2"), channels, "bn2");
    b = network_gate(&n, b, channels);
    b = network_batch_norm(&n, network_conv(&n, b, channels, channels, 2, "conv3"), channels, "bn3");
    b = network_add(&n, OP_ADD, (value_id[]){b, n.middle}, 2, NULL, "residual");
    network_head(&n, network_activation(&n, b, FV_RELU, "relu3"), n.middle, channels);
    assert_ok(graph_set_batch(n.g, NETWORK_BATCH));
    return n;
}

/* Values of the same kind of network on every plan: weights of a sensible size, running variances positive. */
static inline fill network_fill(const network *n, value_id v)
{
    const char *name = n->g->values[v].name;
    if (v == n->target)
        return FILL_CLASS;
    if (v == n->step)
        return FILL_STEP;
    if (v == n->weight)
        return FILL_WEIGHT;
    return strstr(name, "running_var") ? FILL_POSITIVE : FILL_NORMAL;
}

/* The caller frees the numbers. */
static inline double *network_data(const network *n, value_id v)
{
    const shape *s = &n->g->values[v].shape;
    double *data = fill_make(network_fill(n, v), s, (uint64_t)v);
    double scale = s->rank == 4 && n->g->values[v].kind == VALUE_PARAMETER ? 0.25 : s->rank == 2 ? 0.125 : 1;
    for (int64_t i = 0; i < shape_count(s) && n->g->values[v].type == TYPE_F32; i++)
        data[i] *= scale;
    return data;
}

static inline void network_put(plan *p, const engine *e, const network *n)
{
    for (value_id v = 0; v < n->g->value_count; v++)
        if (n->g->values[v].kind != VALUE_COMPUTED && n->g->values[v].name) {
            double *data = network_data(n, v);
            plan_put(p, e, v, data);
            free(data);
        }
}

#endif
