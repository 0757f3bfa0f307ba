/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/limits.h"
#include "cli/preprocess.h"
#include "cli/train.h"
#include "cli/transfer.h"
#include "cli/weights_find.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    CHECKPOINT_STEPS_MOST = 1000000000,
    CHECKPOINT_MINUTES_MOST = 1000000,
    UNEVEN_RATIO = 10 /* from which on classes of unequal size are worth a word */
};

fv_status train_checkpoints_read(const char *words, int64_t *steps, double *minutes)
{
    char *end;
    double number = strtod(words, &end);
    bool steps_given = *end == 0 && number >= 1 && number <= CHECKPOINT_STEPS_MOST && number == floor(number),
         minutes_given = strcmp(end, "m") == 0 && number > 0 && number <= CHECKPOINT_MINUTES_MOST;
    *steps = steps_given ? (int64_t)number : 0;
    *minutes = minutes_given ? number : 0;
    return steps_given || minutes_given || strcmp(words, "epoch") == 0
               ? FV_OK
               : status_set(FV_ERROR_INVALID,
                            "--checkpoint-every: must be a number of steps as 500, minutes as 10m, or epoch, "
                            "not '%s'",
                            words);
}

/* What is wrong whatever the data. */
static fv_status check_words(const train_arguments *a)
{
    int64_t height, width, steps;
    double minutes, seconds;
    fv_preprocess p;
    preprocess_choice c;
    STATUS_TRY(preprocess_parse(a->preprocess, &c));
    if (a->augment)
        STATUS_TRY(fv_augment_check(a->augment));
    if (a->window)
        STATUS_TRY(train_window_read(a->window, &p));
    if (a->time)
        STATUS_TRY(train_time_read(a->time, &seconds));
    if (a->checkpoint_every)
        STATUS_TRY(train_checkpoints_read(a->checkpoint_every, &steps, &minutes));
    return a->size ? parse_size(a->size, &height, &width) : FV_OK;
}

fv_status train_setup_check(const train_arguments *a)
{
    STATUS_TRY(check_words(a));
    if (a->clip_norm > 0 && a->clip_value > 0)
        return status_set(FV_ERROR_INVALID, "--clip-norm, --clip-value: give one of them");
    if (a->lr == OPTION_WORD && a->head != HEAD_TRAINED && a->epochs <= 1)
        return status_set(FV_ERROR_INVALID, "--lr find: a %s has no learning rate%s",
                          a->head == HEAD_KNN ? "vote of neighbours" : "head that is solved",
                          a->head == HEAD_KNN ? ""
                                              : "; --epochs 2 and more train the network behind it with one");
    return train_model_check(a->model);
}

const char *train_absolute(train_setup *s, const char *path)
{
    const char *full = path ? pool_keep(&s->pool, realpath(path, NULL)) : NULL;
    return full ? full : path;
}

/* Model files are JSON inside. Said before the first epoch rather than after it. */
static fv_status check_names(const fv_dataset *data)
{
    fv_status status = FV_OK;
    for (int64_t i = 0; status == FV_OK && i < fv_dataset_class_count(data); i++) {
        json_t *name = json_string(fv_dataset_class_name(data, i));
        if (!name)
            status = status_set(FV_ERROR_INVALID,
                                "class %s: its name is not UTF-8, as model files need it; rename its folder",
                                fv_dataset_class_name(data, i));
        json_decref(name);
    }
    return status;
}

fv_dataset *train_open(const train_arguments *a)
{
    return transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                               .path = a->data,
                                               .validation_split = a->val_split,
                                               .seed = a->seed,
                                               .on_error = (fv_on_error)a->on_error,
                                               .validation_path = a->val,
                                               .test_path = a->test,
                                               .max_pixels = a->max_pixels,
                                               .max_bytes = a->max_bytes,
                                               .keep_together = a->keep_together,
                                               .folds = a->fold ? a->folds : 0,
                                               .fold = a->fold,
                                               .leave_one_group_out = a->fold && a->leave_one_group_out > 0});
}

void train_settle_paths(train_setup *s)
{
    train_arguments *a = &s->a;
    a->data = train_absolute(s, a->data);
    a->val = train_absolute(s, a->val);
    a->test = train_absolute(s, a->test);
    a->keep_together = train_absolute(s, a->keep_together);
}

void train_settle_all_paths(train_setup *s)
{
    train_arguments *a = &s->a;
    train_settle_paths(s);
    a->weights = train_absolute(s, a->weights);
    a->augment = train_absolute(s, a->augment);
    a->class_weights = train_absolute(s, a->class_weights);
    a->teacher = train_absolute(s, a->teacher);
    if (a->model && strchr(a->model, '.')) /* else it is a name of the zoo */
        a->model = train_absolute(s, a->model);
}

