/* SPDX-License-Identifier: Apache-2.0 */
/* fovea train --weights: first the head on a frozen backbone, then the whole network, more slowly. */
#include <string.h>

#include "cli/train.h"

enum {
    EPOCHS = 16,
    STEPS_ENOUGH = 50 /* updates of the second phase, from which on its rate is the usual one */
};

/* By optimizer. Muon's head is AdamW's, at 0.015 of its rate. */
static const struct rates {
    float all, head;
} usual = {1e-4f, 3e-3f},
  others[] = {
      [FV_SGD] = {0.01f, 0.1f},   [FV_ADAGRAD] = {1e-3f, 0.01f}, [FV_NADAM] = {2e-4f, 6e-3f},
      [FV_LION] = {1e-5f, 3e-4f}, [FV_MUON] = {2e-3f, 0.2f},
};

/* Adam's steps are of about the rate's length from the first one on, when it hardly knows the gradients yet; where there are only few, those
 * first ones are most of the phase (docs/transfer.md). */
static float step_share(const train_setup *s)
{
    const train_arguments *a = &s->a;
    int64_t head = a->head_epochs > 0 ? a->head_epochs : 0,
            steps = (fv_dataset_size(s->train) + a->batch - 1) / a->batch * (a->epochs - head);
    return steps > 0 && steps < STEPS_ENOUGH ? (float)steps / STEPS_ENOUGH : 1;
}

static struct rates rates_of(const train_arguments *a)
{
    return others[a->optimizer].all > 0 ? others[a->optimizer] : usual;
}

static bool trains_head_alone(const train_arguments *a)
{
    return a->freeze && strcmp(a->freeze, "backbone") == 0;
}

/* Pretrained layers stand a smaller rate than new ones; a head alone takes a larger one. */
float train_transfer_rate(const train_arguments *a)
{
    return trains_head_alone(a) ? rates_of(a).head : rates_of(a).all;
}

void train_transfer_settle_rates(train_setup *s)
{
    train_arguments *a = &s->a;
    if (!a->weights)
        return;
    if (!a->lr)
        a->lr = train_transfer_rate(a) * train_transfer_share(s);
    if (!a->head_lr)
        a->head_lr = rates_of(a).head;
}

float train_transfer_share(const train_setup *s)
{
    const train_arguments *a = &s->a;
    return a->weights && others[a->optimizer].all == 0 && !trains_head_alone(a) ? step_share(s) : 1;
}

fv_status train_transfer_settle(train_setup *s)
{
    train_arguments *a = &s->a;
    if (a->head != HEAD_TRAINED) {
        a->epochs = a->epochs ? a->epochs : 1;
        a->head_epochs = a->head_epochs ? a->head_epochs : 1;
    }
    if (a->weights && !a->epochs)
        a->epochs = EPOCHS;
    if (!a->head_epochs)
        a->head_epochs = a->weights && !a->freeze && a->epochs > 1 ? a->epochs / 2 : FV_OFF;
    if (!a->freeze)
        a->freeze = "none";
    if (a->epochs && a->head_epochs > a->epochs)
        return status_set(FV_ERROR_INVALID, "--head-epochs: there are %lld epochs, not %lld",
                          (long long)a->epochs, (long long)a->head_epochs);
    if (!a->feature_views)
        a->feature_views = 1;
    if (!a->layer_decay)
        a->layer_decay = 1;
    return FV_OK;
}

fv_status train_transfer_apply(train_setup *s)
{
    train_arguments *a = &s->a;
    if (!a->head_lr)
        a->head_lr = a->lr;
    STATUS_TRY(fv_freeze(s->model, a->freeze));
    if (a->layer_decay < 1)
        STATUS_TRY(fv_set_layer_decay(s->model, a->layer_decay));
    return fv_keep_statistics(s->model, a->weights && a->train_bn <= 0);
}
