/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small web server for this machine alone: it answers GET from the loopback address, in a thread of its own, by libmicrohttpd, which
 * is opened on first use.
 *
 *     web_server *s;
 *     STATUS_TRY(web_server_start(&s, 8765, answer, &context));
 *     ... web_server_port(s) ...
 *     web_server_stop(s);
 */
#ifndef CORE_WEB_H
#define CORE_WEB_H

#include "core/text.h"

typedef struct web_answer {
    int status;       /* 200 unless it is set */
    const char *type; /* "text/html; charset=utf-8"; static */
    text body;
} web_answer;

/* Fills the answer for a path, "/runs/a". Runs in the server's thread. */
typedef void (*web_handler)(const char *path, web_answer *answer, void *user);

typedef struct web_server web_server;

/* A port that is taken is an error, FV_ERROR_IO. Port 0: any free one. */
fv_status web_server_start(web_server **out, int port, web_handler handler, void *user);
int web_server_port(const web_server *s);
void web_server_stop(web_server *s); /* NULL is fine */

#endif
