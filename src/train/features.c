/* SPDX-License-Identifier: Apache-2.0 */
#include "train/features.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "engine/engine.h"

/* ---- rows ---- */

size_t features_bytes(const feature_cut *cut, int64_t pictures, int64_t views)
{
    size_t rows, bytes;
    if (__builtin_mul_overflow((size_t)pictures, (size_t)views, &rows) ||
        __builtin_mul_overflow(rows, (size_t)cut->row * sizeof(float), &bytes) ||
        __builtin_add_overflow(bytes, (size_t)pictures, &bytes))
        return SIZE_MAX;
    return bytes;
}

/* In the file flags are bytes like others: only 0 and 1 are ours. */
static bool flags_are_right(const features *f)
{
    const unsigned char *flags = (const unsigned char *)f->readable;
    for (int64_t i = 0; i < f->pictures; i++)
        if (flags[i] > 1)
            return false;
    return true;
}

static fv_status take_room(features *f, const feature_place *place, text *problem)
{
    size_t bytes = features_bytes(&f->cut, f->pictures, f->views);
    if (place->folder)
        STATUS_TRY(feature_file_open(place->folder, place->fingerprint, bytes, problem, &f->file));
    else if (!(f->memory = mem_array(bytes, 1)))
        return status_last();
    f->rows = place->folder ? f->file.bytes : f->memory;
    f->readable = (bool *)(f->rows + f->views * f->pictures * f->cut.row);
    f->whole = f->file.whole;
    return !f->whole || flags_are_right(f)
               ? FV_OK
               : status_set(FV_ERROR_FORMAT, "%s: holds no features; remove it", f->file.path);
}

fv_status features_create(const feature_cut *cut, int64_t pictures, int64_t views, int64_t batch_size,
                          const feature_place *place, text *problem, features **out)
{
    features *f = mem_array(1, sizeof *f);
    if (!f)
        return status_last();
    *f = (features){.cut = *cut, .pictures = pictures, .views = views, .gathered_batch = batch_size};
    fv_status status = take_room(f, place, problem);
    for (int32_t i = 0; status == FV_OK && i < cut->count; i++)
        if (!(f->gathered[i] = mem_array((size_t)(batch_size * cut->sizes[i]), sizeof(float))))
            status = status_last();
    if (status == FV_OK)
        *out = f;
    else
        features_destroy(f);
    return status;
}

fv_status features_commit(features *f)
{
    if (f->file.size > 0 && !f->whole)
        STATUS_TRY(feature_file_commit(&f->file));
    f->whole = true;
    return FV_OK;
}

void features_destroy(features *f)
{
    if (!f)
        return;
    for (int32_t i = 0; i < CUT_MOST; i++)
        free(f->gathered[i]);
    feature_file_close(&f->file);
    free(f->memory);
    free(f);
}

float *features_row(const features *f, int64_t view, int64_t index)
{
    return f->rows + (view * f->pictures + index) * f->cut.row;
}

const float *const *features_gather(features *f, const batch *b, int64_t epoch)
{
    for (int64_t i = 0; i < f->gathered_batch; i++) {
        const float *from = features_row(f, (epoch + b->indices[i]) % f->views, b->indices[i]);
        for (int32_t k = 0; k < f->cut.count; from += f->cut.sizes[k++])
            memcpy(f->gathered[k] + i * f->cut.sizes[k], from, (size_t)f->cut.sizes[k] * sizeof *from);
    }
    return (const float *const *)f->gathered;
}

/* ---- plans ---- */

struct feature_plan {
    fv_model *model;
    feature_cut cut;
    int64_t batch_size;
    engine *engine;
    plan *plan;
    uint64_t version; /* the model's when its tensors were written */
    bool written;
    float *values[CUT_MOST]; /* (batch, size): what is read back */
};

static fv_status make_plan(feature_plan *p, bool behind)
{
    const fv_compile_options *o = &p->model->compile;
    graph *g = feature_cut_graph(p->model, &p->cut, p->batch_size, behind);
    fv_status status = g ? engine_open(o->engine, o->threads, &p->engine) : status_last();
    if (status == FV_OK)
        status = plan_create(p->engine, g, &p->plan);
    graph_destroy(g);
    for (int32_t i = 0; status == FV_OK && !behind && i < p->cut.count; i++)
        if (!(p->values[i] = mem_array((size_t)(p->batch_size * p->cut.sizes[i]), sizeof(float))))
            status = status_last();
    return status;
}

fv_status feature_plan_create(fv_model *m, const feature_cut *cut, int64_t batch_size, bool behind,
                              feature_plan **out)
{
    feature_plan *p = mem_array(1, sizeof *p);
    if (!p)
        return status_last();
    *p = (feature_plan){.model = m, .cut = *cut, .batch_size = batch_size};
    fv_status status = make_plan(p, behind);
    if (status == FV_OK)
        *out = p;
    else
        feature_plan_destroy(p);
    return status;
}

void feature_plan_destroy(feature_plan *p)
{
    if (!p)
        return;
    plan_destroy(p->plan);
    engine_close(p->engine);
    for (int32_t i = 0; i < CUT_MOST; i++)
        free(p->values[i]);
    free(p);
}

/* Brings the plan's tensors up to date. */
static fv_status write_tensors(feature_plan *p)
{
    const fv_model *m = p->model;
    if (p->written && p->version == m->version)
        return FV_OK;
    for (int32_t i = 0; i < m->tensor_count; i++)
        STATUS_TRY(plan_write(p->plan, m->tensors[i].value, m->tensors[i].data));
    p->version = m->version;
    p->written = true;
    return FV_OK;
}

fv_status feature_plan_keep(feature_plan *p, const batch *b, int64_t view, features *f)
{
    STATUS_TRY(write_tensors(p));
    STATUS_TRY(plan_write(p->plan, p->model->pixels, b->pixels));
    STATUS_TRY(plan_run(p->plan));
    for (int32_t k = 0; k < p->cut.count; k++)
        STATUS_TRY(plan_read(p->plan, p->cut.values[k], p->values[k]));
    for (int64_t i = 0; i < b->count; i++) {
        float *to = features_row(f, view, b->indices[i]);
        bool *readable = &f->readable[b->indices[i]];
        *readable = (view == 0 || *readable) && b->weights[i] > 0;
        for (int32_t k = 0; k < p->cut.count && b->weights[i] > 0; to += p->cut.sizes[k++])
            memcpy(to, p->values[k] + i * p->cut.sizes[k], (size_t)p->cut.sizes[k] * sizeof *to);
    }
    return FV_OK;
}

fv_status feature_plan_logits(feature_plan *p, const float *const *inputs, float *logits)
{
    STATUS_TRY(write_tensors(p));
    for (int32_t i = 0; i < p->cut.count; i++)
        STATUS_TRY(plan_write(p->plan, p->cut.values[i], inputs[i]));
    STATUS_TRY(plan_run(p->plan));
    return plan_read(p->plan, p->model->output->value, logits);
}
