/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that are heavy or optional, opened on first use. A table of the functions that are needed is filled at once:
 *
 *     static plugin cairo = {.library = "libcairo.so.2", .package = "libcairo2", .purpose = "drawing"};
 *     STATUS_TRY(plugin_open(&cairo, symbols, sizeof symbols / sizeof *symbols));
 */
#ifndef CORE_PLUGIN_H
#define CORE_PLUGIN_H

#include <pthread.h>
#include <stdbool.h>

#include "core/status.h"

typedef struct plugin {
    const char *library; /* the file that dlopen looks for */
    const char *package; /* what to install, for the message */
    const char *purpose; /* what it is needed for */
    void *handle;
    bool failed;
} plugin;

typedef struct plugin_symbol {
    const char *name;
    void **target; /* a function pointer's place */
} plugin_symbol;

/* Opens the library once (thread-safe) and fills the symbols. FV_ERROR_UNSUPPORTED says what to install. */
fv_status plugin_open(plugin *p, const plugin_symbol *symbols, size_t count);

/* The optional libraries, for `doctor`; NULL-ended. */
extern plugin *const plugin_table[];

#endif
