/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines: what runs a graph. One struct of functions an engine; engine_table lists them.
 *
 *     engine *e;
 *     STATUS_TRY(engine_open("auto", 2, &e));
 *     plan *p;
 *     STATUS_TRY(plan_create(e, graph, &p));
 *     STATUS_TRY(plan_write(p, pixels, bytes));
 *     STATUS_TRY(plan_run(p));
 *     STATUS_TRY(plan_read(p, logits, values));
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "core/text.h"
#include "engine/program.h"

enum {
    ENGINE_API_VERSION = 1
};

typedef struct engine_api engine_api;
/* Engines put this first in their own struct. */
typedef struct engine {
    const engine_api *api;
    int threads;
} engine;

struct engine_api {
    uint32_t api_version;
    const char *name;
    /* FV_OK with a version in `detail`, or FV_ERROR_UNSUPPORTED with the reason in it. */
    fv_status (*probe)(text *detail);
    fv_status (*create)(int threads, engine **out);
    void (*destroy)(engine *e);
    /* Whether this engine can run the operation as it stands; `*why` says why not. */
    bool (*supports)(const graph *g, const op *o, const char **why);
    /* Chooses layouts, adds buffers and steps, and fills p->value_buffers for every value that is an input, persistent or an output. */
    fv_status (*compile)(engine *e, const graph *g, program *p);
    void *(*alloc)(engine *e, size_t bytes); /* 64-byte aligned, zeroed; NULL with the error set */
    void (*free)(engine *e, void *block);
    /* The buffer of value v from or to dense logical order (row-major in the value's shape). */
    fv_status (*write)(engine *e, program *p, const graph *g, value_id v, const void *data);
    fv_status (*read)(engine *e, program *p, const graph *g, value_id v, void *data);
    fv_status (*sync)(engine *e);
};

extern const engine_api reference_engine_api;
extern const engine_api onednn_engine_api;
extern const engine_api *const engine_table[]; /* the best first; NULL-ended */

/* By name; "auto" or NULL takes the first of the table that probe accepts. threads 0: all cores. */
fv_status engine_open(const char *name, int threads, engine **out);
void engine_close(engine *e);

/* ---- plan.c: a graph compiled by an engine, with its memory ---- */

typedef struct plan plan;

/* `g` has its batch fixed; value ids given to the other calls are g's. Operations that the engine does not support are an
 * error that names the layer. The graph is copied. */
fv_status plan_create(engine *e, const graph *g, plan **out);
/* Another plan of the same graph over the persistent memory of `of`, which outlives it: both may run at the same time, on engines of the
 * same kind and number of threads. Persistent values are written to `of` alone, before the first is shared; then comes plan_settle(of). */
fv_status plan_share(engine *e, const plan *of, plan **out);
void plan_destroy(plan *p);
/* The bytes that plan_create would allocate, without doing so. */
fv_status plan_measure(engine *e, const graph *g, size_t *bytes);
/* Dense logical data: f32, u8 or i32 as the value's type. Writing a persistent value makes the next run redo the prologue. */
fv_status plan_write(plan *p, value_id v, const void *data);
fv_status plan_read(plan *p, value_id v, void *data);
fv_status plan_run(plan *p);
/* Runs the prologue now if it has to be run. */
fv_status plan_settle(plan *p);
/* Leaves out the operations that are marked as updates. */
fv_status plan_run_without_updates(plan *p);
size_t plan_memory(const plan *p); /* bytes of arena and persistent block together */
const graph *plan_graph(const plan *p);
/* Seconds spent in each step since the plan was made, a line each, the slowest first. Timing is on when FOVEA_PROFILE is set. */
void plan_profile(const plan *p, text *out);

#endif
