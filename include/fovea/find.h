/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run should be given, found by trying: learning rate, batch, epochs for a time. Each call takes the options of the run that is to
 * follow, changes no weight of the model, and depends on nothing but the options (times: on the machine). As fv_fit does, they give the
 * model classes, and mean and deviation, where it has none, and forget its calibration. `out`, `resume` and watchers are not looked at, but for `out` by
 * fv_measure_fit; on_step is called as fv_fit calls it, and stops them with FV_INTERRUPTED.
 *
 *     fv_fit_options o = {.struct_size = sizeof o, .model = m, .train = train, .validation = validation};
 *     fv_learning_rates rates;
 *     if (fv_find_learning_rate(&o, &rates) == FV_OK)
 *         fv_compile(m, .learning_rate = rates.suggestion);
 *     fv_learning_rates_release(&rates);
 */
#ifndef FOVEA_FIND_H
#define FOVEA_FIND_H

#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_learning_rates {
    float suggestion;
    int64_t count; /* updates */
    double *rates, /* (count): of each update */
        *losses,   /* (count) of its batches */
        *smoothed; /* (count): bias-corrected exponential average */
} fv_learning_rates;

/*
 * A learning-rate range test (Smith 2017): up to 100 updates (fewer where that would be more than ten epochs, but at least 30), with a rate
 * that rises exponentially from a thousandth of the compiled one to a thousand times it, until the smoothed loss is four times its least.
 * docs/training.md has the rule of the suggestion. With two phases (0 < head_epochs < epochs) the head is trained first, for up to 100 steps at
 * head_learning_rate, and the rate is that of the second phase. FV_ERROR_DIVERGED: the loss fell at no rate. Release the result in
 * any case.
 */
FV_API fv_status fv_find_learning_rate(const fv_fit_options *options, fv_learning_rates *found);
FV_API void fv_learning_rates_release(fv_learning_rates *found);
/* FOLDER/lr-find.csv (rate,loss,smoothed) and FOLDER/lr-find.png. */
FV_API fv_status fv_learning_rates_write(const fv_learning_rates *found, const char *folder);

typedef struct fv_batch_choice {
    int64_t batch;
    int64_t most;  /* the limit that is not memory: 256, or a tenth of the training pictures, at least 8 */
    int64_t bytes; /* that a training step of this batch takes */
    int64_t limit; /* half of what is free, in the machine and in the control group */
} fv_batch_choice;

/* The largest batch, `most` or a power of two below, whose training step fits into half of the free memory: the other half is for
 * validation, pictures under way and everything else. Steps are planned, and nothing is allocated for them. FV_ERROR_MEMORY: not even one
 * picture fits. options->batch is not looked at. */
FV_API fv_status fv_find_batch(const fv_fit_options *options, fv_batch_choice *found);

/* What a run costs, in seconds on this machine. */
typedef struct fv_fit_cost {
    double once;       /* making plans, features of frozen layers */
    double head_epoch; /* of the head's phase, with validation and files */
    double epoch;      /* of what is trained behind it, or of all where there is one phase */
    double picture;    /* scored as in validation */
} fv_fit_cost;

/* Takes some steps of each phase (about `seconds` long), after those that warm up, validates likewise, and writes and removes the files of
 * an epoch where there is an `out`. What is later kept (features) counts as computed once; a cache of pictures counts as empty. */
FV_API fv_status fv_measure_fit(const fv_fit_options *options, double seconds, fv_fit_cost *cost);
/* The most epochs that fit into so many seconds, from 1 to `most`. The first head_epochs of them, FV_OFF: half of more than one, cost
 * head_epoch. */
FV_API int64_t fv_fit_epochs(const fv_fit_cost *cost, double seconds, int64_t head_epochs, int64_t most);

#ifdef __cplusplus
}
#endif
#endif
