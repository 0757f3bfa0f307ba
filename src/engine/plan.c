/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "engine/engine.h"

struct plan {
    engine *engine; /* borrowed */
    graph *graph;
    program program;
    uint8_t *arena, *persistent;
    bool borrows;    /* `persistent` is another plan's */
    bool stale;      /* persistent values were written: the prologue must run again */
    double *seconds; /* per step, when profiling */
    int64_t runs;
};

static fv_status check_supported(const engine *e, const graph *g)
{
    for (int32_t i = 0; i < g->op_count; i++) {
        const char *why = "not implemented";
        const op *o = &g->ops[i];
        if (!e->api->supports(g, o, &why))
            return status_set(FV_ERROR_UNSUPPORTED, "layer %s: engine %s cannot run %s: %s",
                              o->name ? o->name : "?", e->api->name, op_info_of(o->kind)->name, why);
    }
    return FV_OK;
}

/* All but the memory. */
static fv_status prepare(plan *p, engine *e, const graph *g)
{
    STATUS_TRY(check_supported(e, g));
    p->engine = e;
    p->stale = true;
    if (!(p->graph = graph_copy(g)))
        return status_last();
    STATUS_TRY(program_init(&p->program, g));
    STATUS_TRY(e->api->compile(e, p->graph, &p->program));
    for (value_id v = 0; v < g->value_count; v++)
        if (g->values[v].output && p->program.value_buffers[v] != NO_BUFFER)
            p->program.buffers[p->program.value_buffers[v]].read_after = true;
    /* Inputs are each plan's own: persistent memory may serve several. */
    for (value_id v = 0; v < g->value_count; v++)
        if (g->values[v].kind == VALUE_INPUT && p->program.value_buffers[v] != NO_BUFFER)
            p->program.buffers[p->program.value_buffers[v]].kind = BUFFER_INPUT;
    return program_plan(&p->program);
}

fv_status plan_measure(engine *e, const graph *g, size_t *bytes)
{
    plan *p = mem_array(1, sizeof *p);
    if (!p)
        return status_last();
    fv_status status = prepare(p, e, g);
    *bytes = plan_memory(p);
    plan_destroy(p);
    return status;
}

/* The same layout of persistent memory, so that one block can serve both. */
static bool same_persistent(const program *a, const program *b)
{
    bool same = a->buffer_count == b->buffer_count && a->persistent_bytes == b->persistent_bytes;
    for (int32_t i = 0; same && i < a->buffer_count; i++) {
        const program_buffer_info *x = &a->buffers[i], *y = &b->buffers[i];
        same = x->kind == y->kind && x->bytes == y->bytes &&
               (x->kind != BUFFER_PERSISTENT || x->offset == y->offset);
    }
    return same;
}

/* `of` NULL: with persistent memory of its own. */
static fv_status create(engine *e, const graph *g, const plan *of, plan **out)
{
    plan *p = mem_array(1, sizeof *p);
    if (!p)
        return status_last();
    fv_status status = prepare(p, e, g);
    if (status != FV_OK)
        goto fail;
    if (of && !same_persistent(&p->program, &of->program)) {
        status = status_set(FV_ERROR_INTERNAL, "engine %s arranges the same graph in two ways", e->api->name);
        goto fail;
    }
    p->borrows = of != NULL;
    p->stale = of == NULL;
    p->arena = e->api->alloc(e, p->program.arena_bytes);
    p->persistent = of ? of->persistent : e->api->alloc(e, p->program.persistent_bytes);
    if (!p->arena || !p->persistent) {
        status = status_prefix(status_last(), "the plan needs %zu MB; use a smaller batch or input size",
                               (p->program.arena_bytes + p->program.persistent_bytes) >> 20);
        goto fail;
    }
    if ((status = program_bind(&p->program, p->arena, p->persistent)) != FV_OK)
        goto fail;
    if (getenv("FOVEA_PROFILE") &&
        !(p->seconds = mem_array((size_t)p->program.step_count, sizeof *p->seconds))) {
        status = status_last();
        goto fail;
    }
    *out = p;
    return FV_OK;
fail:
    plan_destroy(p);
    return status;
}

