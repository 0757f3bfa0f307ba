/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The speed of an engine on three networks, without data loading:
 *
 *     bench_engine NETWORK [train|infer] [batch] [runs] [engine] [threads]
 *
 * NETWORK: cnn (28x28x1, batch 128), resnet20 (32x32x3, batch 128), resnet18, mobilenet (224x224x3, batch 32). Prints the fastest and the
 * median run in milliseconds; with FOVEA_PROFILE also the time of every step and of every kind of step.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/random.h"
#include "engine/engine.h"

enum {
    MAX_PARAMETERS = 256,
    MAX_RUNS = 1000
};

typedef struct network {
    graph *g;
    value_id parameters[MAX_PARAMETERS];
    int parameter_count;
    int layer;
    value_id pixels, target, weight, rate, logits;
    int64_t classes;
} network;

static void check(fv_status status)
{
    if (status == FV_OK)
        return;
    fprintf(stderr, "bench_engine: %s\n", fv_error_message());
    exit(1);
}

static value_id add(network *n, op_kind kind, const value_id *inputs, int count, const op_attributes *a)
{
    char name[32];
    snprintf(name, sizeof name, "%d", ++n->layer);
    value_id v = graph_add(n->g, kind, inputs, count, a, name);
    if (v == NO_VALUE)
        check(status_last());
    return v;
}

static value_id persistent(network *n, value_kind kind, shape s)
{
    char name[32];
    snprintf(name, sizeof name, "p%d", n->g->value_count);
    value_id v = graph_persistent(n->g, kind, name, s);
    if (v == NO_VALUE)
        check(status_last());
    if (kind == VALUE_PARAMETER)
        n->parameters[n->parameter_count++] = v;
    return v;
}

static value_id grouped(network *n, value_id x, int64_t filters, int64_t kernel, int64_t stride,
                        int64_t groups, bool bias)
{
    int64_t pad = kernel / 2, channels = n->g->values[x].shape.d[3];
    op_attributes a = {.window = {.kernel = {kernel, kernel},
                                  .stride = {stride, stride},
                                  .dilation = {1, 1},
                                  .groups = groups,
                                  .pad = {pad, pad, pad, pad}}};
    value_id w = persistent(n, VALUE_PARAMETER, shape_4(filters, channels / groups, kernel, kernel));
    value_id b = bias ? persistent(n, VALUE_PARAMETER, shape_1(filters)) : NO_VALUE;
    return add(n, OP_CONV2D, (value_id[]){x, w, b, NO_VALUE}, 4, &a);
}

static value_id convolution(network *n, value_id x, int64_t filters, int64_t kernel, int64_t stride,
                            bool bias)
{
    return grouped(n, x, filters, kernel, stride, 1, bias);
}

static value_id relu(network *n, value_id x)
{
    return add(n, OP_ACTIVATION, &x, 1, &(op_attributes){.activation = FV_RELU});
}

static value_id batch_norm(network *n, value_id x)
{
    const shape c = shape_1(n->g->values[x].shape.d[3]);
    value_id in[] = {x, persistent(n, VALUE_PARAMETER, c), persistent(n, VALUE_PARAMETER, c),
                     persistent(n, VALUE_STATE, c), persistent(n, VALUE_STATE, c)};
    return add(n, OP_BATCH_NORM, in, 5, &(op_attributes){.epsilon = 1e-5f, .momentum = 0.1f});
}

static value_id max_pool(network *n, value_id x, int64_t kernel, int64_t stride, int64_t pad)
{
    op_attributes a = {.window = {.kernel = {kernel, kernel},
                                  .stride = {stride, stride},
                                  .dilation = {1, 1},
                                  .groups = 1,
                                  .pad = {pad, pad, pad, pad}}};
    return add(n, OP_MAX_POOL2D, &x, 1, &a);
}

static value_id dense(network *n, value_id x, int64_t units)
{
    const shape *s = &n->g->values[x].shape;
    value_id w = persistent(n, VALUE_PARAMETER, shape_2(units, s->d[1]));
    value_id b = persistent(n, VALUE_PARAMETER, shape_1(units));
    return add(n, OP_DENSE, (value_id[]){x, w, b, NO_VALUE}, 4, NULL);
}

/* The basic block of residual networks (He et al. 2016). */
static value_id block(network *n, value_id x, int64_t filters, int64_t stride)
{
    value_id y = relu(n, batch_norm(n, convolution(n, x, filters, 3, stride, false)));
    y = batch_norm(n, convolution(n, y, filters, 3, 1, false));
    if (stride > 1 || n->g->values[x].shape.d[3] != filters)
        x = batch_norm(n, convolution(n, x, filters, 1, stride, false));
    return relu(n, add(n, OP_ADD, (value_id[]){y, x}, 2, NULL));
}

