/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/onnx/scan.h"

#include <stdbool.h>

enum {
    DEPTH_MAX = 48,          /* networks have some 8 */
    MEMBER_BYTES = 64,       /* that unpacking may take for one member, beside what it holds */
    MEMORY_A_BYTE = 32,      /* of memory, for a byte of the file; networks need 2 to 8 */
    MEMORY_ALWAYS = 1 << 20, /* for any file */
    VARINT_LONGEST = 10
};

typedef struct scan {
    const uint8_t *bytes;
    uint64_t memory, limit;
    const char *wrong; /* NULL: nothing so far */
} scan;

static bool fail(scan *s, const char *wrong)
{
    s->wrong = wrong;
    return false;
}

static bool read_varint(scan *s, size_t *at, size_t end, uint64_t *value)
{
    *value = 0;
    for (int i = 0; i < VARINT_LONGEST && *at < end; i++) {
        uint8_t byte = s->bytes[(*at)++];
        *value |= (uint64_t)(byte & 127) << 7 * i;
        if (byte < 128)
            return true;
    }
    return fail(s, "a number in it does not end");
}

static bool take(scan *s, uint64_t bytes)
{
    s->memory += bytes;
    return s->memory <= s->limit || fail(s, "it would take far more memory than its size");
}

static bool scan_message(scan *s, const ProtobufCMessageDescriptor *type, size_t at, size_t end, int depth);

/* A member of `length` bytes at `at`. */
static bool scan_part(scan *s, const ProtobufCFieldDescriptor *field, size_t at, uint64_t length, int depth)
{
    if (!field || field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES)
        return take(s, length);
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return take(s, length * 8); /* packed numbers: one a byte, at most */
    const ProtobufCMessageDescriptor *type = field->descriptor;
    return take(s, type->sizeof_message) && scan_message(s, type, at, at + (size_t)length, depth + 1);
}

static bool scan_message(scan *s, const ProtobufCMessageDescriptor *type, size_t at, size_t end, int depth)
{
    uint64_t tag, value;
    if (depth > DEPTH_MAX)
        return fail(s, "its parts are nested too deep");
    while (at < end) {
        if (!read_varint(s, &at, end, &tag) || !take(s, MEMBER_BYTES))
            return false;
        const ProtobufCFieldDescriptor *field =
            tag >> 3 <= INT32_MAX ? protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3))
                                  : NULL;
        size_t fixed = (tag & 7) == PROTOBUF_C_WIRE_TYPE_64BIT   ? 8
                       : (tag & 7) == PROTOBUF_C_WIRE_TYPE_32BIT ? 4
                                                                 : 0;
        if (fixed) {
            if (end - at < fixed)
                return fail(s, "it was cut short");
            at += fixed;
        } else if ((tag & 7) == PROTOBUF_C_WIRE_TYPE_VARINT) {
            if (!read_varint(s, &at, end, &value))
                return false;
        } else if ((tag & 7) == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
            if (!read_varint(s, &at, end, &value))
                return false;
            if (value > end - at)
                return fail(s, "it was cut short");
            if (!scan_part(s, field, at, value, depth))
                return false;
            at += (size_t)value;
        } else {
            return fail(s, "a part of it is of no known kind");
        }
    }
    return true;
}

fv_status onnx_scan(const char *path, const ProtobufCMessageDescriptor *type, const uint8_t *bytes,
                    size_t size)
{
    scan s = {bytes, 0, (uint64_t)size * MEMORY_A_BYTE + MEMORY_ALWAYS, NULL};
    return scan_message(&s, type, 0, size, 0)
               ? FV_OK
               : status_set(FV_ERROR_FORMAT, "%s: is no ONNX file, or a damaged one: %s", path, s.wrong);
}
