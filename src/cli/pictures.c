/* SPDX-License-Identifier: Apache-2.0 */
/* From the arguments of predict and explain to picture files. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    DEPTH_MAX = 32 /* against links that lead back up */
};

static bool looks_like_a_picture(const char *name)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return true;
    return false;
}

static fv_status search(string_pool *found, const char *folder, int depth)
{
    file_list list;
    STATUS_TRY(file_list_folder(&list, folder));
    fv_status status = FV_OK;
    for (size_t i = 0; status == FV_OK && i < list.count; i++) {
        char *path = file_join(folder, list.names[i]);
        if (!path) {
            status = status_last();
        } else if (file_is_folder(path)) {
            if (depth < DEPTH_MAX)
                status = search(found, path, depth + 1);
            free(path);
        } else if (looks_like_a_picture(path)) {
            status = pool_keep(found, path) ? FV_OK : FV_ERROR_MEMORY;
        } else {
            free(path);
        }
    }
    file_list_release(&list);
    return status;
}

static fv_status add_argument(string_pool *found, const char *argument)
{
    if (!file_is_folder(argument))
        return pool_keep(found, mem_string(argument)) ? FV_OK : status_last();
    size_t before = found->count;
    STATUS_TRY(search(found, argument, 0));
    if (found->count == before)
        return status_set(FV_ERROR_INVALID, "%s: has no pictures (.jpg, .png)", argument);
    return FV_OK;
}

int pictures_find(string_pool *found, char *const *arguments, int count)
{
    int status = EXIT_DONE;
    for (int i = 0; i < count; i++)
        if (add_argument(found, arguments[i]) != FV_OK)
            status = cli_fail();
    return status;
}
