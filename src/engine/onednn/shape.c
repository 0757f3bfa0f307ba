/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that only move data: concatenation, padding, cropping, and reshaping, which moves nothing. */
#include <string.h>

#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct box_context {
    const kernel_table *kernels;
    box b;
} box_context;

static fv_status box_run(void *context, void *const *memory)
{
    const box_context *k = context;
    k->kernels->box_copy(&k->b, memory[0], memory[1]);
    return FV_OK;
}

/* The sizes of a picture's layout as five dimensions: n, groups, h, w, block. False when channels would move within a block. */
static bool box_of_form(const form *f, const shape *s, const shape *t, const int64_t *before, form *target,
                        box *b)
{
    int64_t block = f->block;
    if (f->groups == 1 && block == f->channels)
        return false; /* rows of all channels: the row-major way does it */
    if (before[3] % block || s->d[3] % block || t->d[3] % block)
        return false;
    *target = (form){t->d[0], t->d[3] / block, t->d[1] * t->d[2], block, t->d[3]};
    *b = (box){.in = {s->d[0], f->groups, s->d[1], s->d[2], block},
               .out = {t->d[0], target->groups, t->d[1], t->d[2], block},
               .at = {before[0], before[3] / block, before[1], before[2], 0}};
    return true;
}

/* y[i] = x[i + at[i]], zero outside of x; `at` has as many entries as x has dimensions. */
static fv_status compile_box(compiler *c, const op *o, const int64_t *at)
{
    value_id x = o->inputs[0], y = o->outputs[0];
    const shape *sx = compiler_shape(c, x), *sy = compiler_shape(c, y);
    box_context *k = mem_array(1, sizeof *k);
    if (!k)
        return status_last();
    k->kernels = c->e->kernels;
    form f, target;
    layout l = compiler_walkable(c, x, &f);
    if (sx->rank == 4 && l.picture && box_of_form(&f, sx, sy, at, &target, &k->b)) {
        layout ly = layout_picture(sy, target.block);
        buffer_id b[] = {compiler_use(c, x, &l), compiler_define(c, y, &ly, NO_VALUE)};
        return compiler_step(c, o, box_run, k, b, 2);
    }
    for (int i = 0; i < 5; i++) {
        int j = i - (5 - sx->rank);
        k->b.in[i] = j >= 0 ? sx->d[j] : 1;
        k->b.out[i] = j >= 0 ? sy->d[j] : 1;
        k->b.at[i] = j >= 0 ? at[j] : 0;
    }
    buffer_id b[] = {compiler_use_dense(c, x), compiler_define_dense(c, y)};
    return compiler_step(c, o, box_run, k, b, 2);
}

fv_status compile_pad(compiler *c, const op *o)
{
    int64_t at[4];
    for (int i = 0; i < 4; i++)
        at[i] = -o->a.before[i];
    return compile_box(c, o, at);
}

fv_status compile_crop(compiler *c, const op *o)
{
    return compile_box(c, o, o->a.before);
}

typedef struct concat_context {
    int count;
    int64_t rows, width[OP_MAX_INPUTS], total; /* rows of `width` floats each */
} concat_context;

static fv_status concat_run(void *context, void *const *memory)
{
    const concat_context *k = context;
    float *y = memory[k->count];
#pragma omp parallel for schedule(static) if (k->rows * k->total > 32768)
    for (int64_t row = 0; row < k->rows; row++) {
        float *to = y + row * k->total;
        for (int i = 0; i < k->count; i++) {
            memcpy(to, (const float *)memory[i] + row * k->width[i], (size_t)k->width[i] * sizeof(float));
            to += k->width[i];
        }
    }
    return FV_OK;
}

/* Blocks can be kept when every input fills its blocks. */
static int64_t common_block(compiler *c, const op *o)
{
    form f;
    layout first = compiler_walkable(c, o->inputs[0], &f);
    if (!first.picture || (f.groups == 1 && f.block == f.channels && f.block != 8 && f.block != 16))
        return 0;
    for (int i = 0; i < o->input_count; i++)
        if (compiler_shape(c, o->inputs[i])->d[3] % f.block)
            return 0;
    return f.block;
}

