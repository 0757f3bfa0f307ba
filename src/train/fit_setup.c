/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"
#include "train/compile.h"
#include "train/fit.h"
#include "train/metrics.h"
#include "train/scoring.h"

enum {
    EPOCHS_DEFAULT = 20,
    EPOCHS_LIMIT = 1000000,
    BATCH_LIMIT = 65536,
    FEATURE_VIEWS_DEFAULT = 1,
    FEATURE_VIEWS_LIMIT = 1000,
    KEEP_LIMIT = 10000,
    SMALL_SIDE = 64, /* up to here batches are larger */
    PATIENCE_DEFAULT = 10,
    STATISTICS_LEAST = 256, /* pictures */
    STATISTICS_MOST =
        5000, /* their mean is then known to less than a level; decoding more takes longer than it is worth */
    STATISTICS_VALUES = 50 * 1000000L, /* pixels that mean and deviation are measured on */
};

void fit_log(const fit_run *r, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    if (!r->o.on_log || r->trial)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    r->o.on_log(line, r->o.user);
}

/* ---- options ---- */

static void set_defaults(fv_fit_options *o)
{
    const fv_preprocess *p = fv_model_preprocess(o->model);
    if (o->epochs == 0)
        o->epochs = o->head != FV_HEAD_TRAINED ? 1 : EPOCHS_DEFAULT;
    if (o->head != FV_HEAD_TRAINED && o->head_epochs == 0)
        o->head_epochs = 1;
    if (o->batch == 0)
        o->batch = p->height <= SMALL_SIDE && p->width <= SMALL_SIDE ? 128 : 32;
    o->warmup = o->warmup == 0 ? 0.05f : o->warmup == FV_OFF ? 0 : o->warmup;
    o->patience = o->patience == 0 ? PATIENCE_DEFAULT : o->patience;
    if (o->distill_alpha == 0)
        o->distill_alpha = 0.9f;
    if (o->distill_temperature == 0)
        o->distill_temperature = 4;
    if (o->head_learning_rate == 0)
        o->head_learning_rate = o->model->compile.learning_rate;
    if (o->feature_views == 0)
        o->feature_views = FEATURE_VIEWS_DEFAULT;
    if (o->keep_checkpoints == 0)
        o->keep_checkpoints = 1;
    if (!o->augment)
        o->augment = "standard";
    if (o->loader_threads == 0)
        o->loader_threads = compile_cores() > 1 ? compile_cores() - 1 : 1;
    if (o->validation && fv_dataset_size(o->validation) == 0)
        o->validation = NULL;
}

