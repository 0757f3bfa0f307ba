/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/preprocess.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/memory.h"

/* The modes are named after whose code they come from (Keras calls them so too). */
static const struct {
    const char *name;
    float mean[3], std[3]; /* in the network's order */
    int bgr, tensorflow_padding;
} modes[] = {
    {"torch", {0.485f * 255, 0.456f * 255, 0.406f * 255}, {0.229f * 255, 0.224f * 255, 0.225f * 255}, 0, 0},
    {"tf", {127.5f, 127.5f, 127.5f}, {127.5f, 127.5f, 127.5f}, 0, 1},
    {"caffe", {104, 117, 123}, {1, 1, 1}, 1, 0},
};

typedef struct pairs {
    float mean[3], std[3], crop_pct;
    int order, padding, interpolation;
    const char *size;
} pairs;

static const char *const orders[] = {"rgb", "bgr", NULL};
static const char *const paddings[] = {"same", "tf", NULL};
static const char *const interpolations[] = {"bilinear", "bicubic", "lanczos", "box", NULL};

static const option table[] = {
    {.name = "mean",
     .type = OPTION_FLOATS,
     .offset = offsetof(pairs, mean),
     .length = 3,
     .low = -1e6,
     .high = 1e6},
    {.name = "std",
     .type = OPTION_FLOATS,
     .offset = offsetof(pairs, std),
     .length = 3,
     .low = 1e-6,
     .high = 1e6},
    {.name = "order", .type = OPTION_CHOICE, .offset = offsetof(pairs, order), .choices = orders},
    {.name = "padding", .type = OPTION_CHOICE, .offset = offsetof(pairs, padding), .choices = paddings},
    {.name = "size", .type = OPTION_STRING, .offset = offsetof(pairs, size)},
    {.name = "crop_pct", .type = OPTION_FLOAT, .offset = offsetof(pairs, crop_pct), .low = 0.01, .high = 1},
    {.name = "interpolation",
     .type = OPTION_CHOICE,
     .offset = offsetof(pairs, interpolation),
     .choices = interpolations},
    {0}};

static fv_status set_mode(const char *word, preprocess_choice *c)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(word, modes[i].name) == 0) {
            memcpy(c->mean, modes[i].mean, sizeof c->mean);
            memcpy(c->std, modes[i].std, sizeof c->std);
            c->mean_set = c->std_set = c->order = true;
            c->bgr = modes[i].bgr;
            c->caffe = modes[i].bgr != 0;
            c->tensorflow_padding = modes[i].tensorflow_padding;
            return FV_OK;
        }
    return status_set(FV_ERROR_INVALID, "--preprocess: %.50s is none of torch, tf, caffe and KEY=VALUE",
                      word);
}

/* One number stands for all three channels. */
static fv_status set_three(const char *key, float values[3], float out[3])
{
    for (int i = 0; i < 3; i++)
        if (i > 0 && (values[1] != values[1]) && (values[2] != values[2]))
            out[i] = values[0];
        else if (values[i] == values[i])
            out[i] = values[i];
        else
            return status_set(FV_ERROR_INVALID, "--preprocess: %s takes one number or three", key);
    return FV_OK;
}

static fv_status set_pair(const char *key, const char *value, preprocess_choice *c)
{
    pairs p = {0};
    STATUS_TRY(options_set(table, &p, key, value, "--preprocess "));
    switch (options_find(table, key) - table) {
    case 0:
        c->mean_set = true;
        return set_three(key, p.mean, c->mean);
    case 1:
        c->std_set = true;
        return set_three(key, p.std, c->std);
    case 2:
        c->order = true;
        c->bgr = p.order;
        return FV_OK;
    case 3:
        c->tensorflow_padding = p.padding;
        return FV_OK;
    case 4:
        c->size = true;
        return parse_size(value, &c->height, &c->width);
    case 5:
        c->crop = true;
        c->crop_fraction = p.crop_pct;
        return FV_OK;
    default:
        c->interpolation = true;
        c->kind = (fv_interpolation)p.interpolation;
        return FV_OK;
    }
}

/* A comma ends a pair unless a number follows it: mean=104,117,123,std=1. */
static void split_words(char *words)
{
    for (char *c = words; *c; c++)
        if (*c == ',' && !(c[1] == '-' || c[1] == '.' || (c[1] >= '0' && c[1] <= '9')))
            *c = ' ';
}

fv_status preprocess_parse(const char *words, preprocess_choice *out)
{
    *out = (preprocess_choice){0};
    if (!words)
        return FV_OK;
    char *copy = mem_string(words), *rest = copy;
    if (!copy)
        return status_last();
    split_words(copy);
    fv_status status = FV_OK;
    for (char *word; status == FV_OK && (word = strsep(&rest, " "));) {
        char *equals = strchr(word, '=');
        if (equals)
            *equals = 0;
        if (*word)
            status = equals ? set_pair(word, equals + 1, out) : set_mode(word, out);
    }
    free(copy);
    return status;
}

void preprocess_settle_size(preprocess_choice *c, const char *model)
{
    if (c->caffe && !c->size && strcmp(model, "squeezenet1_1") == 0)
        c->height = c->width = 227;
}

static float mean_of(const float three[3])
{
    return (three[0] + three[1] + three[2]) / 3;
}

void preprocess_apply(const preprocess_choice *c, fv_preprocess *p)
{
    bool grey = p->channels == 1;
    if (c->order)
        p->reverse_channels = c->bgr && !grey;
    if (c->crop)
        p->crop_fraction = c->crop_fraction;
    if (c->interpolation)
        p->interpolation = c->kind;
    for (int i = 0; c->mean_set && i < p->channels; i++)
        p->mean[i] = grey ? mean_of(c->mean) : c->mean[i];
    for (int i = 0; c->std_set && i < p->channels; i++)
        p->std[i] = grey ? mean_of(c->std) : c->std[i];
}

static void zoo_geometry(const char *name, fv_preprocess *p)
{
    const fv_zoo_entry *e = fv_zoo_find(name);
    if (!e)
        return;
    p->crop_fraction = e->crop_fraction > 0 ? e->crop_fraction : 1;
    p->interpolation = e->interpolation;
}

fv_status preprocess_settle(const preprocess_choice *c, const char *network, fv_model *m)
{
    fv_preprocess p = *fv_model_preprocess(m);
    zoo_geometry(network, &p);
    preprocess_apply(c, &p);
    if (!c->mean_set && !c->std_set)
        memset(p.std, 0, sizeof p.std);
    return fv_model_set_preprocess(m, &p);
}

fv_status preprocess_check_network(const preprocess_choice *c, const char *path)
{
    if (!c->tensorflow_padding)
        return FV_OK;
    return status_set(
        FV_ERROR_INVALID,
        "--preprocess: padding=tf is for networks of the zoo; %s says itself how it pads (padding: "
        "same_tf): add padding=same",
        path);
}
