/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A phase whose network begins frozen may work on features: what the frozen beginning makes of each picture is computed once, and
 * the epochs train and validate on that. Nothing changes where pictures are not augmented. Where they are, the epochs have few different
 * views of each picture, so only the head is trained that way, which has too few parameters to need more.
 */
#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "train/fit.h"
#include "train/scoring.h"

enum {
    FEATURE_BATCH = 16 /* pictures that the frozen layers see together, at most */
};

void fit_features_release(fit_run *r)
{
    fit_features *k = &r->kept;
    loader_destroy(k->order);
    loader_destroy(k->validation_order);
    feature_plan_destroy(k->behind);
    features_destroy(k->train);
    features_destroy(k->validation);
    *k = (fit_features){0};
}

loader *fit_loader(const fit_run *r)
{
    return r->kept.order ? r->kept.order : r->loader;
}

loader *fit_validation_loader(const fit_run *r)
{
    return r->kept.validation_order ? r->kept.validation_order : r->validation;
}

/* ---- whether ---- */

static bool trains_head_alone(const fv_model *m)
{
    const layer_record *head = network_head(m);
    for (int32_t i = 0; head && i < m->tensor_count; i++)
        if (m->tensors[i].trainable && !m->tensors[i].frozen &&
            (i < head->first_tensor || i >= head->first_tensor + head->tensor_count))
            return false;
    return head != NULL;
}

int64_t fit_feature_views(const fit_run *r)
{
    return r->augment.count > 0 && r->o.feature_views > 0 ? r->o.feature_views : 1;
}

static bool suits(const fit_run *r, const feature_cut *cut)
{
    if (fit_head_is_solved(r))
        return true;
    return r->o.feature_views > 0 && cut->count > 0 && !r->teachers && !augment_policy_mixes(&r->augment) &&
           (r->augment.count == 0 || trains_head_alone(r->model));
}

static fv_status fits(const fit_run *r, const feature_cut *cut, bool *fit)
{
    size_t limit = (size_t)r->o.cache_limit,
           bytes = features_bytes(cut, fv_dataset_size(r->o.train), fit_feature_views(r));
    if (r->o.validation && bytes < SIZE_MAX)
        bytes += features_bytes(cut, fv_dataset_size(r->o.validation), 1);
    if (limit == 0 || !r->o.cache || strcmp(r->o.cache, "ram") != 0)
        STATUS_TRY(cache_half_of_free("ram", &limit));
    *fit = bytes <= limit;
    if (!*fit)
        fit_log(r,
                "features of the frozen layers would take %.3g GB of memory: every epoch computes them anew",
                (double)bytes / 1e9);
    return FV_OK;
}

/* ---- computing them ---- */

typedef struct feature_pass {
    fit_run *run;
    feature_plan *before;
    int64_t batch_size;
    int64_t step, steps; /* of all passes */
    double start;
} feature_pass;

static fv_status tell_step(feature_pass *p)
{
    const fit_run *r = p->run;
    double seconds = clock_seconds() - p->start;
    p->step++;
    fv_progress now = {.epoch = r->state.epoch + 1,
                       .epochs = r->o.epochs,
                       .step = p->step,
                       .steps = p->steps,
                       .pictures = p->step * p->batch_size,
                       .seconds = seconds,
                       .seconds_left = seconds / (double)p->step * (double)(p->steps - p->step),
                       .images_per_second = (double)(p->step * p->batch_size) / seconds,
                       .wait_share = NAN,
                       .learning_rate = NAN,
                       .train_loss = NAN,
                       .train_accuracy = NAN,
                       .validation_loss = NAN,
                       .validation_accuracy = NAN,
                       .phase = "features"};
    if (r->o.on_step && r->o.on_step(&now, r->o.user))
        return status_set(FV_INTERRUPTED, "interrupted while features were computed");
    return FV_OK;
}

static fv_status keep_batches(feature_pass *p, loader *l, int64_t view, features *f)
{
    for (const batch *b;;) {
        STATUS_TRY(loader_next(l, &b));
        if (!b)
            return FV_OK;
        fv_status status = feature_plan_keep(p->before, b, view, f);
        loader_done(l, b);
        STATUS_TRY(status);
        STATUS_TRY(tell_step(p));
    }
}

