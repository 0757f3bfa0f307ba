/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "engine/reference/kernels.h"

#define ROW(kind, name) [kind] = REAL_NAME(reference_##name)
static void (*const kernels[OP_KIND_COUNT])(const kernel_call *c) = {
    ROW(OP_NORMALIZE, normalize),
    ROW(OP_CONV2D, conv2d),
    ROW(OP_CONV2D_GRAD_INPUT, conv2d_grad_input),
    ROW(OP_CONV2D_GRAD_WEIGHT, conv2d_grad_weight),
    ROW(OP_DENSE, dense),
    ROW(OP_DENSE_GRAD_INPUT, dense_grad_input),
    ROW(OP_DENSE_GRAD_WEIGHT, dense_grad_weight),
    ROW(OP_MAX_POOL2D, max_pool2d),
    ROW(OP_MAX_POOL2D_GRAD, max_pool2d_grad),
    ROW(OP_AVERAGE_POOL2D, average_pool2d),
    ROW(OP_AVERAGE_POOL2D_GRAD, average_pool2d_grad),
    ROW(OP_GLOBAL_AVERAGE_POOL2D, global_average_pool2d),
    ROW(OP_GLOBAL_AVERAGE_POOL2D_GRAD, global_average_pool2d_grad),
    ROW(OP_BATCH_NORM, batch_norm),
    ROW(OP_BATCH_NORM_GRAD, batch_norm_grad),
    ROW(OP_BATCH_NORM_INFERENCE, batch_norm_inference),
    ROW(OP_BATCH_NORM_INFERENCE_GRAD, batch_norm_inference_grad),
    ROW(OP_FOLD_BATCH_NORM, fold_batch_norm),
    ROW(OP_GROUP_NORM, group_norm),
    ROW(OP_GROUP_NORM_GRAD, group_norm_grad),
    ROW(OP_ATTENTION, attention),
    ROW(OP_ATTENTION_GRAD, attention_grad),
    ROW(OP_ACTIVATION, activation),
    ROW(OP_ACTIVATION_GRAD, activation_grad),
    ROW(OP_SOFTMAX, softmax),
    ROW(OP_SOFTMAX_GRAD, softmax_grad),
    ROW(OP_FAKE_QUANTIZE, fake_quantize),
    ROW(OP_FAKE_QUANTIZE_GRAD, fake_quantize_grad),
    ROW(OP_DROPOUT, dropout),
    ROW(OP_ADD, add),
    ROW(OP_MULTIPLY, multiply),
    ROW(OP_REDUCE_SUM, reduce_sum),
    ROW(OP_CONCAT, concat),
    ROW(OP_PAD, pad),
    ROW(OP_CROP, crop),
    ROW(OP_SHUFFLE, shuffle),
    ROW(OP_RESHAPE, reshape),
    ROW(OP_FLATTEN, flatten),
    ROW(OP_UNFLATTEN, unflatten),
    ROW(OP_SOFTMAX_CROSS_ENTROPY, softmax_cross_entropy),
    ROW(OP_SOFTMAX_CROSS_ENTROPY_GRAD, softmax_cross_entropy_grad),
    ROW(OP_SIGMOID_CROSS_ENTROPY, sigmoid_cross_entropy),
    ROW(OP_SIGMOID_CROSS_ENTROPY_GRAD, sigmoid_cross_entropy_grad),
    ROW(OP_SOFTMAX_LOSS, softmax_loss),
    ROW(OP_SIGMOID_LOSS, sigmoid_loss),
    ROW(OP_LOSS_GRAD, loss_grad),
    ROW(OP_CORRECT, correct),
    ROW(OP_VOTE, vote),
    ROW(OP_ADJUST_GRADIENT, adjust_gradient),
    ROW(OP_SQUARE_SUM, square_sum),
    ROW(OP_CLIP_FACTOR, clip_factor),
    ROW(OP_AVERAGE, average),
    ROW(OP_UPDATE_SGD, update_sgd),
    ROW(OP_UPDATE_ADAM, update_adam),
    ROW(OP_UPDATE_RMSPROP, update_rmsprop),
    ROW(OP_UPDATE_ADAGRAD, update_adagrad),
    ROW(OP_UPDATE_LION, update_lion),
    ROW(OP_UPDATE_LAMB, update_lamb),
    ROW(OP_ORTHOGONAL_MOMENTUM, orthogonal_momentum),
};

/* A step's context: the call, whose operands get their addresses when the program is bound. */
typedef struct step_context {
    kernel_call call;
    op_kind kind;
    int output_count;
} step_context;

/* What a value takes in memory. No operation here keeps a workspace for its gradient. */
static size_t value_bytes(const value *v)
{
    static const size_t sizes[] = {
        [TYPE_F32] = sizeof(real), [TYPE_U8] = 1, [TYPE_I32] = 4, [TYPE_OPAQUE] = 0};
    return (size_t)shape_count(&v->shape) * sizes[v->type];
}

static fv_status probe(text *detail)
{
    text_add(detail, "plain C, %d bits", (int)sizeof(real) * 8);
    return text_status(detail);
}

