/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of fv_fit: what its parts share.
 *
 *     fit_setup.c   options, classes, statistics, loaders, trainer
 *     fit_loss.c    what the loss is made of: classes' weights, teachers; what is monitored
 *     fit_phase.c   the head alone, then the rest, at once or stage by stage: trainer and schedule of each
 *     fit_features.c  what the frozen beginning makes of the pictures, kept for the epochs of a phase
 *     fit_head.c    a head that is fitted in one epoch instead of trained
 *     fit_neighbours.c  a head of neighbours that vote
 *     fit_epoch.c   the steps of an epoch
 *     fit_validation.c  what the network makes of the validation pictures
 *     fit_files.c   results.csv, best.safetensors, last.safetensors; resuming
 *     fit_checkpoints.c  when a checkpoint is due, the last few that are kept, which of them a resumed run goes on from
 *     fit_data.c    what a resumed run's data must be
 *     fit_watch.c   what watchers are shown
 *     fit_warn.c    warnings
 *     fit.c         the epochs
 *
 * and, before a run, what it should be given: trial.h.
 *
 * All that a later epoch depends on is in fit_state, the model's tensors, the optimizer's state and the best epoch's tensors: a
 * checkpoint of these goes on bit for bit, because order, augmentation and dropout are functions of the seed and of fit_state.
 */
#ifndef TRAIN_FIT_H
#define TRAIN_FIT_H

#include "core/text.h"
#include "data/loader.h"
#include "train/features.h"
#include "train/schedule.h"
#include "train/teachers.h"
#include "train/trainer.h"

typedef struct fit_state {
    int64_t epoch; /* finished epochs */
    int64_t batch; /* finished batches of the epoch under way */
    int64_t step;  /* finished steps of the run */
    /* Of the epoch under way: weighted sums, and what earlier processes spent on it. */
    double loss_sum, correct_sum, weight_sum, seconds, waited;
    int64_t pictures, counted; /* counted: those that could be read, of which correct_sum are right */
    double rate;               /* of the last step */
    double best;               /* the monitored value, greater is better; -INFINITY at first */
    double best_loss;          /* of validation, of that epoch */
    int64_t best_epoch;        /* from 1; 0: none yet */
    int64_t on_features;       /* 1: the phase under way works on features */
    int64_t told;              /* a bit for each warning_kind */
    double wait_share;         /* of the last finished epoch */
    plateau plateau;
    text results; /* results.csv as far as it goes */
} fit_state;

/* What an epoch's end found out. */
typedef struct fit_result {
    double train_loss, train_accuracy, validation_loss, validation_accuracy; /* NAN without validation */
    double validation_f1, validation_map; /* the second where it is monitored, and of multi-label data */
    double seconds, images_per_second, wait_share;
    bool is_best;
} fit_result;

/* Of a phase that works on features; all NULL in one that works on pixels. */
typedef struct fit_features {
    features *train, *validation;
    loader *order, *validation_order; /* batches without pixels */
    feature_plan *behind;             /* from the features to validation's logits */
} fit_features;
typedef struct fit_watch fit_watch;
typedef struct fit_warnings fit_warnings;

typedef struct fit_run {
    fv_fit_options o; /* resolved: no default is left */
    fv_model *model;
    bool trial; /* it only finds something out: little is said */
    augment_policy augment;
    text augment_words;                  /* the policy, described */
    schedule schedule;                   /* of the phase */
    int64_t first_step;                  /* of the phase, or of what was thawed last in it */
    int64_t schedule_update;             /* the first update of the trainer, counted over its schedule */
    int32_t *train_map, *validation_map; /* the data's classes to the model's */
    int64_t samples;                     /* training pictures whose classes the model knows */
    bool multi_label;
    step_loss loss;
    float *class_weights; /* (classes) of the model; NULL: 1 each */
    teachers *teachers;   /* NULL: none */
    loader_options pictures, validation_pictures;
    loader *loader, *validation; /* of these; validation NULL: none */
    fit_features kept;
    trainer *trainer;    /* NULL where nothing is trained: neighbours vote */
    text signature;      /* the options that a resumed run must share */
    text data_signature; /* the data that it must share; empty where no checkpoint is written or read */
    char *results_path, *best_path, *last_path; /* NULL without a run folder */
    char *resume_path;                          /* owns o.resume where that is not the one that was given */
    double saved;                               /* clock: the last checkpoint was written, or the run began */
    int64_t last_step;   /* of the checkpoint at last_path; -1: it is not of this run, or damaged */
    int64_t *kept_steps; /* of the last-STEP.safetensors that this run wrote, in the order of writing */
    size_t kept_count, kept_capacity;
    fit_state state;
    float *best; /* tensors of the best epoch, one after the other */
    int64_t skips_told, validation_skips_told;
    double started, trained; /* clock: the epoch began in this process; its last step ended */
    double step_seconds;     /* smoothed; 0 before the first */
    double between_seconds;  /* validation and files after the last epoch */
    float step_loss;         /* of the last step */
    fit_watch *watch;
    fit_warnings *warnings;
} fit_run;

