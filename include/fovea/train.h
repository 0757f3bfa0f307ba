/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training: compile, fit, evaluate.
 *
 *     if (fv_compile(m, .optimizer = FV_SGD, .learning_rate = 0.1f, .momentum = 0.9f, .weight_decay = 5e-4f) != FV_OK ||
 *         fv_fit(m, train, .validation = val, .epochs = 20, .patience = 5) != FV_OK)
 *         die(fv_error_message());
 */
#ifndef FOVEA_TRAIN_H
#define FOVEA_TRAIN_H

#include "data.h"
#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fv_optimizer {
    FV_OPTIMIZER_DEFAULT = 0,
    FV_SGD,
    FV_ADAM,
    FV_ADAMW,
    FV_RMSPROP,
    FV_ADAGRAD, /* Duchi et al. 2011 */
    FV_NADAM,   /* Adam with Nesterov's momentum (Dozat 2016) */
    FV_LION, /* the sign of a momentum (Chen et al. 2023): a third to a tenth of AdamW's rate, and as much more decay */
    FV_LAMB, /* Adam's step, for each weight as long as the weight itself: for large batches (You et al. 2020) */
    FV_MUON /* weights of 2 and 4 dimensions but the head's move along an orthogonalised momentum (Jordan 2024), all else by AdamW with
                   0.015 times the learning rate */
} fv_optimizer;

typedef enum fv_loss {
    FV_LOSS_DEFAULT =
        0, /* FV_BINARY_CROSSENTROPY with one output or multi-label data, else sparse categorical */
    FV_CATEGORICAL_CROSSENTROPY,        /* softmax of the logits against a distribution over the classes */
    FV_SPARSE_CATEGORICAL_CROSSENTROPY, /* the same against a class index */
    FV_BINARY_CROSSENTROPY,             /* a sigmoid for every class */
    FV_FOCAL /* as FV_LOSS_DEFAULT, with a focal_gamma of 2 unless another is given (Lin et al. 2017) */
} fv_loss;

typedef struct fv_compile_options {
    size_t struct_size;
    fv_model *model;        /* required */
    fv_optimizer optimizer; /* default FV_ADAMW */
    float
        learning_rate; /* default 0.1 for SGD (0.01 without batch norm), 0.02 for Muon, 0.01 for Adagrad, 2e-3 for NAdam, 1e-4
                               for Lion, 1e-3 for the others */
    float momentum; /* SGD, RMSprop, Muon; default 0.9 for SGD, 0 for RMSprop, 0.95 for Muon; FV_OFF */
    int nesterov;   /* SGD: nonzero for Nesterov's momentum; Muon always has it */
    float beta_1,
        beta_2; /* Adam, AdamW, NAdam, LAMB: default 0.9, 0.999; Lion 0.9, 0.99; what Muon leaves to AdamW 0.9, 0.95 */
    float rho;     /* RMSprop: default 0.9 */
    float epsilon; /* default 1e-8; RMSprop 1e-7, LAMB 1e-6, Adagrad and Muon 1e-10 */
    /* Part of the gradient (weight_decay * w) for SGD, Adam, NAdam, RMSprop and Adagrad; decoupled from it for AdamW (Loshchilov & Hutter
     * 2019), Lion, Muon, and beside it in LAMB. Never on biases and norms. Default 0.01 for AdamW, LAMB and Muon, 0.1 for Lion, 5e-4 for SGD,
     * else 0; FV_OFF */
    float weight_decay;
    fv_loss loss;
    float label_smoothing; /* [0, 1); default 0; of the training loss only, not of validation's */
    const char *engine;    /* "auto" (default), "onednn", "reference" */
    int threads;           /* of the engine; default: all cores */
    /* Penalties l1 * |w| and l2 * w^2 on the weights that decay, as Keras's kernel_regularizer: their gradients are added to the loss's, whatever the
     * optimizer; the loss that is reported is without them, so that training and validation, and runs, compare. Default 0 */
    float l1, l2;
    float
        clip_norm; /* the gradients are scaled down to this norm of all together where theirs is larger; default 0: not */
    float clip_value; /* or each number of them is held in [-clip_value, clip_value]; default 0: not */
    int64_t
        accumulate; /* batches whose gradients, weighted by their pictures, make one update; the last one of an epoch may be of fewer.
                           Schedules count updates. Default 1 */
    /* The decay of a running average of weights and statistics, [0, 1); default 0: none. It rises with the updates t as 1 - (1 + t)^(-2/3). Validation
     * uses the average, and the best epoch's is what the model has after training. */
    float ema;
    /* Focal losses (Lin et al. 2017, docs/losses.md): with p the probability of the right answer, -(1 - p)^gamma log p in place of
     * -log p, in 0..100; of the softmax, or of every sigmoid. Targets between 0 and 1 (smoothed, mixed) weigh the terms of the classes.
     * Default 2 with FV_FOCAL, else 0; FV_OFF. */
    float focal_gamma;
    /* Of sigmoids only: classes that a picture has weigh alpha, others 1 - alpha; in (0, 1). Default 0: both weigh 1. For a softmax
     * fv_fit's class_weights say what alpha_t is. */
    float focal_alpha;
} fv_compile_options;
#define fv_compile(...)                                                                                      \
    fv_compile_with(&(fv_compile_options){.struct_size = sizeof(fv_compile_options), .model = __VA_ARGS__})
