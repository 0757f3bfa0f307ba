/* SPDX-License-Identifier: Apache-2.0 */
/* fovea train: the network. By name, from a file of one, or the one that --weights holds. */
#include <string.h>
#include <strings.h>

#include "cli/preprocess.h"
#include "cli/train.h"
#include "cli/weights_table.h"

enum {
    ZOO_MAX = 256 /* names for "did you mean" */
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

bool train_model_is_network(const char *model)
{
    return ends_with(model, ".yaml") || ends_with(model, ".yml");
}

fv_status train_model_check(const char *model)
{
    if (!model || is_model_file(model) || train_model_is_network(model) || fv_zoo_find(model))
        return FV_OK;
    const char *names[ZOO_MAX];
    size_t count = 0;
    for (int64_t i = 0; i < fv_zoo_count() && count < ZOO_MAX; i++)
        names[count++] = fv_zoo_get(i)->name;
    const char *near = strlen(model) < 64 ? text_nearest(model, names, count) : NULL;
    return status_set(FV_ERROR_INVALID,
                      "--model: '%.200s' is neither a network that 'fovea models' lists nor a .yaml or "
                      ".safetensors file%s%s%s",
                      model, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* ---- a new network ---- */

/* 0: not given. */
static int64_t channels_of(const train_arguments *a)
{
    return a->channels == CHANNELS_AUTO ? 0 : train_channels[a->channels][0] - '0';
}

static fv_status make_zoo_model(train_setup *s, int64_t height, int64_t width, int tensorflow_padding)
{
    train_arguments *a = &s->a;
    int64_t h, w, channels;
    STATUS_TRY(fv_dataset_shape(s->data, &h, &w, &channels));
    bool chosen = !a->model, data_is_small = h <= TRAIN_SMALL && w <= TRAIN_SMALL;
    bool small = height ? height <= TRAIN_SMALL && width <= TRAIN_SMALL : data_is_small;
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
                             .width = width, .channels = channels, .seed = a->seed, .dropout = a->dropout,
                             .tensorflow_padding = tensorflow_padding);
    if (!s->model)
        return status_last();
    if (chosen)
        train_say(s, "model %s (for an input of %s 64 pixels)", a->model, small ? "up to" : "more than");
    return FV_OK;
}

/* What the file leaves open is as the pictures are; weights, whose stem is not known here, may want another number of channels. */
static fv_status load_yaml(train_setup *s, const preprocess_choice *c, int64_t height, int64_t width)
{
    const train_arguments *a = &s->a;
    int64_t h, w, channels;
    STATUS_TRY(preprocess_check_network(c, a->model));
    STATUS_TRY(fv_dataset_shape(s->data, &h, &w, &channels));
    bool small = h <= TRAIN_SMALL && w <= TRAIN_SMALL;
    s->model =
        fv_network_load(a->model, .classes = fv_dataset_class_count(s->train), .height = height,
                        .width = width, .channels = channels_of(a), .seed = a->seed, .dropout = a->dropout,
                        .default_height = small ? h : TRAIN_USUAL, .default_width = small ? w : TRAIN_USUAL,
                        .default_channels = a->weights ? 0 : channels);
    return s->model ? FV_OK : status_last();
}

/* ---- the network of a file ---- */

/* A size that is the model's own is no contradiction. */
static fv_status check_fixed(const train_setup *s, const char *file, int64_t height, int64_t width)
{
    const train_arguments *a = &s->a;
    const fv_preprocess *p = fv_model_preprocess(s->model);
    if (height && (height != p->height || width != p->width))
        return status_set(FV_ERROR_INVALID, "--size: %s takes %lldx%lld, which cannot be changed", file,
                          (long long)p->height, (long long)p->width);
    if (a->channels != CHANNELS_AUTO && channels_of(a) != p->channels)
        return status_set(FV_ERROR_INVALID, "--channels: %s takes %lld, which cannot be changed", file,
                          (long long)p->channels);
    if (a->dropout)
        return status_set(FV_ERROR_INVALID, "--dropout: the network of %s cannot be changed", file);
    return FV_OK;
}

/* How many of the data's classes the model has, by name; all of as many while it has no names. */
static int64_t count_known(const fv_model *m, const fv_dataset *data)
{
    int64_t classes = fv_dataset_class_count(data), outputs = fv_model_class_count(m), known = 0;
    if (outputs > 0 && !fv_model_class_name(m, 0))
        return classes == outputs || (classes == 2 && outputs == 1) ? classes : 0;
    for (int64_t i = 0; i < classes; i++)
        for (int64_t k = 0; fv_model_class_name(m, k); k++)
            if (strcmp(fv_dataset_class_name(data, i), fv_model_class_name(m, k)) == 0) {
                known++;
                break;
            }
    return known;
}

/* A model to continue from keeps its network and its classes. */
static fv_status load_model(train_setup *s, int64_t height, int64_t width)
{
    const char *file = s->a.model;
    s->model = fv_model_load(file);
    if (!s->model)
        return status_last();
    if (count_known(s->model, s->train) == 0)
        return status_set(FV_ERROR_INVALID,
                          "--model: none of the data's %lld classes ('%s', …) is one of the %lld of %s; use "
                          "--weights %s to begin from it with a new head",
                          (long long)fv_dataset_class_count(s->train), fv_dataset_class_name(s->train, 0),
                          (long long)fv_model_class_count(s->model), file, file);
    return check_fixed(s, file, height, width);
}

static void log_line(const char *line, void *user)
{
    (void)user;
    cli_say("%s", line);
}

/* --weights without --model: the network that the file holds, and its head where that tells the same classes apart. What is trained is not
 * rounded to the ranges that other pictures had. */
static fv_status load_network(train_setup *s, const preprocess_choice *c, int64_t height, int64_t width)
{
    const train_arguments *a = &s->a;
    int64_t classes = fv_dataset_class_count(s->train);
    fv_model *m =
        is_model_file(a->weights)
            ? fv_model_load(a->weights)
            : fv_import(a->weights, .height = height, .width = width, .seed = a->seed, .on_log = log_line,
                        .normalisation_given = c->mean_set || c->std_set, .dequantize = 1);
    s->model = m;
    if (!m)
        return status_last();
    STATUS_TRY(check_fixed(s, a->weights, height, width));
    bool same = fv_model_class_name(m, 0) && fv_model_class_count(m) == classes &&
                count_known(m, s->train) == classes;
    cli_say("%s: the network %s, with %s for %lld classes", a->weights, fv_model_name(m),
            same ? "its head" : "a new head", (long long)classes);
    if (same)
        return FV_OK;
    s->model = fv_model_new_head(m, classes, a->seed);
    fv_model_destroy(m);
    return s->model ? FV_OK : status_last();
}

/* ---- all of them ---- */

static fv_status make_network(train_setup *s, const preprocess_choice *c)
{
    train_arguments *a = &s->a;
    int64_t height = c->height, width = c->width;
    if (a->size)
        STATUS_TRY(parse_size(a->size, &height, &width));
    if (a->model && is_model_file(a->model))
        return load_model(s, height, width);
    if (!a->model && a->weights)
        return load_network(s, c, height, width);
    s->fresh = true;
    if (!a->model || !train_model_is_network(a->model))
        return make_zoo_model(s, height, width, c->tensorflow_padding);
    return load_yaml(s, c, height, width);
}

/* A row for each picture and view. */
static fv_status let_neighbours_vote(train_setup *s)
{
    int64_t views = s->a.feature_views > 1 ? s->a.feature_views : 1;
    fv_model *m =
        fv_model_knn_head(s->model, fv_dataset_class_count(s->train), fv_dataset_size(s->train) * views);
    if (!m)
        return status_last();
    fv_model_destroy(s->model);
    s->model = m;
    return FV_OK;
}

/* Logistic regression is of flat features. */
static fv_status flatten_end(train_setup *s)
{
    fv_model *m = fv_model_flat_head(s->model, fv_dataset_class_count(s->train), s->a.seed);
    if (!m)
        return status_last();
    fv_model_destroy(s->model);
    s->model = m;
    return FV_OK;
}

fv_status train_model_make(train_setup *s)
{
    train_arguments *a = &s->a;
    preprocess_choice choice;
    STATUS_TRY(preprocess_parse(a->preprocess, &choice));
    if (a->model)
        preprocess_settle_size(&choice, a->model);
    STATUS_TRY(make_network(s, &choice));
    if (a->weights && a->model)
        STATUS_TRY(weights_table_load(s->model, a->weights));
    STATUS_TRY(preprocess_settle(&choice, a->weights && a->model ? a->model : "", s->model));
    if (a->head != HEAD_TRAINED && !fv_model_ends_flat(s->model))
        cli_say("%s does not end in a dense layer on flat features: what follows them gives way to their "
                "averages, "
                "for --head %s",
                fv_model_name(s->model), a->head == HEAD_KNN ? "knn" : "linear");
    if (a->head == HEAD_KNN)
        STATUS_TRY(let_neighbours_vote(s));
    else if (a->head == HEAD_LINEAR && !fv_model_ends_flat(s->model))
        STATUS_TRY(flatten_end(s));
    if (a->model && strchr(a->model, '.'))
        a->model = train_absolute(s, a->model);
    return FV_OK;
}
