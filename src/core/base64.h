/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text, RFC 4648: base64_add(&out, bytes, size); base64_decode(text, length, &bytes, &size). */
#ifndef CORE_BASE64_H
#define CORE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

void base64_add(text *out, const void *bytes, size_t size);
/* The usual alphabet, with or without the padding, and nothing else: FV_ERROR_FORMAT. The caller frees *bytes. */
fv_status base64_decode(const char *string, size_t length, uint8_t **bytes, size_t *size);

#endif
