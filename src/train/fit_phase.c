/* SPDX-License-Identifier: Apache-2.0 */
/* The phases of a run: the head alone, where that was asked for, then what fv_freeze left, at once or a stage more every few epochs (Howard
 * & Ruder 2018). Each has its own schedule, and its own trainer, whose optimizer begins anew, as it does whenever a stage is thawed; epochs, steps and
 * what is random go on through all. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/memory.h"
#include "train/fit.h"

static bool is_head(const fit_run *r)
{
    return r->state.epoch < r->o.head_epochs;
}

const char *fit_phase_name(const fit_run *r)
{
    return r->o.head_epochs == 0 && r->o.unfreeze_every == 0 ? NULL : is_head(r) ? "head" : "thawed";
}

/* How many stages before the head are thawed in the epoch under way; all are from `stages` on. */
static int64_t thawed_stages(const fit_run *r, int64_t stages)
{
    if (is_head(r) || r->o.unfreeze_every == 0)
        return is_head(r) ? 0 : stages;
    int64_t thawed = 1 + (r->state.epoch - r->o.head_epochs) / r->o.unfreeze_every;
    return thawed < stages ? thawed : stages;
}

/* The epoch in which the trainer of the one under way is made, and the one behind its last. */
static int64_t first_epoch(const fit_run *r)
{
    int64_t thawed = thawed_stages(r, fv_model_stage_count(r->model));
    if (is_head(r))
        return 0;
    return r->o.head_epochs + (r->o.unfreeze_every > 0 ? (thawed - 1) * r->o.unfreeze_every : 0);
}

static int64_t end_epoch(const fit_run *r)
{
    int64_t stages = fv_model_stage_count(r->model);
    if (is_head(r))
        return r->o.head_epochs;
    int64_t end = r->o.epochs;
    if (thawed_stages(r, stages) < stages)
        end = first_epoch(r) + r->o.unfreeze_every;
    return end < r->o.epochs ? end : r->o.epochs;
}

static void make_schedule(fit_run *r)
{
    const fv_fit_options *o = &r->o;
    bool head = is_head(r);
    int64_t epochs = head ? o->head_epochs : o->epochs - o->head_epochs;
    int64_t updates = trainer_updates(loader_batches(r->loader), r->model->compile.accumulate);
    schedule *s = &r->schedule;
    r->schedule_update = (first_epoch(r) - (head ? 0 : o->head_epochs)) * updates;
    r->first_step = first_epoch(r) * loader_batches(r->loader);
    *s = (schedule){.kind = o->schedule,
                    .base = (double)(head ? o->head_learning_rate : r->model->compile.learning_rate),
                    .steps = epochs * updates,
                    .epochs = epochs};
    s->warmup_steps = llround((double)o->warmup * (double)s->steps);
    if (s->warmup_steps >= s->steps)
        s->warmup_steps = s->steps - 1;
}

static void tell(const fit_run *r)
{
    const fv_model *m = r->model;
    const char *name = fit_phase_name(r);
    int64_t trained = 0, all = fv_model_parameter_count(m);
    int norms = 0, kept = 0;
    for (int32_t i = 0; i < m->tensor_count; i++)
        if (m->tensors[i].trainable && !m->tensors[i].frozen)
            trained += m->tensors[i].count;
    for (int32_t i = 0; i < m->graph->op_count; i++)
        if (m->graph->ops[i].kind == OP_BATCH_NORM) {
            norms++;
            for (int32_t k = 0; k < m->tensor_count; k++)
                kept += m->tensors[k].value == m->graph->ops[i].inputs[3] &&
                        (m->keep_statistics || m->tensors[k].frozen);
        }
    if (!name && trained == all && kept == 0)
        return;
    text line = {0};
    if (name)
        text_add(&line, "epochs %lld to %lld, %s: ", (long long)r->state.epoch + 1, (long long)end_epoch(r),
                 name);
    if (r->o.head == FV_HEAD_KNN)
        text_add(&line, "neighbours vote, no parameters are trained");
    else
        text_add(&line, "%lld of %lld parameters are %s", (long long)trained, (long long)all,
                 fit_head_is_solved(r) ? "fitted" : "trained");
    if (!fit_head_is_solved(r))
        text_add(&line, ", learning rate %g", r->schedule.base);
    if (norms > 0)
        text_add(&line, "; %d of %d batch norms keep their statistics", kept, norms);
    fit_log(r, "%s", text_string(&line));
    text_release(&line);
}

/* What the step's graph is made of while the backbone, or what fv_freeze named, is frozen. */
static fv_status make_trainer(fit_run *r)
{
    trainer_destroy(r->trainer);
    r->trainer = NULL;
    if (r->o.head == FV_HEAD_KNN)
        return FV_OK;
    const feature_cut none = {0}, *cut = r->kept.train ? &r->kept.train->cut : &none;
    STATUS_TRY(trainer_create_from(r->model, cut, r->o.batch, r->o.seed, &r->loss, &r->trainer));
    trainer_start_from(r->trainer, r->first_step, loader_batches(r->loader));
    return trainer_write(r->trainer);
}

fv_status fit_begin_phase(fit_run *r, const checkpoint_extra *x)
{
    fv_model *m = r->model;
    make_schedule(r);
    bool *frozen = mem_array((size_t)m->tensor_count, sizeof *frozen);
    fv_status status = frozen ? FV_OK : status_last();
    for (int32_t i = 0; status == FV_OK && i < m->tensor_count; i++)
        frozen[i] = m->tensors[i].frozen;
    int64_t stages = fv_model_stage_count(m), thawed = thawed_stages(r, stages);
    if (status == FV_OK && is_head(r))
        status = network_freeze_backbone(m);
    else if (status == FV_OK && thawed < stages)
        status = network_freeze_stages(m, stages - thawed);
    if (status == FV_OK)
        tell(r);
    if (status == FV_OK)
        status = fit_features_begin(r, x && r->state.step != r->first_step);
    if (status == FV_OK)
        status = make_trainer(r);
    for (int32_t i = 0; frozen && i < m->tensor_count; i++)
        m->tensors[i].frozen = frozen[i];
    free(frozen);
    if (status != FV_OK)
        return status;
    if (r->state.step == r->first_step && r->schedule_update == 0)
        r->state.plateau = (plateau){.scale = 1, .best = -INFINITY};
    return x && r->trainer && r->state.step != r->first_step ? trainer_load(r->trainer, x) : FV_OK;
}

bool fit_phase_is_over(const fit_run *r)
{
    return r->state.epoch < r->o.epochs && first_epoch(r) * loader_batches(r->loader) != r->first_step;
}

/* What is frozen and how the learning rate is scaled: a resumed run must have the same. */
uint64_t fit_phase_fingerprint(const fv_model *m)
{
    uint64_t hash = HASH_START;
    for (int32_t i = 0; i < m->tensor_count; i++) {
        hash = hash_number(hash, m->tensors[i].frozen);
        hash = hash_bytes(hash, &m->tensors[i].rate_scale, sizeof m->tensors[i].rate_scale);
    }
    return hash;
}
