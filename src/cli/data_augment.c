/* SPDX-License-Identifier: Apache-2.0 */
/* fovea data augment: pictures before and after, as training will get them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/transfer.h"
#include "cli/verbs.h"

typedef struct augment_options {
    const char *augment, *out, *model, *size;
    float erase, mixup, cutmix, val_split;
    int64_t rows, columns, threads;
    uint64_t seed;
} augment_options;

#define AT(field) .offset = offsetof(augment_options, field)

static const option table[] = {
    {.name = "augment",
     .type = OPTION_STRING,
     AT(augment),
     .value = "HOW",
     .shown = "standard",
     .help = "none, light, standard, strong, a list in brackets or a .yaml file, as for "
             "train"},
    {.name = "erase",
     .type = OPTION_FLOAT,
     AT(erase),
     .low = 0,
     .high = 1,
     .shown = "0",
     .help = "the probability that a rectangle is erased"},
    {.name = "mixup",
     .type = OPTION_FLOAT,
     AT(mixup),
     .low = 0,
     .high = 1000,
     .shown = "0",
     .help = "alpha of MixUp"},
    {.name = "cutmix",
     .type = OPTION_FLOAT,
     AT(cutmix),
     .low = 0,
     .high = 1000,
     .shown = "0",
     .help = "alpha of CutMix"},
    {.name = "model",
     .type = OPTION_STRING,
     AT(model),
     .value = "MODEL",
     .help = "take the input's size and the resize mode from this .safetensors model"},
    {.name = "size",
     .type = OPTION_STRING,
     AT(size),
     .value = "N|HxW",
     .shown = "the model's; else the pictures' own up to 64 pixels, else 224",
     .help = "the network's input size in pixels"},
    {.name = "rows",
     .type = OPTION_INT,
     AT(rows),
     .low = 1,
     .high = 64,
     .shown = "6",
     .help = "pictures, from all classes"},
    {.name = "columns",
     .type = OPTION_INT,
     AT(columns),
     .low = 1,
     .high = 32,
     .shown = "6",
     .help = "epochs that are shown of each"},
    {.name = "seed",
     .type = OPTION_SEED,
     AT(seed),
     .shown = "0",
     .help = "of the augmentation and of the split, as for train"},
    {.name = "val_split",
     .type = OPTION_FLOAT,
     AT(val_split),
     .low = 0,
     .high = 0.9,
     .zero_is_off = true,
     .shown = "0.2",
     .help = "part of the training pictures that train will leave out for validation"},
    {.name = "threads",
     .type = OPTION_INT,
     AT(threads),
     .low = 1,
     .high = 1024,
     .shown = "1",
     .help = "threads that read pictures; the sheet does not depend on them"},
    {.name = "out",
     .letter = 'o',
     .type = OPTION_STRING,
     AT(out),
     .value = "FILE.png",
     .help = "the sheet to write"},
    {0}};

static void say(const char *line, void *user)
{
    (void)user;
    cli_say("%s", line);
}

static fv_status draw(const fv_dataset *d, const fv_model *m, const augment_options *o)
{
    const fv_dataset *part = fv_dataset_part(d, FV_TRAIN);
    int64_t height = 0, width = 0;
    if (o->size)
        STATUS_TRY(parse_size(o->size, &height, &width));
    return fv_augment_sheet(part ? part : d, o->out, .augment = o->augment, .erase = o->erase,
                            .mixup = o->mixup, .cutmix = o->cutmix, .seed = o->seed,
                            .preprocess = m ? fv_model_preprocess(m) : NULL, .height = height, .width = width,
                            .rows = o->rows, .columns = o->columns, .threads = (int)o->threads,
                            .on_log = say);
}

static int run(const invocation *call)
{
    const augment_options *o = call->options;
    if (!o->out)
        return cli_usage("data augment needs -o FILE.png; see 'fovea data augment --help'");
    interrupt_catch();
    int status = EXIT_FAILED;
    fv_model *m = o->model ? fv_model_load(o->model) : NULL;
    fv_dataset *d = o->model && !m
                        ? NULL
                        : transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                                              .path = call->arguments[0],
                                                              .validation_split = o->val_split,
                                                              .seed = o->seed});
    if (d && draw(d, m, o) == FV_OK) {
        printf("%s\n", o->out);
        status = EXIT_DONE;
    } else if (interrupt_signal()) {
        status = 128 + interrupt_signal();
    } else {
        cli_fail();
    }
    fv_dataset_destroy(d);
    fv_model_destroy(m);
    return status;
}

const verb verb_data_augment = {
    .name = "data augment",
    .arguments = "DATA",
    .summary = "Draws a sheet of pictures before and after augmentation",
    .description = "A row shows a picture as it comes to the network, and then as training with the same "
                   "options and seed gets it in its first epochs. What mixes pictures takes the row above "
                   "for the other one, where training takes the one before in the batch; the shares of the "
                   "classes stand below.\n\nWhat a preset chose for this data is said on standard error, as "
                   "YAML that --augment understands.",
    .example = "fovea data augment photos/ --augment strong -o sheet.png",
    .options = table,
    .size = sizeof(augment_options),
    .least = 1,
    .most = 1,
    .run = run,
};
