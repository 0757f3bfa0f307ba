/* SPDX-License-Identifier: Apache-2.0 */
/* The vote of the nearest rows, on row-major scores. */
#include "core/memory.h"
#include "engine/neighbours.h"
#include "engine/onednn/compiler.h"

typedef struct vote_context {
    int64_t pictures, rows, classes;
} vote_context;

static fv_status run(void *context, void *const *memory)
{
    const vote_context *v = context;
    const float *scores = memory[0], *labels = memory[1], *k = memory[2];
    float *y = memory[3];
#pragma omp parallel for schedule(static) if (v->pictures > 1)
    for (int64_t n = 0; n < v->pictures; n++) {
        neighbours found = neighbours_begin(*k);
        for (int64_t i = 0; i < v->rows; i++)
            neighbours_offer(&found, scores[n * v->rows + i], neighbours_class(labels[i], v->classes));
        neighbours_logits(&found, found.count, v->classes, y + n * v->classes);
    }
    return FV_OK;
}

fv_status compile_vote(compiler *c, const op *o)
{
    const shape *scores = compiler_shape(c, o->inputs[0]);
    buffer_id b[4];
    for (int i = 0; i < 3; i++)
        b[i] = compiler_use_dense(c, o->inputs[i]);
    b[3] = compiler_define_dense(c, o->outputs[0]);
    vote_context *v = mem_array(1, sizeof *v);
    if (v)
        *v = (vote_context){scores->d[0], scores->d[1], o->a.classes};
    return compiler_step(c, o, run, v, b, 4);
}
