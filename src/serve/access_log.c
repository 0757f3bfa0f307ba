/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/access_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "core/memory.h"

struct access_log {
    FILE *stream;
};

fv_status access_log_open(access_log **out, const char *path)
{
    access_log *l = mem_array(1, sizeof *l);
    if (!l)
        return status_last();
    /* Standard output is the caller's, and stays open. */
    int copy = strcmp(path, "-") == 0 ? dup(STDOUT_FILENO) : -1;
    l->stream = copy >= 0 ? fdopen(copy, "a") : fopen(path, "ae");
    if (!l->stream) {
        status_set(FV_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
        free(l);
        return FV_ERROR_IO;
    }
    setvbuf(l->stream, NULL, _IOLBF, 1 << 14);
    *out = l;
    return FV_OK;
}

void access_log_close(access_log *l)
{
    if (l)
        fclose(l->stream);
    free(l);
}

/* What strangers send need not be UTF-8. */
static json_t *word(const char *given)
{
    json_t *string = json_string(given);
    return string ? string : json_null();
}

void access_log_add(access_log *l, const access_entry *e)
{
    if (!l)
        return;
    struct timespec now;
    struct tm parts;
    char date[32], time[48];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(time, sizeof time, "%s.%03dZ", date, (int)(now.tv_nsec / 1000000));
    json_t *entry = json_pack("{s:s, s:s, s:o, s:o, s:i, s:f, s:I, s:I}", "time", time, "remote",
                              e->request->remote, "method", word(e->request->method), "path",
                              word(e->request->path), "status", e->status, "seconds", e->seconds, "received",
                              (json_int_t)e->request->body_size, "sent", (json_int_t)e->sent);
    if (entry && e->model) {
        json_object_set_new(entry, "model", json_string(e->model));
        json_object_set_new(entry, "version", json_integer(e->version));
    }
    char *words = entry ? json_dumps(entry, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    if (words)
        fprintf(l->stream, "%s\n", words); /* one call, and so one line, also between threads */
    free(words);
    json_decref(entry);
}
