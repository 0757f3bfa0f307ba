/* SPDX-License-Identifier: Apache-2.0 */
/* A look over a protocol buffer before it is unpacked: unpacking recurses as deep as the bytes say and allocates what they say. */
#ifndef CONVERT_ONNX_SCAN_H
#define CONVERT_ONNX_SCAN_H

#include <stddef.h>
#include <protobuf-c/protobuf-c.h>

#include "core/status.h"

/* Whether `bytes` are a message of that type whose parts lie within it, nested no deeper than is sensible, and that takes no more
 * memory than is in proportion to its size. `path` is for messages. */
fv_status onnx_scan(const char *path, const ProtobufCMessageDescriptor *type, const uint8_t *bytes,
                    size_t size);

#endif
