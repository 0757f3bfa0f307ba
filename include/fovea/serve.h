/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models as a web service: TensorFlow Serving's REST paths, KServe's (V2), POST /classify, metrics for Prometheus and a page for
 * people, as docs/serving.md has it.
 *
 *     const char *models[] = {"photos.safetensors", NULL};
 *     fv_server *s = fv_server_start(models, .port = 8080);
 *     ...
 *     fv_server_stop(s);
 */
#ifndef FOVEA_SERVE_H
#define FOVEA_SERVE_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_server fv_server;

typedef struct fv_serve_options {
    size_t struct_size;
    /* Required, NULL-ended. Each is a model file, served under its name without the ending; a folder whose folders 1, 2, … hold a model
     * file each, its versions, served under the folder's name; or "NAME=" and one of these. Files that change and versions that come
     * and go are noticed within a second or two; a new file that cannot be loaded, or whose logits are not those it keeps, leaves the
     * old one at work. */
    const char *const *models;
    const char *host;   /* an address; default "127.0.0.1", this machine alone */
    int port;           /* 0: any free one (fv_server_port) */
    const char *engine; /* as in fv_compile_options */
    int64_t threads;    /* that decode and compute; default: a thread a core */
    /* Pictures that the network runs together, 1..256; default 1, which is fastest for convolutions on a CPU. */
    int64_t max_batch;
    /* Seconds for which a picture waits for others though nothing else is to be done; default 0. */
    double max_delay;
    int64_t queue;        /* requests that wait or are worked on; more are refused (503); default 256 */
    int64_t connections;  /* default 256 */
    double time_limit;    /* seconds: for a request to come in, to wait, and to be sent; default 30 */
    int64_t max_body;     /* bytes; default 16 MB */
    int64_t max_pixels;   /* of a picture; default 64 million */
    int64_t max_pictures; /* of a request; default 64 */
    const char *tls_cert, *tls_key; /* PEM files; both or none */
    /* A file with a key a line, of which a request must have one ("Authorization: Bearer KEY"); "#" begins a comment. */
    const char *keys;
    const char *access_log; /* a file that gets a JSON object a request; "-": standard output */
    /* Told of models that are loaded and of what went wrong; from any thread; may be NULL. */
    fv_log_callback on_log;
    void *user;
} fv_serve_options;
#define fv_server_start(...)                                                                                 \
    fv_server_start_with(&(fv_serve_options){.struct_size = sizeof(fv_serve_options), .models = __VA_ARGS__})
/* Loads the models and begins to answer, in threads of its own. NULL on failure; the caller stops it. */
FV_API fv_server *fv_server_start_with(const fv_serve_options *options);
FV_API int fv_server_port(const fv_server *s);
/* Takes nothing new, answers what has begun, and ends. NULL is fine. */
FV_API void fv_server_stop(fv_server *s);

#ifdef __cplusplus
}
#endif
#endif
