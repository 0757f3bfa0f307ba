/* SPDX-License-Identifier: Apache-2.0 */
#include "core/plugin.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

plugin plugin_cairo = {.library = "libcairo.so.2",
                       .package = "libcairo2",
                       .purpose = "drawing",
                       .version_function = "cairo_version_string"};

plugin plugin_curl = {.library = "libcurl.so.4",
                      .package = "libcurl4",
                      .purpose = "downloading",
                      .version_function = "curl_version"};
plugin plugin_md = {.library = "libmd.so.0", .package = "libmd0", .purpose = "checking downloads"};
plugin plugin_webp = {.library = "libwebp.so.7",
                      .package = "libwebp7",
                      .purpose = "WebP pictures",
                      .version_function = "WebPGetDecoderVersion",
                      .version_form = VERSION_BYTES};
plugin plugin_gif = {.library = "libgif.so.7", .package = "libgif7", .purpose = "GIF pictures"};
plugin plugin_heif = {.library = "libheif.so.1",
                      .package = "libheif1",
                      .purpose = "HEIC and AVIF pictures",
                      .version_function = "heif_get_version"};

plugin plugin_tiff = {.library = "libtiff.so.6",
                      .package = "libtiff6",
                      .purpose = "TIFF pictures",
                      .version_function = "TIFFGetVersion"};
plugin plugin_lcms = {.library = "liblcms2.so.2",
                      .package = "liblcms2-2",
                      .purpose = "colour profiles (unless ignore_profile, --ignore-profile, is set)",
                      .version_function = "cmsGetEncodedCMMversion",
                      .version_form = VERSION_THOUSANDS};

plugin plugin_archive = {.library = "libarchive.so.13",
                         .package = "libarchive13",
                         .purpose = "reading and writing tar files",
                         .version_function = "archive_version_string"};
plugin plugin_zip = {.library = ZIP_LIBRARY,
                     .package = "libzip-dev",
                     .purpose = "reading zip archives",
                     .version_function = "zip_libzip_version"};

plugin plugin_microhttpd = {.library = "libmicrohttpd.so.12",
                            .package = "libmicrohttpd12",
                            .purpose = "serving models and watching runs in a browser",
                            .version_function = "MHD_get_version"};

plugin plugin_sqlite = {.library = "libsqlite3.so.0",
                        .package = "libsqlite3-0",
                        .purpose = "hyperparameter search (fovea tune)",
                        .version_function = "sqlite3_libversion"};

plugin *const plugin_table[] = {
    &plugin_cairo,      &plugin_curl,   &plugin_md,   &plugin_webp,    &plugin_gif,
    &plugin_heif,       &plugin_tiff,   &plugin_lcms, &plugin_archive, &plugin_zip,
    &plugin_microhttpd, &plugin_sqlite, NULL};

static fv_status bind_symbols(plugin *p, const plugin_symbol *symbols, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *symbols[i].target = dlsym(p->handle, symbols[i].name);
        if (!*symbols[i].target)
            return status_set(FV_ERROR_UNSUPPORTED,
                              "%s lacks the function %s, which %s needs: install a newer %s", p->library,
                              symbols[i].name, p->purpose, p->package);
    }
    p->bound = count > 0;
    return FV_OK;
}

fv_status plugin_open(plugin *p, const plugin_symbol *symbols, size_t count)
{
    /* One lock for all: libraries are opened rarely, and dlopen takes a lock of its own anyway. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    fv_status status = FV_OK;
    pthread_mutex_lock(&lock);
    if (!p->handle) {
        p->handle = dlopen(p->library, RTLD_NOW | RTLD_LOCAL);
        if (!p->handle) {
            const char *reason = dlerror();
            status = status_set(FV_ERROR_UNSUPPORTED, "%s is needed for %s: install the package %s (%s)",
                                p->library, p->purpose, p->package, reason ? reason : "it cannot be opened");
        }
    }
    if (status == FV_OK && !p->bound)
        status = bind_symbols(p, symbols, count);
    pthread_mutex_unlock(&lock);
    return status;
}

static void print_text_version(const char *words, char *out, size_t size)
{
    const char *from = words + strcspn(words, "0123456789");
    snprintf(out, size, "%.*s", (int)strspn(from, "0123456789."), from);
}

void plugin_version(const plugin *p, char *out, size_t size)
{
    union {
        void *symbol;
        const char *(*text)(void);
        int (*number)(void);
    } function = {.symbol = p->version_function ? dlsym(p->handle, p->version_function) : NULL};
    out[0] = 0;
    if (!function.symbol)
        return;
    if (p->version_form == VERSION_TEXT) {
        print_text_version(function.text(), out, size);
        return;
    }
    int v = function.number();
    if (p->version_form == VERSION_BYTES)
        snprintf(out, size, "%d.%d.%d", v >> 16, v >> 8 & 255, v & 255);
    else
        snprintf(out, size, "%d.%d", v / 1000, v % 1000 / 10);
}
