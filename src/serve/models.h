/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The models that are served, each in one or several versions. A thread looks after their files: what changed is loaded and checked beside
 * the old, then takes its place; the old one ends when the last request that uses it is answered.
 *
 *     served *s = models_take(all, "photos", MODELS_LATEST);   // NULL: there is none
 *     ...
 *     served_release(s);
 */
#ifndef SERVE_MODELS_H
#define SERVE_MODELS_H

#include <stdatomic.h>

#include <jansson.h>

#include "model/lanes.h"
#include "serve/metrics.h"

enum {
    MODELS_LATEST = -1
};

typedef struct models models;

/* One version as it was loaded; all but `users` stays as it is. */
typedef struct served {
    char *name;
    int64_t version;
    fv_model *model;
    lanes *lanes;
    int64_t outputs, classes; /* classes: 2 where there is one output */
    size_t picture;           /* bytes at the network's size */
    series *series;
    atomic_int users;
} served;

typedef struct models_options {
    const char *const *sources; /* as fv_serve_options.models */
    const char *engine;
    int lanes;
    int64_t batch;
    metrics *metrics;
    fv_log_callback on_log;
    void *user;
} models_options;

fv_status models_open(models **out, const models_options *o);
void models_close(models *m); /* NULL is fine; no request is left */

/* name NULL: the first model. NULL when there is no such model or version. */
served *models_take(models *m, const char *name, int64_t version);
void served_release(served *s); /* NULL is fine */

/* The names; the versions of one of them, ascending, NULL where there is no such model. */
json_t *models_names(models *m);
json_t *models_versions(models *m, const char *name);

/* A name for class i, its number where the model has none; `buffer` has 24 bytes. */
const char *served_class(const served *s, int64_t i, char *buffer);

#endif
