/* SPDX-License-Identifier: Apache-2.0 */
#include "core/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "core/memory.h"
#include "core/plugin.h"

enum {
    CONNECTIONS = 64,
    IDLE_SECONDS = 15,
    REQUEST_MEMORY = 32 << 10 /* of a connection: the request's line and headers must fit */
};

static struct {
    struct MHD_Daemon *(*start)(unsigned int flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                void *accept_user, MHD_AccessHandlerCallback handler, void *user, ...);
    void (*stop)(struct MHD_Daemon *);
    const union MHD_DaemonInfo *(*info)(struct MHD_Daemon *, enum MHD_DaemonInfoType, ...);
    struct MHD_Response *(*response)(size_t size, void *data, enum MHD_ResponseMemoryMode mode);
    enum MHD_Result (*header)(struct MHD_Response *, const char *name, const char *value);
    enum MHD_Result (*queue)(struct MHD_Connection *, unsigned int status, struct MHD_Response *);
    void (*destroy)(struct MHD_Response *);
    const char *(*lookup)(struct MHD_Connection *, enum MHD_ValueKind kind, const char *key);
} api;

static const plugin_symbol symbols[] = {{"MHD_start_daemon", (void **)&api.start},
                                        {"MHD_stop_daemon", (void **)&api.stop},
                                        {"MHD_get_daemon_info", (void **)&api.info},
                                        {"MHD_create_response_from_buffer", (void **)&api.response},
                                        {"MHD_add_response_header", (void **)&api.header},
                                        {"MHD_queue_response", (void **)&api.queue},
                                        {"MHD_destroy_response", (void **)&api.destroy},
                                        {"MHD_lookup_connection_value", (void **)&api.lookup}};

struct web_server {
    struct MHD_Daemon *daemon;
    web_handler handler;
    void *user;
};

/* A page elsewhere can make a browser ask this machine under a name of its own; then the name in the request gives it away. */
static bool is_asked_as_this_machine(struct MHD_Connection *connection)
{
    const char *host = api.lookup(connection, MHD_HEADER_KIND, "Host");
    size_t length = host ? strcspn(host, ":") : 0;
    return !host || (length == 9 && (memcmp(host, "localhost", 9) == 0 || memcmp(host, "127.0.0.1", 9) == 0));
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, web_answer *a)
{
    if (text_status(&a->body) != FV_OK)
        *a = (web_answer){.status = 500, .type = "text/plain"};
    struct MHD_Response *r =
        api.response(a->body.length, (void *)(uintptr_t)text_string(&a->body), MHD_RESPMEM_MUST_COPY);
    text_release(&a->body);
    if (!r)
        return MHD_NO;
    api.header(r, "Content-Type", a->type ? a->type : "text/plain; charset=utf-8");
    api.header(r, "Cache-Control", "no-store");
    api.header(r, "X-Content-Type-Options", "nosniff");
    api.header(r, "Content-Security-Policy",
               "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
               "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    if (a->status == 405)
        api.header(r, "Allow", "GET, HEAD");
    enum MHD_Result result = api.queue(connection, (unsigned)(a->status ? a->status : 200), r);
    api.destroy(r);
    return result;
}

/* Answers as soon as the headers are there: no body is ever read. */
static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *body, size_t *body_size,
                              void **state)
{
    (void)version, (void)body, (void)body_size, (void)state;
    const web_server *s = user;
    web_answer a = {0};
    if (!is_asked_as_this_machine(connection)) {
        a.status = 403;
        text_add(&a.body, "This server answers as localhost and 127.0.0.1 only.\n");
    } else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        a.status = 405;
        text_add(&a.body, "Only GET is answered.\n");
    } else {
        s->handler(path, &a, s->user);
    }
    return send_answer(connection, &a);
}

/* Signals are for the thread that works, not for the server's, which inherits the mask. */
static struct MHD_Daemon *start_quietly(web_server *s, struct sockaddr_in *address)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *daemon =
        api.start(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, ntohs(address->sin_port), NULL, NULL,
                  answer, s, MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_CONNECTION_LIMIT,
                  (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
                  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MEMORY, MHD_OPTION_END);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return daemon;
}

fv_status web_server_start(web_server **out, int port, web_handler handler, void *user)
{
    *out = NULL;
    STATUS_TRY(plugin_open(&plugin_microhttpd, symbols, sizeof symbols / sizeof *symbols));
    web_server *s = mem_array(1, sizeof *s);
    if (!s)
        return status_last();
    *s = (web_server){.handler = handler, .user = user};
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    errno = 0;
    s->daemon = start_quietly(s, &address);
    if (!s->daemon) {
        status_set(FV_ERROR_IO, "port %d: no server can be started there: %s", port,
                   errno ? strerror(errno) : "the port is taken?");
        free(s);
        return FV_ERROR_IO;
    }
    *out = s;
    return FV_OK;
}

int web_server_port(const web_server *s)
{
    const union MHD_DaemonInfo *info = api.info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

void web_server_stop(web_server *s)
{
    if (s)
        api.stop(s->daemon);
    free(s);
}
