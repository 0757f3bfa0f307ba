/* SPDX-License-Identifier: Apache-2.0 */
/* The batch that memory allows: plans are made and measured, from the largest down. */
#include "train/trial.h"

enum {
    BATCH_MOST = 256,
    PART = 10,   /* an epoch has at least about so many steps */
    MULTIPLE = 8 /* what vector units and blocked layouts fill */
};

static int64_t most_of(int64_t pictures)
{
    int64_t most = pictures / PART / MULTIPLE * MULTIPLE;
    if (most < MULTIPLE)
        most = pictures < MULTIPLE ? pictures : MULTIPLE;
    return most < BATCH_MOST ? most : BATCH_MOST;
}

static int64_t power_below(int64_t n)
{
    int64_t power = 1;
    while (2 * power < n)
        power *= 2;
    return power;
}

static fv_status choose(fit_run *r, fv_batch_choice *found)
{
    size_t bytes, limit;
    STATUS_TRY(cache_half_of_free("ram", &limit));
    found->most = most_of(r->samples);
    found->limit = (int64_t)limit;
    for (int64_t batch = found->most;; batch = power_below(batch)) {
        STATUS_TRY(trainer_measure(r->model, batch, &r->loss, &bytes));
        found->batch = batch;
        found->bytes = (int64_t)bytes;
        if (bytes <= limit)
            return FV_OK;
        if (batch == 1)
            return status_set(
                FV_ERROR_MEMORY,
                "a training step of one picture takes %zu MB, more than half of the free memory "
                "(%zu MB); use a smaller input size or network",
                bytes >> 20, limit >> 20);
    }
}

fv_status fv_find_batch(const fv_fit_options *options, fv_batch_choice *found)
{
    fit_run r;
    *found = (fv_batch_choice){0};
    fv_status status = trial_open(&r, options);
    if (status == FV_OK)
        status = choose(&r, found);
    trial_close(&r);
    return status;
}
