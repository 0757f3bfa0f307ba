/* SPDX-License-Identifier: Apache-2.0 */
/* Group and layer normalisation with our own kernels, on row-major data. */
#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct norm_context {
    const kernel_table *kernels;
    group_norm_arguments a;
} norm_context;

static norm_context *context_new(compiler *c, const op *o)
{
    norm_context *k = mem_array(1, sizeof *k);
    const shape *x = compiler_shape(c, o->inputs[0]);
    int64_t channels = x->d[x->rank - 1], rows = shape_count(x) / channels;
    int64_t units = o->a.each_place ? rows : x->d[0];
    if (k)
        *k = (norm_context){c->e->kernels,
                            {units, rows / units, o->a.groups, channels / o->a.groups, o->a.epsilon}};
    return k;
}

static fv_status forward_run(void *context, void *const *memory)
{
    const norm_context *k = context;
    k->kernels->group_norm(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4], memory[5]);
    return FV_OK;
}

fv_status compile_group_norm(compiler *c, const op *o)
{
    buffer_id b[6];
    for (int i = 0; i < 3; i++) {
        b[i] = compiler_use_dense(c, o->inputs[i]);
        b[3 + i] = compiler_define_dense(c, o->outputs[i]);
    }
    return compiler_step(c, o, forward_run, context_new(c, o), b, 6);
}

static fv_status backward_run(void *context, void *const *memory)
{
    const norm_context *k = context;
    k->kernels->group_norm_grad(&k->a, memory[0], memory[1], memory[2], memory[3], memory[4], memory[5],
                                memory[6], memory[7]);
    return FV_OK;
}

fv_status compile_group_norm_grad(compiler *c, const op *o)
{
    buffer_id b[8];
    for (int i = 0; i < 5; i++)
        b[i] = compiler_use_dense(c, o->inputs[i]);
    for (int i = 0; i < 3; i++)
        b[5 + i] = compiler_define_dense(c, o->outputs[i]);
    return compiler_step(c, o, backward_run, context_new(c, o), b, 8);
}