/* Checks the network and the options and keeps them for fv_fit. Reports the first error of the layer calls. */
FV_API fv_status fv_compile_with(const fv_compile_options *options);
/* What an optimizer's learning rate and weight decay are when nothing is said (SGD's rate: for networks with batch norm). 0 and 0: there is no such
 * optimizer. */
FV_API void fv_optimizer_usual(fv_optimizer optimizer, float *learning_rate, float *weight_decay);
/* The options that it keeps, with the defaults in their places, but for a loss that the data will decide; they belong to the model, and change
 * with the next fv_compile. NULL for a model that is not compiled. */
FV_API const fv_compile_options *fv_compiled_options(const fv_model *m);

/*
 * Transfer learning (docs/transfer.md). The head is the last dense layer, or the last convolution after all dense ones; all
 * else is the backbone. Nothing of this is kept in a model file.
 */

/* What training leaves as it is, in place of what was frozen before: "none"; "backbone"; a number of leading stages ("3"), from 0 to
 * fv_model_stage_count; or patterns of tensor names with * and ?, separated by commas ("features.0.*,features.1.*"). A frozen tensor has
 * no gradient and no optimizer state, and nothing is computed backwards behind the first one that is trained. Batch norms whose tensors
 * are all frozen use and keep their running statistics. An error, and nothing changed but what was frozen before, when no tensor
 * matches or there are fewer stages. */
FV_API fv_status fv_freeze(fv_model *m, const char *what);
/* Stages before the head: neighbouring layers whose names begin with the same part, as "layer1"; where one part holds more than three
 * quarters of the layers, the next part divides it, as "features.4". 0 when there is no head. */
FV_API int64_t fv_model_stage_count(const fv_model *m);
/* Nonzero: all batch norms are trained as PyTorch's are after bn.eval(): normalised with their running statistics, which stay, while
 * weight and bias are trained. Zero (the default): with those of the batch. */
FV_API fv_status fv_keep_statistics(fv_model *m, int keep);
/* The learning rate of the tensors whose names match (patterns as for fv_freeze) is `scale` times that of the run, in (0, 1000]; 1 at first. */
FV_API fv_status fv_set_learning_rate_scale(fv_model *m, const char *pattern, float scale);
/* Sets all scales: 1 for the head, decay for the last stage, decay * decay for the one before it and so on; in (0, 1]. */
FV_API fv_status fv_set_layer_decay(fv_model *m, float decay);

