/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON object a request: access_log_open(&l, "-"), access_log_add(l, &entry), access_log_close(l). */
#ifndef SERVE_ACCESS_LOG_H
#define SERVE_ACCESS_LOG_H

#include <stdint.h>

#include "core/web.h"

typedef struct access_log access_log;

typedef struct access_entry {
    const web_request *request;
    int status;
    size_t sent;
    double seconds;
    const char *model; /* NULL: the request is of no model */
    int64_t version;
} access_entry;

/* "-": standard output. Lines are appended to a file that is there. */
fv_status access_log_open(access_log **out, const char *path);
void access_log_close(access_log *l);                      /* NULL is fine */
void access_log_add(access_log *l, const access_entry *e); /* from any thread; l may be NULL */

#endif
