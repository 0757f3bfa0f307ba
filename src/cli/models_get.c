/* SPDX-License-Identifier: Apache-2.0 */
/* fovea models get: brings published weights to this machine, as a model file. */
#include <limits.h>
#include <stdio.h>

#include "cli/transfer.h"
#include "cli/verbs.h"
#include "cli/weights_find.h"

typedef struct get_options {
    const char *out, *mirror;
} get_options;

static const option table[] = {{.name = "out",
                                .letter = 'o',
                                .type = OPTION_STRING,
                                .offset = offsetof(get_options, out),
                                .value = "MODEL",
                                .shown = "in the cache folder",
                                .help = "the model file to write"},
                               {.name = "mirror",
                                .type = OPTION_STRING,
                                .offset = offsetof(get_options, mirror),
                                .value = "URL",
                                .shown = "$FOVEA_WEIGHTS_MIRROR, else none",
                                .help = "take the file from URL/NAME/FILE instead of its own address"},
                               {0}};

/* A copy under the user's own name. */
static fv_status save_as(const char *path, const char *out)
{
    fv_model *m = fv_model_load(path);
    fv_status status = m ? fv_model_save(m, out) : status_last();
    fv_model_destroy(m);
    return status;
}

static int run(const invocation *call)
{
    const get_options *o = call->options;
    char path[PATH_MAX];
    interrupt_catch();
    fv_status status = weights_fetch(path, sizeof path, call->arguments[0], o->mirror);
    if (interrupt_signal())
        return cli_fail(), 128 + interrupt_signal();
    if (status == FV_OK && o->out)
        status = save_as(path, o->out);
    if (status != FV_OK)
        return cli_fail();
    printf("%s\n", o->out ? o->out : path);
    return EXIT_DONE;
}

const verb verb_models_get = {
    .name = "models get",
    .arguments = "NAME",
    .summary = "Downloads published weights of a network, as a model file",
    .description = "NAME is one of a network that 'fovea models' lists, for its default weights, or one of "
                   "the weights that 'fovea "
                   "models NETWORK' lists, such as resnet50.tv_in1k. What came is compared with the "
                   "published SHA-256 (often its first "
                   "8 digits) and made into a model file with the weights' preprocessing and class names, "
                   "whose path is printed: every "
                   "verb takes it as MODEL, and train as --weights, which takes NAME too.\n\n"
                   "Without -o it is kept in $FOVEA_CACHE, else $XDG_CACHE_HOME/fovea, else ~/.cache/fovea. "
                   "What is there already is not "
                   "downloaded again, and what was interrupted is gone on with. Licences are those of the "
                   "publishers: 'fovea models "
                   "NETWORK' shows them.",
    .example = "fovea predict \"$(fovea models get mobilenet_v2)\" photo.jpg",
    .options = table,
    .size = sizeof(get_options),
    .computes = true,
    .least = 1,
    .most = 1,
    .run = run,
};