static fv_status open_data(train_setup *s)
{
    train_arguments *a = &s->a;
    if (!(s->data = train_open(a)))
        return status_last();
    s->train = fv_dataset_part(s->data, FV_TRAIN);
    s->validation = fv_dataset_part(s->data, FV_VALIDATION);
    s->test = fv_dataset_part(s->data, FV_TEST);
    if (!s->train || fv_dataset_size(s->train) == 0)
        return status_set(FV_ERROR_INVALID, "%s: has no training pictures", a->data);
    if (fv_dataset_class_count(s->train) < 2)
        return status_set(FV_ERROR_INVALID,
                          "%s: has one class only ('%s'); a classifier tells at least two apart", a->data,
                          fv_dataset_class_name(s->train, 0) ? fv_dataset_class_name(s->train, 0) : "");
    STATUS_TRY(check_names(s->train));
    if (a->val_split != FV_OFF && (!s->validation || fv_dataset_size(s->validation) == 0))
        cli_say("warning: too few pictures for a validation part; the best epoch is chosen by the training "
                "pictures, which "
                "flatters it");
    train_settle_paths(s);
    STATUS_TRY(weights_find(&s->pool, &a->weights, &a->model));
    a->weights = train_absolute(s, a->weights);
    a->checkpoint_every = a->checkpoint_every ? a->checkpoint_every : "epoch";
    a->keep_checkpoints = a->keep_checkpoints > 0 ? a->keep_checkpoints : 1;
    a->augment = a->augment ? train_absolute(s, a->augment) : "standard";
    return FV_OK;
}

/* The input's size and how pictures come to it: given ones go to the model, the model's come back. */
static fv_status settle_input(train_setup *s)
{
    train_arguments *a = &s->a;
    fv_preprocess p = *fv_model_preprocess(s->model);
    if (a->resize_mode != RESIZE_AUTO)
        p.resize_mode = (fv_resize_mode)(a->resize_mode - 1);
    if (a->interpolation != INTERPOLATION_AUTO)
        p.interpolation = (fv_interpolation)(a->interpolation - 1);
    bool crops = p.resize_mode == FV_RESIZE_CROP;
    if (a->crop_pct > 0 && a->crop_pct < 1 && !crops)
        return status_set(FV_ERROR_INVALID, "--crop-pct: only --resize-mode crop cuts anything off");
    if (a->crop_pct > 0 && crops)
        p.crop_fraction = a->crop_pct;
    memset(p.std, 0, sizeof p.std); /* mean and std stay as they are, or still come from the data */
    STATUS_TRY(fv_model_set_preprocess(s->model, &p));
    a->resize_mode = (int)p.resize_mode + 1;
    a->interpolation = (int)p.interpolation + 1;
    a->crop_pct = crops ? p.crop_fraction : 1;
    a->channels = p.channels == 1 ? CHANNELS_GREY : CHANNELS_RGB;
    text size = {0};
    text_add(&size, "%lldx%lld", (long long)p.height, (long long)p.width);
    a->size = pool_keep(&s->pool, size.data);
    return a->size ? FV_OK : FV_ERROR_MEMORY;
}

static int find_engine(void)
{
    fv_capability list[64];
    int64_t count = fv_capabilities(list, 64);
    for (int e = ENGINE_AUTO + 1; train_engines[e]; e++)
        for (int64_t i = 0; i < count && i < 64; i++)
            if (list[i].available && strcmp(list[i].kind, "engine") == 0 &&
                strcmp(list[i].name, train_engines[e]) == 0)
                return e;
    return ENGINE_AUTO;
}

static int count_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/* Whatever is still zero gets the value that include/fovea/train.h names. */
static void settle_numbers(train_setup *s)
{
    train_arguments *a = &s->a;
    const fv_preprocess *p = fv_model_preprocess(s->model);
    if (!a->optimizer)
        a->optimizer = FV_ADAMW;
    if (!a->epochs)
        a->epochs = 20;
    if (!a->batch)
        a->batch = p->height <= TRAIN_SMALL && p->width <= TRAIN_SMALL ? 128 : 32;
    if (!a->warmup)
        a->warmup = 0.05f;
    if (!a->max_pixels)
        a->max_pixels = DEFAULT_MAX_PIXELS;
    if (!a->max_bytes)
        a->max_bytes = DEFAULT_MAX_BYTES;
    if (!a->patience)
        a->patience = 10;
    if (!a->val_split)
        a->val_split = 0.2f;
    if (!a->threads)
        a->threads = count_cores();
    if (a->engine == ENGINE_AUTO)
        a->engine = find_engine();
}