typedef enum fv_schedule {
    FV_SCHEDULE_COSINE = 0, /* half a cosine to 0 (Loshchilov & Hutter 2017) */
    FV_SCHEDULE_CONSTANT,
    FV_SCHEDULE_STEP,     /* a tenth after 1/2 and again after 3/4 of the epochs */
    FV_SCHEDULE_ONECYCLE, /* up and down (Smith & Topin 2018) */
    FV_SCHEDULE_PLATEAU,  /* a tenth when the monitored value has not improved for patience / 3 epochs */
    FV_SCHEDULE_LINEAR    /* straight to 0 */
} fv_schedule;

/* The value that tells which epoch is the best, of validation; of training where there is none. */
typedef enum fv_monitor {
    FV_MONITOR_DEFAULT = 0, /* accuracy; for multi-label data FV_MONITOR_MAP, loss without validation */
    FV_MONITOR_LOSS,        /* less is better */
    FV_MONITOR_ACCURACY,
    /* Of validation only; of equal ones the less loss decides. F1: as fv_evaluation's macro.f1. mAP: the mean over the classes of the
     * average precision, each class against the rest (scikit-learn's average_precision_score), without those that no validation
     * picture has. It needs no threshold, and unlike the share of right answers it is not high because most answers are no. */
    FV_MONITOR_F1,
    FV_MONITOR_MAP
} fv_monitor;

/* What is done about classes with unequal numbers of pictures (docs/losses.md). */
typedef enum fv_balance {
    FV_BALANCE_NONE = 0,
    /* A picture's loss has the weight pictures / (classes * pictures of its class). In multi-label data a class's weight where a picture
     * has it (PyTorch's pos_weight) is pictures without it / pictures with it, at most 100. */
    FV_BALANCE_WEIGHTS,
    /* An epoch has as many pictures as before, but of every class equally many. In multi-label data a picture counts for the rarest of
     * its classes, and those without any are one class more. */
    FV_BALANCE_SAMPLER,
    /* Between none and weights (Cui et al. 2019): n pictures count as E(n) = (1 - 0.999^n) / (1 - 0.999), which stops growing at some
     * thousand, and a class's weight is in proportion to 1 / E(n), 1 in the mean over the classes; in multi-label data E(without) /
     * E(with), at most 100. */
    FV_BALANCE_EFFECTIVE
} fv_balance;

/* How the head's phase finds the last layer. */
typedef enum fv_head {
    FV_HEAD_TRAINED = 0, /* by steps, as everything else */
    FV_HEAD_LINEAR, /* multinomial logistic regression with an L2 penalty (C 1) on standardised features, solved in one epoch */
    FV_HEAD_KNN /* the vote of the k nearest training pictures by cosine similarity, in one epoch; the model is of fv_model_knn_head */
} fv_head;

/* State of a run, given to callbacks. Values that are not known yet are NAN. */
typedef struct fv_progress {
    int64_t epoch, epochs; /* from 1 */
    int64_t step, steps;   /* of the epoch, from 1 */
    int64_t pictures;      /* seen in this epoch */
    double seconds;        /* of this epoch so far */
    double seconds_left;   /* of the whole run, estimated */
    double images_per_second;
    double wait_share; /* part of this epoch's time spent waiting for data, 0..1 */
    float learning_rate;
    float train_loss, train_accuracy;           /* running means over the epoch */
    float validation_loss, validation_accuracy; /* at the end of an epoch */
    int is_best;                                /* the epoch is the best so far by the monitored value */
    const char *
        phase; /* "head" or "thawed" in a run with head_epochs or unfreeze_every, "features" or "statistics" while these are computed, else NULL */
    float gradient_norm; /* of all gradients at the last update, before clipping; known with clip_norm only */
    float validation_f1, validation_map; /* at the end of an epoch, as FV_MONITOR_F1 and FV_MONITOR_MAP */
    float step_loss;                     /* of the last step alone */
} fv_progress;

/* Nonzero stops training after this step: last.safetensors is written and fv_fit returns FV_INTERRUPTED. */
typedef int (*fv_progress_callback)(const fv_progress *progress, void *user);

