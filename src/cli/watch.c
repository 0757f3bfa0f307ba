/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch.h"

#include <stdlib.h>
#include <string.h>

#include "cli/run_list.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/web.h"

enum {
    ROWS = 500, /* of results.csv that are sent; of longer ones every n-th, and the last */
    STATE_LIMIT = 1 << 20,
    LOG_LIMIT = 4 << 20,
    WARNINGS = 10,
    PICTURE_LIMIT = 64 << 20
};

extern const unsigned char watch_page[]; /* watch.html */
extern const size_t watch_page_size;

struct watch {
    web_server *server;
    char **folders;
    int count;
};

static void answer_json(web_answer *a, json_t *value)
{
    char *words = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(7)) : NULL;
    json_decref(value);
    a->type = "application/json";
    a->status = words ? 200 : 500;
    text_add(&a->body, "%s", words ? words : "null");
    free(words);
}

static void answer_missing(web_answer *a)
{
    a->status = 404;
    text_add(&a->body, "There is no such page.\n");
}

static void answer_runs(const run_list *runs, web_answer *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < runs->count; i++)
        json_array_append_new(list, run_list_json(&runs->list[i]));
    answer_json(a, list);
}

/* ---- one run ---- */

static json_t *describe_rows(const fv_run *r)
{
    json_t *rows = json_array();
    int64_t every = r->row_count / ROWS + 1;
    for (int64_t i = 0; i < r->row_count; i++) {
        if (i % every != 0 && i != r->row_count - 1)
            continue;
        json_t *row = json_array();
        for (int64_t j = 0; j < r->column_count; j++)
            json_array_append_new(row, cli_number(r->values[i * r->column_count + j]));
        json_array_append_new(rows, row);
    }
    return rows;
}

/* What the process that trains says; null where there is nothing, or no JSON. */
static json_t *read_live(const fv_run *r)
{
    uint8_t *bytes;
    size_t size;
    json_t *live = NULL;
    char *path = file_join(r->folder, "live/state.json");
    if (path && file_exists(path) && file_read(path, STATE_LIMIT, &bytes, &size) == FV_OK) {
        live = json_loadb((const char *)bytes, size, 0, NULL);
        free(bytes);
    }
    free(path);
    return live ? live : json_null();
}

/* The warnings of log.txt; a log that was blown up is left alone. */
static json_t *read_warnings(const fv_run *r)
{
    static const char begin[] = "warning: ";
    json_t *list = json_array();
    uint8_t *bytes;
    size_t size;
    char *path = file_join(r->folder, "log.txt");
    if (path && file_exists(path) && file_read(path, LOG_LIMIT, &bytes, &size) == FV_OK) {
        char *next = (char *)bytes;
        for (char *line; (line = strsep(&next, "\n")) && json_array_size(list) < WARNINGS;)
            if (strncmp(line, begin, strlen(begin)) == 0)
                json_array_append_new(list, json_string(line + strlen(begin)));
        free(bytes);
    }
    free(path);
    return list;
}

static void answer_run(const fv_run *r, web_answer *a)
{
    json_t *object = run_list_json(r), *columns = json_array();
    for (int64_t i = 0; i < r->column_count; i++) {
        json_t *name = json_string(r->columns[i]);
        json_array_append_new(columns, name ? name : json_string("?"));
    }
    json_object_set_new(object, "columns", columns);
    json_object_set_new(object, "rows", describe_rows(r));
    json_object_set_new(object, "live", read_live(r));
    json_object_set_new(object, "warnings", read_warnings(r));
    answer_json(a, object);
}

/* batch.png, mistake-0-01.png: nothing else of the folder is given away. */
static bool is_picture(const char *name)
{
    static const char pattern[] = "mistake-0-00.png";
    if (strcmp(name, "batch.png") == 0)
        return true;
    if (strlen(name) != strlen(pattern))
        return false;
    for (size_t i = 0; i < strlen(pattern); i++)
        if (pattern[i] == '0' ? name[i] < '0' || name[i] > '9' : name[i] != pattern[i])
            return false;
    return true;
}

static void answer_picture(const fv_run *r, const char *name, web_answer *a)
{
    uint8_t *bytes;
    size_t size;
    char *live = file_join(r->folder, "live"), *path = live ? file_join(live, name) : NULL;
    if (path && file_exists(path) && file_read(path, PICTURE_LIMIT, &bytes, &size) == FV_OK) {
        a->type = "image/png";
        text_add_bytes(&a->body, bytes, size);
        free(bytes);
    } else {
        answer_missing(a);
    }
    free(path);
    free(live);
}

/* What follows "/api/run/" is a run's folder, and what follows "/picture/" such a folder and a picture's name. A folder counts only if it
 * is one of the runs that are shown. */
static void answer_about(const run_list *runs, const char *folder, const char *picture, web_answer *a)
{
    size_t length = picture ? (size_t)(picture - 1 - folder) : strlen(folder);
    for (size_t i = 0; i < runs->count; i++) {
        const fv_run *r = &runs->list[i];
        if (strlen(r->folder) != length || memcmp(r->folder, folder, length) != 0)
            continue;
        if (picture)
            answer_picture(r, picture, a);
        else
            answer_run(r, a);
        return;
    }
    answer_missing(a);
}

/* The list is made anew for each request: runs come and grow. */
static void answer(const watch *w, const char *path, web_answer *a)
{
    static const char run[] = "/api/run/", picture[] = "/picture/";
    run_list runs = {0};
    if (strcmp(path, "/") == 0) {
        a->type = "text/html; charset=utf-8";
        text_add_bytes(&a->body, watch_page, watch_page_size);
        return;
    }
    const char *name = strrchr(path, '/');
    bool is_run = strncmp(path, run, strlen(run)) == 0,
         shows_picture = strncmp(path, picture, strlen(picture)) == 0 &&
                         name - path > (long)strlen(picture) && is_picture(name + 1);
    if (!is_run && !shows_picture && strcmp(path, "/api/runs") != 0) {
        answer_missing(a);
        return;
    }
    if (run_list_find(&runs, w->folders, w->count) == FV_OK)
        run_list_sort(&runs, "run", false);
    if (is_run)
        answer_about(&runs, path + strlen(run), NULL, a);
    else if (shows_picture)
        answer_about(&runs, path + strlen(picture), name + 1, a);
    else
        answer_runs(&runs, a);
    run_list_release(&runs);
}

static void handle(web_request *r, void *user)
{
    web_answer a = {0};
    answer(user, r->path, &a);
    web_send(r, &a);
}

fv_status watch_start(watch **out, int64_t port, char *const *folders, int count)
{
    watch *w = *out = mem_array(1, sizeof *w);
    if (!w || !(w->folders = mem_array((size_t)count, sizeof *w->folders)))
        return status_last();
    for (; w->count < count; w->count++)
        if (!(w->folders[w->count] = mem_string(folders[w->count])))
            return status_last();
    STATUS_TRY(web_server_start(
        &w->server,
        &(web_options){.port = (int)port, .local_names_only = true, .handle = handle, .user = w}));
    cli_say("watch       http://127.0.0.1:%d/", web_server_port(w->server));
    return FV_OK;
}

void watch_stop(watch *w)
{
    if (!w)
        return;
    web_server_stop(w->server);
    for (int i = 0; i < w->count; i++)
        free(w->folders[i]);
    free(w->folders);
    free(w);
}
