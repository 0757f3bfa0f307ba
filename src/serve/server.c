/* SPDX-License-Identifier: Apache-2.0 */
/* fv_server: from an address to who answers it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/ordered.h"
#include "serve/access_log.h"
#include "serve/describe.h"
#include "serve/keys.h"
#include "serve/kserve_binary.h"
#include "serve/work.h"

enum {
    PEM_LIMIT = 1 << 20,
    TOP = 5,   /* classes that /classify tells */
    BODIES = 8 /* bodies at their limit that are in memory together, at most */
};

extern const unsigned char serve_page[], serve_style[], serve_script[]; /* page.html, page.css, page.js */
extern const size_t serve_page_size, serve_style_size, serve_script_size;

static const char page_policy[] = "default-src 'none'; img-src 'self' blob: data:; style-src 'self'; "
                                  "script-src 'self'; connect-src 'self'; "
                                  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct fv_server {
    fv_serve_options o;
    job_limits limits;
    metrics *metrics;
    models *models;
    work *work;
    web_server *web;
    access_log *log;
    keys keys;
};

/* What is known of a request until it is finished. */
typedef struct note {
    series *series;
    char *model;
    int64_t version;
} note;

/* ---- in the web server's thread ---- */

static void answer_embedded(web_answer *a, const char *type, const unsigned char *bytes, size_t size)
{
    a->type = type;
    a->policy = page_policy;
    text_add_bytes(&a->body, bytes, size);
}

static void answer_get(fv_server *s, const route *r, web_answer *a)
{
    switch (r->kind) {
    case ROUTE_PAGE:
        answer_embedded(a, "text/html; charset=utf-8", serve_page, serve_page_size);
        return;
    case ROUTE_STYLE:
        answer_embedded(a, "text/css; charset=utf-8", serve_style, serve_style_size);
        return;
    case ROUTE_SCRIPT:
        answer_embedded(a, "text/javascript; charset=utf-8", serve_script, serve_script_size);
        return;
    case ROUTE_HEALTH:
        a->type = "application/json";
        text_add(&a->body, "{\"live\":true,\"ready\":true}\n");
        return;
    case ROUTE_METRICS:
        a->type = "text/plain; version=0.0.4; charset=utf-8";
        metrics_print(s->metrics, work_depth(s->work), s->o.queue, &a->body);
        return;
    default:
        break;
    }
    json_t *answer = describe_route(s->models, r);
    if (!answer)
        answer_error(a, 404, "there is no such model or version here; GET /v1/models lists them");
    else if (answer_json(a, answer) != FV_OK)
        job_refuse(FV_ERROR_MEMORY, a);
}

/* "?top=3": 1.. ; 0 where it is no number. */
static int64_t read_top(const web_request *r)
{
    const char *words = web_query(r, "top");
    if (!words)
        return TOP;
    size_t digits = strspn(words, "0123456789");
    return digits > 0 && digits < 9 && !words[digits] ? strtoll(words, NULL, 10) : 0;
}

/* The job that asks what the request asks; NULL with the refusal in `a`. */
static job *make_job(fv_server *s, web_request *r, const route *asked, web_answer *a)
{
    static const protocol *const protocols[] = {[ROUTE_CLASSIFY] = &protocol_classify,
                                                [ROUTE_TF_PREDICT] = &protocol_tf_predict,
                                                [ROUTE_TF_CLASSIFY] = &protocol_tf_classify,
                                                [ROUTE_KSERVE_INFER] = &protocol_kserve};
    const char *model = asked->kind == ROUTE_CLASSIFY ? web_query(r, "model") : asked->model;
    const char *method = web_query(r, "explain"), *accept = web_header(r, "Accept");
    int64_t top = read_top(r);
    if (top < 1 || (method && strcmp(method, "gradcam") != 0)) {
        answer_error(a, 400, top < 1 ? "top must be a number from 1" : "explain must be gradcam");
        return NULL;
    }
    served *version = models_take(s->models, model, asked->version);
    if (!version) {
        answer_error(a, 404, "there is no such model or version here; GET /v1/models lists them");
        return NULL;
    }
    job *j = job_create(protocols[asked->kind], version, &s->limits);
    if (!j) {
        job_refuse(FV_ERROR_MEMORY, a);
        return NULL;
    }
    j->request = r;
    j->body = r->body;
    j->size = r->body_size;
    j->content_type = web_header(r, "Content-Type");
    j->json_length = web_header(r, BINARY_HEADER);
    j->top = top;
    j->explain = method != NULL;
    j->wants_image = !accept || !strstr(accept, "application/json");
    return j;
}

