/* SPDX-License-Identifier: Apache-2.0 */
/* fovea average: one model out of several of the same network, by the mean of their weights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"
#include "core/memory.h"

typedef struct average_options {
    const char *out;
} average_options;

static const option table[] = {{.name = "out",
                                .letter = 'o',
                                .type = OPTION_STRING,
                                .offset = offsetof(average_options, out),
                                .value = "MODEL",
                                .help = "the model file to write"},
                               {0}};

static fv_status load_all(char *const *paths, int count, fv_model **models)
{
    for (int i = 0; i < count; i++)
        if (!(models[i] = fv_model_load(paths[i])))
            return status_last();
    return FV_OK;
}

/* Running statistics are those of the averaged networks, not of the average. */
static void warn_of_statistics(fv_model *m)
{
    fv_tensor_view t;
    for (int64_t i = 0; i < fv_model_tensor_count(m); i++)
        if (fv_model_tensor(m, i, &t) == FV_OK && !t.trainable) {
            cli_say(
                "warning: the statistics of batch norms were averaged too, and fit the averaged weights only "
                "where the models are near each other: compare with 'fovea eval'");
            return;
        }
}

static int run(const invocation *call)
{
    const average_options *o = call->options;
    if (!o->out)
        return cli_usage("average: -o says where to write");
    fv_model **models = mem_array((size_t)call->count, sizeof *models);
    fv_status status = models ? load_all(call->arguments, call->count, models) : status_last();
    if (status == FV_OK)
        status = fv_model_average(models[0], (const fv_model *const *)models + 1, call->count - 1);
    if (status == FV_OK)
        status = fv_model_save(models[0], o->out);
    if (status == FV_OK) {
        warn_of_statistics(models[0]);
        printf("%s\n", o->out);
    } else {
        cli_fail();
    }
    for (int i = 0; models && i < call->count; i++)
        fv_model_destroy(models[i]);
    free(models);
    return status == FV_OK ? EXIT_DONE : EXIT_FAILED;
}

const verb verb_average = {
    .name = "average",
    .computes = true,
    .arguments = "MODEL MODEL...",
    .summary = "Makes one model of several, by the mean of their weights",
    .description =
        "The models must be of the same network, with the same classes and preprocessing: checkpoints of one "
        "run, or runs that began from the same weights. Temperature and thresholds are left away. For models "
        "of different networks 'fovea eval A,B DATA' averages probabilities.",
    .example = "fovea average a/best.safetensors b/best.safetensors -o soup.safetensors",
    .options = table,
    .size = sizeof(average_options),
    .least = 2,
    .most = -1,
    .run = run,
};
