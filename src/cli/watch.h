/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page that shows runs while they grow, for browsers on this machine. The server's thread reads files of run folders only; nothing of
 * training is touched.
 *
 *     watch *w;
 *     STATUS_TRY(watch_start(&w, port, folders, count));
 *     ...
 *     watch_stop(w);
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/cli.h"

#define WATCH_PORT "8765"

/* A row of a verb's table, whose struct has an int64_t `watch`: 0, or the port. */
#define WATCH_OPTION(options_type)                                                                           \
    {                                                                                                        \
        .name = "watch", .type = OPTION_INT, .offset = offsetof(options_type, watch), .low = 1,              \
        .high = 65535, .bare = WATCH_PORT, .value = "[PORT]",                                                \
        .help = "show the run in a browser on this machine, at port " WATCH_PORT " unless one is given"      \
    }

typedef struct watch watch;

/* `folders` as run_list_find takes them, copied. Says where the page is. */
fv_status watch_start(watch **out, int64_t port, char *const *folders, int count);
void watch_stop(watch *w); /* NULL is fine */

#endif