/* fit_setup.c. On failure fit_release frees what was made. */
fv_status fit_prepare(fit_run *r, const fv_fit_options *options);
/* As far as loaders and teachers: no phase has begun. */
fv_status fit_prepare_trial(fit_run *r, const fv_fit_options *options);
void fit_release(fit_run *r);
void fit_log(const fit_run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* fit_loss.c */
fv_status fit_check_loss(const fv_fit_options *o);
fv_status fit_settle_loss(fit_run *r); /* what the options left to the data */
fv_status fit_weigh_classes(fit_run *r);
fv_status fit_call_teachers(fit_run *r); /* after the loaders, which settle what the student sees */
void fit_sign_loss(fit_run *r);          /* adds to the signature */

/* fit_phase.c: trainer and schedule for the phase that the next step belongs to; the optimizer's state is that of `x` (NULL: none) in the
 * middle of a phase. */
fv_status fit_begin_phase(fit_run *r, const checkpoint_extra *x);
bool fit_phase_is_over(const fit_run *r);     /* the next step needs another trainer */
const char *fit_phase_name(const fit_run *r); /* "head", "thawed"; NULL when there is one phase only */
uint64_t fit_phase_fingerprint(const fv_model *m);

/* fit_features.c: computes and keeps what the phase can work on in place of pixels, if anything. `resuming`: the phase is under way, and goes on as it
 * was. */
fv_status fit_features_begin(fit_run *r, bool resuming);
void fit_features_release(fit_run *r);
int64_t fit_feature_views(const fit_run *r); /* of each picture */
loader *fit_loader(const fit_run *r);        /* of the phase */
loader *fit_validation_loader(const fit_run *r);
/* The pictures of the epoch under way that could be read, one by one: the i-th of batch `b`. */
typedef void (*fit_take_features)(const features *f, const batch *b, int64_t i, void *to);
fv_status fit_features_each(fit_run *r, fit_take_features take, void *to);
fv_status fit_features_logits(void *run, const batch *b, float *logits); /* for scoring */

/* fit_head.c: whether the epoch under way fits the head; whether that is possible; and doing it in place of steps. */
bool fit_head_is_solved(const fit_run *r);
fv_status fit_head_check(const fit_run *r);
fv_status fit_head_solve(fit_run *r);

/* fit_neighbours.c: the same of FV_HEAD_KNN, and that nothing else ends in a vote. */
fv_status fit_neighbours_check(const fit_run *r);
fv_status fit_neighbours_solve(fit_run *r);

/* fit_epoch.c: the epoch under way, to its end. FV_INTERRUPTED when a callback asked for it. */
fv_status fit_epoch(fit_run *r, fit_result *result);
/* A step at this rate; a batch in which no picture could be read teaches nothing and is passed over. */
fv_status fit_train_batch(fit_run *r, const batch *b, double rate);
/* Everything but the epoch's results. */
fv_progress fit_progress(const fit_run *r);

/* fit_validation.c: the validation part of an epoch's result; nothing without validation pictures. */
fv_status fit_validate(fit_run *r, fit_result *result);
fv_status fit_diverged(const fit_run *r, const char *what);
void fit_tell_cache_problem(const fit_run *r, loader *l);
/* fit_watch.c. What the last validation predicted is collected whether anybody watches or not. */
fv_status fit_watch_begin(fit_run *r);
void fit_watch_end(fit_run *r, fv_status status); /* tells the watchers; frees */
void fit_watch_batch(fit_run *r, const batch *b);
void fit_watch_step(fit_run *r, const fv_progress *p);
void fit_watch_epoch(fit_run *r, const fv_progress *p);
void fit_watch_validation(fit_run *r); /* forgets the last one */
/* A picture of the validation, with one class; probabilities are computed from the logits where they are needed. */
void fit_watch_prediction(fit_run *r, const batch *b, int64_t i, int32_t predicted, const float *logits);

const int64_t *fit_watch_confusion(const fit_run *r); /* of the last validation; NULL: none, or not known */

/* fit_warn.c */
fv_status fit_warn_begin(fit_run *r);
fv_status fit_warn_epoch(fit_run *r, const fit_result *result);
void fit_warn_end(fit_run *r); /* after the last epoch */
void fit_warn_release(fit_run *r);

/* fit_files.c */
fv_status fit_save_results(fit_run *r, const fit_result *result); /* adds the row */
fv_status fit_save_best(fit_run *r);
fv_status fit_save_last(fit_run *r); /* the model's tensors are the trainer's */
/* The error that a checkpoint lacks a usable `what`. */
fv_status fit_unusable(const fit_run *r, const char *what);
/* Reads tensors, best tensors and state, but not yet the trainer's (there is none): these stay in `x`. */
fv_status fit_resume(fit_run *r, checkpoint_extra *x);
void fit_keep_best(fit_run *r);
void fit_restore_best(fit_run *r); /* nothing when there is none */
int64_t fit_tensor_total(const fit_run *r);

/* fit_checkpoints.c */
fv_status fit_save_within_epoch(fit_run *r); /* after a step */
fv_status fit_save_when_due(fit_run *r);     /* likewise, if it is time */
/* The checkpoint that r->o.resume names, else the newest before it that is whole, which becomes r->o.resume. */
fv_status fit_open_checkpoint(fit_run *r, checkpoint_extra *x);
fv_status fit_keep_last(fit_run *r); /* before last.safetensors is written anew */
void fit_remove_oldest(fit_run *r);  /* and after that */
fv_status fit_pack_kept(const fit_run *r, checkpoint_extra *x);
fv_status fit_unpack_kept(fit_run *r, const checkpoint_extra *x);

/* fit_data.c */
fv_status fit_sign_data(fit_run *r);
fv_status fit_check_data(const fit_run *r, const checkpoint_extra *x);

#endif
