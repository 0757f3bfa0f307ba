/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/program.h"

#include <stdlib.h>

#include "core/memory.h"

fv_status program_init(program *p, const graph *g)
{
    *p = (program){.value_count = g->value_count};
    p->value_buffers = mem_array((size_t)g->value_count, sizeof *p->value_buffers);
    if (!p->value_buffers)
        return status_last();
    for (int32_t i = 0; i < p->value_count; i++)
        p->value_buffers[i] = NO_BUFFER;
    return FV_OK;
}

void program_release(program *p)
{
    for (int32_t i = 0; i < p->step_count; i++)
        if (p->steps[i].destroy)
            p->steps[i].destroy(p->steps[i].context);
    if (p->engine_data_destroy)
        p->engine_data_destroy(p->engine_data);
    free(p->steps);
    free(p->buffers);
    free(p->value_buffers);
    *p = (program){0};
}

buffer_id program_buffer(program *p, size_t bytes, buffer_kind kind)
{
    if (MEM_GROW(p->buffers, p->buffer_count, p->buffer_capacity) != FV_OK)
        return NO_BUFFER;
    p->buffers[p->buffer_count] =
        (program_buffer_info){.bytes = bytes, .kind = kind, .first = -1, .last = -1};
    return p->buffer_count++;
}

fv_status program_step_add(program *p, const program_step *step)
{
    fv_status status = MEM_GROW(p->steps, p->step_count, p->step_capacity);
    if (status != FV_OK) {
        if (step->destroy)
            step->destroy(step->context);
        return status;
    }
    for (int i = 0; i < step->buffer_count; i++) {
        if (step->buffers[i] == NO_BUFFER)
            continue;
        program_buffer_info *b = &p->buffers[step->buffers[i]];
        if (b->first < 0)
            b->first = p->step_count;
        b->last = p->step_count;
    }
    p->steps[p->step_count++] = *step;
    return FV_OK;
}

static size_t rounded(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

typedef struct placed {
    buffer_id id;
    size_t bytes;
} placed;

static int larger_first(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

static int by_offset(const void *a, const void *b)
{
    const program_buffer_info *x = *(program_buffer_info *const *)a, *y = *(program_buffer_info *const *)b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* The lowest gap between the buffers of `meeting` (sorted by offset) that is large enough. */
static size_t first_gap(program_buffer_info *const *meeting, int32_t count, size_t bytes)
{
    size_t at = 0;
    for (int32_t i = 0; i < count; i++) {
        if (at + bytes <= meeting[i]->offset)
            break;
        size_t end = meeting[i]->offset + rounded(meeting[i]->bytes);
        if (end > at)
            at = end;
    }
    return at;
}

static void plan_persistent(program *p)
{
    p->persistent_bytes = 0;
    for (int32_t i = 0; i < p->buffer_count; i++) {
        if (p->buffers[i].kind != BUFFER_PERSISTENT)
            continue;
        p->buffers[i].offset = p->persistent_bytes;
        p->persistent_bytes += rounded(p->buffers[i].bytes);
    }
}

fv_status program_plan(program *p)
{
    fv_status status = FV_OK;
    size_t slots = (size_t)p->buffer_count;
    placed *order = mem_array(slots, sizeof *order);
    program_buffer_info **done = mem_array(slots, sizeof *done),
                        **meeting = mem_array(slots, sizeof *meeting);
    if (!order || !done || !meeting) {
        status = status_last();
        goto end;
    }
    plan_persistent(p);
    int32_t count = 0, done_count = 0;
    for (buffer_id i = 0; i < p->buffer_count; i++) {
        program_buffer_info *b = &p->buffers[i];
        if (b->kind == BUFFER_INPUT) {
            b->first = 0;
            b->last = p->step_count;
        }
        if (b->kind == BUFFER_PERSISTENT || b->first < 0)
            continue;
        if (b->read_after)
            b->last = p->step_count;
        order[count++] = (placed){i, rounded(b->bytes)};
    }
    if (count > 0)
        qsort(order, (size_t)count, sizeof *order, larger_first);
    p->arena_bytes = 0;
    for (int32_t i = 0; i < count; i++) {
        program_buffer_info *b = &p->buffers[order[i].id];
        int32_t meets = 0;
        for (int32_t k = 0; k < done_count; k++)
            if (done[k]->first <= b->last && b->first <= done[k]->last)
                meeting[meets++] = done[k];
        if (meets > 0)
            qsort(meeting, (size_t)meets, sizeof *meeting, by_offset);
        b->offset = first_gap(meeting, meets, order[i].bytes);
        if (b->offset + order[i].bytes > p->arena_bytes)
            p->arena_bytes = b->offset + order[i].bytes;
        done[done_count++] = b;
    }
end:
    free(order);
    free(done);
    free(meeting);
    return status;
}

fv_status program_bind(program *p, uint8_t *arena, uint8_t *persistent)
{
    p->arena = arena;
    p->persistent = persistent;
    for (int32_t i = 0; i < p->step_count; i++) {
        program_step *s = &p->steps[i];
        for (int k = 0; k < s->buffer_count; k++)
            s->memory[k] = s->buffers[k] == NO_BUFFER ? NULL : program_address(p, s->buffers[k]);
        if (s->bind)
            STATUS_TRY(s->bind(s->context, s->memory));
    }
    return FV_OK;
}