static fv_status check_ranges(const fv_fit_options *o)
{
    if (o->epochs < 1 || o->epochs > EPOCHS_LIMIT)
        return status_set(FV_ERROR_INVALID, "fit: epochs must be 1..%d, not %lld", EPOCHS_LIMIT,
                          (long long)o->epochs);
    if (o->batch < 1 || o->batch > BATCH_LIMIT)
        return status_set(FV_ERROR_INVALID, "fit: batch must be 1..%d, not %lld", BATCH_LIMIT,
                          (long long)o->batch);
    if (o->head_epochs < 0 || o->head_epochs > o->epochs)
        return status_set(FV_ERROR_INVALID, "fit: head_epochs must be 0..%lld, as many as epochs, not %lld",
                          (long long)o->epochs, (long long)o->head_epochs);
    if (o->unfreeze_every < 0 || o->unfreeze_every > EPOCHS_LIMIT)
        return status_set(FV_ERROR_INVALID, "fit: unfreeze_every must be 0..%d epochs, not %lld",
                          EPOCHS_LIMIT, (long long)o->unfreeze_every);
    if (o->unfreeze_every > 0 && fv_model_stage_count(o->model) == 0)
        return status_set(FV_ERROR_INVALID, "fit: unfreeze_every: %s has no stages to thaw one by one",
                          fv_model_name(o->model));
    if ((int)o->head < 0 || o->head > FV_HEAD_KNN)
        return status_set(FV_ERROR_INVALID, "fit: there is no head %d", (int)o->head);
    if (o->head != FV_HEAD_TRAINED && o->head_epochs != 1)
        return status_set(FV_ERROR_INVALID, "fit: a linear or knn head takes one epoch, not head_epochs %lld",
                          (long long)o->head_epochs);
    if (o->head == FV_HEAD_KNN && o->epochs != 1)
        return status_set(
            FV_ERROR_INVALID,
            "fit: the neighbours' vote of a knn head has no gradient that more epochs could train "
            "on: there is one, not %lld",
            (long long)o->epochs);
    if (o->head == FV_HEAD_KNN && (o->balance != FV_BALANCE_NONE || o->class_weights))
        return status_set(FV_ERROR_INVALID,
                          "fit: neighbours vote alike: a knn head takes neither balance nor class weights");
    if (!(o->head_learning_rate >= 1e-12f && o->head_learning_rate <= 1e3f))
        return status_set(FV_ERROR_INVALID, "fit: head_learning_rate must be 1e-12..1000, not %g",
                          (double)o->head_learning_rate);
    if (!(o->warmup >= 0 && o->warmup < 1))
        return status_set(FV_ERROR_INVALID, "fit: warmup must be in [0, 1), not %g", (double)o->warmup);
    if (o->patience < FV_OFF)
        return status_set(FV_ERROR_INVALID, "fit: patience must be 1 or more, or FV_OFF, not %lld",
                          (long long)o->patience);
    if ((int)o->schedule < 0 || o->schedule > FV_SCHEDULE_LINEAR || (int)o->monitor < 0 ||
        o->monitor > FV_MONITOR_MAP)
        return status_set(FV_ERROR_INVALID, "fit: there is no schedule %d or monitor %d", (int)o->schedule,
                          (int)o->monitor);
    if (o->feature_views < FV_OFF || o->feature_views > FEATURE_VIEWS_LIMIT)
        return status_set(FV_ERROR_INVALID, "fit: feature_views must be 1..%d, or FV_OFF, not %lld",
                          FEATURE_VIEWS_LIMIT, (long long)o->feature_views);
    if ((int)o->balance < 0 || o->balance > FV_BALANCE_EFFECTIVE)
        return status_set(FV_ERROR_INVALID, "fit: there is no balance %d", (int)o->balance);
    if (o->cache_limit < 0)
        return status_set(FV_ERROR_INVALID, "fit: cache_limit must be a number of bytes, not %lld",
                          (long long)o->cache_limit);
    if (o->checkpoint_steps < 0 || !(o->checkpoint_minutes >= 0))
        return status_set(FV_ERROR_INVALID,
                          "fit: checkpoint_steps and checkpoint_minutes must not be negative");
    if (o->keep_checkpoints < 1 || o->keep_checkpoints > KEEP_LIMIT)
        return status_set(FV_ERROR_INVALID, "fit: keep_checkpoints must be 1..%d, not %lld", KEEP_LIMIT,
                          (long long)o->keep_checkpoints);
    STATUS_TRY(cache_check(o->cache));
    STATUS_TRY(fit_check_loss(o));
    if (o->loader_threads < 1 || o->loader_threads > 4096)
        return status_set(FV_ERROR_INVALID, "fit: loader_threads must be 1..4096, not %d", o->loader_threads);
    return FV_OK;
}

static fv_status read_options(fit_run *r, const fv_fit_options *options)
{
    fv_fit_options *o = &r->o;
    if (options)
        memcpy(o, options, options->struct_size < sizeof *o ? options->struct_size : sizeof *o);
    if (!o->model || !o->train)
        return status_set(FV_ERROR_INVALID, "fit: model and train are required");
    r->model = o->model;
    STATUS_TRY(compile_ensure(o->model));
    set_defaults(o);
    return check_ranges(o);
}

/* ---- classes and data ---- */

static fv_status take_classes(fv_model *m, const fv_dataset *train)
{
    int64_t count = fv_dataset_class_count(train), outputs = fv_model_class_count(m);
    bool one_for_two = outputs == 1 && count == 2 && !dataset_is_multi_label(train);
    if (count != outputs && !one_for_two)
        return status_set(
            FV_ERROR_INVALID,
            "the data has %lld classes, but the network has %lld outputs; give the last layer %lld "
            "units",
            (long long)count, (long long)outputs, (long long)count);
    const char **names = mem_array((size_t)count, sizeof *names);
    if (!names)
        return status_last();
    for (int64_t i = 0; i < count; i++)
        names[i] = fv_dataset_class_name(train, i);
    fv_status status = fv_model_set_classes(m, names, count);
    free(names);
    return status;
}

