/* SPDX-License-Identifier: Apache-2.0 */
/* From what a request holds to pixels at the network's size. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/memory.h"
#include "model/predictor.h"
#include "serve/job.h"

enum {
    DEPTH = 12,
    OTHER_VALUES = 4096 /* of a request besides pixels */
};

json_t *job_parse(const job *j, size_t size)
{
    const fv_preprocess *p = &j->served->model->preprocess;
    /* The lists of rows and pixels are values too. */
    int64_t picture = p->height * p->width * (p->channels + 1) + p->height + 1;
    json_error_t error;
    if (json_limits_check(j->body, size, DEPTH, OTHER_VALUES + picture * j->limits.max_pictures) != FV_OK)
        return NULL;
    json_t *root = json_loadb((const char *)j->body, size, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        status_set(FV_ERROR_FORMAT, "the body is no JSON: line %d, column %d: %s", error.line, error.column,
                   error.text);
        return NULL;
    }
    if (!json_is_object(root)) {
        json_decref(root);
        status_set(FV_ERROR_FORMAT, "the body must be a JSON object");
        return NULL;
    }
    return root;
}

uint8_t *job_add_room(job *j, int64_t pictures)
{
    size_t picture = j->served->picture;
    if (pictures < 1 || pictures > j->limits.max_pictures - j->count) {
        status_set(FV_ERROR_INVALID, "a request has 1 to %" PRId64 " pictures (--max-pictures)",
                   j->limits.max_pictures);
        return NULL;
    }
    size_t needed = (size_t)(j->count + pictures);
    if (needed > j->capacity) {
        size_t capacity = needed > 2 * j->capacity ? needed : 2 * j->capacity;
        uint8_t *grown = mem_resize(j->pixels, capacity, picture);
        if (!grown)
            return NULL;
        j->pixels = grown;
        j->capacity = capacity;
    }
    uint8_t *room = j->pixels + (size_t)j->count * picture;
    j->count += pictures;
    return room;
}

fv_status job_add_encoded(job *j, const void *bytes, size_t size)
{
    static const image_views whole = {.count = 1};
    if (size == 0)
        return status_set(FV_ERROR_FORMAT, "the picture is empty");
    fv_predict_options o = {
        .model = j->served->model, .bytes = bytes, .byte_count = size, .max_pixels = j->limits.max_pixels};
    uint8_t *pixels = NULL;
    fv_status status = predictor_views(&o, &whole, j->space, &pixels);
    uint8_t *room = status == FV_OK ? job_add_room(j, 1) : NULL;
    if (room)
        memcpy(room, pixels, j->served->picture);
    else if (status == FV_OK)
        status = status_last();
    free(pixels);
    return status;
}

fv_status job_add_base64(job *j, const json_t *string)
{
    uint8_t *bytes;
    size_t size;
    if (!json_is_string(string))
        return status_set(FV_ERROR_INVALID, "a picture must be a string of base64");
    STATUS_TRY(base64_decode(json_string_value(string), json_string_length(string), &bytes, &size));
    fv_status status = job_add_encoded(j, bytes, size);
    free(bytes);
    return status;
}

fv_status job_pixel(double value, uint8_t *out)
{
    if (!(value >= 0 && value <= 255))
        return status_set(FV_ERROR_INVALID, "values of pixels must be numbers in 0..255");
    *out = (uint8_t)lrint(value);
    return FV_OK;
}

static fv_status read_value(const json_t *number, uint8_t *out)
{
    return job_pixel(json_is_number(number) ? json_number_value(number) : -1, out);
}

static fv_status wrong_shape(const job *j)
{
    const fv_preprocess *p = &j->served->model->preprocess;
    return status_set(FV_ERROR_INVALID,
                      "a picture must be of the shape [%" PRId64 ", %" PRId64 ", %" PRId64
                      "] (height, width, channels), or be encoded",
                      p->height, p->width, p->channels);
}

static fv_status read_nested(const job *j, const json_t *rows, uint8_t *out)
{
    const fv_preprocess *p = &j->served->model->preprocess;
    if (json_array_size(rows) != (size_t)p->height)
        return wrong_shape(j);
    for (size_t y = 0; y < (size_t)p->height; y++) {
        const json_t *row = json_array_get(rows, y);
        if (json_array_size(row) != (size_t)p->width)
            return wrong_shape(j);
        for (size_t x = 0; x < (size_t)p->width; x++) {
            const json_t *pixel = json_array_get(row, x);
            if (json_array_size(pixel) != (size_t)p->channels)
                return wrong_shape(j);
            for (size_t c = 0; c < (size_t)p->channels; c++)
                STATUS_TRY(read_value(json_array_get(pixel, c), out++));
        }
    }
    return FV_OK;
}

fv_status job_add_nested(job *j, const json_t *rows)
{
    uint8_t *room = job_add_room(j, 1);
    return room ? read_nested(j, rows, room) : status_last();
}

fv_status job_add_values(job *j, int64_t pictures, const json_t *values)
{
    uint8_t *room = job_add_room(j, pictures);
    if (!room)
        return status_last();
    size_t picture = j->served->picture, count = (size_t)pictures * picture;
    bool nested = json_is_array(json_array_get(values, 0));
    if (json_array_size(values) != (nested ? (size_t)pictures : count))
        return status_set(FV_ERROR_INVALID, "the data are %zu values, the shape is of %zu",
                          json_array_size(values), count);
    for (size_t i = 0; i < (nested ? (size_t)pictures : count); i++)
        STATUS_TRY(nested ? read_nested(j, json_array_get(values, i), room + i * picture)
                          : read_value(json_array_get(values, i), room + i));
    return FV_OK;
}
