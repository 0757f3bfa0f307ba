/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph of one training step: forward, loss, gradients and the optimizer's updates in one list of operations.
 *
 *     step_graph s;
 *     STATUS_TRY(step_graph_build(m, 32, &s));
 *     STATUS_TRY(plan_create(engine, s.graph, &plan));
 */
#ifndef TRAIN_STEP_GRAPH_H
#define TRAIN_STEP_GRAPH_H

#include "nn/network.h"

typedef struct step_graph {
    graph *graph; /* ids of the model's tensors are the model's */
    /* Inputs; those that nothing needs have no buffer in a plan, and writing them does nothing. */
    value_id pixels;                 /* u8 (N, H, W, C) */
    value_id labels;                 /* i32 (N) */
    value_id weights;                /* f32 (N) */
    value_id learning_rate, counter; /* f32 (1); the counter starts from 1 */
    value_id dropout_step;           /* i32 (2), or NO_VALUE */
    /* Outputs, f32 (1): the weighted mean loss, and the sum of the weights of what is right. */
    value_id loss, correct;
    value_id *states; /* the optimizer's, named TENSOR.momentum, TENSOR.m, TENSOR.v or TENSOR.square */
    int32_t state_count;
} step_graph;

/* For m->compile. Released on failure. */
fv_status step_graph_build(const fv_model *m, int64_t batch_size, step_graph *s);
void step_graph_release(step_graph *s);

#endif