typedef struct fv_fit_options {
    size_t struct_size;
    fv_model *model;         /* required; compiled with defaults when it was not compiled */
    const fv_dataset *train; /* required */
    const fv_dataset *validation;
    int64_t epochs;       /* default 20 */
    int64_t batch;        /* default 32, 128 for inputs of up to 64 x 64 */
    fv_schedule schedule; /* default cosine */
    float warmup;         /* part of the steps with a rising rate; default 0.05; FV_OFF */
    int64_t
        patience; /* epochs without a better value before stopping; default 10; FV_OFF: never stop early */
    fv_monitor monitor;
    const char *augment; /* "none", "light", "standard" (default), "strong"; a policy as YAML, or a .yaml file
                            of one: docs/augmentation.md */
    float erase;         /* the probability that a rectangle of a picture is erased; default 0 */
    float mixup,
        cutmix;    /* alpha of MixUp and CutMix, which mix pictures and their labels; default 0: neither */
    uint64_t seed; /* of order, augmentation and dropout */
    int loader_threads; /* default: one a core beyond the first, at least 1 */
    fv_on_error on_error;
    const char *out; /* run folder for results.csv, best.safetensors, last.safetensors; default none */
    /* last.safetensors of an interrupted run with the same options and the same data; default none. Where it is damaged, the newest whole
     * last-STEP.safetensors beside it. */
    const char *resume;
    fv_progress_callback on_step, on_epoch; /* may be NULL */
    fv_log_callback on_log;
    void *user;         /* given to the callbacks */
    fv_balance balance; /* of the training pictures' classes; default none */
    /* 0: a model without mean and std, whose window is FV_WINDOW_FULL, gets the window that fv_dataset_window chooses from the
     * training pictures, and on_log is told; nonzero: its window stays. */
    int keep_window;
    /* What is kept of decoded pictures for the next epoch (docs/loading.md): "none" (default), "ram", "disk" (a folder in
     * $FOVEA_CACHE, $XDG_CACHE_HOME/fovea or ~/.cache/fovea) or "disk:FOLDER"; on disk, what is kept of feature_views too. */
    const char *cache;
    int64_t cache_limit; /* bytes that it takes at most; default half of what is free there */
    /* The first head_epochs of the epochs train the head alone, with a learning rate of its own, as if fv_freeze had been told
     * "backbone"; the others what fv_freeze left, beginning from where the head's phase ended. Each has a whole schedule, and the
     * optimizer begins anew; patience counts from the second phase on. Default 0: one phase. */
    int64_t head_epochs;
    float head_learning_rate; /* default that of fv_compile */
    /* A weight above 0 for each class of `train`, in its order; default NULL: 1 each. What a picture of the class weighs in the loss; the
     * mean is over the weights, as in PyTorch's CrossEntropyLoss(weight). In multi-label data the weight of a class where a picture
     * has it, as BCEWithLogitsLoss(pos_weight). Not beside FV_BALANCE_WEIGHTS and FV_BALANCE_EFFECTIVE, which choose them. */
    const float *class_weights;
    /*
     * Distillation (Hinton et al. 2015, docs/losses.md): trained models that the run learns from. They are asked about each training
     * batch, as it was augmented and mixed, resized where their input has another size, with their own normalisation; the loss is
     *     (1 - distill_alpha) * hard + distill_alpha * T^2 * KL(q || p),
     * where hard is the loss without a teacher, p the network's probabilities at temperature T, softmax(logits / T), and q the mean of the
     * teachers'; with sigmoids KL is the mean of the classes' binary ones. Borrowed; they run on the model's engine and threads. They
     * must have the same classes (by name, in any order) and, as the model has, a softmax or sigmoids. Their tensors, classes and
     * preprocessing are among the options that a resumed run must share.
     */
    fv_model *const *teachers;
    int64_t teacher_count;     /* 0..16; default 0: none */
    float distill_alpha;       /* (0, 1]; default 0.9 */
    float distill_temperature; /* 0.1..100; default 4 */
    /* While the head alone is trained, or pictures are not augmented, what the frozen layers make of each picture is computed once and
     * kept (in memory, or in a file; docs/transfer.md), and epochs take milliseconds. With augmentation so many views of each
     * picture are computed and take turns: the picture as it is, then as it is augmented in the first epochs. Default 1; FV_OFF: every epoch
     * computes all layers on newly augmented pictures, as always where pictures are mixed. */
    int64_t feature_views;
    /* FV_HEAD_LINEAR: head_epochs is 1, and epochs 1 unless given. The classes must exclude one another and the last layer be dense.
     * FV_HEAD_KNN: one epoch in all, as the vote cannot be trained on; classes must exclude one another, and all pictures count alike.
     * The k of 1, 3, 5, 10, 20 and 50 is taken with which most training pictures (1000 of them at most) are right about themselves when
     * they are left out; of equal ones that of the smaller loss, then the smaller. Training's loss and accuracy are those. */
    fv_head head;
    /* Gradual unfreezing (Howard & Ruder 2018): behind the head's phase, if any, the last stage is trained with the head, and one stage
     * more every unfreeze_every epochs. The schedule goes over all of these epochs; the optimizer begins anew with each stage. Default 0: all
     * that fv_freeze left at once. */
    int64_t unfreeze_every;
    const struct fv_watcher *const *watchers; /* those who look on (watch.h), NULL-ended; default none */
    /* When last.safetensors is written besides at epochs' ends and interruptions: every so many steps of the run, and when so many minutes
     * have passed since it was. Default 0: not. */
    int64_t checkpoint_steps;
    double checkpoint_minutes;
    /* The last so many checkpoints are kept, those before last.safetensors as last-STEP.safetensors, by the steps that are done; 1..10000,
     * default 1. Only those that the run itself wrote are removed. */
    int64_t keep_checkpoints;
} fv_fit_options;
#define fv_fit(...)                                                                                          \
    fv_fit_with(&(fv_fit_options){.struct_size = sizeof(fv_fit_options), .model = __VA_ARGS__})
