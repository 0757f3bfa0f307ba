/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "serve/job.h"

enum {
    BOUNDARY_MAX = 70 /* RFC 2046 */
};

/* The value of `name=` in a header, with or without quotes; false where it is not there or too long. */
static bool parameter(const char *header, size_t length, const char *name, char *out, size_t size)
{
    size_t name_length = strlen(name);
    for (size_t i = 1; i + name_length < length; i++) {
        if (strncasecmp(header + i, name, name_length) != 0 || header[i + name_length] != '=' ||
            (header[i - 1] != ' ' && header[i - 1] != ';'))
            continue;
        size_t from = i + name_length + 1, to = from;
        if (from < length && header[from] == '"') {
            for (to = ++from; to < length && header[to] != '"'; to++)
                ;
        } else {
            for (; to < length && header[to] != ';' && header[to] != ' '; to++)
                ;
        }
        if (to == from || to - from >= size)
            return false;
        memcpy(out, header + from, to - from);
        out[to - from] = 0;
        return true;
    }
    return false;
}

bool parts_begin(parts *p, const char *content_type, const uint8_t *body, size_t size, fv_status *status)
{
    static const char kind[] = "multipart/form-data";
    *status = FV_OK;
    *p = (parts){.at = body, .end = body + size, .boundary = "--"};
    if (!content_type || strncasecmp(content_type, kind, strlen(kind)) != 0)
        return false;
    if (!parameter(content_type, strlen(content_type), "boundary", p->boundary + 2, BOUNDARY_MAX + 1))
        *status = status_set(FV_ERROR_FORMAT, "the form has no boundary: Content-Type must say it");
    return true;
}

/* What stands at the next boundary, behind it; NULL: there is none. */
static const uint8_t *find_boundary(const parts *p, const uint8_t *from)
{
    return memmem(from, (size_t)(p->end - from), p->boundary, strlen(p->boundary));
}

static void read_headers(const uint8_t *at, const uint8_t *end, part *out)
{
    static const char disposition[] = "content-disposition:";
    while (at < end) {
        const uint8_t *line_end = memmem(at, (size_t)(end - at), "\r\n", 2);
        size_t length = (size_t)((line_end ? line_end : end) - at);
        const char *line = (const char *)at;
        if (length > strlen(disposition) && strncasecmp(line, disposition, strlen(disposition)) == 0) {
            out->is_file = parameter(line, length, "filename", out->name, sizeof out->name);
            if (!out->is_file && !parameter(line, length, "name", out->name, sizeof out->name))
                out->name[0] = 0;
        }
        at += length + 2;
        if (!line_end)
            break;
    }
    text_flatten(out->name);
}

bool parts_next(parts *p, part *out, fv_status *status)
{
    *out = (part){0};
    *status = FV_OK;
    const uint8_t *at = find_boundary(p, p->at);
    if (at)
        at += strlen(p->boundary);
    if (at && p->end - at >= 2 && memcmp(at, "--", 2) == 0)
        return false;
    const uint8_t *headers = at && p->end - at >= 2 && memcmp(at, "\r\n", 2) == 0 ? at : NULL;
    const uint8_t *body = headers ? memmem(headers, (size_t)(p->end - headers), "\r\n\r\n", 4) : NULL;
    const uint8_t *next = body ? find_boundary(p, body + 4) : NULL;
    if (!next || next - 2 < body + 4 || memcmp(next - 2, "\r\n", 2) != 0) {
        *status = status_set(FV_ERROR_FORMAT, "the form is damaged or ends too early");
        return false;
    }
    if (body > headers)
        read_headers(headers + 2, body, out);
    out->bytes = body + 4;
    out->size = (size_t)(next - 2 - out->bytes);
    p->at = next;
    return true;
}
