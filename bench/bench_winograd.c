/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From which sizes on Winograd's algorithm pays: oneDNN's convolutions of 3 x 3, directly and by it, without the rest of the engine.
 *
 *     bench_winograd        (OMP_NUM_THREADS threads)
 *
 * Prints milliseconds (the fastest of a few runs) and the ratio, for every direction, several layers and batches, from which
 * the limits in src/engine/onednn/convolution.c were read.
 */
#include <dnnl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef enum direction {
    INFERENCE,
    TRAINING,
    GRADIENT_INPUT,
    GRADIENT_WEIGHT,
    DIRECTIONS
} direction;

typedef struct layer {
    dnnl_dim_t in, out, side;
} layer;

static const char *const names[] = {"inference", "training", "grad_input", "grad_weight"};
static const layer layers[] = {{16, 16, 32},  {32, 32, 16},   {32, 64, 14},   {32, 64, 28},
                               {64, 64, 8},   {64, 64, 14},   {64, 64, 32},   {64, 64, 56},
                               {128, 128, 7}, {128, 128, 28}, {256, 256, 14}, {512, 512, 7}};
static const dnnl_dim_t batches[] = {1, 4, 8, 32, 128};
static dnnl_engine_t engine;
static dnnl_stream_t stream;

static void check(dnnl_status_t status)
{
    if (status != dnnl_success) {
        fprintf(stderr, "oneDNN: status %d\n", (int)status);
        exit(1);
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static dnnl_memory_desc_t any(int rank, const dnnl_dims_t dims)
{
    dnnl_memory_desc_t md;
    check(dnnl_memory_desc_init_by_tag(&md, rank, dims, dnnl_f32, rank == 1 ? dnnl_x : dnnl_format_tag_any));
    return md;
}

/* NULL where oneDNN does not have it. */
static dnnl_primitive_desc_t describe(direction what, dnnl_alg_kind_t algorithm, const layer *l,
                                      dnnl_dim_t batch)
{
    dnnl_dims_t one = {1, 1}, none = {0, 0};
    dnnl_memory_desc_t x = any(4, (dnnl_dims_t){batch, l->in, l->side, l->side}),
                       w = any(4, (dnnl_dims_t){l->out, l->in, 3, 3}), b = any(1, (dnnl_dims_t){l->out}),
                       y = any(4, (dnnl_dims_t){batch, l->out, l->side, l->side});
    dnnl_convolution_desc_t d;
    dnnl_primitive_desc_t forward, pd;
    check(dnnl_dilated_convolution_forward_desc_init(&d,
                                                     what == INFERENCE && algorithm == dnnl_convolution_direct
                                                         ? dnnl_forward_inference
                                                         : dnnl_forward_training,
                                                     algorithm, &x, &w, &b, &y, one, none, one, one));
    if (dnnl_primitive_desc_create(&forward, &d, NULL, engine, NULL) != dnnl_success)
        return NULL;
    if (what < GRADIENT_INPUT)
        return forward;
    if (what == GRADIENT_INPUT)
        check(
            dnnl_dilated_convolution_backward_data_desc_init(&d, algorithm, &x, &w, &y, one, none, one, one));
    else
        check(dnnl_dilated_convolution_backward_weights_desc_init(&d, algorithm, &x, &w, &b, &y, one, none,
                                                                  one, one));
    dnnl_status_t status = dnnl_primitive_desc_create(&pd, &d, NULL, engine, forward);
    dnnl_primitive_desc_destroy(forward);
    return status == dnnl_success ? pd : NULL;
}

/* Milliseconds; 0 where there is no such primitive. */
static double measure(direction what, dnnl_alg_kind_t algorithm, const layer *l, dnnl_dim_t batch)
{
    enum {
        RUNS = 8,
        ARGUMENTS = 4
    };
    static const struct {
        int index;
        dnnl_query_t query;
    } arguments[DIRECTIONS][ARGUMENTS] = {
        {{DNNL_ARG_SRC, dnnl_query_src_md},
         {DNNL_ARG_WEIGHTS, dnnl_query_weights_md},
         {DNNL_ARG_BIAS, 0},
         {DNNL_ARG_DST, dnnl_query_dst_md}},
        {{DNNL_ARG_SRC, dnnl_query_src_md},
         {DNNL_ARG_WEIGHTS, dnnl_query_weights_md},
         {DNNL_ARG_BIAS, 0},
         {DNNL_ARG_DST, dnnl_query_dst_md}},
        {{DNNL_ARG_DIFF_SRC, dnnl_query_diff_src_md},
         {DNNL_ARG_WEIGHTS, dnnl_query_weights_md},
         {DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md}},
        {{DNNL_ARG_SRC, dnnl_query_src_md},
         {DNNL_ARG_DIFF_WEIGHTS, dnnl_query_diff_weights_md},
         {DNNL_ARG_DIFF_BIAS, 0},
         {DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md}},
    };
    dnnl_primitive_desc_t pd = describe(what, algorithm, l, batch);
    if (!pd)
        return 0;
    dnnl_primitive_t primitive;
    check(dnnl_primitive_create(&primitive, pd));
    dnnl_exec_arg_t list[ARGUMENTS];
    int count = 0;
    dnnl_memory_desc_t bias = any(1, (dnnl_dims_t){l->out});
    for (; count < ARGUMENTS && arguments[what][count].index; count++) {
        dnnl_query_t query = arguments[what][count].query;
        list[count].arg = arguments[what][count].index;
        check(dnnl_memory_create(&list[count].memory,
                                 query ? dnnl_primitive_desc_query_md(pd, query, 0) : &bias, engine,
                                 DNNL_MEMORY_ALLOCATE));
    }
    double best = 1e30;
    for (int i = 0; i < RUNS; i++) {
        double start = now();
        check(dnnl_primitive_execute(primitive, stream, count, list));
        check(dnnl_stream_wait(stream));
        double took = now() - start;
        best = took < best ? took : best;
    }
    for (int i = 0; i < count; i++)
        dnnl_memory_destroy(list[i].memory);
    dnnl_primitive_destroy(primitive);
    dnnl_primitive_desc_destroy(pd);
    return best;
}

int main(void)
{
    check(dnnl_engine_create(&engine, dnnl_cpu, 0));
    check(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
    printf("%-11s %10s %7s %5s %9s %9s %6s\n", "direction", "channels", "side", "batch", "direct", "winograd",
           "ratio");
    for (direction what = 0; what < DIRECTIONS; what++)
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
            for (size_t k = 0; k < sizeof batches / sizeof *batches; k++) {
                const layer *l = &layers[i];
                if (what != INFERENCE && batches[k] < 32)
                    continue;
                double direct = measure(what, dnnl_convolution_direct, l, batches[k]),
                       winograd = measure(what, dnnl_convolution_winograd, l, batches[k]);
                if (winograd == 0)
                    continue;
                printf("%-11s %4d, %4d %7d %5d %9.3f %9.3f %6.2f\n", names[what], (int)l->in, (int)l->out,
                       (int)l->side, (int)batches[k], direct, winograd, direct / winograd);
                fflush(stdout);
            }
    dnnl_stream_destroy(stream);
    dnnl_engine_destroy(engine);
    return 0;
}
