/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated quantisation: element by element in any layout, since 0 stays 0. */
#include <float.h>
#include <math.h>

#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct quantize_context {
    const kernel_table *kernels;
    float quant_min, quant_max;
    int64_t count;
} quantize_context;

static quantize_context *quantize_new(const compiler *c, const op *o, const layout *l)
{
    quantize_context *k = mem_array(1, sizeof *k);
    if (k)
        *k = (quantize_context){c->e->kernels, (float)o->a.quant_min, (float)o->a.quant_max,
                                layout_elements(l)};
    return k;
}

static grid grid_of(const quantize_context *k, const float *scale, const float *zero_point)
{
    float zero = rintf(*zero_point);
    zero = zero > k->quant_max ? k->quant_max : zero >= k->quant_min ? zero : k->quant_min;
    return (grid){*scale > 0 ? *scale : FLT_MIN, k->quant_min - zero, k->quant_max - zero};
}

static fv_status run(void *context, void *const *memory)
{
    const quantize_context *k = context;
    grid g = grid_of(k, memory[1], memory[2]);
    k->kernels->fake_quantize(&g, memory[0], memory[3], k->count);
    return FV_OK;
}

static fv_status run_grad(void *context, void *const *memory)
{
    const quantize_context *k = context;
    grid g = grid_of(k, memory[1], memory[2]);
    k->kernels->fake_quantize_grad(&g, memory[0], memory[3], memory[4], k->count);
    return FV_OK;
}

fv_status compile_fake_quantize(compiler *c, const op *o)
{
    layout l = *compiler_layout(c, o->inputs[0]);
    buffer_id b[] = {compiler_use(c, o->inputs[0], &l), compiler_use_dense(c, o->inputs[1]),
                     compiler_use_dense(c, o->inputs[2]),
                     compiler_define(c, o->outputs[0], &l, o->inputs[0])};
    return compiler_step(c, o, run, quantize_new(c, o, &l), b, 4);
}

fv_status compile_fake_quantize_grad(compiler *c, const op *o)
{
    value_id dy = o->inputs[3];
    layout l = *compiler_layout(c, o->inputs[0]);
    buffer_id b[] = {compiler_use(c, o->inputs[0], &l), compiler_use_dense(c, o->inputs[1]),
                     compiler_use_dense(c, o->inputs[2]), compiler_use(c, dy, &l),
                     compiler_define(c, o->outputs[0], &l, dy)};
    return compiler_step(c, o, run_grad, quantize_new(c, o, &l), b, 5);
}
