/* SPDX-License-Identifier: Apache-2.0 */
/* The body of /classify: a first line that is its Content-Type, then a form or a picture. And addresses: that line as one. */
#include "serve/route.h"
#include "serve_job.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char line[256] = {0};
    const uint8_t *end = memchr(bytes, '\n', size < sizeof line ? size : sizeof line - 1);
    size_t length = end ? (size_t)(end - bytes) : 0;
    route r;
    if (length)
        memcpy(line, bytes, length);
    route_parse(line, &r);
    expect((r.version == MODELS_LATEST || r.version >= 0) && strlen(r.model) < sizeof r.model);
    fuzz_job(&protocol_classify, line, NULL, bytes + length + (end != NULL), size - length - (end != NULL));
    return 0;
}
