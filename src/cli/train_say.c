/* SPDX-License-Identifier: Apache-2.0 */
/* fovea train: what was not given and what it became, a line each, before the first step: "auto: batch 128 (for an input of up to 64 pixels)". */
#include <stdarg.h>
#include <stdio.h>

#include "cli/train.h"

void train_say(const train_setup *s, const char *format, ...)
{
    char line[512];
    va_list arguments;
    if (s->quiet)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    cli_say("auto: %s", line);
}

static const char *input_size(const train_setup *s)
{
    const fv_preprocess *p = fv_model_preprocess(s->model);
    return p->height <= TRAIN_SMALL && p->width <= TRAIN_SMALL ? "for an input of up to 64 pixels"
                                                               : "for an input of more than 64 pixels";
}

static void say_size(const train_setup *s)
{
    const train_arguments *a = &s->a;
    const fv_preprocess *p = fv_model_preprocess(s->model);
    int64_t height, width, channels;
    bool pictures = fv_dataset_shape(s->data, &height, &width, &channels) == FV_OK && height == p->height &&
                    width == p->width;
    train_say(s, "size %s, %s (as %s)", a->size, p->channels == 1 ? "grey" : "colour",
              pictures ? "the pictures are" : "the network takes them");
}

static void say_epochs(const train_setup *s)
{
    const train_arguments *a = &s->a;
    if (a->head != HEAD_TRAINED && a->epochs == 1)
        train_say(s, "epochs 1 (the head is %s)", a->head == HEAD_KNN ? "a vote" : "solved");
    else if (a->head_epochs > 0)
        train_say(s, "epochs %lld (%lld of them the head's)", (long long)a->epochs,
                  (long long)a->head_epochs);
    else
        train_say(s, "epochs %lld (the usual number)", (long long)a->epochs);
}

static void say_rate(const train_setup *s)
{
    const train_arguments *a = &s->a;
    if (a->head != HEAD_TRAINED && a->epochs == 1)
        return;
    if (!a->weights)
        train_say(s, "lr %g (the optimizer's usual one)", (double)a->lr);
    else if (a->head_epochs > 0)
        train_say(s, "lr %g, head-lr %g (for pretrained layers%s)", (double)a->lr, (double)a->head_lr,
                  train_transfer_share(s) < 1 ? ", and few updates" : "");
    else
        train_say(s, "lr %g (for pretrained layers%s)", (double)a->lr,
                  train_transfer_share(s) < 1 ? ", and few updates" : "");
}

void train_say_choices(const train_setup *s)
{
    const train_arguments *given = &s->given, *a = &s->a;
    if (!given->size)
        say_size(s);
    if (!given->epochs)
        say_epochs(s);
    if (!given->batch)
        train_say(s, "batch %lld (%s)", (long long)a->batch, input_size(s));
    if (!given->lr)
        say_rate(s);
    if (!given->loss)
        train_say(s, "loss %s (%s)", a->loss == LOSS_BINARY ? "binary" : "categorical",
                  fv_dataset_is_multi_label(s->train) ? "a picture has any number of classes"
                  : a->loss == LOSS_BINARY            ? "one output tells two classes apart"
                                                      : "a picture has one class");
}
