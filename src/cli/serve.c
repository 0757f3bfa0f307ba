/* SPDX-License-Identifier: Apache-2.0 */
/* fovea serve: models as a web service, until a signal ends it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/verbs.h"
#include "core/memory.h"

typedef struct serve_options {
    int64_t port, threads, max_batch, queue, connections, max_body, max_pixels, max_pictures;
    float max_delay, time_limit;
    const char *host, *tls_cert, *tls_key, *keys, *access_log, *engine;
} serve_options;

static const option table[] = {
    {.name = "port",
     .type = OPTION_INT,
     .offset = offsetof(serve_options, port),
     .low = 0,
     .high = 65535,
     .zero_is_off = true,
     .shown = "8080",
     .help = "the port; 0: any free one, which is said"},
    {.name = "host",
     .type = OPTION_STRING,
     .offset = offsetof(serve_options, host),
     .value = "ADDRESS",
     .shown = "127.0.0.1",
     .help = "the address to answer at; 0.0.0.0: all of this machine's"},
    {.name = "threads",
     .type = OPTION_INT,
     .offset = offsetof(serve_options, threads),
     .low = 1,
     .high = 1024,
     .shown = "one a core",
     .help = "threads that decode pictures and run networks"},
    {.name = "engine",
     .type = OPTION_STRING,
     .offset = offsetof(serve_options, engine),
     .value = "ENGINE",
     .shown = "auto",
     .help = "the engine; 'fovea doctor' lists them"},
    {.name = "max_batch",
     .heading = "Batches and queue",
     .type = OPTION_INT,
     .offset = offsetof(serve_options, max_batch),
     .low = 1,
     .high = 256,
     .shown = "1",
     .help = "pictures of different requests that the network runs together"},
    {.name = "max_delay",
     .type = OPTION_FLOAT,
     .offset = offsetof(serve_options, max_delay),
     .low = 0,
     .high = 60000,
     .value = "MS",
     .shown = "0",
     .help = "milliseconds for which a picture waits for others when there is nothing else to do"},
    {.name = "queue",
     .type = OPTION_INT,
     .offset = offsetof(serve_options, queue),
     .low = 1,
     .high = 1048576,
     .shown = "256",
     .help = "requests that wait or are worked on; more are refused (503)"},
    {.name = "max_body",
     .heading = "Limits",
     .type = OPTION_SIZE,
     .offset = offsetof(serve_options, max_body),
     .low = 1,
     .high = 1e12,
     .value = "N[K|M|G]",
     .shown = "16M",
     .help = "bytes of a request (413)"},
    {.name = "max_pixels",
     .type = OPTION_SIZE,
     .offset = offsetof(serve_options, max_pixels),
     .low = 1,
     .high = 1e12,
     .value = "N[K|M|G]",
     .shown = "64M",
     .help = "refuse pictures of more pixels before they are decoded"},
    {.name = "max_pictures",
     .type = OPTION_INT,
     .offset = offsetof(serve_options, max_pictures),
     .low = 1,
     .high = 65536,
     .shown = "64",
     .help = "pictures of a request"},
    {.name = "time_limit",
     .type = OPTION_FLOAT,
     .offset = offsetof(serve_options, time_limit),
     .low = 0.1,
     .high = 86400,
     .value = "SECONDS",
     .shown = "30",
     .help = "for a request to come in, to wait for its turn, and to be sent"},
    {.name = "connections",
     .type = OPTION_INT,
     .offset = offsetof(serve_options, connections),
     .low = 1,
     .high = 65536,
     .shown = "256",
     .help = "connections that are open at the same time"},
    {.name = "keys",
     .heading = "Access",
     .type = OPTION_STRING,
     .offset = offsetof(serve_options, keys),
     .value = "FILE",
     .help = "a key a line, of which a request must have one: Authorization: Bearer KEY"},
    {.name = "tls_cert",
     .type = OPTION_STRING,
     .offset = offsetof(serve_options, tls_cert),
     .value = "FILE",
     .help = "a certificate in PEM: the server speaks https"},
    {.name = "tls_key",
     .type = OPTION_STRING,
     .offset = offsetof(serve_options, tls_key),
     .value = "FILE",
     .help = "the certificate's private key in PEM"},
    {.name = "access_log",
     .type = OPTION_STRING,
     .offset = offsetof(serve_options, access_log),
     .value = "FILE",
     .help = "append a JSON object for each request; - is standard output"},
    {0}};

static void say(const char *line, void *user)
{
    (void)user;
    cli_say("%s", line);
}

static int run(const invocation *call)
{
    const serve_options *o = call->options;
    const char *host = o->host ? o->host : "127.0.0.1";
    const char **models = mem_array((size_t)call->count + 1, sizeof *models);
    if (!models)
        return cli_fail();
    for (int i = 0; i < call->count; i++)
        models[i] = call->arguments[i];
    interrupt_catch();
    fv_server *s = fv_server_start(
        models, .host = host,
        .port = o->port == FV_OFF ? 0
                : o->port         ? (int)o->port
                                  : 8080,
        .engine = o->engine, .threads = o->threads, .max_batch = o->max_batch,
        .max_delay = (double)o->max_delay / 1000, .queue = o->queue, .connections = o->connections,
        .time_limit = (double)o->time_limit, .max_body = o->max_body, .max_pixels = o->max_pixels,
        .max_pictures = o->max_pictures, .tls_cert = o->tls_cert, .tls_key = o->tls_key, .keys = o->keys,
        .access_log = o->access_log, .on_log = say);
    free(models);
    if (!s)
        return cli_fail();
    bool v6 = strchr(host, ':') != NULL;
    cli_say("serving     %s://%s%s%s:%d/", o->tls_cert ? "https" : "http", v6 ? "[" : "", host, v6 ? "]" : "",
            fv_server_port(s));
    while (!interrupt_signal())
        usleep(50000);
    cli_say("ending: what has begun is answered");
    fv_server_stop(s);
    return EXIT_DONE;
}

const verb verb_serve = {
    .name = "serve",
    .computes = true,
    .arguments = "MODEL...",
    .summary = "Answers over HTTP what pictures show",
    .description =
        "A model file is served under its name without the ending, and a folder whose folders 1, 2 and so on "
        "hold a "
        "model file each, its versions, under the folder's name; NAME=MODEL gives another. What changes on "
        "disk is "
        "loaded anew while requests go on.\n\nAddresses: POST /classify with a picture, GET / for a page, "
        "TensorFlow Serving's REST calls below /v1, KServe's below /v2, /metrics for Prometheus, /healthz. "
        "docs/serving.md describes them. SIGTERM answers what has begun, then ends.",
    .example = "fovea serve runs/photos-1/best.safetensors --port 8080",
    .options = table,
    .size = sizeof(serve_options),
    .least = 1,
    .most = -1,
    .run = run,
};
