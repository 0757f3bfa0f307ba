/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/kserve_binary.h"

#include <stdlib.h>
#include <string.h>

#include "core/numbers.h"

enum {
    LENGTH = 4 /* bytes of an element's length */
};

fv_status binary_json_size(const job *j, size_t *out)
{
    *out = j->size;
    if (!j->json_length)
        return FV_OK;
    size_t digits = strspn(j->json_length, "0123456789");
    uint64_t length = digits > 0 && digits < 19 ? strtoull(j->json_length, NULL, 10) : UINT64_MAX;
    if (j->json_length[digits] || length > j->size)
        return status_set(FV_ERROR_INVALID, BINARY_HEADER ": must be a number of bytes within the body's %zu",
                          j->size);
    *out = (size_t)length;
    return FV_OK;
}

const json_t *binary_parameter(const json_t *object, const char *name)
{
    return json_object_get(json_object_get(object, "parameters"), name);
}

fv_status binary_flag(const json_t *object, const char *name, bool usual, bool *out)
{
    const json_t *value = binary_parameter(object, name);
    if (value && !json_is_boolean(value))
        return status_set(FV_ERROR_INVALID, "parameter %s must be true or false", name);
    *out = value ? json_is_true(value) : usual;
    return FV_OK;
}

static fv_status wrong_size(size_t size, const char *datatype, int64_t pictures)
{
    return status_set(FV_ERROR_INVALID, "input image: %zu bytes are not %lld pictures of %s", size,
                      (long long)pictures, datatype);
}

static fv_status read_encoded(job *j, int64_t pictures, const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    for (int64_t i = 0; i < pictures; i++) {
        uint32_t length;
        if (size - at < LENGTH)
            return wrong_size(size, "BYTES", pictures);
        memcpy(&length, bytes + at, LENGTH);
        at += LENGTH;
        if (length > size - at)
            return wrong_size(size, "BYTES", pictures);
        STATUS_TRY(job_add_encoded(j, bytes + at, length));
        at += length;
    }
    return at == size ? FV_OK : wrong_size(size, "BYTES", pictures);
}

static fv_status read_numbers(job *j, number_type type, int64_t pictures, const uint8_t *bytes, size_t size)
{
    size_t each = number_size(type), picture = each * j->served->picture;
    if (size % picture != 0 || size / picture != (size_t)pictures)
        return wrong_size(size, type == NUMBER_U8 ? "UINT8" : "FP32", pictures);
    uint8_t *room = job_add_room(j, pictures);
    if (!room)
        return status_last();
    for (size_t i = 0; i < size / each; i++)
        STATUS_TRY(job_pixel((double)number_to_f32(type, bytes + i * each), room + i));
    return FV_OK;
}

fv_status binary_read(job *j, const char *datatype, int64_t pictures, const json_t *announced,
                      size_t json_size)
{
    const uint8_t *bytes = j->body + json_size;
    size_t size = j->size - json_size;
    if (!json_is_integer(announced) || json_integer_value(announced) < 0 ||
        (uint64_t)json_integer_value(announced) != size)
        return status_set(FV_ERROR_INVALID,
                          "input image: binary_data_size must be the %zu bytes that follow the JSON "
                          "(" BINARY_HEADER ")",
                          size);
    if (strcmp(datatype, "BYTES") == 0)
        return read_encoded(j, pictures, bytes, size);
    return read_numbers(j, strcmp(datatype, "UINT8") == 0 ? NUMBER_U8 : NUMBER_F32, pictures, bytes, size);
}

void binary_add_string(text *out, const char *string)
{
    uint32_t length = (uint32_t)strlen(string);
    text_add_bytes(out, &length, LENGTH);
    text_add_bytes(out, string, length);
}

void binary_set_size(json_t *tensor, const text *bytes, size_t from)
{
    json_object_set_new(tensor, "parameters",
                        json_pack("{s:I}", "binary_data_size", (json_int_t)(bytes->length - from)));
}
