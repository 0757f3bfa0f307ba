/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KServe's tensors as bytes behind the JSON, the extension "binary_tensor_data"
 * (https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md). Numbers are little endian; an
 * element of BYTES is its length, four bytes, and its bytes, which for a picture are those of its file.
 */
#ifndef SERVE_KSERVE_BINARY_H
#define SERVE_KSERVE_BINARY_H

#include "serve/job.h"

#define BINARY_HEADER "Inference-Header-Content-Length"

/* How many bytes of the body are JSON: all, unless the header says another number. */
fv_status binary_json_size(const job *j, size_t *out);
/* The parameter of an input, an output or the request; NULL where it is not there. */
const json_t *binary_parameter(const json_t *object, const char *name);
/* The same as a truth; `usual` where it is not there. */
fv_status binary_flag(const json_t *object, const char *name, bool usual, bool *out);
/* `pictures` pictures from the bytes behind the JSON, which must be `announced` (binary_data_size) and what the shape asks for. */
fv_status binary_read(job *j, const char *datatype, int64_t pictures, const json_t *announced,
                      size_t json_size);
/* An element of BYTES. */
void binary_add_string(text *out, const char *string);
/* The bytes that were added since `from` are the tensor's. */
void binary_set_size(json_t *tensor, const text *bytes, size_t from);

#endif