static value_id start(network *n, int64_t side, int64_t channels, int64_t classes)
{
    n->classes = classes;
    n->pixels = graph_input(n->g, "pixels", TYPE_U8, shape_4(BATCH, side, side, channels));
    n->target = graph_input(n->g, "target", TYPE_I32, shape_1(BATCH));
    n->weight = graph_input(n->g, "weight", TYPE_F32, shape_1(BATCH));
    op_attributes a = {.mean = {127.5f, 127.5f, 127.5f, 127.5f}, .std = {64, 64, 64, 64}};
    return add(n, OP_NORMALIZE, &n->pixels, 1, &a);
}

static value_id finish(network *n, value_id x)
{
    return dense(n, add(n, OP_GLOBAL_AVERAGE_POOL2D, &x, 1, NULL), n->classes);
}

static value_id build_cnn(network *n)
{
    value_id x = start(n, 28, 1, 10);
    x = max_pool(n, relu(n, convolution(n, x, 32, 3, 1, true)), 2, 2, 0);
    x = max_pool(n, relu(n, convolution(n, x, 64, 3, 1, true)), 2, 2, 0);
    x = add(n, OP_FLATTEN, &x, 1, NULL);
    return dense(n, relu(n, dense(n, x, 128)), 10);
}

static value_id build_resnet20(network *n)
{
    value_id x = start(n, 32, 3, 10);
    x = relu(n, batch_norm(n, convolution(n, x, 16, 3, 1, false)));
    for (int stage = 0; stage < 3; stage++)
        for (int i = 0; i < 3; i++)
            x = block(n, x, 16 << stage, stage > 0 && i == 0 ? 2 : 1);
    return finish(n, x);
}

static value_id build_resnet18(network *n)
{
    value_id x = start(n, 224, 3, 1000);
    x = max_pool(n, relu(n, batch_norm(n, convolution(n, x, 64, 7, 2, false))), 3, 2, 1);
    for (int stage = 0; stage < 4; stage++)
        for (int i = 0; i < 2; i++)
            x = block(n, x, 64 << stage, stage > 0 && i == 0 ? 2 : 1);
    return finish(n, x);
}

/* Inverted residuals (Sandler et al. 2018). */
static value_id inverted(network *n, value_id x, int64_t filters, int64_t stride, int64_t expansion)
{
    op_attributes relu6 = {.activation = FV_RELU6};
    int64_t channels = n->g->values[x].shape.d[3], wide = channels * expansion;
    value_id y = x;
    if (expansion > 1) {
        y = batch_norm(n, convolution(n, y, wide, 1, 1, false));
        y = add(n, OP_ACTIVATION, &y, 1, &relu6);
    }
    y = batch_norm(n, grouped(n, y, wide, 3, stride, wide, false));
    y = add(n, OP_ACTIVATION, &y, 1, &relu6);
    y = batch_norm(n, convolution(n, y, filters, 1, 1, false));
    return stride == 1 && channels == filters ? add(n, OP_ADD, (value_id[]){y, x}, 2, NULL) : y;
}

