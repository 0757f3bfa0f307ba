/* SPDX-License-Identifier: Apache-2.0 */
/* The optimizers' updates, what is done to gradients before them, and running averages: all follow the layout of the tensor
 * that stays, and the step is flat. */
#include <math.h>

#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct update_context {
    const kernel_table *kernels;
    update_arguments a;
} update_context;

static update_context *context_new(compiler *c, const op *o, const layout *l)
{
    update_context *k = mem_array(1, sizeof *k);
    if (k)
        *k = (update_context){c->e->kernels,
                              {.count = layout_elements(l),
                               .lr_scale = o->a.lr_scale,
                               .weight_decay = o->a.weight_decay,
                               .momentum = o->a.momentum,
                               .beta_1 = o->a.beta_1,
                               .beta_2 = o->a.beta_2,
                               .epsilon = o->a.epsilon,
                               .nesterov = o->a.nesterov,
                               .decoupled = o->a.decoupled,
                               .adapt = o->a.adapt,
                               .l1 = o->a.l1,
                               .l2 = o->a.l2,
                               .limit = o->a.limit}};
    return k;
}

static fv_status sgd_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->update_sgd(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4]);
    return FV_OK;
}

static fv_status adam_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->update_adam(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4], memory[5],
                            memory[6]);
    return FV_OK;
}

static fv_status rmsprop_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->update_rmsprop(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4], memory[5]);
    return FV_OK;
}

static fv_status adagrad_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->update_adagrad(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4]);
    return FV_OK;
}

static fv_status lion_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->update_lion(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4]);
    return FV_OK;
}

static fv_status lamb_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->update_lamb(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4], memory[5],
                            memory[6]);
    return FV_OK;
}

/* Of the inputs, the first `tensors` have the layout of the parameter; the others are single numbers. */
static const struct update_kind {
    op_kind kind;
    fv_status (*run)(void *context, void *const *memory);
    int tensors, inputs;
} kinds[] = {{OP_UPDATE_SGD, sgd_run, 3, 5},         {OP_UPDATE_ADAM, adam_run, 4, 7},
             {OP_UPDATE_RMSPROP, rmsprop_run, 4, 6}, {OP_UPDATE_ADAGRAD, adagrad_run, 3, 5},
             {OP_UPDATE_LION, lion_run, 3, 5},       {OP_UPDATE_LAMB, lamb_run, 4, 7}};

fv_status compiler_updated(compiler *c, const op *o, value_id v, const layout *l, buffer_id b)
{
    if (v == NO_VALUE)
        return FV_OK;
    buffer_id own = compiler_define(c, v, l, NO_VALUE);
    return own != b ? compiler_reorder(c, o->name, &l->md, b, &c->places[v].layout.md, own, false) : FV_OK;
}

fv_status compile_update(compiler *c, const op *o)
{
    const struct update_kind *kind = kinds;
    while (kind->kind != o->kind)
        kind++;
    layout l = *compiler_layout(c, o->inputs[0]);
    buffer_id b[OP_MAX_INPUTS];
    for (int i = 0; i < kind->inputs; i++)
        b[i] = i >= o->input_count ? NO_BUFFER
               : i < kind->tensors ? compiler_use(c, o->inputs[i], &l)
                                   : compiler_use_dense(c, o->inputs[i]);
    STATUS_TRY(compiler_step(c, o, kind->run, context_new(c, o, &l), b, kind->inputs));
    for (int i = 0; i < kind->tensors; i++)
        if (i != 1)
            STATUS_TRY(compiler_updated(c, o, o->inputs[i], &l, b[i]));
    return c->status;
}

static fv_status average_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->average(memory[0], memory[1], memory[2], k->a.count);
    return FV_OK;
}

/* The average takes the layout of what is averaged when it has none yet. */
fv_status compile_average(compiler *c, const op *o)
{
    layout x = *compiler_layout(c, o->inputs[1]);
    compiler_settle(c, o->inputs[0], &x);
    layout l = *compiler_layout(c, o->inputs[0]);
    buffer_id b[] = {compiler_use(c, o->inputs[0], &l), compiler_use(c, o->inputs[1], &l),
                     compiler_use_dense(c, o->inputs[2])};
    STATUS_TRY(compiler_step(c, o, average_run, context_new(c, o, &l), b, 3));
    return compiler_updated(c, o, o->inputs[0], &l, b[0]);
}

static fv_status adjust_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->adjust_gradient(&k->a, memory[0], memory[1], memory[2]);
    return FV_OK;
}

fv_status compile_adjust_gradient(compiler *c, const op *o)
{
    layout l = *compiler_layout(c, o->inputs[1]);
    buffer_id b[] = {compiler_use(c, o->inputs[0], &l), compiler_use(c, o->inputs[1], &l),
                     compiler_define(c, o->outputs[0], &l, o->inputs[0])};
    return compiler_step(c, o, adjust_run, context_new(c, o, &l), b, 3);
}

static fv_status square_sum_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->square_sum(memory[0], memory[1], memory[2], k->a.count);
    return FV_OK;
}

/* Whatever the layout: what pads it is zero. */
fv_status compile_square_sum(compiler *c, const op *o)
{
    layout l = *compiler_layout(c, o->inputs[0]);
    buffer_id b[] = {compiler_use(c, o->inputs[0], &l),
                     o->input_count > 1 ? compiler_use_dense(c, o->inputs[1]) : NO_BUFFER,
                     compiler_define_dense(c, o->outputs[0])};
    return compiler_step(c, o, square_sum_run, context_new(c, o, &l), b, 3);
}

static fv_status clip_factor_run(void *context, void *const *memory)
{
    const update_context *k = context;
    double norm = sqrt((double)*(const float *)memory[0]), factor = (double)k->a.limit / (norm + 1e-6);
    *(float *)memory[1] = (float)(factor > 1 ? 1 : factor);
    *(float *)memory[2] = (float)norm;
    return FV_OK;
}

fv_status compile_clip_factor(compiler *c, const op *o)
{
    layout l = layout_dense(compiler_value(c, o->inputs[0]));
    buffer_id b[] = {compiler_use(c, o->inputs[0], &l), compiler_define_dense(c, o->outputs[0]),
                     compiler_define_dense(c, o->outputs[1])};
    return compiler_step(c, o, clip_factor_run, context_new(c, o, &l), b, 3);
}
