/* SPDX-License-Identifier: Apache-2.0 */
#include "core/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/plugin.h"

enum {
    CONNECTIONS = 64,
    IDLE_SECONDS = 15,
    REQUEST_SECONDS = 30,
    REQUEST_MEMORY = 32 << 10, /* of a connection: the request's line and headers must fit */
    SWALLOWED = 64 << 20, /* bodies of refused requests up to this are read, so that the refusal is seen */
    LATE = 408,
    GONE = 499 /* as nginx logs those who left */
};

static const char late_answer[] =
    "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

static struct {
    struct MHD_Daemon *(*start)(unsigned int flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                void *accept_user, MHD_AccessHandlerCallback handler, void *user, ...);
    void (*stop)(struct MHD_Daemon *);
    MHD_socket (*quiesce)(struct MHD_Daemon *);
    const union MHD_DaemonInfo *(*info)(struct MHD_Daemon *, enum MHD_DaemonInfoType, ...);
    const union MHD_ConnectionInfo *(*connection_info)(struct MHD_Connection *, enum MHD_ConnectionInfoType,
                                                       ...);
    void (*suspend)(struct MHD_Connection *);
    void (*resume)(struct MHD_Connection *);
    struct MHD_Response *(*response)(size_t size, void *data, enum MHD_ResponseMemoryMode mode);
    enum MHD_Result (*header)(struct MHD_Response *, const char *name, const char *value);
    enum MHD_Result (*queue)(struct MHD_Connection *, unsigned int status, struct MHD_Response *);
    void (*destroy)(struct MHD_Response *);
    const char *(*lookup)(struct MHD_Connection *, enum MHD_ValueKind kind, const char *key);
} api;

static const plugin_symbol symbols[] = {{"MHD_start_daemon", (void **)&api.start},
                                        {"MHD_stop_daemon", (void **)&api.stop},
                                        {"MHD_quiesce_daemon", (void **)&api.quiesce},
                                        {"MHD_get_daemon_info", (void **)&api.info},
                                        {"MHD_get_connection_info", (void **)&api.connection_info},
                                        {"MHD_suspend_connection", (void **)&api.suspend},
                                        {"MHD_resume_connection", (void **)&api.resume},
                                        {"MHD_create_response_from_buffer", (void **)&api.response},
                                        {"MHD_add_response_header", (void **)&api.header},
                                        {"MHD_queue_response", (void **)&api.queue},
                                        {"MHD_destroy_response", (void **)&api.destroy},
                                        {"MHD_lookup_connection_value", (void **)&api.lookup}};

/* An open connection; what it waits for must come before its deadline (INFINITY: it waits for us). */
typedef struct peer {
    struct peer *next, **from;
    int socket;
    double deadline;
    bool receiving; /* a request's body, and nothing is being sent */
    bool late;      /* the body did not come in time */
} peer;

typedef struct exchange {
    web_request request; /* first: callers hold its address */
    web_server *server;
    struct MHD_Connection *connection;
    peer *peer;
    uint8_t *body;
    size_t capacity;
    web_answer answer;
    bool refused; /* the answer is there before the body is */
    bool handed;  /* `handle` was called */
    bool queued;
    size_t sent;
} exchange;

struct web_server {
    struct MHD_Daemon *daemon;
    web_options options;
    char *host;
    pthread_mutex_t lock;
    pthread_cond_t ended, idle; /* idle: nothing is begun, while it closes */
    pthread_t watchman;
    atomic_bool closing;
    bool watched, ending, tls;
    bool stopped; /* what comes now is refused at once: no connection may wait for us when the daemon ends */
    peer *peers;
    size_t bodies; /* bytes of all bodies now */
    int64_t begun; /* requests that are not finished */
};

/* ---- what is asked ---- */