static fv_status match_classes(fit_run *r)
{
    fv_model *m = r->model;
    const fv_dataset *train = r->o.train;
    int64_t unknown;
    if (fv_dataset_size(train) == 0)
        return status_set(FV_ERROR_INVALID, "fit: the training data has no pictures");
    if (fv_dataset_class_count(train) < 2)
        return status_set(
            FV_ERROR_INVALID,
            "the training data has one class only ('%s'); a classifier tells at least two apart",
            fv_dataset_class_name(train, 0) ? fv_dataset_class_name(train, 0) : "");
    if (!m->classes)
        STATUS_TRY(take_classes(m, train));
    STATUS_TRY(scoring_match(m, train, "training", &r->train_map, &unknown));
    if (unknown > 0)
        fit_log(r, "%lld training pictures belong to classes that the model does not know: left out",
                (long long)unknown);
    r->samples = fv_dataset_size(train) - unknown;
    if (!r->o.validation)
        return FV_OK;
    STATUS_TRY(scoring_match(m, r->o.validation, "validation", &r->validation_map, &unknown));
    if (unknown > 0)
        fit_log(r, "%lld validation pictures belong to classes that the model does not know: left out",
                (long long)unknown);
    return FV_OK;
}

/* Pictures of 12 bits in 16 would be nearly black in the type's whole range. */
static fv_status choose_window(fit_run *r)
{
    fv_preprocess p = r->model->preprocess;
    fv_window_choice c;
    if (r->model->statistics_set || r->o.keep_window || p.window != FV_WINDOW_FULL)
        return FV_OK;
    STATUS_TRY(fv_dataset_window(r->o.train, &c));
    if (c.window != FV_WINDOW_RANGE)
        return FV_OK;
    p.window = c.window;
    p.window_low = c.low;
    p.window_high = c.high;
    memset(p.std, 0, sizeof p.std); /* mean and std are still to come */
    STATUS_TRY(fv_model_set_preprocess(r->model, &p));
    fit_log(r, "pictures with more than 8 bits: values from %g to %g, of %g to %g, become black to white",
            (double)c.low, (double)c.high, (double)c.full_low, (double)c.full_high);
    return FV_OK;
}

/* Mean and deviation of the training pictures, unless the model has some already. */
static fv_status measure_statistics(fit_run *r)
{
    if (r->model->statistics_set)
        return FV_OK;
    fv_preprocess p = r->model->preprocess;
    int64_t sample = STATISTICS_VALUES / (p.height * p.width);
    if (sample < STATISTICS_LEAST)
        sample = STATISTICS_LEAST;
    if (sample > STATISTICS_MOST)
        sample = STATISTICS_MOST;
    STATUS_TRY(dataset_statistics(r->o.train, &p, sample, p.mean, p.std));
    STATUS_TRY(fv_model_set_preprocess(r->model, &p));
    r->model->statistics_set = true; /* even if they are what the model had */
    text line = {0};
    text_add(&line, "values of the training pictures: ");
    for (int64_t c = 0; c < p.channels; c++)
        text_add(&line, "%s%.1f ± %.1f", c ? ", " : "", (double)p.mean[c], (double)p.std[c]);
    text_add(&line, " (of 0..255)");
    if (r->o.on_log) /* by a trial, too: the run behind it has them then */
        r->o.on_log(text_string(&line), r->o.user);
    text_release(&line);
    return FV_OK;
}

static fv_status make_policy(fit_run *r)
{
    const fv_fit_options *o = &r->o;
    const fv_preprocess *p = &r->model->preprocess;
    augment_context context = {.height = p->height,
                               .width = p->width,
                               .channels = p->channels,
                               .classes = (const char *const *)r->model->classes,
                               .class_count = r->model->class_count};
    STATUS_TRY(augment_policy_init(&r->augment, o->augment, &context));
    STATUS_TRY(augment_policy_add_extras(&r->augment, o->erase, o->mixup, o->cutmix));
    augment_policy_describe(&r->augment, &r->augment_words);
    text line = {0};
    augment_policy_tell(&r->augment, o->augment, &context, &line);
    fit_log(r, "%s", text_string(&line));
    text_release(&line);
    return text_status(&r->augment_words);
}

/* Training and validation share what the cache may take, by their numbers of pictures. */
static fv_status limit_cache(const fit_run *r, loader_options *training, loader_options *validation)
{
    double limit = (double)r->o.cache_limit, train = (double)fv_dataset_size(training->data),
           all = train + (validation->data ? (double)fv_dataset_size(validation->data) : 0);
    size_t half;
    STATUS_TRY(cache_half_of_free(r->o.cache, &half));
    if (r->o.cache_limit == 0)
        limit = (double)half;
    training->cache = validation->cache = r->o.cache;
    training->cache_limit = (size_t)(limit * train / all);
    validation->cache_limit = (size_t)limit - training->cache_limit;
    return FV_OK;
}

