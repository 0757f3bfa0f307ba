/* SPDX-License-Identifier: Apache-2.0 */
/* Losses and the count of right answers, on row-major logits. */
#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct loss_context {
    const kernel_table *kernels;
    loss_arguments a;
} loss_context;

static loss_context *loss_new(compiler *c, const op *o)
{
    loss_context *k = mem_array(1, sizeof *k);
    const shape *s = compiler_shape(c, o->inputs[0]);
    if (k)
        *k = (loss_context){
            c->e->kernels,
            {.n = s->d[0],
             .classes = s->d[1],
             .smoothing = o->a.smoothing,
             .indices = compiler_value(c, o->inputs[1])->type == TYPE_I32,
             .sigmoid = o->kind != OP_SOFTMAX_CROSS_ENTROPY && o->kind != OP_SOFTMAX_CROSS_ENTROPY_GRAD,
             .each = o->a.each != 0}};
    return k;
}

static fv_status loss_run(void *context, void *const *memory)
{
    const loss_context *k = context;
    k->kernels->loss(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4]);
    return FV_OK;
}

static fv_status loss_grad_run(void *context, void *const *memory)
{
    const loss_context *k = context;
    k->kernels->loss_grad(&k->a, memory[0], memory[1], memory[2], memory[3]);
    return FV_OK;
}

static fv_status correct_run(void *context, void *const *memory)
{
    const loss_context *k = context;
    k->kernels->correct(&k->a, memory[0], memory[1], memory[2], memory[3]);
    return FV_OK;
}

fv_status compile_loss(compiler *c, const op *o)
{
    size_t bytes = (size_t)shape_count(compiler_shape(c, o->inputs[0])) * sizeof(float);
    value_id probabilities = o->outputs[1];
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]), compiler_use_dense(c, o->inputs[1]),
                     compiler_use_dense(c, o->inputs[2]), compiler_define_dense(c, o->outputs[0]),
                     probabilities == NO_VALUE ? compiler_scratch(c, bytes)
                                               : compiler_define_dense(c, probabilities)};
    if (b[3] == NO_BUFFER)
        b[3] = compiler_scratch(c, sizeof(float));
    return compiler_step(c, o, loss_run, loss_new(c, o), b, 5);
}

static fv_status compile_rows(compiler *c, const op *o, fv_status (*run)(void *, void *const *))
{
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]), compiler_use_dense(c, o->inputs[1]),
                     compiler_use_dense(c, o->inputs[2]), compiler_define_dense(c, o->outputs[0])};
    return compiler_step(c, o, run, loss_new(c, o), b, 4);
}

fv_status compile_loss_grad(compiler *c, const op *o)
{
    return compile_rows(c, o, loss_grad_run);
}

fv_status compile_correct(compiler *c, const op *o)
{
    return compile_rows(c, o, correct_run);
}
