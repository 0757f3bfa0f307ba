/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request about pictures, from its body to its answer: a protocol reads it (job_read, in a worker), the network runs it together with
 * others, and the protocol writes the answer.
 *
 *     job *j = job_create(&protocol_predict, served, limits);
 *     j->body = ..., j->size = ...;
 *     if (job_read(j, space) == FV_OK) ... run ... j->outputs ...
 *     job_answer(j, &answer);
 *     job_destroy(j);
 */
#ifndef SERVE_JOB_H
#define SERVE_JOB_H

#include <jansson.h>

#include "core/web.h"
#include "serve/models.h"

typedef struct job_limits {
    int64_t max_pixels, max_pictures;
} job_limits;

/* An encoded picture of the request, for answers that name or show it. */
typedef struct job_picture {
    char *file;           /* its name in a form; NULL: none */
    char *error;          /* why it cannot be read; NULL: it is the next of `pixels` */
    const uint8_t *bytes; /* within the body */
    size_t size;
} job_picture;

typedef struct job job;

typedef struct protocol {
    fv_status (*read)(job *j);
    fv_status (*write)(job *j, web_answer *a);
} protocol;

/* KServe's outputs, and how each is told. */
enum {
    KSERVE_PROBABILITIES,
    KSERVE_CLASS,
    KSERVE_OUTPUTS
};
typedef enum output_form {
    OUTPUT_ABSENT = 0,
    OUTPUT_JSON,
    OUTPUT_BINARY
} output_form;

extern const protocol protocol_classify, protocol_tf_predict, protocol_tf_classify, protocol_kserve;

struct job {
    const protocol *protocol;
    served *served; /* held */
    job_limits limits;
    const uint8_t *body; /* borrowed */
    size_t size;
    const char *content_type; /* borrowed; NULL: none is given */
    const char *
        json_length; /* of kserve: of the body's JSON, before tensors as bytes; borrowed; NULL: all is JSON */
    int64_t top;     /* of classify: how many classes */
    bool explain, wants_image; /* of classify: with a heat map; as a picture and not in JSON */
    image_space *space;        /* of the worker that reads */
    int64_t count;             /* pictures */
    uint8_t *pixels;           /* (count, height, width, channels) */
    size_t capacity;
    float *outputs;             /* of the network, (count, outputs) */
    const float *probabilities; /* of the classes, (count, classes): what `write` tells */
    job_picture *pictures;
    size_t picture_count, picture_capacity;
    bool columns; /* of tf_predict: asked by "inputs" */
    json_t *id;   /* of kserve */
    output_form forms[KSERVE_OUTPUTS];
    /* the workers' own */
    web_request *request;
    job *next;
    double queued; /* when it came, then when it was read */
};

/* Takes over the reference to `s`, also on failure, which is NULL. */
job *job_create(const protocol *p, served *s, const job_limits *limits);
void job_destroy(job *j);

/* From the body to pixels and room for outputs. */
fv_status job_read(job *j, image_space *space);
/* From outputs to the answer; a failure becomes one. */
void job_answer(job *j, web_answer *a);
/* The answer to what failed: {"error": "the last message"}, with a status of HTTP that fits. */
void job_refuse(fv_status status, web_answer *a);
/* {"error": "why"} */
void answer_error(web_answer *a, int status, const char *why);
/* Takes the reference; NULL becomes an error of memory. */
fv_status answer_json(web_answer *a, json_t *value);

/* ---- what protocols read with (pictures.c) ---- */

/* The first `size` bytes of the body as JSON: an object, its depth and number of values limited before it is parsed. NULL with the error set. */
json_t *job_parse(const job *j, size_t size);
fv_status job_add_encoded(job *j, const void *bytes, size_t size);
/* A string of base64. */
fv_status job_add_base64(job *j, const json_t *string);
/* Nested lists [height][width][channels] of the network's size, values 0..255. */
fv_status job_add_nested(job *j, const json_t *rows);
/* The same from a flat or nested list of `pictures` such pictures. */
fv_status job_add_values(job *j, int64_t pictures, const json_t *values);
/* 0..255, rounded. */
fv_status job_pixel(double value, uint8_t *out);
/* Room for `pictures` more; NULL with the error set. */
uint8_t *job_add_room(job *j, int64_t pictures);

json_t *json_probability(float value);

/* ---- json_limits.c ---- */

/* An error where a text nests lists and objects deeper, or has more values. It need not be JSON. */
fv_status json_limits_check(const uint8_t *bytes, size_t size, int depth, int64_t values);

/* ---- multipart.c: multipart/form-data, RFC 7578 ---- */

typedef struct part {
    const uint8_t *bytes;
    size_t size;
    char name[128]; /* of the file, else of the field */
    bool is_file;
} part;
typedef struct parts {
    const uint8_t *at, *end;
    char boundary[80]; /* with the dashes before it */
} parts;
/* False where `content_type` is of another kind. */
bool parts_begin(parts *p, const char *content_type, const uint8_t *body, size_t size, fv_status *status);
/* False at the end; *status says whether it was a good one. */
bool parts_next(parts *p, part *out, fv_status *status);

#endif