static value_id build_mobilenet(network *n)
{
    static const int stages[][4] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                    {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    value_id x = relu(n, batch_norm(n, convolution(n, start(n, 224, 3, 1000), 32, 3, 2, false)));
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        for (int k = 0; k < stages[i][2]; k++)
            x = inverted(n, x, stages[i][1], k ? 1 : stages[i][3], stages[i][0]);
    return finish(n, relu(n, batch_norm(n, convolution(n, x, 1280, 1, 1, false))));
}

static void add_training(network *n)
{
    value_id gradients[MAX_PARAMETERS];
    value_id loss = add(n, OP_SOFTMAX_CROSS_ENTROPY, (value_id[]){n->logits, n->target, n->weight}, 3, NULL);
    n->rate = graph_input(n->g, "rate", TYPE_F32, shape_1(1));
    check(graph_fuse(n->g, true));
    check(graph_gradients(n->g, loss, NO_VALUE, n->parameters, n->parameter_count, gradients));
    op_attributes a = {.momentum = 0.9f, .weight_decay = 1e-4f, .lr_scale = 1};
    for (int i = 0; i < n->parameter_count; i++) {
        value_id state = persistent(n, VALUE_STATE, n->g->values[n->parameters[i]].shape);
        add(n, OP_UPDATE_SGD, (value_id[]){n->parameters[i], gradients[i], state, n->rate}, 4, &a);
    }
    graph_mark_output(n->g, loss);
}

static void add_inference(network *n)
{
    graph_mark_output(n->g, n->logits);
    check(graph_to_inference(n->g));
    check(graph_fold_batch_norm(n->g));
    check(graph_fuse(n->g, false));
    check(graph_remove_dead(n->g));
    check(graph_hoist(n->g));
}

static void write_random(plan *p, const graph *g, value_id v, double scale, double offset)
{
    int64_t count = shape_count(&g->values[v].shape);
    float *data = malloc((size_t)count * sizeof *data);
    rng r = rng_at(1, 0, (uint64_t)v);
    for (int64_t i = 0; i < count; i++)
        data[i] = (float)(offset + scale * (double)rng_normal(&r));
    check(plan_write(p, v, data));
    free(data);
}

static void write_inputs(const network *n, plan *p)
{
    const graph *g = n->g;
    for (value_id v = 0; v < g->value_count; v++) {
        const value *i = &g->values[v];
        if (i->kind == VALUE_PARAMETER && i->shape.rank > 1)
            write_random(p, g, v, 1.4 / (double)(shape_count(&i->shape) / i->shape.d[0]), 0);
        else if (i->kind == VALUE_PARAMETER || (i->kind == VALUE_STATE && i->shape.rank == 1))
            write_random(p, g, v, 0, 1);
    }
    int64_t batch = g->values[n->target].shape.d[0], count = shape_count(&g->values[n->pixels].shape);
    uint8_t *pixels = malloc((size_t)count);
    int32_t *target = malloc((size_t)batch * sizeof *target);
    float *weight = malloc((size_t)batch * sizeof *weight), rate = 1e-3f;
    rng r = rng_at(2, 0, 0);
    for (int64_t i = 0; i < count; i++)
        pixels[i] = (uint8_t)rng_u32(&r);
    for (int64_t i = 0; i < batch; i++) {
        target[i] = (int32_t)rng_below(&r, (uint64_t)n->classes);
        weight[i] = 1;
    }
    check(plan_write(p, n->pixels, pixels));
    check(plan_write(p, n->target, target));
    check(plan_write(p, n->weight, weight));
    if (n->rate != NO_VALUE)
        check(plan_write(p, n->rate, &rate));
    free(pixels);
    free(target);
    free(weight);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The lines of the profile, and their sum by kind of step. */
static void print_profile(const plan *p)
{
    text all = {0};
    plan_profile(p, &all);
    struct {
        char label[40];
        double ms;
    } kinds[64];
    int count = 0;
    const char *text_all = text_string(&all);
    for (const char *line = text_all; *line; line = strchr(line, '\n') + 1) {
        double ms, percent;
        char label[40];
        if (sscanf(line, "%lf ms %lf %% %39s", &ms, &percent, label) != 3)
            break;
        int i = 0;
        while (i < count && strcmp(kinds[i].label, label) != 0)
            i++;
        if (i == count && count < 64) {
            snprintf(kinds[count].label, sizeof kinds[count].label, "%s", label);
            kinds[count++].ms = 0;
        }
        if (i < count)
            kinds[i].ms += ms;
    }
    for (int i = 0; i < count; i++)
        printf("%9.3f ms  %s\n", kinds[i].ms, kinds[i].label);
    if (*text_all)
        printf("\n%s", text_all);
    text_release(&all);
}

static void measure(plan *p, int runs)
{
    double seconds[MAX_RUNS];
    for (int i = 0; i < 3; i++)
        check(plan_run(p));
    for (int i = 0; i < runs; i++) {
        double start_time = now();
        check(plan_run(p));
        seconds[i] = now() - start_time;
    }
    qsort(seconds, (size_t)runs, sizeof *seconds, ascending);
    printf("fastest %.3f ms, median %.3f ms, %.1f MB\n", 1e3 * seconds[0], 1e3 * seconds[runs / 2],
           (double)plan_memory(p) / 1e6);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "resnet20";
    bool training = argc < 3 || strcmp(argv[2], "infer") != 0;
    int64_t batch = argc > 3                                                          ? atoi(argv[3])
                    : strcmp(name, "resnet18") == 0 || strcmp(name, "mobilenet") == 0 ? 32
                                                                                      : 128;
    int runs = argc > 4 ? atoi(argv[4]) : 20;
    network n = {.g = graph_create(), .rate = NO_VALUE};
    engine *e;
    plan *p;
    if (!n.g || runs < 1 || runs > MAX_RUNS)
        return 2;
    check(engine_open(argc > 5 ? argv[5] : "auto", argc > 6 ? atoi(argv[6]) : 0, &e));
    n.logits = strcmp(name, "cnn") == 0         ? build_cnn(&n)
               : strcmp(name, "resnet18") == 0  ? build_resnet18(&n)
               : strcmp(name, "mobilenet") == 0 ? build_mobilenet(&n)
                                                : build_resnet20(&n);
    if (training)
        add_training(&n);
    else
        add_inference(&n);
    check(graph_set_batch(n.g, batch));
    check(plan_create(e, n.g, &p));
    write_inputs(&n, p);
    measure(p, runs);
    print_profile(p);
    plan_destroy(p);
    graph_destroy(n.g);
    engine_close(e);
    return 0;
}
