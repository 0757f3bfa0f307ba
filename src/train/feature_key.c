/* SPDX-License-Identifier: Apache-2.0 */
/* What features depend on. Rather too much than too little: a key that changes costs one pass over the pictures, one that does not would
 * give another network's features. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/memory.h"
#include "core/processor.h"
#include "engine/engine.h"
#include "train/features.h"

/* Values are numbered as they occur, so that what stands behind the cut does not matter. */
typedef struct numbering {
    int32_t *numbers; /* by value; 0: it has none yet */
    int32_t count;
} numbering;

static uint64_t add_value(uint64_t hash, const fv_model *m, value_id v, numbering *n)
{
    if (v == NO_VALUE)
        return hash_number(hash, 0);
    bool is_new = n->numbers[v] == 0;
    if (is_new)
        n->numbers[v] = ++n->count;
    hash = hash_number(hash, (uint64_t)n->numbers[v]);
    for (int32_t i = 0; is_new && i < m->tensor_count; i++)
        if (m->tensors[i].value == v)
            hash = hash_bytes(hash, m->tensors[i].data, (size_t)m->tensors[i].count * sizeof(float));
    return hash;
}

static uint64_t add_op(uint64_t hash, const fv_model *m, const op *o, numbering *n)
{
    hash = hash_bytes(hash_number(hash, o->kind), &o->a, sizeof o->a);
    for (int k = 0; k < o->input_count; k++)
        hash = add_value(hash, m, o->inputs[k], n);
    for (int k = 0; k < o->output_count; k++)
        hash = add_value(hash, m, o->outputs[k], n);
    return hash;
}

/* Normalisation is among the operations. */
static fv_status add_network(const fv_model *m, const feature_cut *cut, int64_t batch_size, text *t)
{
    graph *g = feature_cut_graph(m, cut, batch_size, false);
    numbering n = {.numbers = g ? mem_array((size_t)g->value_count, sizeof *n.numbers) : NULL};
    uint64_t hash = HASH_START;
    for (int32_t i = 0; n.numbers && i < g->op_count; i++)
        hash = add_op(hash, m, &g->ops[i], &n);
    for (int32_t i = 0; n.numbers && i < cut->count; i++)
        hash = add_value(hash, m, cut->values[i], &n);
    text_add(t, "network %" PRIx64 ", batch %" PRId64 "\n", hash, batch_size);
    fv_status status = n.numbers ? FV_OK : status_last();
    free(n.numbers);
    graph_destroy(g);
    return status;
}

/* Kernels round differently. */
static fv_status add_engine(const fv_model *m, text *t)
{
    engine *e;
    STATUS_TRY(engine_open(m->compile.engine, m->compile.threads, &e));
    text_add(t, "%s engine %s, ", fv_version(), e->api->name);
    fv_status status = e->api->probe(t);
    text_add(t, ", %d threads, instruction set %d\n", e->threads, (int)processor_level());
    engine_close(e);
    return status;
}

/* Which pictures, in which order, and which of them are looked at. */
static fv_status add_pictures(const loader_options *o, text *t)
{
    dataset_fingerprint f;
    STATUS_TRY(dataset_take_fingerprint(o->data, &f));
    text_add(t, "%" PRId64 " pictures of %" PRId64 " classes, %" PRIx64 " %" PRIx64 ", ", f.pictures,
             f.classes, f.names, f.contents);
    for (int64_t i = 0; o->class_map && i < f.classes; i++)
        text_add(t, "%d", o->class_map[i] >= 0);
    text_add(t, ", on error %d\n", (int)o->on_error);
    return FV_OK;
}

static fv_status add_files(const loader_options *o, text *t)
{
    char hex[DIGEST_SIZE];
    loader *l;
    STATUS_TRY(loader_create(o, &l));
    fv_status status = loader_fingerprint(l, hex);
    loader_destroy(l);
    if (status == FV_OK)
        text_add(t, "%s\n", hex);
    return status;
}

fv_status feature_key(const fv_model *m, const feature_cut *cut, int64_t batch_size,
                      const loader_options *pictures, const char *varied, char hex[DIGEST_SIZE])
{
    text t = {0};
    fv_status status = add_files(pictures, &t);
    if (status == FV_OK)
        status = add_pictures(pictures, &t);
    if (status == FV_OK)
        status = add_network(m, cut, batch_size, &t);
    if (status == FV_OK)
        status = add_engine(m, &t);
    text_add(&t, "%s\n", varied);
    if (status == FV_OK)
        status = text_status(&t);
    if (status == FV_OK)
        status = digest_bytes(text_string(&t), t.length, hex);
    text_release(&t);
    return status;
}
