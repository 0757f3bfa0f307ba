/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/limits.h"
#include "cli/train.h"
#include "cli/transfer.h"
#include "cli/weights_find.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    SMALL = 64,        /* pixels; up to here pictures keep their size and small networks do */
    UNEVEN_RATIO = 10, /* from which on classes of unequal size are worth a word */
    ZOO_MAX = 256      /* names for "did you mean" */
};

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), k = strlen(ending);
    return n > k && strcasecmp(name + n - k, ending) == 0;
}

static bool is_model_file(const char *model)
{
    return ends_with(model, ".safetensors");
}

static bool is_network_file(const char *model)
{
    return ends_with(model, ".yaml") || ends_with(model, ".yml");
}

/* What is wrong whatever the data. */
static fv_status check_words(const train_arguments *a)
{
    int64_t height, width;
    fv_preprocess p;
    if (a->augment)
        STATUS_TRY(fv_augment_check(a->augment));
    if (a->window)
        STATUS_TRY(train_window_read(a->window, &p));
    return a->size ? parse_size(a->size, &height, &width) : FV_OK;
}

fv_status train_setup_check(const train_arguments *a)
{
    STATUS_TRY(check_words(a));
    if (a->clip_norm > 0 && a->clip_value > 0)
        return status_set(FV_ERROR_INVALID, "--clip-norm, --clip-value: give one of them");
    if (!a->model || is_model_file(a->model) || is_network_file(a->model) || fv_zoo_find(a->model))
        return FV_OK;
    const char *names[ZOO_MAX];
    size_t count = 0;
    for (int64_t i = 0; i < fv_zoo_count() && count < ZOO_MAX; i++)
        names[count++] = fv_zoo_get(i)->name;
    const char *near = strlen(a->model) < 64 ? text_nearest(a->model, names, count) : NULL;
    return status_set(FV_ERROR_INVALID,
                      "--model: '%.200s' is neither a network that 'fovea models' lists nor a .yaml or "
                      ".safetensors file%s%s%s",
                      a->model, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Paths in args.yaml stay right wherever `--resume` is called. */
static const char *absolute(train_setup *s, const char *path)
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

static fv_status open_data(train_setup *s)
{
    train_arguments *a = &s->a;
    s->data = transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                                  .path = a->data,
                                                  .validation_split = a->val_split,
                                                  .seed = a->seed,
                                                  .on_error = (fv_on_error)a->on_error,
                                                  .validation_path = a->val,
                                                  .test_path = a->test,
                                                  .max_pixels = a->max_pixels,
                                                  .max_bytes = a->max_bytes,
                                                  .keep_together = a->keep_together});
    if (!s->data)
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
    a->data = absolute(s, a->data);
    a->val = absolute(s, a->val);
    a->test = absolute(s, a->test);
    a->keep_together = absolute(s, a->keep_together);
    STATUS_TRY(weights_find(&s->pool, &a->weights, &a->model));
    a->weights = absolute(s, a->weights);
    a->augment = a->augment ? absolute(s, a->augment) : "standard";
    return FV_OK;
}

/* 0: not given. */
static int64_t channels_of(const train_arguments *a)
{
    return a->channels == CHANNELS_AUTO ? 0 : train_channels[a->channels][0] - '0';
}

static fv_status make_zoo_model(train_setup *s, int64_t height, int64_t width)
{
    train_arguments *a = &s->a;
    int64_t h, w, channels;
    STATUS_TRY(fv_dataset_shape(s->data, &h, &w, &channels));
    bool chosen = !a->model, data_is_small = h <= SMALL && w <= SMALL;
    bool small = height ? height <= SMALL && width <= SMALL : data_is_small;
    if (chosen)
        a->model = small ? "small_cnn" : "resnet18";
    const fv_zoo_entry *entry = fv_zoo_find(a->model);
    if (a->channels != CHANNELS_AUTO)
        channels = channels_of(a);
    else if (a->weights && entry)
        channels = entry->channels; /* grey pictures become RGB where the weights are for it */
    if (!height) {
        height = data_is_small || !entry ? h : entry->height;
        width = data_is_small || !entry ? w : entry->width;
    }
    s->model = fv_zoo_create(a->model, .classes = fv_dataset_class_count(s->train), .height = height,
                             .width = width, .channels = channels, .seed = a->seed, .dropout = a->dropout);
    if (!s->model)
        return status_last();
    if (chosen)
        cli_say("--model was not given: %s, for an input of %s 64 pixels", a->model,
                small ? "up to" : "more than");
    return FV_OK;
}