/* One view of all pictures: as they are, or as the policy changes them in an epoch. */
static fv_status keep_view(feature_pass *p, const loader_options *pictures, int64_t view, features *f,
                           int64_t *told)
{
    loader_options o = *pictures;
    loader *l;
    o.batch = p->batch_size;
    o.shuffle = false;
    o.balanced = false;
    o.class_weights = NULL;
    o.classes = 0;
    o.cache = NULL;
    if (view == 0)
        o.augment = NULL;
    STATUS_TRY(loader_create(&o, &l));
    fv_status status = loader_start(l, view > 0 ? view - 1 : 0, 0);
    if (status == FV_OK)
        status = keep_batches(p, l, view, f);
    scoring_tell_skipped(l, p->run->o.on_log, p->run->o.user, told);
    bool none = loader_skipped(l) == loader_samples(l);
    if (status == FV_OK && none)
        status = status_set(FV_ERROR_IO, "none of the pictures could be read; the first: %s",
                            loader_skipped_message(l, 0));
    loader_destroy(l);
    return status;
}

/* All views of a part of the data, and the loader of its order and labels. */
static fv_status keep_part(feature_pass *p, const feature_cut *cut, const loader_options *pictures,
                           int64_t views, features **f, loader **order, int64_t *told)
{
    const fit_run *r = p->run;
    STATUS_TRY(features_create(cut, fv_dataset_size(pictures->data), views, r->o.batch, f));
    for (int64_t view = 0; view < views; view++)
        STATUS_TRY(keep_view(p, pictures, view, *f, told));
    loader_options o = *pictures;
    o.augment = NULL;
    o.cache = NULL;
    o.readable = (*f)->readable;
    o.threads = 1;
    return loader_create(&o, order);
}

static int64_t count_steps(const loader *l, int64_t batch_size)
{
    return (loader_samples(l) + batch_size - 1) / batch_size;
}

static fv_status keep(fit_run *r, const feature_cut *cut)
{
    fit_features *k = &r->kept;
    int64_t views = fit_feature_views(r);
    feature_pass p = {.run = r, .start = clock_seconds()};
    p.batch_size = r->samples < FEATURE_BATCH ? r->samples : FEATURE_BATCH;
    p.steps = views * count_steps(r->loader, p.batch_size);
    if (r->validation)
        p.steps += count_steps(r->validation, p.batch_size);
    fv_status status = feature_plan_create(r->model, cut, p.batch_size, false, &p.before);
    if (status == FV_OK)
        status = keep_part(&p, cut, &r->pictures, views, &k->train, &k->order, &r->skips_told);
    if (status == FV_OK && r->validation)
        status = keep_part(&p, cut, &r->validation_pictures, 1, &k->validation, &k->validation_order,
                           &r->validation_skips_told);
    feature_plan_destroy(p.before);
    if (status == FV_OK && r->validation)
        status = feature_plan_create(r->model, cut, r->o.batch, true, &k->behind);
    if (status != FV_OK)
        return status;
    text line = {0};
    text_add(&line, "features of the frozen layers: %lld a picture", (long long)cut->row);
    if (views > 1)
        text_add(&line, ", of %lld views of each", (long long)views);
    else if (r->augment.count > 0)
        text_add(&line, ", without augmentation");
    text_add(&line, ", computed once in %.1f s and kept", clock_seconds() - p.start);
    fit_log(r, "%s", text_string(&line));
    text_release(&line);
    return FV_OK;
}

fv_status fit_features_wanted(const fit_run *r, feature_cut *cut, bool *wanted)
{
    *cut = fit_head_is_solved(r) ? feature_cut_head(r->model) : feature_cut_find(r->model);
    *wanted = suits(r, cut);
    return *wanted ? fits(r, cut, wanted) : FV_OK;
}

/* What is free in memory may have changed since the phase began. */
fv_status fit_features_begin(fit_run *r, bool resuming)
{
    feature_cut cut;
    bool keeps;
    fit_features_release(r);
    if (resuming && !r->state.on_features)
        return FV_OK;
    STATUS_TRY(fit_features_wanted(r, &cut, &keeps));
    if (r->trial) {
        r->state.on_features = keeps; /* but steps of a trial go through all layers */
        return FV_OK;
    }
    if (!keeps && (resuming || fit_head_is_solved(r)))
        return status_set(FV_ERROR_MEMORY, "there is not enough memory for the features of all pictures");
    r->state.on_features = keeps;
    return keeps ? keep(r, &cut) : FV_OK;
}

fv_status fit_features_logits(void *run, const batch *b, float *logits)
{
    fit_run *r = run;
    return feature_plan_logits(r->kept.behind, features_gather(r->kept.validation, b, 0), logits);
}
