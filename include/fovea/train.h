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
    FV_RMSPROP
} fv_optimizer;

typedef enum fv_loss {
    FV_LOSS_DEFAULT =
        0, /* FV_BINARY_CROSSENTROPY with one output or multi-label data, else sparse categorical */
    FV_CATEGORICAL_CROSSENTROPY,        /* softmax of the logits against a distribution over the classes */
    FV_SPARSE_CATEGORICAL_CROSSENTROPY, /* the same against a class index */
    FV_BINARY_CROSSENTROPY              /* a sigmoid for every class */
} fv_loss;

typedef struct fv_compile_options {
    size_t struct_size;
    fv_model *model;        /* required */
    fv_optimizer optimizer; /* default FV_ADAMW */
    float learning_rate;    /* default 0.1 for SGD (0.01 without batch norm), 1e-3 for the others */
    float momentum;         /* SGD, RMSprop; default 0.9 for SGD, 0 for RMSprop; FV_OFF */
    int nesterov;           /* SGD: nonzero for Nesterov's momentum */
    float beta_1, beta_2;   /* Adam, AdamW: default 0.9, 0.999 */
    float rho;              /* RMSprop: default 0.9 */
    float epsilon;          /* Adam, AdamW 1e-8; RMSprop 1e-7 */
    float
        weight_decay; /* L2 for SGD, Adam and RMSprop, decoupled for AdamW (Loshchilov & Hutter 2019); never on biases
                               and norms; default 0.01 for AdamW, 5e-4 for SGD, else 0; FV_OFF */
    fv_loss loss;
    float label_smoothing; /* [0, 1); default 0; of the training loss only, not of validation's */
    const char *engine;    /* "auto" (default), "onednn", "reference" */
    int threads;           /* of the engine; default: all cores */
} fv_compile_options;
#define fv_compile(...)                                                                                      \
    fv_compile_with(&(fv_compile_options){.struct_size = sizeof(fv_compile_options), .model = __VA_ARGS__})
/* Checks the network and the options and keeps them for fv_fit. Reports the first error of the layer calls. */
FV_API fv_status fv_compile_with(const fv_compile_options *options);

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

typedef enum fv_monitor {
    FV_MONITOR_ACCURACY = 0,
    FV_MONITOR_LOSS
} fv_monitor;

/* What is done about classes with unequal numbers of pictures. In multi-label data a picture counts for the rarest of its classes,
 * and those without any are one class more. */
typedef enum fv_balance {
    FV_BALANCE_NONE = 0,
    FV_BALANCE_WEIGHTS, /* a picture's loss has the weight pictures / (classes * pictures of its class) */
    FV_BALANCE_SAMPLER  /* an epoch has as many pictures as before, but of every class equally many */
} fv_balance;

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
    const char *phase;                          /* "head" or "thawed" in a run with head_epochs, else NULL */
    float step_loss;                            /* of the last step alone */
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
    fv_monitor monitor;  /* default validation accuracy, training's where there is no validation */
    const char *augment; /* "none", "light", "standard" (default), "strong"; a policy as YAML, or a .yaml file
                            of one: docs/augmentation.md */
    float erase;         /* the probability that a rectangle of a picture is erased; default 0 */
    float mixup,
        cutmix;    /* alpha of MixUp and CutMix, which mix pictures and their labels; default 0: neither */
    uint64_t seed; /* of order, augmentation and dropout */
    int loader_threads; /* default: one a core beyond the first, at least 1 */
    fv_on_error on_error;
    const char *out;    /* run folder for results.csv, best.safetensors, last.safetensors; default none */
    const char *resume; /* last.safetensors of an interrupted run with the same options; default none */
    fv_progress_callback on_step, on_epoch; /* may be NULL */
    fv_log_callback on_log;
    void *user;         /* given to the callbacks */
    fv_balance balance; /* of the training pictures' classes; default none */
    /* 0: a model without mean and std, whose window is FV_WINDOW_FULL, gets the window that fv_dataset_window chooses from the
     * training pictures, and on_log is told; nonzero: its window stays. */
    int keep_window;
    /* What is kept of decoded pictures for the next epoch (docs/loading.md): "none" (default), "ram", "disk" (a folder in
     * $FOVEA_CACHE, $XDG_CACHE_HOME/fovea or ~/.cache/fovea) or "disk:FOLDER". */
    const char *cache;
    int64_t cache_limit; /* bytes that it takes at most; default half of what is free there */
    /* The first head_epochs of the epochs train the head alone, with a learning rate of its own, as if fv_freeze had been told
     * "backbone"; the others what fv_freeze left, beginning from where the head's phase ended. Each has a whole schedule, and the
     * optimizer begins anew; patience counts from the second phase on. Default 0: one phase. */
    int64_t head_epochs;
    float head_learning_rate; /* default that of fv_compile */
    const struct fv_watcher *const *watchers; /* those who look on (watch.h), NULL-ended; default none */
} fv_fit_options;
#define fv_fit(...)                                                                                          \
    fv_fit_with(&(fv_fit_options){.struct_size = sizeof(fv_fit_options), .model = __VA_ARGS__})
/* Trains. The model has the best epoch's weights afterwards. In multi-label data (fv_dataset_is_multi_label) every output is a class
 * that a picture has or has not: accuracy is then the share of such answers that are right (Keras's binary accuracy). With mixed
 * pictures training's accuracy counts as right the class with the larger part. FV_ERROR_DIVERGED when the loss is not finite (the best so far is kept). */
FV_API fv_status fv_fit_with(const fv_fit_options *options);

/* What fv_evaluate found. All arrays belong to it; release with fv_evaluation_release. In multi-label data a class counts as
 * predicted when its probability is above 0.5. */
typedef struct fv_class_score {
    const char *name; /* the model's */
    int64_t support;
    float precision, recall, f1; /* 0 where undefined */
    float auc;                   /* one against the rest; NAN where undefined */
} fv_class_score;

typedef struct fv_evaluation {
    int64_t images, class_count;
    int64_t unknown;       /* pictures of classes that the model does not know: left out */
    int64_t skipped;       /* unreadable */
    double loss, accuracy; /* multi-label: the share of right answers, one for every picture and class */
    double top5;
    double accuracy_low, accuracy_high; /* 95 % interval (Wilson 1927) */
    double ece;                         /* expected calibration error, 15 bins (Guo et al. 2017) */
    fv_class_score *classes, macro, weighted;
    int64_t *confusion; /* (class_count, class_count): row true, column predicted; NULL in multi-label data */
    /* A picture each, in the data set's order: */
    int64_t *index; /* in the data set */
    int32_t *label,
        *predicted;     /* the model's class indices; multi-label: the first class or -1, and the likeliest */
    float *probability; /* of the predicted class */
    int multi_label;    /* nonzero: of multi-label data; then top5, the interval and ece are NAN */
    double exact_match; /* the share of pictures with every class right; else as accuracy */
    unsigned char *targets; /* (images, class_count): 1 for each class of the picture; NULL in other data */
    float *probabilities;   /* (images, class_count); NULL in other data */
    int64_t views;          /* of each picture that the probabilities are the mean of; 1 without .tta */
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
} fv_evaluate_options;
#define fv_evaluate(...)                                                                                     \
    fv_evaluate_with(&(fv_evaluate_options){.struct_size = sizeof(fv_evaluate_options), .model = __VA_ARGS__})
/* Pictures are decoded at full scale and resized as the model says; classes are matched by name. */
FV_API fv_status fv_evaluate_with(const fv_evaluate_options *options);
FV_API void fv_evaluation_release(fv_evaluation *e);

#ifdef __cplusplus
}
#endif
#endif
