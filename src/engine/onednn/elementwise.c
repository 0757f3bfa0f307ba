/* SPDX-License-Identifier: Apache-2.0 */
/* Element by element operations: they keep their input's layout, padding included, and work over it where they may. */
#include "core/memory.h"
#include "engine/onednn/compiler.h"

typedef struct element_context {
    const kernel_table *kernels;
    fv_activation_kind activation;
    float alpha, rate;
    uint32_t stream;
    int64_t count;
    form f;
    broadcast w;
    bool walked, per_picture;
} element_context;

static element_context *element_new(compiler *c, const op *o, const layout *l)
{
    element_context *k = mem_array(1, sizeof *k);
    if (!k)
        return NULL;
    *k = (element_context){.kernels = c->e->kernels,
                           .activation = o->a.activation,
                           .alpha = o->a.alpha,
                           .rate = o->a.rate,
                           .stream = o->a.stream,
                           .count = layout_elements(l)};
    k->walked = layout_form(l, &k->f);
    return k;
}

/* The layout to work in: v's own. Where 0 does not become 0, padding must be known, or absent. */
static layout element_layout(compiler *c, value_id v, fv_activation_kind activation)
{
    form f;
    layout l = *compiler_layout(c, v);
    return activation_keeps_zero(activation) || layout_form(&l, &f) ? l : layout_dense_like(&l);
}

typedef struct normalize_context {
    const kernel_table *kernels;
    normalize_arguments a;
} normalize_context;

static fv_status normalize_run(void *context, void *const *memory)
{
    const normalize_context *k = context;
    k->kernels->normalize(&k->a, memory[0], memory[1]);
    return FV_OK;
}

/* Into the layout that the convolution after it wants. */
fv_status compile_normalize(compiler *c, const op *o)
{
    value_id y = o->outputs[0];
    const shape *s = compiler_shape(c, y);
    layout l = layout_picture(s, 0), planes = layout_picture(s, 1);
    for (int32_t i = c->op + 1; i < c->g->op_count; i++)
        if (c->g->ops[i].kind == OP_CONV2D && c->g->ops[i].inputs[0] == y) {
            STATUS_TRY(convolution_source_layout(c, &c->g->ops[i], &l));
            break;
        }
    normalize_context *k = mem_array(1, sizeof *k);
    if (!k)
        return status_last();
    *k = (normalize_context){.kernels = c->e->kernels, .a = {.reverse = o->a.reverse}};
    for (int i = 0; i < FV_MAX_CHANNELS; i++) {
        k->a.mean[i] = o->a.mean[i];
        k->a.std[i] = o->a.std[i];
    }
    if (layout_equal(&l, &planes)) {
        k->a.f = (form){s->d[0], s->d[3], s->d[1] * s->d[2], 1, s->d[3]};
    } else if (!layout_form(&l, &k->a.f)) {
        l = layout_picture(s, 0);
        layout_form(&l, &k->a.f);
    }
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]), compiler_define(c, y, &l, NO_VALUE)};
    return compiler_step(c, o, normalize_run, k, b, 2);
}

static fv_status activation_run(void *context, void *const *memory)
{
    const element_context *k = context;
    k->kernels->activate(k->activation, k->alpha, memory[0], memory[1], k->count);
    if (!activation_keeps_zero(k->activation) && k->walked)
        k->kernels->zero_padding(&k->f, memory[1]);
    return FV_OK;
}

fv_status compile_activation(compiler *c, const op *o)
{
    layout l = element_layout(c, o->inputs[0], o->a.activation);
    buffer_id b[] = {compiler_use(c, o->inputs[0], &l), compiler_define(c, o->outputs[0], &l, o->inputs[0])};
    return compiler_step(c, o, activation_run, element_new(c, o, &l), b, 2);
}