/* The optimizer's own options are what the library makes of them. */
static void take_compiled(train_arguments *a, const fv_compile_options *o)
{
    a->lr = o->learning_rate;
    if (o->optimizer == FV_SGD || o->optimizer == FV_RMSPROP || o->optimizer == FV_MUON)
        a->momentum = o->momentum > 0 ? o->momentum : FV_OFF;
    a->weight_decay = o->weight_decay > 0 ? o->weight_decay : FV_OFF;
    a->accumulate = o->accumulate;
}

fv_status train_compile(train_setup *s)
{
    static const fv_loss losses[] = {FV_LOSS_DEFAULT, FV_SPARSE_CATEGORICAL_CROSSENTROPY,
                                     FV_BINARY_CROSSENTROPY, FV_FOCAL};
    train_arguments *a = &s->a;
    STATUS_TRY(fv_compile(
        s->model, .optimizer = (fv_optimizer)a->optimizer, .learning_rate = a->lr, .momentum = a->momentum,
        .nesterov = a->nesterov > 0, .weight_decay = a->weight_decay, .loss = losses[a->loss],
        .label_smoothing = a->label_smoothing, .focal_gamma = a->focal_gamma, .focal_alpha = a->focal_alpha,
        .engine = train_engines[a->engine], .threads = (int)a->threads, .l1 = a->l1, .l2 = a->l2,
        .clip_norm = a->clip_norm, .clip_value = a->clip_value, .accumulate = a->accumulate, .ema = a->ema));
    take_compiled(a, fv_compiled_options(s->model));
    return FV_OK;
}

/* That classes are uneven is among the data's problems; this says what helps. */
static void say_balance(const train_setup *s)
{
    int64_t classes = fv_dataset_class_count(s->train), least = INT64_MAX, most = 0;
    int64_t *counts = s->a.balance ? NULL : mem_array((size_t)classes, sizeof *counts);
    for (int64_t i = 0; counts && i < fv_dataset_size(s->train); i++)
        for (int64_t k = fv_dataset_label_count(s->train, i); k-- > 0;)
            counts[fv_dataset_label_at(s->train, i, k)]++;
    for (int64_t c = 0; counts && c < classes; c++) {
        least = counts[c] < least ? counts[c] : least;
        most = counts[c] > most ? counts[c] : most;
    }
    if (counts && most > UNEVEN_RATIO * least)
        cli_say(
            "warning: the largest class has %lld training pictures, the smallest %lld; --balance weights or "
            "--balance sampler makes classes count alike",
            (long long)most, (long long)least);
    free(counts);
}

fv_fit_options train_fit_options(const train_setup *s)
{
    const train_arguments *a = &s->a;
    return (fv_fit_options){.struct_size = sizeof(fv_fit_options),
                            .model = s->model,
                            .train = s->train,
                            .validation = s->validation,
                            .epochs = a->epochs,
                            .batch = a->batch,
                            .schedule = (fv_schedule)a->schedule,
                            .warmup = a->warmup,
                            .patience = a->patience,
                            .monitor = (fv_monitor)a->monitor,
                            .augment = a->augment,
                            .mixup = a->mixup,
                            .cutmix = a->cutmix,
                            .erase = a->erase,
                            .balance = (fv_balance)a->balance,
                            .class_weights = s->class_weights,
                            .teachers = s->teachers,
                            .teacher_count = s->teacher_count,
                            .distill_alpha = a->distill_alpha,
                            .distill_temperature = a->distill_temperature,
                            .keep_window = 1,
                            .cache = a->cache,
                            .cache_limit = a->cache_limit << 20,
                            .seed = a->seed,
                            .loader_threads = a->threads > 2 ? (int)a->threads - 1 : 1,
                            .head_epochs = a->head_epochs > 0 ? a->head_epochs : 0,
                            .head_learning_rate = a->head_lr,
                            .feature_views = a->feature_views,
                            .head = (fv_head)a->head,
                            .unfreeze_every = a->unfreeze_every,
                            .on_error = (fv_on_error)a->on_error,
                            .out = a->out};
}

fv_status train_setup_prepare(train_setup *s)
{
    s->given = s->a;
    STATUS_TRY(train_find_note(s));
    STATUS_TRY(open_data(s));
    if (!s->quiet) {
        cli_say_problems(s->data);
        say_balance(s);
    }
    STATUS_TRY(train_model_make(s));
    STATUS_TRY(settle_input(s));
    STATUS_TRY(train_window_settle(s));
    STATUS_TRY(train_transfer_settle(s));
    settle_numbers(s);
    train_transfer_settle_rates(s);
    STATUS_TRY(train_loss_settle(s));
    STATUS_TRY(train_compile(s));
    STATUS_TRY(train_transfer_apply(s));
    train_say_choices(s);
    return train_find_settle(s);
}

void train_setup_release(train_setup *s)
{
    train_loss_release(s);
    fv_learning_rates_release(&s->find.rates);
    fv_model_destroy(s->model);
    fv_dataset_destroy(s->data);
    pool_release(&s->pool);
}
