/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that are heavy or optional, opened on first use. A table of the functions that are needed is filled at once:
 *
 *     static const plugin_symbol symbols[] = {{"cairo_create", (void **)&api.create}, ...};
 *     STATUS_TRY(plugin_open(&plugin_cairo, symbols, sizeof symbols / sizeof *symbols));
 */
#ifndef CORE_PLUGIN_H
#define CORE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

/* What a library's function for its version returns. */
typedef enum plugin_version_form {
    VERSION_TEXT = 0,  /* const char *: words, of which the first number is taken */
    VERSION_BYTES,     /* int: 0x010204 is 1.2.4 */
    VERSION_THOUSANDS, /* int: 2140 is 2.14 */
} plugin_version_form;

typedef struct plugin {
    const char *library;          /* the file that dlopen looks for */
    const char *package;          /* what to install, for the message */
    const char *purpose;          /* what it is needed for */
    const char *version_function; /* NULL: it has none */
    plugin_version_form version_form;
    void *handle; /* of dlopen; stays open until the process ends */
    bool bound;   /* the symbols are filled */
} plugin;

typedef struct plugin_symbol {
    const char *name;
    void **target; /* a function pointer's place */
} plugin_symbol;

/* Opens the library once (thread-safe) and fills the symbols; every caller of one plug-in passes the same list. A count of 0 only
 * opens it, to see whether it is there. FV_ERROR_UNSUPPORTED says what to install; a later call tries again. */
fv_status plugin_open(plugin *p, const plugin_symbol *symbols, size_t count);

/* The version of a library that is open, "1.2.4"; empty when it does not say. */
void plugin_version(const plugin *p, char *out, size_t size);

/* The optional libraries, for `doctor`; NULL-ended. */
extern plugin *const plugin_table[];

extern plugin plugin_cairo, plugin_curl, plugin_md;
extern plugin plugin_webp, plugin_gif, plugin_heif;
extern plugin plugin_tiff, plugin_lcms;
extern plugin plugin_archive, plugin_zip;
extern plugin plugin_microhttpd;
extern plugin plugin_sqlite;

#endif