static fv_status activation_grad_run(void *context, void *const *memory)
{
    const element_context *k = context;
    k->kernels->activate_grad(k->activation, k->alpha, memory[0], memory[1], memory[2], k->count);
    return FV_OK;
}

/* Padding of dy is zero, and so is that of dx. */
fv_status compile_activation_grad(compiler *c, const op *o)
{
    value_id v = o->inputs[0] != NO_VALUE ? o->inputs[0] : o->inputs[1], dy = o->inputs[2];
    layout l = *compiler_layout(c, v);
    buffer_id b[] = {compiler_use(c, v, &l), compiler_use(c, dy, &l),
                     compiler_define(c, o->outputs[0], &l, dy)};
    return compiler_step(c, o, activation_grad_run, element_new(c, o, &l), b, 3);
}

typedef struct rows_context {
    const kernel_table *kernels;
    int64_t rows, classes;
} rows_context;

static rows_context *rows_new(compiler *c, value_id v)
{
    rows_context *k = mem_array(1, sizeof *k);
    const shape *s = compiler_shape(c, v);
    if (k)
        *k = (rows_context){c->e->kernels, shape_count(s) / s->d[s->rank - 1], s->d[s->rank - 1]};
    return k;
}

static fv_status softmax_run(void *context, void *const *memory)
{
    const rows_context *k = context;
    k->kernels->softmax(k->rows, k->classes, memory[0], memory[1]);
    return FV_OK;
}

static fv_status softmax_grad_run(void *context, void *const *memory)
{
    const rows_context *k = context;
    k->kernels->softmax_grad(k->rows, k->classes, memory[0], memory[1], memory[2]);
    return FV_OK;
}

fv_status compile_softmax(compiler *c, const op *o)
{
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]), compiler_define_dense(c, o->outputs[0])};
    return compiler_step(c, o, softmax_run, rows_new(c, o->inputs[0]), b, 2);
}

fv_status compile_softmax_grad(compiler *c, const op *o)
{
    buffer_id b[] = {compiler_use_dense(c, o->inputs[0]), compiler_use_dense(c, o->inputs[1]),
                     compiler_define_dense(c, o->outputs[0])};
    return compiler_step(c, o, softmax_grad_run, rows_new(c, o->inputs[0]), b, 3);
}

static fv_status dropout_run(void *context, void *const *memory)
{
    const element_context *k = context;
    void (*run)(const form *, float, uint32_t, const int32_t *, const float *, float *) =
        k->per_picture ? k->kernels->dropout_samples : k->kernels->dropout;
    run(&k->f, k->rate, k->stream, memory[1], memory[0], memory[2]);
    return FV_OK;
}

static fv_status spatial_dropout_run(void *context, void *const *memory)
{
    const element_context *k = context;
    k->kernels->dropout_factors(k->f.n * k->f.channels, k->rate, k->stream, memory[1], memory[3]);
    k->kernels->channel_multiply(&k->f, true, memory[0], memory[3], memory[2]);
    return FV_OK;
}

/* The random number of an element depends on its logical index, which the form knows. */
fv_status compile_dropout(compiler *c, const op *o)
{
    form f;
    layout l = compiler_walkable(c, o->inputs[0], &f);
    element_context *k = element_new(c, o, &l);
    if (k) {
        k->f = f;
        k->per_picture = o->a.per_sample;
    }
    buffer_id b[] = {compiler_use(c, o->inputs[0], &l), compiler_use_dense(c, o->inputs[1]),
                     compiler_define(c, o->outputs[0], &l, o->inputs[0]), NO_BUFFER};
    if (!o->a.per_channel)
        return compiler_step(c, o, dropout_run, k, b, 3);
    b[3] = compiler_scratch(c, (size_t)(f.n * f.channels) * sizeof(float));
    return compiler_step(c, o, spatial_dropout_run, k, b, 4);
}

