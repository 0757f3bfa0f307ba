/* SPDX-License-Identifier: Apache-2.0 */
/* fovea data split: training, validation and test parts, written down. */
#include "cli/class_table.h"
#include "cli/count_bar.h"
#include "cli/transfer.h"
#include "cli/verbs.h"

typedef struct split_options {
    const char *out, *keep_together;
    float val, test;
    uint64_t seed;
    int form, anew;
} split_options;

static const char *const forms[] = {"auto", "csv", "copy", "link", "symlink", NULL}; /* fv_split_form */

#define AT(field) .offset = offsetof(split_options, field)

static const option table[] = {
    {.name = "out",
     .letter = 'o',
     .type = OPTION_STRING,
     AT(out),
     .value = "OUT",
     .help = "the .csv, .tsv or folder to write; it must not be there"},
    {.name = "format",
     .type = OPTION_CHOICE,
     AT(form),
     .choices = forms,
     .value = "HOW",
     .shown = "csv where OUT ends in .csv or .tsv, else copy",
     .help = "a table of file,label,split rows, or folders with copies of the pictures, hard links or "
             "symbolic links"},
    {.name = "val",
     .type = OPTION_FLOAT,
     AT(val),
     .low = 0,
     .high = 0.9,
     .zero_is_off = true,
     .shown = "0.15",
     .help = "part of the pictures, of each class, for validation"},
    {.name = "test",
     .type = OPTION_FLOAT,
     AT(test),
     .low = 0,
     .high = 0.9,
     .zero_is_off = true,
     .shown = "0.15",
     .help = "part of the pictures, of each class, for the test"},
    {.name = "seed", .type = OPTION_SEED, AT(seed), .shown = "0", .help = "the same split for the same seed"},
    {.name = "keep_together",
     .type = OPTION_STRING,
     AT(keep_together),
     .value = "FILE",
     .help = "a table of file,group rows: the pictures of a group are never split between parts"},
    {.name = "anew",
     .type = OPTION_BOOL,
     AT(anew),
     .help = "split all pictures, whatever parts the data has already"},
    {0}};

static int print_classes(const fv_dataset *d)
{
    class_table t = {0};
    fv_status status = class_table_count(&t, d);
    if (status == FV_OK)
        status = class_table_print(&t);
    class_table_release(&t);
    return status == FV_OK ? EXIT_DONE : cli_fail();
}

static int run(const invocation *call)
{
    const split_options *o = call->options;
    const float usual = 0.15f;
    if (!o->out)
        return cli_usage("data split needs -o OUT: the .csv or folder to write");
    interrupt_catch();
    fv_dataset *d = transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                                        .path = call->arguments[0],
                                                        .validation_split = o->val ? o->val : usual,
                                                        .test_split = o->test ? o->test : usual,
                                                        .seed = o->seed,
                                                        .keep_together = o->keep_together,
                                                        .ignore_parts = o->anew > 0});
    if (!d)
        return cli_fail();
    count_bar bar;
    cli_say_problems(d);
    count_bar_init(&bar);
    fv_status written = fv_split_write(d, o->out, .form = (fv_split_form)o->form,
                                       .on_progress = count_bar_step, .user = &bar);
    count_bar_end(&bar);
    int status = written == FV_OK ? print_classes(d) : cli_fail();
    fv_dataset_destroy(d);
    return interrupt_signal() ? 128 + interrupt_signal() : status;
}

const verb verb_data_split = {
    .name = "data split",
    .arguments = "DATA",
    .summary = "Writes a split into training, validation and test parts",
    .description = "Each class is divided by itself, at random from the seed; groups stay whole. OUT is what "
                   "every verb takes as DATA. "
                   "A table names the pictures where they are: those below its folder by relative paths, so "
                   "that both can be moved, "
                   "others by absolute ones. Folders are OUT/train/CLASS, OUT/val/CLASS and OUT/test/CLASS; "
                   "pictures in archives, "
                   "IDX and CIFAR files can only be copied.\n\n"
                   "A part that DATA has already stays as it is, and --val or --test is then of no effect; "
                   "--anew splits everything.",
    .example = "fovea data split photos --keep-together patients.csv -o split.csv",
    .options = table,
    .size = sizeof(split_options),
    .least = 1,
    .most = 1,
    .run = run,
};
