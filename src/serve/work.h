/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workers: each reads requests (decodes their pictures), runs networks and writes answers. While there are requests to be read, what was
 * read gathers, and the network runs up to `batch` pictures together; with nothing else to do they run at once, or after `delay`.
 *
 *     STATUS_TRY(work_start(&w, &options));
 *     if (!work_submit(w, j)) ... too many wait ...
 *     work_stop(w);                            // when no request is left
 */
#ifndef SERVE_WORK_H
#define SERVE_WORK_H

#include "serve/job.h"

typedef struct work work;

typedef struct work_options {
    int threads;
    int64_t batch, queue;
    double delay, time_limit; /* seconds; time_limit: for a request to wait */
    metrics *metrics;
} work_options;

fv_status work_start(work **out, const work_options *o);
void work_stop(work *w); /* NULL is fine */

/* False when as many wait as may; else the job is answered, and destroyed, by a worker. */
bool work_submit(work *w, job *j);
/* Requests that wait or are worked on. */
int64_t work_depth(work *w);

#endif
