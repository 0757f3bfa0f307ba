/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A phase whose network begins frozen may work on features: what the frozen beginning makes of each picture is computed once, and
 * the epochs train and validate on that. Nothing changes where pictures are not augmented. Where they are, the epochs have few different
 * views of each picture, so only the head is trained that way, which has too few parameters to need more.
 */
#include <stdlib.h>
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

/* Where the features of all pictures have room. */
typedef enum room {
    ROOM_NONE,
    ROOM_MEMORY,
    ROOM_FILE,    /* in the cache, for the next run too */
    ROOM_NAMELESS /* as long as the phase takes: there is no room in memory, and no cache was asked for */
} room;

static size_t all_bytes(const fit_run *r, const feature_cut *cut)
{
    size_t training = features_bytes(cut, fv_dataset_size(r->o.train), fit_feature_views(r)),
           validation = r->o.validation ? features_bytes(cut, fv_dataset_size(r->o.validation), 1) : 0, all;
    return __builtin_add_overflow(training, validation, &all) ? SIZE_MAX : all;
}

static fv_status find_room(const fit_run *r, const feature_cut *cut, room *found)
{
    bool file = cache_is_on_disk(r->o.cache), ram = r->o.cache && strcmp(r->o.cache, "ram") == 0;
    size_t limit = (size_t)r->o.cache_limit, bytes = all_bytes(r, cut);
    if (limit == 0 || !(file || ram))
        STATUS_TRY(cache_half_of_free(file ? r->o.cache : "ram", &limit));
    *found = bytes > limit ? ROOM_NONE : file ? ROOM_FILE : ROOM_MEMORY;
    if (*found == ROOM_NONE && !file && !ram && cache_half_of_free("disk", &limit) == FV_OK && bytes <= limit)
        *found = ROOM_NAMELESS;
    if (*found == ROOM_NONE)
        fit_log(r, "features of the frozen layers would take %.3g GB of %s: every epoch computes them anew",
                (double)bytes / 1e9, file ? "the disk" : "memory");
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
    p->step++;
    fv_progress now =
        scoring_progress(p->step, p->steps, p->step * p->batch_size, clock_seconds() - p->start, NULL);
    now.epoch = r->state.epoch + 1;
    now.epochs = r->o.epochs;
    now.phase = "features";
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

/* A part of the data, and what becomes of it. */
typedef struct feature_part {
    const loader_options *pictures;
    int64_t views;
    features **features;
    loader **order;
    int64_t *told;
} feature_part;

/* Without augmentation, in the data's order. */
static loader_options plain_pictures(const feature_part *part, int64_t batch_size)
{
    loader_options o = *part->pictures;
    o.batch = batch_size;
    o.shuffle = false;
    o.balanced = false;
    o.class_weights = NULL;
    o.classes = 0;
    o.cache = NULL;
    o.augment = NULL;
    return o;
}

/* One view of all pictures: as they are, or as the policy changes them in an epoch. */
static fv_status keep_view(feature_pass *p, const feature_part *part, int64_t view)
{
    loader_options o = plain_pictures(part, p->batch_size);
    loader *l;
    if (view > 0)
        o.augment = part->pictures->augment;
    STATUS_TRY(loader_create(&o, &l));
    fv_status status = loader_start(l, view > 0 ? view - 1 : 0, 0);
    if (status == FV_OK)
        status = keep_batches(p, l, view, *part->features);
    scoring_tell_skipped(l, p->run->o.on_log, p->run->o.user, part->told);
    bool none = loader_skipped(l) == loader_samples(l);
    if (status == FV_OK && none)
        status = status_set(FV_ERROR_IO, "none of the pictures could be read; the first: %s",
                            loader_skipped_message(l, 0));
    loader_destroy(l);
    return status;
}

static fv_status keep_part(feature_pass *p, const feature_part *part)
{
    features *f = *part->features;
    for (int64_t view = 0; view < part->views && !f->whole; view++)
        STATUS_TRY(keep_view(p, part, view));
    return features_commit(f);
}

/* Batches of the part's order and labels. */
static fv_status make_order(const feature_part *part)
{
    loader_options o = *part->pictures;
    o.augment = NULL;
    o.cache = NULL;
    o.readable = (*part->features)->readable;
    o.threads = 1;
    return loader_create(&o, part->order);
}

static fv_status find_key(const feature_pass *p, const feature_part *part, const feature_cut *cut,
                          char hex[DIGEST_SIZE])
{
    const fit_run *r = p->run;
    loader_options o = plain_pictures(part, p->batch_size);
    text varied = {0};
    text_add(&varied, "%lld views", (long long)part->views);
    if (part->views > 1)
        text_add(&varied, " of seed %llu: %s", (unsigned long long)r->o.seed, text_string(&r->augment_words));
    fv_status status = text_status(&varied);
    if (status == FV_OK)
        status = feature_key(r->model, cut, p->batch_size, &o, text_string(&varied), hex);
    text_release(&varied);
    return status;
}

/* Room for a part's features, or what an earlier run kept in it. */
static fv_status open_part(feature_pass *p, const feature_part *part, const feature_cut *cut, room where)
{
    const fit_run *r = p->run;
    char hex[DIGEST_SIZE], *folder = NULL;
    text problem = {0};
    if (where == ROOM_FILE)
        STATUS_TRY(find_key(p, part, cut, hex));
    if (where != ROOM_MEMORY)
        STATUS_TRY(cache_folder(r->o.cache, "features", &folder));
    fv_status status =
        features_create(cut, fv_dataset_size(part->pictures->data), part->views, r->o.batch,
                        &(feature_place){folder, where == ROOM_FILE ? hex : NULL}, &problem, part->features);
    if (problem.length > 0)
        fit_log(r, "%s", text_string(&problem));
    text_release(&problem);
    free(folder);
    return status;
}

/* A run that computes them lists them one by one. */
static void tell_unreadable(const fit_run *r, const features *f)
{
    int64_t unreadable = 0;
    for (int64_t i = 0; i < f->pictures; i++)
        unreadable += !f->readable[i];
    if (f->whole && unreadable > 0)
        fit_log(r,
                "%lld of %lld pictures have no features in %s: their classes are not known, or they could "
                "not be read",
                (long long)unreadable, (long long)f->pictures, f->file.path);
}

static void tell(const fit_run *r, const feature_pass *p, const feature_cut *cut)
{
    const features *f = r->kept.train;
    int64_t views = f->views;
    text line = {0};
    text_add(&line, "features of the frozen layers: %lld a picture", (long long)cut->row);
    if (views > 1)
        text_add(&line, ", of %lld views of each", (long long)views);
    else if (r->augment.count > 0)
        text_add(&line, ", without augmentation");
    if (p->steps > 0)
        text_add(&line, ", computed once in %.1f s and kept", clock_seconds() - p->start);
    else
        text_add(&line, ", found");
    if (f->file.path)
        text_add(&line, " in %s", f->file.path);
    else if (f->file.size > 0)
        text_add(&line, " on disk, for want of memory");
    fit_log(r, "%s", text_string(&line));
    text_release(&line);
}

static fv_status keep(fit_run *r, const feature_cut *cut, room where)
{
    fit_features *k = &r->kept;
    const feature_part parts[] = {
        {&r->pictures, fit_feature_views(r), &k->train, &k->order, &r->skips_told},
        {&r->validation_pictures, 1, &k->validation, &k->validation_order, &r->validation_skips_told}};
    const loader *loaders[] = {r->loader, r->validation};
    int count = r->validation ? 2 : 1;
    feature_pass p = {.run = r, .start = clock_seconds()};
    p.batch_size = r->samples < FEATURE_BATCH ? r->samples : FEATURE_BATCH;
    fv_status status = FV_OK;
    for (int i = 0; status == FV_OK && i < count; i++) {
        status = open_part(&p, &parts[i], cut, where);
        if (status == FV_OK && !(*parts[i].features)->whole)
            p.steps += parts[i].views * ((loader_samples(loaders[i]) + p.batch_size - 1) / p.batch_size);
        else if (status == FV_OK)
            tell_unreadable(r, *parts[i].features);
    }
    if (status == FV_OK && p.steps > 0)
        status = feature_plan_create(r->model, cut, p.batch_size, false, &p.before);
    for (int i = 0; status == FV_OK && i < count; i++) {
        status = keep_part(&p, &parts[i]);
        if (status == FV_OK)
            status = make_order(&parts[i]);
    }
    feature_plan_destroy(p.before);
    if (status == FV_OK && r->validation)
        status = feature_plan_create(r->model, cut, r->o.batch, true, &k->behind);
    if (status == FV_OK)
        tell(r, &p, cut);
    return status;
}

/* What is free may have changed since the phase began. */
fv_status fit_features_begin(fit_run *r, bool resuming)
{
    room where = ROOM_NONE;
    fit_features_release(r);
    if (resuming && !r->state.on_features)
        return FV_OK;
    const feature_cut cut = fit_head_is_solved(r) ? feature_cut_head(r->model) : feature_cut_find(r->model);
    if (suits(r, &cut))
        STATUS_TRY(find_room(r, &cut, &where));
    bool keeps = where != ROOM_NONE;
    if (r->trial) {
        r->state.on_features = keeps; /* but steps of a trial go through all layers */
        return FV_OK;
    }
    if (!keeps && (resuming || fit_head_is_solved(r)))
        return status_set(FV_ERROR_MEMORY, "there is not enough room for the features of all pictures");
    r->state.on_features = keeps;
    return keeps ? keep(r, &cut, where) : FV_OK;
}

fv_status fit_features_each(fit_run *r, fit_take_features take, void *to)
{
    loader *l = fit_loader(r);
    STATUS_TRY(loader_start(l, r->state.epoch, 0));
    for (const batch *b;;) {
        STATUS_TRY(loader_next(l, &b));
        if (!b)
            return FV_OK;
        for (int64_t i = 0; i < b->count; i++)
            if (b->weights[i] > 0)
                take(r->kept.train, b, i, to);
        loader_done(l, b);
    }
}

fv_status fit_features_logits(void *run, const batch *b, float *logits)
{
    fit_run *r = run;
    return feature_plan_logits(r->kept.behind, features_gather(r->kept.validation, b, 0), logits);
}