fv_status plan_create(engine *e, const graph *g, plan **out)
{
    return create(e, g, NULL, out);
}

fv_status plan_share(engine *e, const plan *of, plan **out)
{
    return create(e, of->graph, of, out);
}

void plan_destroy(plan *p)
{
    if (!p)
        return;
    program_release(&p->program);
    if (p->arena)
        p->engine->api->free(p->engine, p->arena);
    if (p->persistent && !p->borrows)
        p->engine->api->free(p->engine, p->persistent);
    graph_destroy(p->graph);
    free(p->seconds);
    free(p);
}

static fv_status check_value(const plan *p, value_id v)
{
    if (v < 0 || v >= p->graph->value_count || p->program.value_buffers[v] == NO_BUFFER)
        return status_set(FV_ERROR_INTERNAL,
                          "value %d is neither an input, persistent nor an output of the plan", (int)v);
    return FV_OK;
}

fv_status plan_write(plan *p, value_id v, const void *data)
{
    /* An input that no operation needs has no buffer; writing it is no mistake. */
    if (v >= 0 && v < p->graph->value_count && p->program.value_buffers[v] == NO_BUFFER &&
        p->graph->values[v].kind != VALUE_COMPUTED)
        return FV_OK;
    STATUS_TRY(check_value(p, v));
    if (p->graph->values[v].kind != VALUE_INPUT)
        p->stale = true;
    return p->engine->api->write(p->engine, &p->program, p->graph, v, data);
}

fv_status plan_read(plan *p, value_id v, void *data)
{
    STATUS_TRY(check_value(p, v));
    return p->engine->api->read(p->engine, &p->program, p->graph, v, data);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static fv_status run_steps(plan *p, bool prologue, bool updates)
{
    for (int32_t i = 0; i < p->program.step_count; i++) {
        program_step *s = &p->program.steps[i];
        if (s->prologue != prologue || (s->update && !prologue && !updates))
            continue;
        double start = p->seconds ? now() : 0;
        STATUS_TRY(s->run(s->context, s->memory));
        if (p->seconds)
            p->seconds[i] += now() - start;
    }
    return FV_OK;
}

fv_status plan_settle(plan *p)
{
    if (!p->stale)
        return FV_OK;
    STATUS_TRY(run_steps(p, true, true));
    p->stale = false;
    return p->engine->api->sync(p->engine);
}

static fv_status run(plan *p, bool updates)
{
    STATUS_TRY(plan_settle(p));
    STATUS_TRY(run_steps(p, false, updates));
    p->runs++;
    return p->engine->api->sync(p->engine);
}

fv_status plan_run(plan *p)
{
    return run(p, true);
}

fv_status plan_run_without_updates(plan *p)
{
    return run(p, false);
}

size_t plan_memory(const plan *p)
{
    return p->program.arena_bytes + p->program.persistent_bytes;
}

const graph *plan_graph(const plan *p)
{
    return p->graph;
}

typedef struct timed {
    const program_step *step;
    double seconds;
} timed;

static int slower_first(const void *a, const void *b)
{
    double x = ((const timed *)a)->seconds, y = ((const timed *)b)->seconds;
    return (x < y) - (x > y);
}

void plan_profile(const plan *p, text *out)
{
    int32_t count = p->program.step_count;
    timed *list = p->seconds ? mem_array((size_t)count, sizeof *list) : NULL;
    if (!list)
        return;
    double total = 0;
    for (int32_t i = 0; i < count; i++) {
        list[i] = (timed){&p->program.steps[i], p->seconds[i]};
        total += p->seconds[i];
    }
    qsort(list, (size_t)count, sizeof *list, slower_first);
    for (int32_t i = 0; i < count && total > 0; i++)
        text_add(out, "%8.3f ms %5.1f %%  %-28s %s\n",
                 1e3 * list[i].seconds / (double)(p->runs ? p->runs : 1), 100 * list[i].seconds / total,
                 list[i].step->label, list[i].step->layer ? list[i].step->layer : "");
    free(list);
}
