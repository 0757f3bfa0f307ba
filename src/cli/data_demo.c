/* SPDX-License-Identifier: Apache-2.0 */
/* fovea data demo: a data set drawn by the library. */
#include <stdio.h>

#include "cli/count_bar.h"
#include "cli/verbs.h"

typedef struct demo_options {
    int64_t train, test, size;
    uint64_t seed;
} demo_options;

static const option table[] = {{.name = "train",
                                .type = OPTION_INT,
                                .offset = offsetof(demo_options, train),
                                .low = 1,
                                .high = 100000,
                                .shown = "1000",
                                .help = "training pictures a class"},
                               {.name = "test",
                                .type = OPTION_INT,
                                .offset = offsetof(demo_options, test),
                                .low = 1,
                                .high = 100000,
                                .shown = "200",
                                .help = "test pictures a class"},
                               {.name = "size",
                                .type = OPTION_INT,
                                .offset = offsetof(demo_options, size),
                                .low = 16,
                                .high = 1024,
                                .shown = "32",
                                .help = "side of the pictures in pixels"},
                               {.name = "seed",
                                .type = OPTION_SEED,
                                .offset = offsetof(demo_options, seed),
                                .shown = "0",
                                .help = "the same pictures for the same seed"},
                               {0}};

static int run(const invocation *call)
{
    const demo_options *o = call->options;
    count_bar bar;
    interrupt_catch();
    count_bar_init(&bar);
    fv_status status = fv_demo_write(call->arguments[0], .train = o->train, .test = o->test, .size = o->size,
                                     .seed = o->seed, .on_progress = count_bar_step, .user = &bar);
    count_bar_end(&bar);
    if (interrupt_signal())
        return 128 + interrupt_signal();
    if (status != FV_OK)
        return cli_fail();
    printf("%s\n", call->arguments[0]);
    return EXIT_DONE;
}

const verb verb_data_demo = {
    .name = "data demo",
    .arguments = "DIR",
    .summary = "Draws a data set of handwritten-looking digits to try",
    .description = "Writes DIR/train/0..9 and DIR/test/0..9. DIR must be absent or empty.",
    .example = "fovea data demo digits && fovea train digits",
    .options = table,
    .size = sizeof(demo_options),
    .least = 1,
    .most = 1,
    .run = run,
};
