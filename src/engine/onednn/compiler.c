/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/onednn/compiler.h"

#include <stdlib.h>

#include "core/memory.h"

static void fail(compiler *c, fv_status status)
{
    if (c->status == FV_OK)
        c->status = status;
}

static buffer_id new_buffer(compiler *c, size_t bytes, bool persistent)
{
    buffer_id b = program_buffer(c->p, bytes, persistent ? BUFFER_PERSISTENT : BUFFER_ARENA);
    if (b == NO_BUFFER)
        fail(c, status_last());
    return b;
}

/* First mention of a value: it gets its buffer. */
static void place_value(compiler *c, value_id v, const layout *l, buffer_id b)
{
    place *at = &c->places[v];
    at->layout = *l;
    at->buffer = b;
    c->p->value_buffers[v] = b;
    if (b != NO_BUFFER && c->places[at->root].kept)
        c->p->buffers[b].read_after = true;
}

void compiler_settle(compiler *c, value_id v, const layout *l)
{
    if (c->places[v].buffer == NO_BUFFER && compiler_value(c, v)->kind != VALUE_COMPUTED)
        place_value(c, v, l, new_buffer(c, layout_bytes(l), true));
}

/* Operations of the prologue are compiled when their result is first asked for, so that what comes between (weights that are
 * folded, then reordered) lives for two steps only. */
static void demand(compiler *c, value_id v)
{
    const op *producer = c->places[v].buffer == NO_BUFFER ? graph_producer(c->g, v) : NULL;
    if (producer && producer->prologue)
        fail(c, compiler_operation(c, producer));
}

const layout *compiler_layout(compiler *c, value_id v)
{
    demand(c, v);
    layout dense = layout_dense(compiler_value(c, v));
    compiler_settle(c, v, &dense);
    return &c->places[v].layout;
}

static buffer_id reordered(compiler *c, value_id v, const layout *l)
{
    for (size_t i = 0; i < c->copy_count; i++)
        if (c->copies[i].value == v && layout_equal(&c->copies[i].layout, l))
            return c->copies[i].buffer;
    place *at = &c->places[v];
    layout from = at->layout;
    buffer_id source = at->buffer;
    bool same_dimensions = from.picture == l->picture && from.md.ndims == l->md.ndims;
    for (int i = 0; same_dimensions && i < from.md.ndims; i++)
        same_dimensions = from.md.dims[i] == l->md.dims[i];
    if (!same_dimensions) {
        /* The two name the elements differently; only the logical row-major order is common to them. */
        layout dense = layout_dense_like(&from), target = layout_dense_like(l);
        if (!layout_is_dense(&from))
            source = reordered(c, v, &dense);
        if (layout_is_dense(l))
            return source;
        from = target;
    }
    buffer_id b = new_buffer(c, layout_bytes(l), at->stable);
    const op *o = &c->g->ops[c->op];
    if (c->status == FV_OK)
        fail(c, compiler_reorder(c, o->name, &from.md, source, &l->md, b, at->stable));
    if (c->status == FV_OK)
        fail(c, MEM_GROW(c->copies, c->copy_count, c->copy_capacity));
    if (c->status == FV_OK)
        c->copies[c->copy_count++] = (copy){v, *l, b};
    return b;
}

buffer_id compiler_use(compiler *c, value_id v, const layout *l)
{
    if (v == NO_VALUE || c->status != FV_OK)
        return NO_BUFFER;
    demand(c, v);
    compiler_settle(c, v, l);
    if (c->status != FV_OK)
        return NO_BUFFER;
    if (layout_equal(&c->places[v].layout, l))
        return c->places[v].buffer;
    return reordered(c, v, l);
}

buffer_id compiler_use_dense(compiler *c, value_id v)
{
    if (v == NO_VALUE || c->status != FV_OK)
        return NO_BUFFER;
    layout dense = layout_dense_like(compiler_layout(c, v));
    return compiler_use(c, v, &dense);
}

bool compiler_may_overwrite(const compiler *c, value_id v)
{
    const place *root = &c->places[c->places[v].root];
    return c->g->values[c->places[v].root].kind == VALUE_COMPUTED && !root->kept && !root->stable &&
           root->last_use == c->op;
}

static void drop_copies(compiler *c, value_id v)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->copy_count; i++)
        if (c->copies[i].value != v)
            c->copies[kept++] = c->copies[i];
    c->copy_count = kept;
}