fv_status compile_concat(compiler *c, const op *o)
{
    value_id y = o->outputs[0];
    const shape *sy = compiler_shape(c, y);
    int64_t block = common_block(c, o), channels = sy->d[sy->rank - 1];
    int64_t spatial = block ? sy->d[1] * sy->d[2] : 1;
    concat_context *k = mem_array(1, sizeof *k);
    if (!k)
        return status_last();
    *k = (concat_context){
        .count = o->input_count, .rows = shape_count(sy) / channels / spatial, .total = channels * spatial};
    buffer_id b[OP_MAX_INPUTS + 1];
    for (int i = 0; i < o->input_count; i++) {
        const shape *s = compiler_shape(c, o->inputs[i]);
        layout l = block ? layout_picture(s, block) : layout_dense(compiler_value(c, o->inputs[i]));
        k->width[i] = s->d[s->rank - 1] * spatial;
        b[i] = block ? compiler_use(c, o->inputs[i], &l) : compiler_use_dense(c, o->inputs[i]);
    }
    layout ly = block ? layout_picture(sy, block) : layout_dense(compiler_value(c, y));
    b[o->input_count] = compiler_define(c, y, &ly, NO_VALUE);
    return compiler_step(c, o, concat_run, k, b, o->input_count + 1);
}

typedef struct shuffle_context {
    int64_t rows, groups, each;
} shuffle_context;

static fv_status shuffle_run(void *context, void *const *memory)
{
    const shuffle_context *k = context;
    const float *x = memory[0];
    float *y = memory[1];
    int64_t channels = k->groups * k->each;
#pragma omp parallel for schedule(static) if (k->rows * channels > 32768)
    for (int64_t row = 0; row < k->rows; row++)
        for (int64_t i = 0; i < k->each; i++)
            for (int64_t g = 0; g < k->groups; g++)
                y[row * channels + i * k->groups + g] = x[row * channels + g * k->each + i];
    return FV_OK;
}

fv_status compile_shuffle(compiler *c, const op *o)
{
    const shape *s = compiler_shape(c, o->inputs[0]);
    int64_t channels = s->d[s->rank - 1];
    shuffle_context *k = mem_array(1, sizeof *k);
    if (!k)
        return status_last();
    *k = (shuffle_context){shape_count(s) / channels, o->a.groups, channels / o->a.groups};
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]), compiler_define_dense(c, o->outputs[0])};
    return compiler_step(c, o, shuffle_run, k, b, 2);
}

fv_status compile_reshape(compiler *c, const op *o)
{
    value_id x = o->inputs[0], y = o->outputs[0];
    buffer_id b = compiler_use_dense(c, x);
    layout l = layout_dense(compiler_value(c, y));
    compiler_view(c, y, x, &l, b);
    return c->status;
}

fv_status compile_flatten(compiler *c, const op *o)
{
    value_id x = o->inputs[0];
    layout l = *compiler_layout(c, x);
    if (!l.picture)
        l = layout_picture(compiler_shape(c, x), 0);
    buffer_id b = compiler_use(c, x, &l);
    l.picture = false;
    compiler_view(c, o->outputs[0], x, &l, b);
    return c->status;
}

fv_status compile_unflatten(compiler *c, const op *o)
{
    value_id y = o->inputs[0], x = o->outputs[0];
    const shape *s = compiler_shape(c, x);
    layout l = *compiler_layout(c, y);
    buffer_id b = c->places[y].buffer;
    if (l.picture || l.md.ndims != 4 || l.md.dims[1] != s->d[3] || l.md.dims[2] != s->d[1] ||
        l.md.dims[3] != s->d[2]) {
        b = compiler_use_dense(c, y);
        l = layout_picture(s, 1);
    }
    l.picture = true;
    compiler_view(c, x, y, &l, b);
    return c->status;
}
