/* SPDX-License-Identifier: Apache-2.0 */
/* fovea data get: brings a known data set, or a file from an address, to this machine. */
#include <limits.h>
#include <stdio.h>

#include "cli/transfer.h"
#include "cli/verbs.h"

typedef struct get_options {
    const char *out, *mirror;
    int list;
} get_options;

static const option table[] = {
    {.name = "out",
     .letter = 'o',
     .type = OPTION_STRING,
     .offset = offsetof(get_options, out),
     .value = "DIR",
     .shown = "the cache folder",
     .help = "where to put it"},
    {.name = "mirror",
     .type = OPTION_STRING,
     .offset = offsetof(get_options, mirror),
     .value = "URL",
     .help = "take the known sets' files from URL/NAME/FILE instead of their own addresses"},
    {.name = "list",
     .type = OPTION_BOOL,
     .offset = offsetof(get_options, list),
     .help = "list the known data sets"},
    {0}};

static int list_known(void)
{
    for (int64_t i = 0; i < fv_known_dataset_count(); i++) {
        const fv_known_dataset *k = fv_known_dataset_get(i);
        cli_print_padded(k->name, 15);
        printf("%6.0f MB  %s\n", (double)k->bytes / 1e6, k->description);
    }
    return EXIT_DONE;
}

static int run(const invocation *call)
{
    const get_options *o = call->options;
    char path[PATH_MAX];
    if (o->list > 0)
        return list_known();
    if (call->count == 0)
        return cli_usage("data get: name a data set or an address; --list shows what is known");
    interrupt_catch();
    transfer_bar bar;
    transfer_init(&bar);
    fv_status status = fv_download(path, sizeof path, call->arguments[0], .folder = o->out,
                                   .mirror = o->mirror, .on_progress = transfer_step, .user = &bar);
    transfer_end(&bar);
    if (interrupt_signal())
        return cli_fail(), 128 + interrupt_signal();
    if (status != FV_OK)
        return cli_fail();
    printf("%s\n", path);
    return EXIT_DONE;
}

const verb verb_data_get = {
    .name = "data get",
    .arguments = "NAME|URL",
    .summary = "Downloads a known data set, or a file from an address",
    .description = "Prints where it lies, which every verb takes as DATA. What is there already is not "
                   "downloaded again, and what was interrupted "
                   "is gone on with. The known sets' files are checked by their SHA-256; behind an address, "
                   "#sha256=HEX asks for the same.\n\n"
                   "Without -o it goes to $FOVEA_CACHE, else $XDG_CACHE_HOME/fovea, else ~/.cache/fovea, "
                   "where the names are also found "
                   "when they are given as DATA.",
    .example = "fovea data get mnist && fovea train mnist",
    .options = table,
    .size = sizeof(get_options),
    .least = 0,
    .most = 1,
    .run = run,
};
