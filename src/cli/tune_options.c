/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tune.h"

static const char *const samplers[] = {"tpe", "random", NULL}; /* fv_sampler */
static const char *const pruners[] = {"asha", "none", NULL};

#define AT(field) .offset = offsetof(tune_arguments, field)

/* Also in a file of the study, for whoever goes on with it. */
#define RETRAIN_EPOCHS                                                                                       \
    {                                                                                                        \
        .name = "retrain_epochs", .type = OPTION_INT, AT(retrain_epochs), .low = 1, .high = 1000000,         \
        .shown = "as many as the trials have",                                                               \
        .help = "epochs of that last training; with --time, as many of them as fit"                          \
    }

const option tune_kept_table[] = {RETRAIN_EPOCHS, {0}};

/* Behind them stand all of train's, as options that every trial has. */
const option tune_table[] = {
    {.name = "space",
     .type = OPTION_STRING,
     AT(space),
     .heading = "Search",
     .value = "FILE",
     .shown = "lr, weight_decay, label_smoothing, erase and augment, but those that are given as options",
     .help = "the dimensions and their values, as YAML"},
    {.name = "trials",
     .type = OPTION_INT,
     AT(trials),
     .low = 1,
     .high = 1000000,
     .shown = "50; with --time no limit",
     .help = "how many trials the study is to have in all"},
    {.name = "time",
     .type = OPTION_STRING,
     AT(train.time),
     .value = "TIME",
     .shown = "no limit",
     .help = "the time that search and last training together may take: 90s, 10m, 2h"},
    {.name = "sampler",
     .type = OPTION_CHOICE,
     AT(sampler),
     .choices = samplers,
     .value = "NAME",
     .shown = "tpe",
     .help = "what chooses the next values: a tree-structured Parzen estimator, or chance"},
    {.name = "pruner",
     .type = OPTION_CHOICE,
     AT(pruner),
     .choices = pruners,
     .value = "NAME",
     .shown = "asha",
     .help = "what stops trials early: asynchronous successive halving, or nothing"},
    {.name = "reduction",
     .type = OPTION_INT,
     AT(reduction),
     .low = 2,
     .high = 1000,
     .shown = "3",
     .help = "asha: at each rung one trial in so many goes on, to so many times the epochs"},
    {.name = "min_epochs",
     .type = OPTION_INT,
     AT(min_epochs),
     .low = 1,
     .high = 1000000,
     .shown = "1",
     .help = "asha: the first rung"},
    {.name = "jobs",
     .type = OPTION_INT,
     AT(jobs),
     .low = 1,
     .high = 256,
     .shown = "1",
     .help = "trials at a time, each in a process of its own; --threads is divided among them"},
    {.name = "retrain",
     .type = OPTION_BOOL,
     AT(retrain),
     .shown = "yes",
     .help = "train once more with the best values, into STUDY/best; --retrain=no: not"},
    RETRAIN_EPOCHS,
    {.name = "json", .type = OPTION_BOOL, AT(json), .help = "the result as JSON in place of a table"},
    {.name = "resume",
     .type = OPTION_STRING,
     AT(train.resume),
     .value = "STUDY",
     .help =
         "go on with a study, whose folder has its options; beside it --trials, --time, --jobs, --threads, "
         "--retrain, --retrain-epochs and --json may be given"},
    {.name = "seed",
     .type = OPTION_SEED,
     AT(train.seed),
     .shown = "0",
     .help = "of the sampler, and of every trial's run"},
    {.name = "threads",
     .type = OPTION_INT,
     AT(train.threads),
     .low = 1,
     .high = 1024,
     .shown = "all cores",
     .help = "threads that compute, of all trials at a time together"},
    {0}};
