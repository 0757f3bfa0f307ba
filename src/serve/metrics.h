/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /metrics tells: counts and histograms, per model and version, in Prometheus' text form.
 *
 *     series *s = metrics_series(m, "photos", 1);      // lives as long as m; NULL: of no model
 *     metrics_request(m, s, 200, 0.012);
 *     metrics_batch(m, s, 8);
 */
#ifndef SERVE_METRICS_H
#define SERVE_METRICS_H

#include <stdbool.h>

#include "core/text.h"

typedef struct metrics metrics;
typedef struct series series;

fv_status metrics_create(metrics **out);
void metrics_destroy(metrics *m);
series *metrics_series(metrics *m, const char *model, int64_t version); /* NULL with the error set */
void metrics_request(metrics *m, series *s, int status, double seconds);
void metrics_batch(metrics *m, series *s, int64_t pictures);
void metrics_load(metrics *m, series *s, bool succeeded);
void metrics_print(metrics *m, int64_t queue_depth, int64_t queue_capacity, text *out);

#endif