static fv_status add_run(void *context, void *const *memory)
{
    const element_context *k = context;
    k->kernels->add(k->activation, k->alpha, memory[0], memory[1], memory[2], k->count);
    if (!activation_keeps_zero(k->activation) && k->walked)
        k->kernels->zero_padding(&k->f, memory[2]);
    return FV_OK;
}

static fv_status multiply_run(void *context, void *const *memory)
{
    const element_context *k = context;
    k->kernels->multiply(memory[0], memory[1], memory[2], k->count);
    return FV_OK;
}

static fv_status channel_run(void *context, void *const *memory)
{
    const element_context *k = context;
    k->kernels->channel_multiply(&k->f, k->per_picture, memory[0], memory[1], memory[2]);
    return FV_OK;
}

static fv_status channel_add_run(void *context, void *const *memory)
{
    const element_context *k = context;
    k->kernels->channel_add(&k->f, k->per_picture, memory[0], memory[1], memory[2]);
    if (k->activation != FV_LINEAR)
        k->kernels->activate(k->activation, k->alpha, memory[2], memory[2], k->count);
    if (!activation_keeps_zero(k->activation))
        k->kernels->zero_padding(&k->f, memory[2]);
    return FV_OK;
}

static fv_status scale_run(void *context, void *const *memory)
{
    const element_context *k = context;
    k->kernels->scale(memory[0], memory[1], memory[2], k->count);
    return FV_OK;
}

static fv_status multiply_broadcast_run(void *context, void *const *memory)
{
    const element_context *k = context;
    k->kernels->multiply_broadcast(&k->w, memory[0], memory[1], memory[2]);
    return FV_OK;
}

static fv_status add_broadcast_run(void *context, void *const *memory)
{
    const element_context *k = context;
    k->kernels->add_broadcast(&k->w, k->activation, k->alpha, memory[0], memory[1], memory[2]);
    return FV_OK;
}

/* Row-major strides of s as an operand of y: 0 where it repeats. Shapes are aligned at their last dimension. */
static void operand_strides(const shape *s, const shape *y, int64_t *strides, int64_t *size)
{
    int64_t step = 1;
    for (int i = 0; i < 4; i++) {
        int k = y->rank - 1 - i, j = s->rank - 1 - i;
        size[3 - i] = k >= 0 ? y->d[k] : 1;
        strides[3 - i] = j >= 0 && s->d[j] > 1 ? step : 0;
        step *= j >= 0 ? s->d[j] : 1;
    }
}

/* b is one value a channel: (N or 1, 1, 1, C). */
static bool per_channel(const shape *y, const shape *b)
{
    return y->rank == 4 && b->rank == 4 && b->d[1] == 1 && b->d[2] == 1 && b->d[3] == y->d[3];
}

static fv_status compile_same_shape(compiler *c, const op *o)
{
    value_id a = o->inputs[0], b = o->inputs[1];
    layout l = element_layout(c, a, o->a.activation), lb = element_layout(c, b, o->a.activation);
    if (layout_is_dense(&l) && !layout_is_dense(&lb)) /* a block is worth keeping */
        l = lb;
    buffer_id buffers[] = {compiler_use(c, a, &l), compiler_use(c, b, &l), NO_BUFFER};
    value_id over = compiler_may_overwrite(c, a) && layout_equal(&c->places[a].layout, &l) ? a : b;
    buffers[2] = compiler_define(c, o->outputs[0], &l, over);
    return compiler_step(c, o, o->kind == OP_ADD ? add_run : multiply_run, element_new(c, o, &l), buffers, 3);
}

/* y has a's shape and b is a single number: any layout of a will do, since 0 stays 0. */
static fv_status compile_scaled(compiler *c, const op *o, value_id a, value_id b)
{
    layout l = *compiler_layout(c, a);
    buffer_id buffers[] = {compiler_use(c, a, &l), compiler_use_dense(c, b),
                           compiler_define(c, o->outputs[0], &l, a)};
    return compiler_step(c, o, scale_run, element_new(c, o, &l), buffers, 3);
}