/* A model to continue from keeps its network; a size that is the model's own is no contradiction. */
static fv_status load_model(train_setup *s, int64_t height, int64_t width)
{
    s->model = fv_model_load(s->a.model);
    if (!s->model)
        return status_last();
    const fv_preprocess *p = fv_model_preprocess(s->model);
    if (height && (height != p->height || width != p->width))
        return status_set(FV_ERROR_INVALID, "--size: %s takes %lldx%lld, which cannot be changed", s->a.model,
                          (long long)p->height, (long long)p->width);
    if (s->a.channels != CHANNELS_AUTO && channels_of(&s->a) != p->channels)
        return status_set(FV_ERROR_INVALID, "--channels: %s takes %lld, which cannot be changed", s->a.model,
                          (long long)p->channels);
    if (s->a.dropout)
        return status_set(FV_ERROR_INVALID, "--dropout: the network of %s cannot be changed", s->a.model);
    return FV_OK;
}

static fv_status make_model(train_setup *s)
{
    train_arguments *a = &s->a;
    int64_t height = 0, width = 0;
    if (a->size)
        STATUS_TRY(parse_size(a->size, &height, &width));
    if (a->model && is_model_file(a->model)) {
        STATUS_TRY(load_model(s, height, width));
    } else if (a->model && is_network_file(a->model)) {
        s->model = fv_network_load(a->model, .classes = fv_dataset_class_count(s->train), .height = height,
                                   .width = width, .channels = channels_of(a), .seed = a->seed,
                                   .dropout = a->dropout);
        if (!s->model)
            return status_last();
    } else {
        STATUS_TRY(make_zoo_model(s, height, width));
    }
    s->fresh = !is_model_file(a->model);
    if (strchr(a->model, '.'))
        a->model = absolute(s, a->model);
    if (!a->weights)
        return FV_OK;
    int64_t matched, left;
    STATUS_TRY(fv_model_load_weights(s->model, a->weights, &matched, &left));
    cli_say("%s: %lld of the network's tensors taken from it, %lld left as they were", a->weights,
            (long long)matched, (long long)left);
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
        a->batch = p->height <= SMALL && p->width <= SMALL ? 128 : 32;
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

static fv_status compile(train_setup *s)
{
    static const fv_loss losses[] = {FV_LOSS_DEFAULT, FV_SPARSE_CATEGORICAL_CROSSENTROPY,
                                     FV_BINARY_CROSSENTROPY, FV_FOCAL};
    train_arguments *a = &s->a;
    STATUS_TRY(fv_compile(s->model, .optimizer = (fv_optimizer)a->optimizer, .learning_rate = a->lr,
                          .momentum = a->momentum, .nesterov = a->nesterov > 0,
                          .weight_decay = a->weight_decay, .loss = losses[a->loss],
                          .label_smoothing = a->label_smoothing, .focal_gamma = a->focal_gamma,
                          .focal_alpha = a->focal_alpha, .engine = train_engines[a->engine],
                          .threads = (int)a->threads, .l1 = a->l1, .l2 = a->l2, .clip_norm = a->clip_norm,
                          .clip_value = a->clip_value, .accumulate = a->accumulate, .ema = a->ema));
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

fv_status train_setup_prepare(train_setup *s)
{
    STATUS_TRY(open_data(s));
    cli_say_problems(s->data);
    say_balance(s);
    STATUS_TRY(make_model(s));
    STATUS_TRY(settle_input(s));
    STATUS_TRY(train_window_settle(s));
    STATUS_TRY(train_transfer_settle(s));
    settle_numbers(s);
    STATUS_TRY(train_loss_settle(s));
    STATUS_TRY(compile(s));
    return train_transfer_apply(s);
}

void train_setup_release(train_setup *s)
{
    train_loss_release(s);
    fv_model_destroy(s->model);
    fv_dataset_destroy(s->data);
    pool_release(&s->pool);
}