const char *web_query(const web_request *r, const char *name)
{
    return api.lookup(((const exchange *)r)->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *web_header(const web_request *r, const char *name)
{
    return api.lookup(((const exchange *)r)->connection, MHD_HEADER_KIND, name);
}

static bool is_local_name(const web_server *s, const char *host)
{
    const char *const names[] = {"localhost", "127.0.0.1", "[::1]", s->host, NULL};
    for (int i = 0; names[i]; i++) {
        size_t length = strlen(names[i]);
        if (strncasecmp(host, names[i], length) == 0 && (host[length] == 0 || host[length] == ':'))
            return true;
    }
    return false;
}

/* `why` has no characters that JSON would not have as they are. */
static void refuse(exchange *x, int status, const char *why)
{
    bool json = x->server->options.refusals_are_json;
    x->answer.status = status;
    x->answer.type = json ? "application/json" : NULL;
    text_add(&x->answer.body, "%s%s%s\n", json ? "{\"error\":\"" : "", why, json ? "\"}" : "");
}

/* The length that the headers announce; 0 where they do not. */
static uint64_t announced(const exchange *x)
{
    const char *length = web_header(&x->request, "Content-Length");
    return length ? strtoull(length, NULL, 10) : 0;
}

static void check(exchange *x)
{
    const web_options *o = &x->server->options;
    const char *host = web_header(&x->request, "Host"), *method = x->request.method;
    web_answer *a = &x->answer;
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (o->local_names_only && host && !is_local_name(x->server, host)) {
        refuse(x, 403, "This server answers as localhost and 127.0.0.1 only.");
    } else if (!reads && !o->body_limit) {
        refuse(x, 405, "Only GET is answered.");
        a->allow = "GET, HEAD";
    } else if (o->check) {
        o->check(&x->request, a, o->user);
    }
    if (!a->status && announced(x) > o->body_limit && o->body_limit)
        refuse(x, 413, "The body is over the limit of this server.");
    x->refused = a->status != 0;
}

/* ---- bodies ---- */

static fv_status reserve(exchange *x, size_t capacity)
{
    web_server *s = x->server;
    size_t more = capacity - x->capacity;
    pthread_mutex_lock(&s->lock);
    bool fits = s->bodies + more <= s->options.bodies_limit;
    if (fits)
        s->bodies += more;
    pthread_mutex_unlock(&s->lock);
    uint8_t *grown = fits ? mem_resize(x->body, capacity + 1, 1) : NULL;
    if (grown) {
        x->body = grown;
        x->capacity = capacity;
        return FV_OK;
    }
    if (fits) {
        pthread_mutex_lock(&s->lock);
        s->bodies -= more;
        pthread_mutex_unlock(&s->lock);
    }
    return FV_ERROR_MEMORY;
}

/* Twice what came, but no more than is announced: who only announces much holds no room. */
static size_t room_for(const exchange *x, size_t needed)
{
    size_t limit = x->server->options.body_limit;
    uint64_t length = announced(x);
    if (length >= needed && length < limit)
        limit = (size_t)length;
    return needed < limit / 2 ? needed * 2 : limit;
}

static void take(exchange *x, const char *bytes, size_t size)
{
    const web_options *o = &x->server->options;
    web_request *r = &x->request;
    if (x->refused)
        return;
    if (size > o->body_limit - r->body_size) {
        refuse(x, 413, "The body is over the limit of this server.");
        x->refused = true;
        return;
    }
    size_t needed = r->body_size + size;
    if (needed > x->capacity) {
        if (reserve(x, room_for(x, needed)) != FV_OK) {
            refuse(x, 503, "The server is receiving as much as it can.");
            x->answer.retry_after = 1;
            x->refused = true;
            return;
        }
    }
    memcpy(x->body + r->body_size, bytes, size);
    r->body_size = needed;
}

/* ---- answers ---- */

static void stop_receiving(exchange *x)
{
    pthread_mutex_lock(&x->server->lock);
    x->peer->receiving = false;
    pthread_mutex_unlock(&x->server->lock);
}

static enum MHD_Result queue_answer(exchange *x)
{
    web_answer *a = &x->answer;
    stop_receiving(x);
    if (text_status(&a->body) != FV_OK) {
        text_release(&a->body);
        *a = (web_answer){.status = 500};
    }
    int status = a->status ? a->status : 200;
    x->sent = a->body.length;
    /* The exchange outlives the response, and the text with it. */
    struct MHD_Response *r =
        api.response(a->body.length, (void *)(uintptr_t)text_string(&a->body), MHD_RESPMEM_PERSISTENT);
    if (!r)
        return MHD_NO;
    api.header(r, "Content-Type", a->type ? a->type : "text/plain; charset=utf-8");
    api.header(r, "Cache-Control", "no-store");
    api.header(r, "X-Content-Type-Options", "nosniff");
    api.header(
        r, "Content-Security-Policy",
        a->policy
            ? a->policy
            : "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
              "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    if (a->allow)
        api.header(r, "Allow", a->allow);
    if (status == 401)
        api.header(r, "WWW-Authenticate", "Bearer");
    if (a->retry_after) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", a->retry_after);
        api.header(r, "Retry-After", seconds);
    }
    if (a->header) {
        char value[24];
        snprintf(value, sizeof value, "%zu", a->header_value);
        api.header(r, a->header, value);
    }
    if (x->server->closing)
        api.header(r, "Connection", "close");
    enum MHD_Result result = api.queue(x->connection, (unsigned)status, r);
    api.destroy(r);
    a->status = status;
    x->queued = result == MHD_YES;
    return result;
}

static void set_deadline(web_server *s, peer *l, double deadline)
{
    pthread_mutex_lock(&s->lock);
    l->deadline = deadline;
    pthread_mutex_unlock(&s->lock);
}

void web_send(web_request *r, web_answer *a)
{
    exchange *x = (exchange *)r;
    x->answer = *a;
    *a = (web_answer){0};
    api.resume(x->connection);
}

/* ---- libmicrohttpd's callbacks, in its thread ---- */

static void print_address(const struct sockaddr *a, char out[48])
{
    out[0] = 0;
    if (a && a->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, out, 48);
    if (a && a->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, out, 48);
}

static exchange *begin(web_server *s, struct MHD_Connection *connection, const char *path, const char *method)
{
    exchange *x = mem_array(1, sizeof *x);
    if (!x)
        return NULL;
    x->server = s;
    x->connection = connection;
    x->request = (web_request){.method = method, .path = path, .started = clock_seconds()};
    const union MHD_ConnectionInfo *info =
        api.connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    x->peer = info ? info->socket_context : NULL;
    if (!x->peer) {
        free(x);
        return NULL;
    }
    info = api.connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    print_address(info ? info->client_addr : NULL, x->request.remote);
    pthread_mutex_lock(&s->lock);
    s->begun++;
    x->peer->deadline = x->request.started + s->options.request_seconds;
    x->peer->receiving = true;
    pthread_mutex_unlock(&s->lock);
    return x;
}

/* Called when the headers are there, for every part of the body, at its end, and when the answer is there. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_size, void **state)
{
    (void)version;
    web_server *s = user;
    exchange *x = *state;
    if (!x) {
        if (!(x = *state = begin(s, connection, path, method)))
            return MHD_NO;
        check(x);
        bool waits = web_header(&x->request, "Expect") || announced(x) > SWALLOWED;
        return x->refused && waits ? queue_answer(x) : MHD_YES;
    }
    if (x->queued)
        return MHD_YES;
    if (*body_size) {
        take(x, body, *body_size);
        *body_size = 0;
        return MHD_YES;
    }
    if (x->refused || x->handed) {
        set_deadline(s, x->peer, clock_seconds() + s->options.request_seconds);
        return queue_answer(x);
    }
    pthread_mutex_lock(&s->lock);
    bool stopped = s->stopped;
    x->peer->deadline = (double)INFINITY;
    x->peer->receiving = false;
    pthread_mutex_unlock(&s->lock);
    if (stopped) {
        refuse(x, 503, "The server is ending.");
        return queue_answer(x);
    }
    x->handed = true;
    x->request.body = x->body ? x->body : (const uint8_t *)"";
    if (x->body)
        x->body[x->request.body_size] = 0;
    api.suspend(connection);
    s->options.handle(&x->request, s->options.user);
    return MHD_YES;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection;
    web_server *s = user;
    exchange *x = *state;
    if (!x)
        return;
    pthread_mutex_lock(&s->lock);
    bool is_late = x->peer->late;
    pthread_mutex_unlock(&s->lock);
    bool answered = x->queued && code == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    if (s->options.finished)
        s->options.finished(&x->request,
                            answered  ? x->answer.status
                            : is_late ? LATE
                                      : GONE,
                            answered ? x->sent : 0, s->options.user);
    text_release(&x->answer.body);
    free(x->body);
    pthread_mutex_lock(&s->lock);
    s->bodies -= x->capacity;
    s->begun--;
    x->peer->deadline = clock_seconds() + s->options.idle_seconds + s->options.request_seconds;
    if (s->begun == 0 && s->closing)
        pthread_cond_signal(&s->idle);
    pthread_mutex_unlock(&s->lock);
    free(x);
    *state = NULL;
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    web_server *s = user;
    peer *l = *context;
    pthread_mutex_lock(&s->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED && (l = mem_array(1, sizeof *l))) {
        const union MHD_ConnectionInfo *info =
            api.connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        l->socket = info ? info->connect_fd : -1;
        l->deadline = clock_seconds() + s->options.idle_seconds + s->options.request_seconds;
        l->from = &s->peers;
        l->next = s->peers;
        if (l->next)
            l->next->from = &l->next;
        s->peers = *context = l;
    } else if (code == MHD_CONNECTION_NOTIFY_CLOSED && l) {
        *l->from = l->next;
        if (l->next)
            l->next->from = l->from;
        free(l);
        *context = NULL;
    }
    pthread_mutex_unlock(&s->lock);
}

/* With the lock held. libmicrohttpd cannot answer before a body has ended, and TLS is its own: the words go past it, or not at all. */
static void end_late(const web_server *s, peer *l)
{
    if (l->receiving && !l->late) {
        l->late = true;
        if (!s->tls)
            send(l->socket, late_answer, sizeof late_answer - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    shutdown(l->socket, SHUT_RDWR);
}

/* libmicrohttpd closes connections that are silent; those that say a byte now and then are ended here. */
static void *watch(void *user)
{
    web_server *s = user;
    pthread_mutex_lock(&s->lock);
    while (!s->ending) {
        double now = clock_seconds();
        for (peer *l = s->peers; l; l = l->next)
            if (now > l->deadline)
                end_late(s, l);
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += 250000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_clockwait(&s->ended, &s->lock, CLOCK_MONOTONIC, &until);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- beginning and end ---- */

typedef union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} address;

static fv_status parse_address(const web_options *o, address *out)
{
    memset(out, 0, sizeof *out);
    const char *host = strcmp(o->host, "localhost") == 0 ? "127.0.0.1" : o->host;
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)o->port);
    } else if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)o->port);
    } else {
        return status_set(FV_ERROR_INVALID, "host %s: is no IPv4 or IPv6 address; 0.0.0.0 means all of IPv4",
                          o->host);
    }
    return FV_OK;
}