/* Trains. The model has the best epoch's weights afterwards. In multi-label data (fv_dataset_is_multi_label) every output is a class
 * that a picture has or has not: accuracy is then the share of such answers that are right (Keras's binary accuracy). With mixed
 * pictures training's accuracy counts as right the class with the larger part. FV_ERROR_DIVERGED when the loss is not finite (the best so far is kept). */
FV_API fv_status fv_fit_with(const fv_fit_options *options);

typedef struct fv_statistics_options {
    size_t struct_size;
    fv_model *model;        /* required */
    const fv_dataset *data; /* required; what the model was trained with. Its classes do not matter */
    int64_t batch;          /* pictures; default 64, or all there are */
    int loader_threads;
    fv_on_error on_error;
    fv_progress_callback on_step; /* phase "statistics", epoch 1 of 1; nonzero stops with FV_INTERRUPTED */
    fv_log_callback on_log;       /* pictures that cannot be read */
    void *user;
} fv_statistics_options;
#define fv_update_statistics(...)                                                                            \
    fv_update_statistics_with(                                                                               \
        &(fv_statistics_options){.struct_size = sizeof(fv_statistics_options), .model = __VA_ARGS__})
/* Measures the running mean and variance of all batch norms anew, for weights that were not trained with them, as those of
 * fv_model_average: the mean over full batches, in a random order, of what each batch's are (variances unbiased), with what the layers before make
 * of the pictures without augmentation (Izmailov et al. 2018, algorithm 1; torch.optim.swa_utils.update_bn). Without batch norms nothing
 * changes. On failure the model is as it was. */
FV_API fv_status fv_update_statistics_with(const fv_statistics_options *options);

/* What fv_evaluate found. All arrays belong to it; release with fv_evaluation_release. Numbers are those of scikit-learn's functions of
 * the same names on the same probabilities (docs/evaluation.md has the formulas and sources). Of equal probabilities the class that
 * comes first is predicted. */