static void destroy(engine *e)
{
    free(e);
}

static bool supports(const graph *g, const op *o, const char **why)
{
    (void)g;
    *why = "the reference engine has no kernel for it";
    return kernels[o->kind] != NULL;
}

static fv_status step_bind(void *context, void *const *memory)
{
    step_context *s = context;
    for (int i = 0; i < s->call.input_count; i++)
        s->call.in[i].data = memory[i];
    for (int i = 0; i < s->output_count; i++)
        s->call.out[i].data = memory[s->call.input_count + i];
    return FV_OK;
}

static fv_status step_run(void *context, void *const *memory)
{
    (void)memory;
    const step_context *s = context;
    kernels[s->kind](&s->call);
    return FV_OK;
}

/* The buffer of v, made when it is first asked for. */
static fv_status value_buffer(program *p, const graph *g, value_id v, bool prologue, buffer_id *out)
{
    *out = NO_BUFFER;
    if (v == NO_VALUE)
        return FV_OK;
    if (p->value_buffers[v] == NO_BUFFER) {
        const value *info = &g->values[v];
        bool lasts = prologue || info->kind != VALUE_COMPUTED;
        buffer_id b = program_buffer(p, value_bytes(info), lasts ? BUFFER_PERSISTENT : BUFFER_ARENA);
        if (b == NO_BUFFER)
            return status_last();
        p->buffers[b].read_after = info->output;
        p->value_buffers[v] = b;
    }
    *out = p->value_buffers[v];
    return FV_OK;
}

static fv_status operand_init(operand *x, buffer_id *b, program *p, const graph *g, value_id v, bool prologue)
{
    if (v != NO_VALUE)
        *x = (operand){.type = g->values[v].type, .shape = g->values[v].shape};
    return value_buffer(p, g, v, prologue, b);
}

static fv_status compile_op(program *p, const graph *g, const op *o)
{
    step_context *s = mem_array(1, sizeof *s);
    if (!s)
        return status_last();
    program_step step = {.run = step_run,
                         .bind = step_bind,
                         .destroy = free,
                         .context = s,
                         .buffer_count = o->input_count + o->output_count,
                         .prologue = o->prologue,
                         .update = o->update,
                         .label = op_info_of(o->kind)->name,
                         .layer = o->name};
    *s = (step_context){
        .kind = o->kind, .output_count = o->output_count, .call = {.a = o->a, .input_count = o->input_count}};
    fv_status status = FV_OK;
    for (int i = 0; i < o->input_count && status == FV_OK; i++)
        status = operand_init(&s->call.in[i], &step.buffers[i], p, g, o->inputs[i], o->prologue);
    for (int i = 0; i < o->output_count && status == FV_OK; i++)
        status = operand_init(&s->call.out[i], &step.buffers[o->input_count + i], p, g, o->outputs[i],
                              o->prologue);
    if (status != FV_OK) {
        free(s);
        return status;
    }
    return program_step_add(p, &step);
}

static fv_status compile(engine *e, const graph *g, program *p)
{
    (void)e;
    for (value_id v = 0; v < g->value_count; v++) {
        buffer_id unused;
        if (g->values[v].kind != VALUE_COMPUTED)
            STATUS_TRY(value_buffer(p, g, v, false, &unused));
    }
    for (int32_t i = 0; i < g->op_count; i++)
        STATUS_TRY(compile_op(p, g, &g->ops[i]));
    return FV_OK;
}

static void *block_alloc(engine *e, size_t bytes)
{
    (void)e;
    return mem_aligned(bytes);
}

static void block_free(engine *e, void *block)
{
    (void)e;
    free(block);
}

static fv_status value_write(engine *e, program *p, const graph *g, value_id v, const void *data)
{
    (void)e;
    memcpy(program_address(p, p->value_buffers[v]), data, value_bytes(&g->values[v]));
    return FV_OK;
}

static fv_status value_read(engine *e, program *p, const graph *g, value_id v, void *data)
{
    (void)e;
    memcpy(data, program_address(p, p->value_buffers[v]), value_bytes(&g->values[v]));
    return FV_OK;
}

static fv_status sync_nothing(engine *e)
{
    (void)e;
    return FV_OK;
}

#ifdef REFERENCE_DOUBLE
#define THIS_API  reference64_engine_api
#define THIS_NAME "reference64"
#else
#define THIS_API  reference_engine_api
#define THIS_NAME "reference"
#endif

/* One thread computes, whatever was asked for. */
static fv_status create(int threads, engine **out)
{
    (void)threads;
    engine *e = mem_array(1, sizeof *e);
    if (!e)
        return status_last();
    *e = (engine){.api = &THIS_API, .threads = 1};
    *out = e;
    return FV_OK;
}

const engine_api THIS_API = {
    .api_version = ENGINE_API_VERSION,
    .name = THIS_NAME,
    .probe = probe,
    .create = create,
    .destroy = destroy,
    .supports = supports,
    .compile = compile,
    .alloc = block_alloc,
    .free = block_free,
    .write = value_write,
    .read = value_read,
    .sync = sync_nothing,
};