fv_status compile_binary(compiler *c, const op *o)
{
    value_id a = o->inputs[0], b = o->inputs[1], y = o->outputs[0];
    const shape *sa = compiler_shape(c, a), *sb = compiler_shape(c, b), *sy = compiler_shape(c, y);
    if (shape_equal(sa, sb))
        return compile_same_shape(c, o);
    if (!shape_equal(sa, sy)) { /* both operations commute */
        value_id t = a;
        a = b;
        b = t;
        sa = compiler_shape(c, a);
        sb = compiler_shape(c, b);
    }
    if (shape_equal(sa, sy) && shape_count(sb) == 1 && o->kind == OP_MULTIPLY)
        return compile_scaled(c, o, a, b);
    if (shape_equal(sa, sy) && per_channel(sy, sb)) {
        form f;
        layout l = compiler_walkable(c, a, &f);
        element_context *k = element_new(c, o, &l);
        if (k)
            k->per_picture = sb->d[0] > 1;
        buffer_id buffers[] = {compiler_use(c, a, &l), compiler_use_dense(c, b),
                               compiler_define(c, y, &l, a)};
        return compiler_step(c, o, o->kind == OP_ADD ? channel_add_run : channel_run, k, buffers, 3);
    }
    layout l = layout_dense(compiler_value(c, y));
    element_context *k = element_new(c, o, &l);
    if (!k)
        return status_last();
    operand_strides(sa, sy, k->w.a, k->w.size);
    operand_strides(sb, sy, k->w.b, k->w.size);
    buffer_id buffers[] = {compiler_use_dense(c, a), compiler_use_dense(c, b), compiler_define_dense(c, y)};
    return compiler_step(c, o, o->kind == OP_ADD ? add_broadcast_run : multiply_broadcast_run, k, buffers, 3);
}

typedef struct reduce_context {
    const kernel_table *kernels;
    form f;
    broadcast w;
    int64_t count;
} reduce_context;

static fv_status reduce_all_run(void *context, void *const *memory)
{
    const reduce_context *k = context;
    k->kernels->sum(memory[0], memory[1], k->count);
    return FV_OK;
}

static fv_status reduce_spatial_run(void *context, void *const *memory)
{
    const reduce_context *k = context;
    k->kernels->spatial_mean(&k->f, 1, memory[0], memory[1]);
    return FV_OK;
}

static fv_status reduce_run(void *context, void *const *memory)
{
    const reduce_context *k = context;
    k->kernels->reduce_sum(&k->w, k->count, memory[0], memory[1]);
    return FV_OK;
}

fv_status compile_reduce_sum(compiler *c, const op *o)
{
    value_id x = o->inputs[0], y = o->outputs[0];
    const shape *sx = compiler_shape(c, x), *sy = compiler_shape(c, y);
    reduce_context *k = mem_array(1, sizeof *k);
    if (!k)
        return status_last();
    *k = (reduce_context){.kernels = c->e->kernels, .count = shape_count(sy)};
    if (k->count == 1) { /* padding adds zeros */
        layout l = *compiler_layout(c, x);
        k->count = layout_elements(&l);
        return compiler_step(c, o, reduce_all_run, k,
                             (buffer_id[]){compiler_use(c, x, &l), compiler_define_dense(c, y)}, 2);
    }
    if (per_channel(sx, sy) && sx->d[0] == sy->d[0]) {
        layout l = compiler_walkable(c, x, &k->f);
        return compiler_step(c, o, reduce_spatial_run, k,
                             (buffer_id[]){compiler_use(c, x, &l), compiler_define_dense(c, y)}, 2);
    }
    operand_strides(sy, sx, k->w.a, k->w.size);
    return compiler_step(c, o, reduce_run, k,
                         (buffer_id[]){compiler_use_dense(c, x), compiler_define_dense(c, y)}, 2);
}