buffer_id compiler_define(compiler *c, value_id v, const layout *l, value_id over)
{
    if (v == NO_VALUE || c->status != FV_OK)
        return NO_BUFFER;
    if (compiler_value(c, v)->kind != VALUE_COMPUTED) { /* updated in place */
        compiler_settle(c, v, l);
        drop_copies(c, v);
        return c->places[v].buffer;
    }
    bool shared =
        over != NO_VALUE && !c->places[v].kept && !c->places[v].stable && compiler_may_overwrite(c, over) &&
        layout_bytes(&c->places[over].layout) == layout_bytes(l) && layout_equal(&c->places[over].layout, l);
    buffer_id b = shared ? c->places[over].buffer : new_buffer(c, layout_bytes(l), c->places[v].stable);
    place_value(c, v, l, b);
    return b;
}

buffer_id compiler_define_dense(compiler *c, value_id v)
{
    if (v == NO_VALUE)
        return NO_BUFFER;
    layout dense = compiler_value(c, v)->kind == VALUE_COMPUTED ? layout_dense(compiler_value(c, v))
                                                                : *compiler_layout(c, v);
    return compiler_define(c, v, &dense, NO_VALUE);
}

void compiler_view(compiler *c, value_id y, value_id x, const layout *l, buffer_id b)
{
    place *at = &c->places[y], *root = &c->places[c->places[x].root];
    if (c->status != FV_OK)
        return;
    if (b == c->places[x].buffer) {
        if (at->last_use > root->last_use)
            root->last_use = at->last_use;
        root->kept = root->kept || at->kept;
        at->root = c->places[x].root;
    } else {
        at->kept = true; /* others may use that copy of x, so nothing may be written over it */
    }
    place_value(c, y, l, b);
}

buffer_id compiler_scratch(compiler *c, size_t bytes)
{
    return c->status == FV_OK ? new_buffer(c, bytes, false) : NO_BUFFER;
}

buffer_id compiler_define_opaque(compiler *c, value_id v, size_t bytes)
{
    if (v == NO_VALUE || c->status != FV_OK)
        return NO_BUFFER;
    c->places[v].buffer = c->p->value_buffers[v] = new_buffer(c, bytes, false);
    return c->places[v].buffer;
}

layout compiler_hint(compiler *c, value_id v)
{
    const shape *s = compiler_shape(c, v);
    for (int32_t i = c->op + 1; i < c->g->op_count; i++) {
        const op *o = &c->g->ops[i];
        bool uses = false;
        for (int j = 0; j < o->input_count; j++)
            uses = uses || o->inputs[j] == v;
        for (int j = 0; uses && j < o->input_count; j++) {
            value_id other = o->inputs[j];
            form f;
            if (other != NO_VALUE && other != v && c->places[other].buffer != NO_BUFFER &&
                shape_equal(compiler_shape(c, other), s) && layout_form(&c->places[other].layout, &f))
                return c->places[other].layout;
        }
    }
    if (s->rank != 4)
        return layout_dense(compiler_value(c, v));
    int64_t lanes = c->e->kernels->lanes < 8 ? 8 : c->e->kernels->lanes;
    return layout_picture(s, s->d[3] % lanes == 0 ? lanes : 0);
}

layout compiler_walkable(compiler *c, value_id v, form *f)
{
    layout l = *compiler_layout(c, v);
    if (layout_form(&l, f))
        return l;
    l = layout_dense(compiler_value(c, v));
    if (!layout_form(&l, f)) {
        int64_t count = layout_elements(&l);
        *f = (form){1, 1, 1, count, count};
    }
    return l;
}

fv_status compiler_step(compiler *c, const op *o, fv_status (*run)(void *, void *const *), void *context,
                        const buffer_id *buffers, int count)
{
    if (c->status != FV_OK || !context) {
        free(context);
        return c->status != FV_OK ? c->status : status_last();
    }
    program_step step = {.run = run,
                         .destroy = free,
                         .context = context,
                         .buffer_count = count,
                         .prologue = o->prologue,
                         .update = c->g->ops[c->op].update,
                         .label = op_info_of(o->kind)->name,
                         .layer = o->name};
    for (int i = 0; i < count; i++)
        step.buffers[i] = buffers[i];
    return program_step_add(c->p, &step);
}
