/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static const double second_bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                       0.25,  0.5,    1,     2.5,  5,     10};
static const double batch_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128};
static const int codes[] = {200, 400, 401, 403, 404, 405, 408, 413, 499, 500, 503, 0}; /* 0: any other */
enum {
    BUCKETS = 16,
    SECOND_BOUNDS = sizeof second_bounds / sizeof *second_bounds,
    BATCH_BOUNDS = sizeof batch_bounds / sizeof *batch_bounds,
    CODES = sizeof codes / sizeof *codes
};

typedef struct histogram {
    uint64_t buckets[BUCKETS], count; /* of values up to each bound, and of all */
    double sum;
} histogram;

struct series {
    series *next;
    char *labels; /* model="photos",version="1" */
    char *model;
    int64_t version;
    uint64_t requests[CODES], loads, failed_loads;
    histogram seconds, batches;
};

struct metrics {
    pthread_mutex_t lock;
    series *list;
    series none; /* requests that are of no model */
};

fv_status metrics_create(metrics **out)
{
    metrics *m = mem_array(1, sizeof *m);
    if (!m)
        return status_last();
    pthread_mutex_init(&m->lock, NULL);
    *out = m;
    return FV_OK;
}

void metrics_destroy(metrics *m)
{
    if (!m)
        return;
    for (series *s = m->list, *next; s; s = next) {
        next = s->next;
        free(s->labels);
        free(s->model);
        free(s);
    }
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static char *make_labels(const char *model, int64_t version)
{
    text out = {0};
    text_add(&out, "model=\"");
    for (const char *c = model; *c; c++) {
        if (*c == '"' || *c == '\\')
            text_add_bytes(&out, "\\", 1);
        text_add_bytes(&out, *c == '\n' ? " " : c, 1);
    }
    text_add(&out, "\",version=\"%" PRId64 "\"", version);
    char *labels = text_status(&out) == FV_OK ? mem_string(text_string(&out)) : NULL;
    text_release(&out);
    return labels;
}

static series *make(metrics *m, const char *model, int64_t version)
{
    series *s = mem_array(1, sizeof *s);
    if (s && ((s->labels = make_labels(model, version)) == NULL || !(s->model = mem_string(model)))) {
        free(s->labels);
        free(s);
        return NULL;
    }
    if (s) {
        s->version = version;
        s->next = m->list;
        m->list = s;
    }
    return s;
}

series *metrics_series(metrics *m, const char *model, int64_t version)
{
    pthread_mutex_lock(&m->lock);
    series *s = m->list;
    while (s && (s->version != version || strcmp(s->model, model) != 0))
        s = s->next;
    if (!s)
        s = make(m, model, version);
    pthread_mutex_unlock(&m->lock);
    return s;
}

static void observe(histogram *h, const double *bounds, int count, double value)
{
    for (int i = 0; i < count; i++)
        h->buckets[i] += value <= bounds[i];
    h->count++;
    h->sum += value;
}

void metrics_request(metrics *m, series *s, int status, double seconds)
{
    int code = 0;
    while (codes[code] && codes[code] != status)
        code++;
    pthread_mutex_lock(&m->lock);
    s = s ? s : &m->none;
    s->requests[code]++;
    observe(&s->seconds, second_bounds, SECOND_BOUNDS, seconds);
    pthread_mutex_unlock(&m->lock);
}

void metrics_batch(metrics *m, series *s, int64_t pictures)
{
    pthread_mutex_lock(&m->lock);
    observe(&s->batches, batch_bounds, BATCH_BOUNDS, (double)pictures);
    pthread_mutex_unlock(&m->lock);
}

void metrics_load(metrics *m, series *s, bool succeeded)
{
    pthread_mutex_lock(&m->lock);
    s->loads += succeeded;
    s->failed_loads += !succeeded;
    pthread_mutex_unlock(&m->lock);
}

static void print_head(text *out, const char *name, const char *type, const char *help)
{
    text_add(out, "# HELP fovea_%s %s\n# TYPE fovea_%s %s\n", name, help, name, type);
}

static void print_histogram(text *out, const char *name, const series *s, const histogram *h,
                            const double *bounds, int count)
{
    const char *comma = *s->labels ? "," : "";
    for (int i = 0; i < count; i++)
        text_add(out, "fovea_%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, s->labels, comma, bounds[i],
                 h->buckets[i]);
    text_add(out, "fovea_%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, s->labels, comma, h->count);
    text_add(out, "fovea_%s_sum{%s} %.9g\n", name, s->labels, h->sum);
    text_add(out, "fovea_%s_count{%s} %" PRIu64 "\n", name, s->labels, h->count);
}

static void print_requests(text *out, const series *s)
{
    for (int i = 0; i < CODES; i++) {
        if (!s->requests[i])
            continue;
        text_add(out, "fovea_requests_total{%s%scode=\"", s->labels, *s->labels ? "," : "");
        if (codes[i])
            text_add(out, "%d", codes[i]);
        else
            text_add(out, "other");
        text_add(out, "\"} %" PRIu64 "\n", s->requests[i]);
    }
}

/* A metric's lines stand together, as the form demands. */
void metrics_print(metrics *m, int64_t queue_depth, int64_t queue_capacity, text *out)
{
    pthread_mutex_lock(&m->lock);
    m->none.labels = "";
    m->none.next = m->list;
    print_head(out, "requests_total", "counter", "Requests that were answered, by status.");
    for (const series *s = &m->none; s; s = s->next)
        print_requests(out, s);
    print_head(out, "request_seconds", "histogram", "From a request's headers to the end of its answer.");
    for (const series *s = &m->none; s; s = s->next)
        print_histogram(out, "request_seconds", s, &s->seconds, second_bounds, SECOND_BOUNDS);
    print_head(out, "batch_pictures", "histogram", "Pictures that the network ran together.");
    for (const series *s = m->list; s; s = s->next)
        print_histogram(out, "batch_pictures", s, &s->batches, batch_bounds, BATCH_BOUNDS);
    print_head(out, "loads_total", "counter", "Loads of model files, by result.");
    for (const series *s = m->list; s; s = s->next)
        text_add(out,
                 "fovea_loads_total{%s,result=\"ok\"} %" PRIu64 "\nfovea_loads_total{%s,result=\"failed\"} "
                 "%" PRIu64 "\n",
                 s->labels, s->loads, s->labels, s->failed_loads);
    pthread_mutex_unlock(&m->lock);
    print_head(out, "queue_depth", "gauge", "Requests that wait or are worked on.");
    text_add(out, "fovea_queue_depth %" PRId64 "\n", queue_depth);
    print_head(out, "queue_capacity", "gauge", "Requests from which on more are refused.");
    text_add(out, "fovea_queue_capacity %" PRId64 "\n", queue_capacity);
}
