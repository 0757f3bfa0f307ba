/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "model/predictor.h"

job *job_create(const protocol *p, served *s, const job_limits *limits)
{
    job *j = mem_array(1, sizeof *j);
    if (!j) {
        served_release(s);
        return NULL;
    }
    j->protocol = p;
    j->served = s;
    j->limits = *limits;
    return j;
}

void job_destroy(job *j)
{
    if (!j)
        return;
    for (size_t i = 0; i < j->picture_count; i++) {
        free(j->pictures[i].file);
        free(j->pictures[i].error);
    }
    free(j->pictures);
    free(j->pixels);
    free(j->outputs);
    json_decref(j->id);
    served_release(j->served);
    free(j);
}

fv_status job_read(job *j, image_space *space)
{
    j->space = space;
    STATUS_TRY(j->protocol->read(j));
    j->outputs = mem_array((size_t)(j->count * j->served->classes), sizeof *j->outputs);
    return j->outputs ? FV_OK : status_last();
}

/* In the outputs' place, which has room for all classes. */
static void find_probabilities(job *j)
{
    float *p = j->outputs;
    predictor_activate(j->served->model, j->count, p);
    if (j->served->outputs == 1)
        for (int64_t i = j->count; i-- > 0;) { /* the output is the second class's */
            p[2 * i + 1] = p[i];
            p[2 * i] = 1 - p[2 * i + 1];
        }
    j->probabilities = p;
}

/* JSON has no word for what is not a number. */
json_t *json_probability(float value)
{
    return isfinite(value) ? json_real((double)value) : json_null();
}

void answer_error(web_answer *a, int status, const char *why)
{
    text_release(&a->body);
    a->status = status;
    a->type = "application/json";
    a->header = NULL;
    json_t *value = json_pack("{s:s}", "error", why);
    char *words = value ? json_dumps(value, JSON_COMPACT) : NULL;
    text_add(&a->body, "%s\n", words ? words : "{\"error\":\"the request failed\"}");
    free(words);
    json_decref(value);
}

void job_refuse(fv_status status, web_answer *a)
{
    bool theirs = status == FV_ERROR_INVALID || status == FV_ERROR_FORMAT || status == FV_ERROR_UNSUPPORTED;
    answer_error(a, theirs ? 400 : status == FV_ERROR_MEMORY ? 503 : 500, fv_error_message());
    if (status == FV_ERROR_MEMORY)
        a->retry_after = 1;
}

fv_status answer_json(web_answer *a, json_t *value)
{
    char *words = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(value);
    if (!words)
        return status_set(FV_ERROR_MEMORY, "not enough memory for the answer");
    a->type = "application/json";
    text_add_bytes(&a->body, words, strlen(words));
    text_add_bytes(&a->body, "\n", 1);
    free(words);
    return text_status(&a->body);
}

void job_answer(job *j, web_answer *a)
{
    find_probabilities(j);
    fv_status status = j->protocol->write(j, a);
    if (status != FV_OK)
        job_refuse(status, a);
}