static void tell_cache(const fit_run *r, const char *what, const loader *l)
{
    text line = {0};
    if (!loader_cache(l))
        return;
    cache_describe(loader_cache(l), &line);
    fit_log(r, "%s: %s", what, text_string(&line));
    text_release(&line);
}

static fv_status make_loaders(fit_run *r)
{
    const fv_fit_options *o = &r->o;
    STATUS_TRY(make_policy(r));
    r->loss.targets = r->multi_label                      ? STEP_MULTI_LABEL
                      : augment_policy_mixes(&r->augment) ? STEP_SOFT
                                                          : STEP_LABELS;
    int64_t classes = metrics_classes(fv_model_class_count(r->model));
    loader_options *training = &r->pictures, *validation = &r->validation_pictures;
    *training = (loader_options){.data = o->train,
                                 .preprocess = r->model->preprocess,
                                 .augment = r->augment.count > 0 ? &r->augment : NULL,
                                 .batch = o->batch,
                                 .shuffle = true,
                                 .reduced_decode = true,
                                 .seed = o->seed,
                                 .threads = o->loader_threads,
                                 .on_error = o->on_error,
                                 .class_map = r->train_map,
                                 .classes = r->loss.targets == STEP_LABELS ? 0 : classes,
                                 .balanced = o->balance == FV_BALANCE_SAMPLER,
                                 .class_weights = r->multi_label ? NULL : r->class_weights};
    /* Validation measures what evaluation does: nothing is augmented, pictures are decoded at full scale. */
    *validation = *training;
    validation->data = o->validation;
    validation->class_map = r->validation_map;
    validation->classes = r->multi_label ? classes : 0;
    validation->balanced = false;
    validation->class_weights = NULL;
    validation->augment = NULL;
    validation->shuffle = validation->reduced_decode = false;
    STATUS_TRY(limit_cache(r, training, validation));
    STATUS_TRY(loader_create(training, &r->loader));
    tell_cache(r, "training", r->loader);
    if (!o->validation)
        return FV_OK;
    STATUS_TRY(loader_create(validation, &r->validation));
    tell_cache(r, "validation", r->validation);
    return FV_OK;
}

/* A batch is never larger than the data: repeats in it would cost time and teach nothing. */
static void limit_batch(fit_run *r)
{
    if (r->o.batch > r->samples)
        r->o.batch = r->samples;
}

/* ---- the run ---- */

static fv_status make_signature(fit_run *r)
{
    const fv_fit_options *o = &r->o;
    const fv_compile_options *c = &r->model->compile;
    text_add(&r->signature,
             "pictures %lld, epochs %lld, batch %lld, schedule %d, warmup %.9g, patience %lld, ",
             (long long)loader_samples(r->loader), (long long)o->epochs, (long long)o->batch,
             (int)o->schedule, (double)o->warmup, (long long)o->patience);
    text_add(&r->signature, "monitor %d, validation %lld, augment %s, seed %llu, optimizer %d, lr %.9g, ",
             (int)o->monitor, r->validation ? (long long)loader_samples(r->validation) : 0,
             text_string(&r->augment_words), (unsigned long long)o->seed, (int)c->optimizer,
             (double)c->learning_rate);
    text_add(&r->signature, "momentum %.9g, nesterov %d, betas %.9g %.9g, rho %.9g, epsilon %.9g, ",
             (double)c->momentum, c->nesterov != 0, (double)c->beta_1, (double)c->beta_2, (double)c->rho,
             (double)c->epsilon);
    text_add(&r->signature, "weight decay %.9g, loss %d, label smoothing %.9g, balance %d",
             (double)c->weight_decay, (int)c->loss, (double)c->label_smoothing, (int)o->balance);
    text_add(&r->signature, ", l1 %.9g, l2 %.9g, clip norm %.9g, clip value %.9g, accumulate %lld, ema %.9g",
             (double)c->l1, (double)c->l2, (double)c->clip_norm, (double)c->clip_value,
             (long long)c->accumulate, (double)c->ema);
    text_add(&r->signature, ", cache %d, feature views %lld", loader_cache(r->loader) != NULL,
             (long long)o->feature_views);
    text_add(&r->signature, ", head %d, unfreeze every %lld", (int)o->head, (long long)o->unfreeze_every);
    text_add(&r->signature, ", head epochs %lld, head lr %.9g, kept statistics %d, frozen %llx",
             (long long)o->head_epochs, (double)o->head_learning_rate, r->model->keep_statistics,
             (unsigned long long)fit_phase_fingerprint(r->model));
    fit_sign_loss(r);
    return text_status(&r->signature);
}

