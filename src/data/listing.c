/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "data/source.h"

#define UNDERSTOOD                                                                                           \
    "understood are a folder of class folders, a folder with train/, val/ and test/ in it, a folder with "   \
    "IDX files, "                                                                                            \
    "and CIFAR's folders of binaries"

static bool always(const char *folder, const name_list *names)
{
    (void)folder, (void)names;
    return true;
}

/* Asked in this order. */
static const struct {
    bool (*detect)(const char *folder, const name_list *names);
    fv_status (*list)(const char *folder, const name_list *names, listing *l);
} kinds[] = {{idx_detect, idx_list}, {cifar_detect, cifar_list}, {always, folder_list}};

void source_free(source *s)
{
    free(s->labels);
    names_release(&s->classes);
    free(s);
}

fv_status listing_add(listing *l, source *s)
{
    fv_status status = MEM_GROW(l->sources, l->count, l->capacity);
    if (status == FV_OK)
        l->sources[l->count++] = s;
    else
        s->destroy(s);
    return status;
}

void listing_release(listing *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->sources[i]) /* NULL: moved to another listing */
            l->sources[i]->destroy(l->sources[i]);
    free(l->sources);
    names_release(&l->problems);
    *l = (listing){0};
}

static fv_status check_folder(const char *path)
{
    if (file_is_folder(path))
        return FV_OK;
    if (strstr(path, "://"))
        return status_set(FV_ERROR_UNSUPPORTED, "%s: addresses are not understood as data; " UNDERSTOOD,
                          path);
    if (file_exists(path))
        return status_set(FV_ERROR_UNSUPPORTED, "%s: is a file, not a folder; " UNDERSTOOD, path);
    return status_set(FV_ERROR_IO, "%s: no such folder; " UNDERSTOOD, path);
}

fv_status listing_open(listing *l, const char *path, fv_on_error on_error)
{
    *l = (listing){.on_error = on_error};
    STATUS_TRY(check_folder(path));
    file_list files;
    STATUS_TRY(file_list_folder(&files, path));
    name_list names = {.items = files.names, .count = files.count}; /* a view */
    fv_status status = FV_OK;
    if (names.count == 0)
        status = status_set(FV_ERROR_INVALID, "%s: the folder is empty; " UNDERSTOOD, path);
    for (size_t i = 0; status == FV_OK && i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].detect(path, &names)) {
            status = kinds[i].list(path, &names, l);
            break;
        }
    file_list_release(&files);
    if (status != FV_OK)
        listing_release(l);
    return status;
}
