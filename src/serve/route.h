/* SPDX-License-Identifier: Apache-2.0 */
/* What an address asks for: route_parse("/v1/models/photos/versions/2:predict", &r). */
#ifndef SERVE_ROUTE_H
#define SERVE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum route_kind {
    ROUTE_NONE = 0,
    ROUTE_PAGE,
    ROUTE_STYLE,
    ROUTE_SCRIPT,
    ROUTE_HEALTH, /* /healthz, /v2/health/live, /v2/health/ready */
    ROUTE_METRICS,
    ROUTE_MODELS, /* /v1/models: the names, for the page */
    ROUTE_CLASSIFY,
    ROUTE_TF_STATUS,
    ROUTE_TF_METADATA,
    ROUTE_TF_PREDICT,
    ROUTE_TF_CLASSIFY,
    ROUTE_KSERVE_SERVER,
    ROUTE_KSERVE_MODEL,
    ROUTE_KSERVE_READY,
    ROUTE_KSERVE_INFER
} route_kind;

typedef struct route {
    route_kind kind;
    char model[256]; /* "" where the address names none */
    int64_t version; /* MODELS_LATEST where it names none */
} route;

/* `path` is decoded and without the query. */
void route_parse(const char *path, route *out);
/* Whether it is asked with POST, and else with GET. */
bool route_posts(route_kind kind);
/* Whether it needs no key. */
bool route_is_open(route_kind kind);

#endif