static void remember(web_request *r, const served *s)
{
    note *n = mem_array(1, sizeof *n);
    if (n) {
        *n = (note){s->series, mem_string(s->name), s->version};
        r->user = n;
    }
}

static void handle(web_request *r, void *user)
{
    fv_server *s = user;
    route asked;
    web_answer a = {0};
    route_parse(r->path, &asked);
    if (!route_posts(asked.kind)) {
        answer_get(s, &asked, &a);
        web_send(r, &a);
        return;
    }
    job *j = make_job(s, r, &asked, &a);
    if (j) {
        remember(r, j->served);
        if (work_submit(s->work, j))
            return;
        job_destroy(j);
        answer_error(&a, 503, "too many requests wait; try again");
        a.retry_after = 1;
    }
    web_send(r, &a);
}

/* Before the body is read: who may ask, and what there is. */
static void check(web_request *r, web_answer *a, void *user)
{
    const fv_server *s = user;
    route asked;
    route_parse(r->path, &asked);
    bool posts = route_posts(asked.kind);
    bool fits = posts ? strcmp(r->method, "POST") == 0
                      : strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
    if (s->keys.count > 0 && !route_is_open(asked.kind) &&
        !keys_match(&s->keys, web_header(r, "Authorization"))) {
        answer_error(a, 401, "this needs a key: Authorization: Bearer KEY");
    } else if (asked.kind == ROUTE_NONE) {
        answer_error(a, 404, "there is no such address here");
    } else if (!fits) {
        answer_error(a, 405, posts ? "this is asked with POST" : "this is asked with GET");
        a->allow = posts ? "POST" : "GET, HEAD";
    }
}

static void finished(web_request *r, int status, size_t sent, void *user)
{
    fv_server *s = user;
    note *n = r->user;
    double seconds = clock_seconds() - r->started;
    metrics_request(s->metrics, n ? n->series : NULL, status, seconds);
    access_log_add(s->log, &(access_entry){.request = r,
                                           .status = status,
                                           .sent = sent,
                                           .seconds = seconds,
                                           .model = n ? n->model : NULL,
                                           .version = n ? n->version : 0});
    if (n)
        free(n->model);
    free(n);
}

/* ---- beginning and end ---- */

static fv_status check_range(const char *name, int64_t *value, int64_t usual, int64_t low, int64_t high)
{
    if (*value == 0)
        *value = usual;
    if (*value >= low && *value <= high)
        return FV_OK;
    return status_set(FV_ERROR_INVALID, "serve: %s must be %" PRId64 "..%" PRId64 ", not %" PRId64, name, low,
                      high, *value);
}

static fv_status settle(fv_serve_options *o)
{
    if (!o->models || !o->models[0])
        return status_set(FV_ERROR_INVALID, "serve: no model is given");
    if (o->port < 0 || o->port > 65535)
        return status_set(FV_ERROR_INVALID, "serve: port must be 0..65535, not %d", o->port);
    if (!o->tls_cert != !o->tls_key)
        return status_set(FV_ERROR_INVALID, "serve: a certificate and its key are given together");
    if (!(o->max_delay >= 0 && o->max_delay <= 60) || !(o->time_limit >= 0 && o->time_limit <= 86400))
        return status_set(FV_ERROR_INVALID, "serve: max_delay must be 0..60 and time_limit 0..86400 seconds");
    if (o->time_limit == 0)
        o->time_limit = 30;
    if (!o->host)
        o->host = "127.0.0.1";
    STATUS_TRY(check_range("threads", &o->threads, ordered_cores(), 1, 1024));
    STATUS_TRY(check_range("max_batch", &o->max_batch, 1, 1, 256));
    STATUS_TRY(check_range("queue", &o->queue, 256, 1, 1 << 20));
    STATUS_TRY(check_range("connections", &o->connections, 256, 1, 1 << 16));
    STATUS_TRY(check_range("max_body", &o->max_body, 16 << 20, 1, (int64_t)1 << 40));
    STATUS_TRY(check_range("max_pixels", &o->max_pixels, 64 << 20, 1, (int64_t)1 << 40));
    return check_range("max_pictures", &o->max_pictures, 64, 1, 1 << 16);
}

