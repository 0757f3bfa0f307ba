/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph of one training step: forward, loss, gradients and the optimizer's updates in one list of operations.
 *
 *     step_graph s;
 *     STATUS_TRY(step_graph_build(m, 32, &(step_loss){.targets = STEP_LABELS}, &s));
 *     STATUS_TRY(plan_create(engine, s.graph, &plan));
 */
#ifndef TRAIN_STEP_GRAPH_H
#define TRAIN_STEP_GRAPH_H

#include "nn/network.h"
#include "train/feature_cut.h"

/* What a step is told about a batch's classes. */
typedef enum step_targets {
    STEP_LABELS = 0, /* a class each */
    STEP_SOFT,       /* a distribution over the classes */
    STEP_MULTI_LABEL /* any number of classes: right is counted class by class */
} step_targets;

/* What the loss is made of beside m->compile. */
typedef struct step_loss {
    step_targets targets;
    const float
        *positive; /* (K) what a class weighs where a picture has it; borrowed; sigmoids only; NULL: 1 each */
    /* Of what a teacher says in the loss; temperature 0: there is none. */
    float teacher_share, temperature;
} step_loss;

typedef struct step_graph {
    graph *graph; /* ids of the model's tensors are the model's */
    /* Inputs; those that nothing needs have no buffer in a plan, and writing them does nothing. */
    value_id pixels;                 /* u8 (N, H, W, C) */
    value_id labels;                 /* STEP_LABELS: i32 (N), else f32 (N, K) */
    value_id weights, counted;       /* f32 (N): in the loss; 1 for what counts as right or wrong, else 0 */
    value_id teacher, positive;      /* f32 (N, K): a teacher's probabilities; f32 (K); or NO_VALUE */
    value_id learning_rate, counter; /* f32 (1); the counter starts from 1 */
    value_id dropout_step;           /* i32 (2), or NO_VALUE */
    /* Outputs, f32 (1): the weighted mean loss, and how many of those counted are right. */
    value_id loss, correct;
    value_id *states; /* the optimizer's, named TENSOR.momentum, .m, .v or .square; .accumulated; .ema */
    int32_t state_count;
    /* Where m->compile asks for them, else NO_VALUE. Inputs, f32 (1): the part of this batch in the gradients accumulated so far, and of the
     * new weights in their average. Output, f32 (1): the norm of all gradients. */
    value_id batch_share, average_share, gradient_norm;
    value_id *
        averages; /* the averaged weights, by tensor of the model; NULL, or NO_VALUE where nothing changes the tensor */
} step_graph;

/* For m->compile. Released on failure. */
fv_status step_graph_build(const fv_model *m, int64_t batch_size, const step_loss *loss, step_graph *s);
/* The same from the cut on, whose values are inputs in place of pixels. */
fv_status step_graph_build_from(const fv_model *m, const feature_cut *cut, int64_t batch_size,
                                const step_loss *loss, step_graph *s);
void step_graph_release(step_graph *s);

/* step_loss.c: for m->compile, with the inputs that the loss alone needs. */
fv_status step_add_loss(step_graph *s, const fv_model *m, int64_t batch_size, const step_loss *loss);

/* step_frozen.c: batch norms that keep their statistics, in a graph that is not fused yet. Those of frozen layers go into the convolution or dense
 * layer before them where that is frozen too. */
fv_status step_fix_statistics(graph *g, const fv_model *m);

/* step_update.c: the gradients of all trainable tensors, and an update for each that the loss depends on. */
fv_status step_add_updates(step_graph *s, const fv_model *m);

#endif
