/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest.h"

#include <errno.h>
#include <sha256.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/plugin.h"

enum {
    BLOCK = 1 << 18
};

static struct {
    __typeof__(&SHA256Init) init;
    __typeof__(&SHA256Update) update;
    __typeof__(&SHA256Final) final;
} api;

static fv_status open_library(void)
{
    static const plugin_symbol symbols[] = {{"SHA256Init", (void **)&api.init},
                                            {"SHA256Update", (void **)&api.update},
                                            {"SHA256Final", (void **)&api.final}};
    return plugin_open(&plugin_md, symbols, sizeof symbols / sizeof *symbols);
}

static void finish(SHA2_CTX *context, char hex[DIGEST_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_LENGTH];
    api.final(digest, context);
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[DIGEST_SIZE - 1] = 0;
}

fv_status digest_bytes(const void *bytes, size_t size, char hex[DIGEST_SIZE])
{
    SHA2_CTX context;
    STATUS_TRY(open_library());
    api.init(&context);
    api.update(&context, bytes, size);
    finish(&context, hex);
    return FV_OK;
}

fv_status digest_file(const char *path, char hex[DIGEST_SIZE])
{
    SHA2_CTX context;
    int file;
    ssize_t got;
    STATUS_TRY(open_library());
    STATUS_TRY(file_open(path, &file));
    uint8_t *block = mem_array(BLOCK, 1);
    fv_status status = block ? FV_OK : status_last();
    api.init(&context);
    while (status == FV_OK && (got = read(file, block, BLOCK)) != 0) {
        if (got > 0)
            api.update(&context, block, (size_t)got);
        else if (errno != EINTR)
            status = status_set(FV_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (status == FV_OK)
        finish(&context, hex);
    free(block);
    close(file);
    return status;
}