static struct MHD_Daemon *start_daemon(web_server *s, const address *a)
{
    const web_options *o = &s->options;
    unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)o->certificate},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->private_key},
                                   {MHD_OPTION_END, 0, NULL}};
    if (o->certificate)
        flags |= MHD_USE_TLS;
    else
        tls[0].option = MHD_OPTION_END;
    if (a->any.sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    return api.start(flags, (uint16_t)o->port, NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR, &a->any,
                     MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->connections, MHD_OPTION_CONNECTION_TIMEOUT,
                     (unsigned)ceil(o->idle_seconds), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                     (size_t)REQUEST_MEMORY, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
                     MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

/* Signals are for the thread that works, not for the server's, which inherit the mask. */
static fv_status start_threads(web_server *s, const address *a)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    errno = 0;
    s->daemon = start_daemon(s, a);
    int error = errno;
    s->watched = s->daemon && pthread_create(&s->watchman, NULL, watch, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (s->watched)
        return FV_OK;
    return status_set(FV_ERROR_IO, "port %d: no server can be started there: %s", s->options.port,
                      error                    ? strerror(error)
                      : s->options.certificate ? "are certificate and key a pair in PEM?"
                                               : "the port is taken?");
}

static void destroy(web_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    pthread_cond_signal(&s->ended);
    pthread_mutex_unlock(&s->lock);
    if (s->watched)
        pthread_join(s->watchman, NULL);
    if (s->daemon)
        api.stop(s->daemon);
    pthread_cond_destroy(&s->ended);
    pthread_cond_destroy(&s->idle);
    pthread_mutex_destroy(&s->lock);
    free(s->host);
    free(s);
}

fv_status web_server_start(web_server **out, const web_options *options)
{
    address a;
    *out = NULL;
    STATUS_TRY(plugin_open(&plugin_microhttpd, symbols, sizeof symbols / sizeof *symbols));
    web_server *s = mem_array(1, sizeof *s);
    if (!s)
        return status_last();
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->ended, NULL);
    pthread_cond_init(&s->idle, NULL);
    s->options = *options;
    web_options *o = &s->options;
    o->host = s->host = mem_string(o->host ? o->host : "127.0.0.1");
    o->connections = o->connections ? o->connections : CONNECTIONS;
    o->idle_seconds = o->idle_seconds > 0 ? o->idle_seconds : IDLE_SECONDS;
    o->request_seconds = o->request_seconds > 0 ? o->request_seconds : REQUEST_SECONDS;
    s->tls = o->certificate != NULL;
    fv_status status = s->host ? parse_address(o, &a) : status_last();
    if (status == FV_OK)
        status = start_threads(s, &a);
    o->certificate = o->private_key = NULL; /* the caller's */
    if (status != FV_OK) {
        destroy(s);
        return status;
    }
    *out = s;
    return FV_OK;
}

int web_server_port(const web_server *s)
{
    const union MHD_DaemonInfo *info = api.info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

void web_server_close(web_server *s)
{
    int listening = atomic_exchange(&s->closing, true) ? MHD_INVALID_SOCKET : api.quiesce(s->daemon);
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
}

void web_server_stop(web_server *s)
{
    if (!s)
        return;
    web_server_close(s);
    pthread_mutex_lock(&s->lock);
    while (s->begun > 0)
        pthread_cond_wait(&s->idle, &s->lock);
    s->stopped = true;
    pthread_mutex_unlock(&s->lock);
    destroy(s);
}
