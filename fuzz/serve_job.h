/* SPDX-License-Identifier: Apache-2.0 */
/* A request's body as the server reads it, for a network of 3 x 2 pixels: what is read can be answered, and the answer is JSON. */
#ifndef FUZZ_SERVE_JOB_H
#define FUZZ_SERVE_JOB_H

#include "core/memory.h"
#include "fuzz.h"
#include "serve/job.h"

static served *fuzz_served(void)
{
    static served s;
    if (!s.model) {
        fv_model *m = fv_model_create(.height = 2, .width = 3, .channels = 3);
        fv_output(fv_dense(fv_flatten(fv_input(m)), .units = 4));
        expect(network_check(m) == FV_OK);
        s = (served){.name = "tiny", .version = 1, .model = m, .outputs = 4, .classes = 4, .picture = 18};
        atomic_init(&s.users, 1);
    }
    atomic_fetch_add(&s.users, 1);
    return &s;
}

static void fuzz_job(const protocol *p, const char *content_type, const char *json_length,
                     const uint8_t *bytes, size_t size)
{
    job *j = job_create(p, fuzz_served(), &(job_limits){.max_pixels = 1 << 16, .max_pictures = 5});
    expect(j);
    j->content_type = content_type;
    j->json_length = json_length;
    j->body = bytes;
    j->size = size;
    j->top = 3;
    if (fuzz_ok(job_read(j, NULL))) {
        web_answer a = {0};
        expect(j->count >= 1 && j->count <= 5);
        job_answer(j, &a);
        json_t *answer = json_loadb(text_string(&a.body), a.header ? a.header_value : a.body.length, 0, NULL);
        expect(answer && (a.status == 0 || a.status == 200));
        json_decref(answer);
        text_release(&a.body);
    }
    job_destroy(j);
}

#endif
