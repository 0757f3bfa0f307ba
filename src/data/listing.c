/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "data/source.h"

/* Asked in this order. */
static const source_kind *const kinds[] = {&address_kind, &idx_kind,   &cifar_kind,  &shards_kind,
                                           &archive_kind, &table_kind, &folder_kind, &known_kind};
enum {
    KIND_COUNT = sizeof kinds / sizeof *kinds
};

fv_status listing_add(listing *l, source *s)
{
    s->max_bytes = l->max_bytes ? (size_t)l->max_bytes : IMAGE_MAX_BYTES;
    s->max_pixels = l->max_pixels;
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

/* A file that no kind can be made of: the error says what is understood. */
static fv_status not_understood(const char *path)
{
    text all = {0};
    for (int i = 0; i < KIND_COUNT; i++)
        text_add(&all, "%s%s", i == 0 ? "" : i + 1 < KIND_COUNT ? ", " : ", and ", kinds[i]->what);
    fv_status status =
        status_set(FV_ERROR_UNSUPPORTED, "%s: is a file of an unknown kind, not a folder; understood are %s",
                   path, text_string(&all));
    text_release(&all);
    return status;
}

static fv_status list_place(listing *l, const data_place *place)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (kinds[i]->detect(place))
            return kinds[i]->list(place, l);
    if (file_exists(place->path))
        return not_understood(place->path);
    return status_set(FV_ERROR_IO,
                      "%s: no such folder or file, and none of the names that 'fovea data get --list' shows",
                      place->path);
}

fv_status listing_follow(listing *l, const char *path)
{
    file_list files = {0};
    bool folder = file_is_folder(path);
    fv_status status = folder ? file_list_folder(&files, path) : FV_OK;
    name_list names = {.items = files.names, .count = files.count}; /* a view */
    if (status == FV_OK && folder && names.count == 0)
        status = status_set(
            FV_ERROR_INVALID,
            "%s: the folder is empty; put the pictures of each class into a folder of its own", path);
    if (status == FV_OK)
        status = list_place(l, &(data_place){.path = path, .folder = folder, .names = &names});
    file_list_release(&files);
    return status;
}

fv_status listing_open(listing *l, const char *path)
{
    fv_status status = listing_follow(l, path);
    if (status != FV_OK)
        listing_release(l);
    return status;
}
