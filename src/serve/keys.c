/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/file.h"
#include "core/memory.h"

enum {
    FILE_LIMIT = 1 << 20,
    KEY_LEAST = 16
};

static fv_status add(keys *k, const char *path, const char *line)
{
    line += strspn(line, " \t");
    size_t length = strcspn(line, " \t\r#");
    if (length == 0)
        return FV_OK;
    if (length < KEY_LEAST)
        return status_set(FV_ERROR_INVALID, "%s: a key must have at least %d characters", path, KEY_LEAST);
    STATUS_TRY(MEM_GROW(k->list, k->count, k->capacity));
    if (!(k->list[k->count] = mem_string_n(line, length)))
        return status_last();
    k->count++;
    return FV_OK;
}

fv_status keys_read(keys *k, const char *path)
{
    uint8_t *bytes;
    size_t size;
    *k = (keys){0};
    STATUS_TRY(file_read(path, FILE_LIMIT, &bytes, &size));
    fv_status status = FV_OK;
    char *next = (char *)bytes;
    for (char *line; status == FV_OK && (line = strsep(&next, "\n"));)
        status = add(k, path, line);
    explicit_bzero(bytes, size);
    free(bytes);
    if (status == FV_OK && k->count == 0)
        status = status_set(FV_ERROR_INVALID, "%s: holds no key; write one a line", path);
    if (status != FV_OK)
        keys_release(k);
    return status;
}

void keys_release(keys *k)
{
    for (size_t i = 0; i < k->count; i++)
        free(k->list[i]);
    free(k->list);
    *k = (keys){0};
}

bool keys_match(const keys *k, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (!authorization || strncasecmp(authorization, scheme, strlen(scheme)) != 0)
        return false;
    const char *given = authorization + strlen(scheme);
    size_t length = strlen(given);
    unsigned found = 0;
    for (size_t i = 0; i < k->count; i++) {
        size_t wanted = strlen(k->list[i]);
        unsigned differs = length != wanted;
        /* Every key is compared to its end, whatever is given. */
        for (size_t n = 0; n < wanted; n++)
            differs |= (unsigned char)(k->list[i][n] ^ (n < length ? given[n] : 0));
        found |= differs == 0;
    }
    return found != 0;
}
