/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/weights_find.h"

#include <limits.h>
#include <string.h>

#include "cli/transfer.h"
#include "core/file.h"
#include "core/memory.h"

fv_status weights_fetch(char *path, size_t size, const char *name, const char *mirror)
{
    transfer_bar bar;
    transfer_init(&bar);
    fv_status status =
        fv_pretrained_fetch(path, size, name, .mirror = mirror, .on_progress = transfer_step, .user = &bar);
    transfer_end(&bar);
    return status;
}

/* Names have no slash, and no ending but their tag. */
static bool may_be_path(const char *words)
{
    const char *dot = strrchr(words, '.');
    return strchr(words, '/') || file_exists(words) ||
           (dot && !fv_pretrained_find(words) && strlen(dot) < sizeof ".safetensors");
}

static const char *name_of(const char *weights, const char *model)
{
    return strcmp(weights, "pretrained") == 0 ? model : weights;
}

fv_status weights_find(string_pool *pool, const char **weights, const char **model)
{
    char path[PATH_MAX];
    if (!*weights || may_be_path(*weights))
        return FV_OK;
    const char *name = name_of(*weights, *model);
    if (!name)
        return status_set(FV_ERROR_INVALID, "--weights pretrained: --model must name the network");
    STATUS_TRY(weights_fetch(path, sizeof path, name, NULL));
    if (!(*weights = pool_keep(pool, mem_string(path))))
        return status_last();
    if (!*model)
        *model = fv_pretrained_find(name)->network;
    return FV_OK;
}
