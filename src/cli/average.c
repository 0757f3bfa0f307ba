/* SPDX-License-Identifier: Apache-2.0 */
/* fovea average: one model out of several of the same network, by the mean of their weights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/limits.h"
#include "cli/parts.h"
#include "cli/progress.h"
#include "cli/reading.h"
#include "cli/transfer.h"
#include "cli/verbs.h"
#include "core/memory.h"

typedef struct average_options {
    const char *out, *data;
    int split, on_error;
    int64_t batch, threads, max_pixels, max_bytes;
} average_options;

static const option table[] = {{.name = "out",
                                .letter = 'o',
                                .type = OPTION_STRING,
                                .offset = offsetof(average_options, out),
                                .value = "MODEL",
                                .help = "the model file to write"},
                               {.name = "data",
                                .type = OPTION_STRING,
                                .offset = offsetof(average_options, data),
                                .value = "DATA",
                                .shown = "statistics are averaged too",
                                .help =
                                    "pictures that the statistics of batch norms are measured on anew: those "
                                    "of the training"},
                               {.name = "split",
                                .type = OPTION_CHOICE,
                                .offset = offsetof(average_options, split),
                                .choices = part_choices,
                                .value = "S",
                                .shown = "train where there is one, else all",
                                .help = "the part of --data"},
                               {.name = "batch",
                                .type = OPTION_INT,
                                .offset = offsetof(average_options, batch),
                                .low = 1,
                                .high = 65536,
                                .shown = "64",
                                .help = "pictures whose statistics are taken together"},
                               THREADS_OPTION(average_options),
                               ON_ERROR_OPTION(average_options),
                               LIMIT_OPTIONS(average_options),
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
                "where the models are near each other: --data DATA measures them anew on the training "
                "pictures");
            return;
        }
}

static fv_status measure_statistics(fv_model *m, const average_options *o)
{
    progress_bar bar;
    fv_dataset *d = transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                                        .path = o->data,
                                                        .validation_split = FV_OFF,
                                                        .on_error = (fv_on_error)o->on_error,
                                                        .max_pixels = o->max_pixels,
                                                        .max_bytes = o->max_bytes});
    const fv_dataset *part = d ? part_choose(d, o->data, o->split, FV_TRAIN) : NULL;
    if (!part) {
        fv_dataset_destroy(d);
        return status_last();
    }
    progress_init(&bar);
    fv_status status = fv_update_statistics(
        m, .data = part, .batch = o->batch, .loader_threads = (int)o->threads,
        .on_error = (fv_on_error)o->on_error, .on_step = progress_step, .on_log = progress_log, .user = &bar);
    progress_end(&bar);
    if (status == FV_OK)
        cli_say("the statistics of batch norms were measured on %lld pictures of %s",
                (long long)fv_dataset_size(part), o->data);
    fv_dataset_destroy(d);
    return status;
}

static int run(const invocation *call)
{
    const average_options *o = call->options;
    if (!o->out)
        return cli_usage("average: -o says where to write");
    interrupt_catch();
    fv_model **models = mem_array((size_t)call->count, sizeof *models);
    fv_status status = models ? load_all(call->arguments, call->count, models) : status_last();
    if (status == FV_OK)
        status = fv_model_average(models[0], (const fv_model *const *)models + 1, call->count - 1);
    if (status == FV_OK && o->data)
        status = measure_statistics(models[0], o);
    if (status == FV_OK)
        status = fv_model_save(models[0], o->out);
    if (status == FV_OK) {
        if (!o->data)
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
        "run, or runs that began from the same weights. Statistics of batch norms fit the average best when "
        "they are measured anew (--data). Temperature and thresholds are left away. For models "
        "of different networks 'fovea eval A,B DATA' averages probabilities.",
    .example = "fovea average a/best.safetensors b/best.safetensors -o soup.safetensors",
    .options = table,
    .size = sizeof(average_options),
    .least = 2,
    .most = -1,
    .run = run,
};
