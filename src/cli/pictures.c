/* SPDX-License-Identifier: Apache-2.0 */
/* From the arguments of predict and explain to picture files. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "core/file.h"
#include "core/memory.h"

/* The folders that were searched: each is only once, wherever links lead. */
typedef struct visited {
    struct stat *list;
    size_t count, capacity;
} visited;

/* True when the folder was not there before. */
static bool visit(visited *v, const char *folder)
{
    struct stat info;
    if (stat(folder, &info) != 0)
        return false;
    for (size_t i = 0; i < v->count; i++)
        if (v->list[i].st_ino == info.st_ino && v->list[i].st_dev == info.st_dev)
            return false;
    if (MEM_GROW(v->list, v->count, v->capacity) != FV_OK)
        return false;
    v->list[v->count++] = info;
    return true;
}

static fv_status search(string_pool *found, const char *folder, visited *v)
{
    file_list list;
    STATUS_TRY(file_list_folder(&list, folder));
    fv_status status = FV_OK;
    for (size_t i = 0; status == FV_OK && i < list.count; i++) {
        char *path = file_join(folder, list.names[i]);
        if (!path) {
            status = status_last();
        } else if (file_is_folder(path)) {
            if (visit(v, path))
                status = search(found, path, v);
            free(path);
        } else if (fv_is_picture_name(path)) {
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
    visited v = {0};
    visit(&v, argument);
    fv_status status = search(found, argument, &v);
    free(v.list);
    STATUS_TRY(status);
    if (found->count == before)
        return status_set(FV_ERROR_INVALID, "%s: has no pictures", argument);
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
