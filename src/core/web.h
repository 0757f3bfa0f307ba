/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A web server, by libmicrohttpd, which is opened on first use. One thread of its own receives and sends; answers may come from any
 * thread, at once or later:
 *
 *     static void handle(web_request *r, void *user)
 *     {
 *         web_answer a = {.type = "text/plain; charset=utf-8"};
 *         text_add(&a.body, "You asked for %s.\n", r->path);
 *         web_send(r, &a);
 *     }
 *     STATUS_TRY(web_server_start(&s, &(web_options){.port = 8765, .handle = handle}));
 *     ... web_server_port(s) ...
 *     web_server_stop(s);
 *
 * Whoever asks is a stranger: bodies, connections and the time that a request takes to come in are limited.
 */
#ifndef CORE_WEB_H
#define CORE_WEB_H

#include <stdbool.h>

#include "core/text.h"

/* From its headers until it is answered. Strings are the request's. */
typedef struct web_request {
    const char *method, *path; /* "POST", "/runs/a": decoded, without the query */
    const uint8_t *body;       /* whole when `handle` is called; a zero byte follows */
    size_t body_size;
    char remote[48]; /* the address that asks */
    double started;  /* clock_seconds() when the headers were there */
    void *user;      /* the handlers' own; `finished` releases it */
} web_request;

typedef struct web_answer {
    int status;       /* 200 unless it is set */
    const char *type; /* "text/html; charset=utf-8"; static */
    const char
        *policy; /* Content-Security-Policy, static; default: a page whose styles and scripts stand in it */
    const char *allow;  /* static; NULL: none */
    int retry_after;    /* seconds; 0: not said */
    const char *header; /* a further header, static, whose value is a number; NULL: none */
    size_t header_value;
    text body;
} web_answer;

typedef struct web_options {
    const char *host; /* an IPv4 or IPv6 address; default 127.0.0.1 */
    int port;         /* 0: any free one */
    /* Requests under another name than that of this machine are refused: a page elsewhere can make a browser ask this machine under a
     * name of its own. */
    bool local_names_only;
    int connections;        /* default 64 */
    double idle_seconds;    /* a connection that neither sends nor takes anything; default 15 */
    double request_seconds; /* for a request to come in, and for its answer to be taken; default 30 */
    size_t body_limit;      /* 0: only GET and HEAD are answered */
    size_t bodies_limit;    /* of all bodies together */
    bool refusals_are_json; /* what the server refuses itself is said as {"error": "why"} */
    const char *certificate, *private_key; /* PEM; NULL: without TLS */
    /* Optional, in the server's thread, before the body is read: a status that is set refuses the request. */
    void (*check)(web_request *r, web_answer *refusal, void *user);
    /* In the server's thread; web_send must follow, from any thread. */
    void (*handle)(web_request *r, void *user);
    /* Optional, in the server's thread: the answer was sent, or (status 499) whoever asked is gone, or (408) was too slow to ask. */
    void (*finished)(web_request *r, int status, size_t sent, void *user);
    void *user;
} web_options;

typedef struct web_server web_server;

/* A port that is taken is an error, FV_ERROR_IO. */
fv_status web_server_start(web_server **out, const web_options *options);
int web_server_port(const web_server *s);
/* Takes no more connections, waits until all requests that have begun are answered, and ends. NULL is fine. */
void web_server_stop(web_server *s);
/* The first half of it: nothing new is taken; requests go on. */
void web_server_close(web_server *s);

/* A value of "?name=value" or of a header, decoded; NULL when it is not there. */
const char *web_query(const web_request *r, const char *name);
const char *web_header(const web_request *r, const char *name);

/* Takes the body of `a`. The request must not be used afterwards. */
void web_send(web_request *r, web_answer *a);

#endif