static void tell_recipe(const fit_run *r)
{
    const fv_compile_options *c = &r->model->compile;
    if (c->accumulate > 1)
        fit_log(r, "%lld batches of %lld pictures make an update", (long long)c->accumulate,
                (long long)r->o.batch);
    if (c->ema > 0)
        fit_log(r, "validated and kept are not the weights but their running average, of decay %g",
                (double)c->ema);
}

static fv_status make_paths(fit_run *r)
{
    const char *out = r->o.out;
    if (!out)
        return FV_OK;
    STATUS_TRY(file_make_folders(out));
    r->results_path = file_join(out, "results.csv");
    r->best_path = file_join(out, "best.safetensors");
    r->last_path = file_join(out, "last.safetensors");
    if (!r->results_path || !r->best_path || !r->last_path)
        return status_last();
    file_remove_parts(r->results_path);
    file_remove_parts(r->best_path);
    file_remove_parts(r->last_path);
    return FV_OK;
}

/* It was measured on other weights. */
static fv_status forget_calibration(fv_model *m)
{
    STATUS_TRY(fv_model_set_temperature(m, 1));
    return fv_model_set_thresholds(m, NULL, 0);
}

static fv_status begin(fit_run *r)
{
    r->last_step = -1;
    r->state = (fit_state){.best = -INFINITY, .plateau = {.scale = 1, .best = -INFINITY}};
    r->best = mem_array((size_t)fit_tensor_total(r), sizeof *r->best);
    return r->best ? FV_OK : status_last();
}

static fv_status prepare_data(fit_run *r)
{
    STATUS_TRY(match_classes(r));
    STATUS_TRY(forget_calibration(r->model));
    STATUS_TRY(fit_settle_loss(r));
    STATUS_TRY(fit_head_check(r));
    STATUS_TRY(choose_window(r));
    STATUS_TRY(measure_statistics(r));
    limit_batch(r);
    STATUS_TRY(fit_weigh_classes(r));
    STATUS_TRY(make_loaders(r));
    return fit_call_teachers(r);
}

/* The order matters: a checkpoint brings classes and preprocessing, which loaders and the step's graph are made with. */
static fv_status prepare(fit_run *r, checkpoint_extra *x)
{
    STATUS_TRY(begin(r));
    STATUS_TRY(make_paths(r));
    STATUS_TRY(fit_sign_data(r));
    if (r->o.resume)
        STATUS_TRY(fit_open_checkpoint(r, x));
    STATUS_TRY(prepare_data(r));
    STATUS_TRY(make_signature(r));
    if (r->o.resume)
        STATUS_TRY(fit_resume(r, x));
    r->saved = clock_seconds();
    tell_recipe(r);
    STATUS_TRY(fit_begin_phase(r, r->o.resume ? x : NULL));
    STATUS_TRY(fit_watch_begin(r));
    return fit_warn_begin(r);
}

fv_status fit_prepare(fit_run *r, const fv_fit_options *options)
{
    checkpoint_extra x = {0};
    *r = (fit_run){0};
    STATUS_TRY(read_options(r, options));
    fv_status status = prepare(r, &x);
    checkpoint_release(&x);
    return status;
}

fv_status fit_prepare_trial(fit_run *r, const fv_fit_options *options)
{
    *r = (fit_run){.trial = true};
    STATUS_TRY(read_options(r, options));
    STATUS_TRY(begin(r));
    STATUS_TRY(prepare_data(r));
    STATUS_TRY(make_signature(r));
    return make_paths(r);
}

void fit_release(fit_run *r)
{
    fit_features_release(r);
    loader_destroy(r->loader);
    loader_destroy(r->validation);
    augment_policy_release(&r->augment);
    trainer_destroy(r->trainer);
    fit_warn_release(r);
    text_release(&r->augment_words);
    text_release(&r->signature);
    text_release(&r->data_signature);
    text_release(&r->state.results);
    teachers_destroy(r->teachers);
    free(r->class_weights);
    free(r->train_map);
    free(r->validation_map);
    free(r->results_path);
    free(r->best_path);
    free(r->last_path);
    free(r->resume_path);
    free(r->kept_steps);
    free(r->best);
}
