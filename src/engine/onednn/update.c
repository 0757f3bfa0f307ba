/* SPDX-License-Identifier: Apache-2.0 */
/* The optimizers' updates: gradient and state follow the layout of the parameter, and the step is flat. */
#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct update_context {
    const kernel_table *kernels;
    update_arguments a;
} update_context;

static fv_status sgd_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->update_sgd(&k->a, memory[0], memory[1], memory[2], memory[3]);
    return FV_OK;
}

static fv_status adam_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->update_adam(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4], memory[5]);
    return FV_OK;
}

static fv_status rmsprop_run(void *context, void *const *memory)
{
    const update_context *k = context;
    k->kernels->update_rmsprop(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4]);
    return FV_OK;
}

fv_status compile_update(compiler *c, const op *o)
{
    int states = o->kind == OP_UPDATE_SGD ? 1 : 2;
    layout l = *compiler_layout(c, o->inputs[0]);
    update_context *k = mem_array(1, sizeof *k);
    if (!k)
        return status_last();
    *k = (update_context){c->e->kernels,
                          {.count = layout_elements(&l),
                           .lr_scale = o->a.lr_scale,
                           .weight_decay = o->a.weight_decay,
                           .momentum = o->a.momentum,
                           .beta_1 = o->a.beta_1,
                           .beta_2 = o->a.beta_2,
                           .epsilon = o->a.epsilon,
                           .nesterov = o->a.nesterov,
                           .decoupled = o->a.decoupled}};
    buffer_id b[OP_MAX_INPUTS];
    for (int i = 0; i < o->input_count; i++)
        b[i] = i < 2 + states ? compiler_use(c, o->inputs[i], &l) : compiler_use_dense(c, o->inputs[i]);
    STATUS_TRY(compiler_step(c, o,
                             o->kind == OP_UPDATE_SGD    ? sgd_run
                             : o->kind == OP_UPDATE_ADAM ? adam_run
                                                         : rmsprop_run,
                             k, b, o->input_count));
    /* Copies in other layouts are stale from here on; a state that already had another layout gets its new contents back. */
    for (int i = 0; i < 2 + states; i++) {
        value_id v = i == 1 ? NO_VALUE : o->inputs[i];
        if (v == NO_VALUE)
            continue;
        buffer_id own = compiler_define(c, v, &l, NO_VALUE);
        if (own != b[i])
            STATUS_TRY(compiler_reorder(c, o->name, &l.md, b[i], &c->places[v].layout.md, own, false));
    }
    return c->status;
}
