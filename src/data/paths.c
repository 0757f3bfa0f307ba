/* SPDX-License-Identifier: Apache-2.0 */
#include "data/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"

/* Bytes of `name`, up to and with a '/', that `common` (length bytes) begins with. */
static size_t common_folder(const char *common, size_t length, const char *name)
{
    size_t end = 0;
    for (size_t i = 0; i < length && common[i] == name[i]; i++)
        if (name[i] == '/')
            end = i + 1;
    return end;
}

/* `folder` ends in '/' or is empty. A folder within an archive cannot be resolved and stays as it is, made absolute. */
static char *absolute(const char *folder)
{
    char *real = realpath(*folder ? folder : ".", NULL), *here = NULL;
    if (!real && *folder == '/')
        return mem_string(folder);
    if (!real)
        here = getcwd(NULL, 0);
    char *result = real ? file_join(real, "") : file_join(here ? here : "", folder);
    free(real);
    free(here);
    return result;
}

fv_status paths_open(picture_paths *p, const store *s)
{
    char first[PATHS_BYTES], name[PATHS_BYTES];
    *p = (picture_paths){.store = s};
    store_file(s, 0, first, sizeof first);
    p->skip = common_folder(first, strlen(first), first);
    for (int64_t i = 1; i < s->count && p->skip > 0; i++) {
        store_file(s, i, name, sizeof name);
        p->skip = common_folder(first, p->skip, name);
    }
    first[p->skip] = 0;
    if (!(p->root = absolute(first)))
        return status_last();
    p->root_length = strlen(p->root);
    return FV_OK;
}

void paths_print(const picture_paths *p, int64_t sample, char *buffer, size_t size)
{
    char name[PATHS_BYTES];
    store_file(p->store, sample, name, sizeof name);
    snprintf(buffer, size, "%s%s", p->root, name + p->skip);
}

void paths_close(picture_paths *p)
{
    free(p->root);
    *p = (picture_paths){0};
}
