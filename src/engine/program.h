/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiled graph: steps over buffers. An engine adds both in compile; then the arena planner gives every buffer its offset by
 * lifetime, memory is allocated once, and bind tells the steps where their buffers lie. Nothing is allocated after that.
 *
 *     buffer_id x = program_buffer(p, bytes, BUFFER_ARENA);
 *     program_step_add(p, &(program_step){.run = relu_run, .context = c, .buffers = {x, y}, .buffer_count = 2, .label = "relu"});
 *
 * Buffers are offsets until bound, so the memory may be a device's.
 */
#ifndef ENGINE_PROGRAM_H
#define ENGINE_PROGRAM_H

#include "graph/graph.h"

typedef int32_t buffer_id;
enum {
    STEP_MAX_BUFFERS = 24,
    NO_BUFFER = -1
};

typedef enum buffer_kind {
    BUFFER_ARENA,     /* lives from the first step that names it to the last */
    BUFFER_INPUT,     /* has a place of its own in the arena: what is written there stays */
    BUFFER_PERSISTENT /* keeps its contents between runs: parameters, states, and what the prologue makes */
} buffer_kind;

typedef struct program_buffer_info {
    size_t bytes;
    buffer_kind kind;
    int32_t first, last; /* steps; -1 while no step names it */
    bool read_after;     /* an output: stays until the end of the run */
    size_t offset;       /* in the arena or in the persistent block; a multiple of 64 */
} program_buffer_info;

typedef struct program_step {
    /* Runs the step; `memory` has the addresses of `buffers` in order (NULL for NO_BUFFER). */
    fv_status (*run)(void *context, void *const *memory);
    /* Optional: called once when the addresses are known. */
    fv_status (*bind)(void *context, void *const *memory);
    void (*destroy)(void *context); /* optional */
    void *context;
    buffer_id buffers[STEP_MAX_BUFFERS];
    int buffer_count;
    bool prologue;
    bool update;                    /* left out of runs that only gather gradients */
    const char *label;              /* the operation's kind; static */
    const char *layer;              /* the layer's name, from the graph; may be NULL */
    void *memory[STEP_MAX_BUFFERS]; /* set when bound */
} program_step;

typedef struct program {
    program_buffer_info *buffers;
    int32_t buffer_count;
    size_t buffer_capacity;
    program_step *steps;
    int32_t step_count;
    size_t step_capacity;
    buffer_id *value_buffers; /* a place for each value of the graph, NO_BUFFER at first */
    int32_t value_count;
    void *engine_data; /* the engine's own: layouts of values and so on */
    void (*engine_data_destroy)(void *engine_data);
    size_t arena_bytes, persistent_bytes;
    uint8_t *arena, *persistent;
} program;

fv_status program_init(program *p, const graph *g);
void program_release(
    program *p); /* destroys the steps' contexts; the memory blocks are freed by who allocated them */

/* Zero bytes are allowed. NO_BUFFER on failure. */
buffer_id program_buffer(program *p, size_t bytes, buffer_kind kind);
/* Copies the step and extends its buffers' lifetimes. On failure the context is destroyed. */
fv_status program_step_add(program *p, const program_step *step);
/* Gives every buffer its offset: arena buffers whose lifetimes meet never overlap (first fit, largest first). */
fv_status program_plan(program *p);
/* Sets the addresses in all steps and calls their bind. */
fv_status program_bind(program *p, uint8_t *arena, uint8_t *persistent);
static inline void *program_address(const program *p, buffer_id b)
{
    const program_buffer_info *i = &p->buffers[b];
    return (i->kind == BUFFER_PERSISTENT ? p->persistent : p->arena) + i->offset;
}

#endif
