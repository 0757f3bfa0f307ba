/* SPDX-License-Identifier: Apache-2.0 */
/* fovea data pack: a data set as tar shards. */
#include <stdio.h>

#include "cli/count_bar.h"
#include "cli/transfer.h"
#include "cli/verbs.h"

typedef struct pack_options {
    const char *out;
    int64_t size, quality, shard_size, shard_pictures, threads;
    float val_split;
    uint64_t seed;
    int on_error;
} pack_options;

static const char *const on_error_names[] = {"skip", "fail", NULL};

static const option table[] = {
    {.name = "out",
     .letter = 'o',
     .type = OPTION_STRING,
     .offset = offsetof(pack_options, out),
     .value = "DIR",
     .help = "the folder to write, absent or empty"},
    {.name = "size",
     .type = OPTION_INT,
     .offset = offsetof(pack_options, size),
     .low = 1,
     .high = 65500,
     .shown = "as they are",
     .help = "encode larger pictures anew, their shorter side N pixels"},
    {.name = "quality",
     .type = OPTION_INT,
     .offset = offsetof(pack_options, quality),
     .low = 1,
     .high = 100,
     .shown = "90",
     .help = "of these, which become JPEG"},
    {.name = "shard_size",
     .type = OPTION_INT,
     .offset = offsetof(pack_options, shard_size),
     .low = 1,
     .high = 1e6,
     .value = "MB",
     .shown = "500",
     .help = "the most that a shard takes"},
    {.name = "shard_pictures",
     .type = OPTION_INT,
     .offset = offsetof(pack_options, shard_pictures),
     .low = 1,
     .high = 4e9,
     .shown = "no limit",
     .help = "the most pictures of a shard"},
    {.name = "val_split",
     .type = OPTION_FLOAT,
     .offset = offsetof(pack_options, val_split),
     .low = 0,
     .high = 0.99,
     .shown = "none",
     .help = "part of the training pictures that become shards of their own for validation"},
    {.name = "seed",
     .type = OPTION_SEED,
     .offset = offsetof(pack_options, seed),
     .shown = "0",
     .help = "of the order of the pictures"},
    {.name = "on_error",
     .type = OPTION_CHOICE,
     .offset = offsetof(pack_options, on_error),
     .choices = on_error_names,
     .shown = "skip",
     .help = "leave out pictures that cannot be read, or stop"},
    {.name = "threads",
     .type = OPTION_INT,
     .offset = offsetof(pack_options, threads),
     .low = 1,
     .high = 1024,
     .shown = "all cores",
     .help = "that read and encode; the files do not depend on it"},
    {0}};

/* What a callback gets. */
typedef struct watch {
    count_bar bar;
    int64_t said;
} watch;

enum {
    SKIPPED_SAID = 10
};

static int step(int64_t done, int64_t total, void *user)
{
    watch *w = user;
    return count_bar_step(done, total, &w->bar);
}

static void say_skipped(const char *message, void *user)
{
    watch *w = user;
    count_bar_end(&w->bar);
    if (w->said++ < SKIPPED_SAID)
        cli_say("warning: %s; left out", message);
}

static void say_result(const fv_pack_result *r, const watch *w)
{
    if (w->said > SKIPPED_SAID)
        cli_say("warning: and %lld more were left out", (long long)(w->said - SKIPPED_SAID));
    cli_say("%lld pictures in %lld shards, %.1f MB; %lld encoded anew", (long long)r->pictures,
            (long long)r->shards, (double)r->bytes / 1e6, (long long)r->encoded);
    if (r->grouped > 0)
        cli_say("warning: %lld training pictures belong to groups, which a pack does not hold; --val-split "
                "makes a "
                "validation part now that keeps them together",
                (long long)r->grouped);
    if (r->deep > 0)
        cli_say("%lld pictures with more than 8 bits were left as large as they are", (long long)r->deep);
}

static int write_pack(const pack_options *o, const fv_dataset *data)
{
    watch w = {.said = 0};
    fv_pack_result result = {0};
    count_bar_init(&w.bar);
    fv_status status =
        fv_pack_write(data, .path = o->out, .seed = o->seed, .size = o->size, .quality = (int)o->quality,
                      .shard_bytes = o->shard_size * 1000000, .shard_pictures = o->shard_pictures,
                      .threads = (int)o->threads, .on_error = (fv_on_error)o->on_error,
                      .on_skip = say_skipped, .on_progress = step, .user = &w, .result = &result);
    count_bar_end(&w.bar);
    if (status != FV_OK)
        return cli_fail(), interrupt_signal() ? 128 + interrupt_signal() : EXIT_FAILED;
    say_result(&result, &w);
    printf("%s\n", o->out);
    return EXIT_DONE;
}

static int run(const invocation *call)
{
    const pack_options *o = call->options;
    if (!o->out)
        return cli_usage("data pack: -o DIR says where to write");
    interrupt_catch();
    fv_dataset *data =
        transfer_open(&(fv_dataset_options){.struct_size = sizeof(fv_dataset_options),
                                            .path = call->arguments[0],
                                            .validation_split = o->val_split > 0 ? o->val_split : FV_OFF,
                                            .seed = o->seed,
                                            .on_error = (fv_on_error)o->on_error});
    if (!data)
        return cli_fail();
    cli_say_problems(data);
    int status = write_pack(o, data);
    fv_dataset_destroy(data);
    return status;
}

const verb verb_data_pack = {
    .name = "data pack",
    .arguments = "DATA",
    .summary = "Writes a data set as tar shards that are read in place",
    .description = "A pack holds few large files instead of many small ones: train-000000.tar and so on, "
                   "val- and test- where the data "
                   "has these parts, an index beside each (.idx), and classes.txt. Every verb takes the "
                   "folder as DATA, and "
                   "WebDataset and tar read the shards as they are.\n\n"
                   "Pictures keep their files' bytes, after these have been decoded once to see that they "
                   "can be. With --size, larger "
                   "ones are made smaller, which saves space and the time to decode them in every epoch; "
                   "those with more than 8 bits "
                   "are left alone. Raw ones (MNIST, CIFAR) become PNG.\n\n"
                   "The same data, options and seed give the same bytes. Nothing is left behind when it "
                   "cannot be finished.",
    .example = "fovea data pack photos --size 256 -o photos-256 && fovea train photos-256",
    .options = table,
    .size = sizeof(pack_options),
    .least = 1,
    .most = 1,
    .run = run,
};