static fv_status start_web(fv_server *s)
{
    const fv_serve_options *o = &s->o;
    uint8_t *certificate = NULL, *key = NULL;
    size_t size;
    fv_status status = o->tls_cert ? file_read(o->tls_cert, PEM_LIMIT, &certificate, &size) : FV_OK;
    if (status == FV_OK && o->tls_key)
        status = file_read(o->tls_key, PEM_LIMIT, &key, &size);
    bool local =
        strcmp(o->host, "localhost") == 0 || strncmp(o->host, "127.", 4) == 0 || strcmp(o->host, "::1") == 0;
    if (status == FV_OK)
        status = web_server_start(&s->web, &(web_options){.host = o->host,
                                                          .port = o->port,
                                                          .local_names_only = local && s->keys.count == 0,
                                                          .connections = (int)o->connections,
                                                          .request_seconds = o->time_limit,
                                                          .body_limit = (size_t)o->max_body,
                                                          .bodies_limit = BODIES * (size_t)o->max_body,
                                                          .certificate = (const char *)certificate,
                                                          .private_key = (const char *)key,
                                                          .refusals_are_json = true,
                                                          .check = check,
                                                          .handle = handle,
                                                          .finished = finished,
                                                          .user = s});
    if (status == FV_OK && !local && s->keys.count == 0 && o->on_log)
        o->on_log("warning: others can reach this server, and no keys are asked for (--keys)", o->user);
    if (key)
        explicit_bzero(key, size);
    free(key);
    free(certificate);
    return status;
}

static fv_status start(fv_server *s)
{
    const fv_serve_options *o = &s->o;
    s->limits = (job_limits){o->max_pixels, o->max_pictures};
    if (o->keys)
        STATUS_TRY(keys_read(&s->keys, o->keys));
    if (o->access_log)
        STATUS_TRY(access_log_open(&s->log, o->access_log));
    STATUS_TRY(metrics_create(&s->metrics));
    STATUS_TRY(models_open(&s->models, &(models_options){.sources = o->models,
                                                         .engine = o->engine,
                                                         .lanes = (int)o->threads,
                                                         .batch = o->max_batch,
                                                         .metrics = s->metrics,
                                                         .on_log = o->on_log,
                                                         .user = o->user}));
    STATUS_TRY(work_start(&s->work, &(work_options){.threads = (int)o->threads,
                                                    .batch = o->max_batch,
                                                    .queue = o->queue,
                                                    .delay = o->max_delay,
                                                    .time_limit = o->time_limit,
                                                    .metrics = s->metrics}));
    return start_web(s);
}

fv_server *fv_server_start_with(const fv_serve_options *options)
{
    fv_serve_options o = {0};
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (settle(&o) != FV_OK)
        return NULL;
    fv_server *s = mem_array(1, sizeof *s);
    if (!s)
        return NULL;
    s->o = o;
    if (start(s) != FV_OK) {
        fv_server_stop(s);
        return NULL;
    }
    return s;
}

int fv_server_port(const fv_server *s)
{
    return web_server_port(s->web);
}

void fv_server_stop(fv_server *s)
{
    if (!s)
        return;
    web_server_stop(s->web); /* when it is done, no job is left */
    work_stop(s->work);
    models_close(s->models);
    metrics_destroy(s->metrics);
    access_log_close(s->log);
    keys_release(&s->keys);
    free(s);
}