typedef struct fv_class_score {
    const char *name; /* the model's */
    int64_t support;
    double precision, recall, f1;
    double auc; /* area under the ROC curve, one against the rest; NAN where undefined */
    double
        average_precision; /* the sum of precision times gain in recall; NAN without a picture of the class */
} fv_class_score;

typedef struct fv_evaluation {
    int64_t images, class_count;
    int64_t unknown;       /* pictures of classes that the model does not know: left out */
    int64_t skipped;       /* unreadable */
    double loss, accuracy; /* multi-label: the share of right answers, one for every picture and class */
    double top5;
    double accuracy_low, accuracy_high; /* 95 % interval (Wilson 1927) */
    double
        ece; /* expected calibration error, 15 bins (Guo et al. 2017); multi-label: of all answers' probabilities against
                   how often the class is there */
    fv_class_score *classes, macro,
        weighted;       /* macro: every class counts the same, weighted: by support. Classes that neither
                                                 occur nor are predicted, and what is NAN, are left out */
    int64_t *confusion; /* (class_count, class_count): row true, column predicted; NULL in multi-label data */
    /* A picture each, in the data set's order: */
    int64_t *index; /* in the data set */
    int32_t *label,
        *predicted;     /* the model's class indices; multi-label: the first class or -1, and the likeliest */
    float *probability; /* of the predicted class */
    int multi_label;    /* nonzero: of multi-label data; then top5 and the interval are NAN */
    double exact_match; /* the share of pictures with every class right; else as accuracy */
    unsigned char *targets; /* (images, class_count): 1 for each class of the picture; NULL in other data */
    float *probabilities;   /* (images, class_count) */
    int64_t views;          /* of each picture that the probabilities are the mean of; 1 without .tta */
    int64_t top_k;
    double top_k_accuracy; /* the true class is among the top_k likeliest; NAN in multi-label data */
    /* The mean recall of the classes that occur; agreement beyond chance (Cohen 1960); correlation of truth and prediction (Matthews
     * 1975; several classes: Gorodkin 2004). NAN in multi-label data; kappa also where chance alone agrees always. */
    double balanced_accuracy, kappa, matthews;
    /* -log of the probability of the true class, which counts as at least 2^-52; multi-label: the mean binary one of all answers. */
    double log_loss;
    /* Brier 1950: the sum over the classes of (probability - truth)^2, 0..2, twice the usual score of two classes; multi-label: the
     * mean over all answers, 0..1. */
    double brier;
    double hamming_loss;  /* the share of wrong answers: 1 - accuracy */
    fv_class_score micro; /* of all answers together; auc and average_precision are NAN */
    /* (class_count): a class counts as predicted above its threshold; of two classes the second above its own, else the first.
     * NULL: 0.5 each in multi-label data, else the likeliest class. From the model (fv_model_set_thresholds). */
    float *thresholds;
} fv_evaluation;

typedef struct fv_evaluate_options {
    size_t struct_size;
    fv_model *model;        /* required */
    const fv_dataset *data; /* required */
    fv_evaluation *result;  /* required */
    int64_t batch;          /* pictures; default 64, of which fewer with several views of each */
    int loader_threads;
    fv_on_error on_error;
    fv_progress_callback on_step; /* epoch 1 of 1; nonzero stops with FV_INTERRUPTED */
    fv_log_callback on_log;       /* pictures that are left out */
    void *user;
    const char *tta; /* test-time augmentation, as for fv_predict; default "none" */
    int64_t top_k;   /* default 5 */
} fv_evaluate_options;
#define fv_evaluate(...)                                                                                     \
    fv_evaluate_with(&(fv_evaluate_options){.struct_size = sizeof(fv_evaluate_options), .model = __VA_ARGS__})
/* Pictures are decoded at full scale and resized as the model says; classes are matched by name. It keeps 4 bytes for each picture and
 * class, which areas under curves need. FV_ERROR_DIVERGED: an output is not a number; the error names the picture. */
FV_API fv_status fv_evaluate_with(const fv_evaluate_options *options);
FV_API void fv_evaluation_release(fv_evaluation *e);

#ifdef __cplusplus
}
#endif
#endif
