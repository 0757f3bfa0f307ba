/* SPDX-License-Identifier: Apache-2.0 */
/* One archive as a data set: what lies in it is recognised as it would be in a folder. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/archives/container.h"
#include "data/shards.h"
#include "data/tree.h"

static bool detect(const data_place *place)
{
    return !place->folder && container_detect(place->path);
}

/* Files of one folder: they stand together, see container_sort. `*folder` is the length of its path with the slash. */
static size_t folder_end(const container *c, size_t from, size_t *folder)
{
    *folder = (size_t)(file_base_name(container_name(c, from)) - container_name(c, from));
    size_t i = from + 1;
    for (; i < c->count; i++) {
        const char *name = container_name(c, i);
        if (strncmp(name, container_name(c, from), *folder) != 0 || strchr(name + *folder, '/'))
            break;
    }
    return i;
}

/* The files [from, to) of a folder as a place: IDX or CIFAR files are listed, and `*found` set. */
static fv_status list_folder(const container *c, size_t from, size_t to, size_t folder, listing *l,
                             bool *found)
{
    static const source_kind *const binary[] = {&idx_kind, &cifar_kind};
    name_list names = {.items = mem_array(to - from, sizeof *names.items), .count = to - from};
    text path = {0};
    text_add(&path, "%s", c->path);
    if (folder > 0)
        text_add(&path, "/%.*s", (int)folder - 1, container_name(c, from));
    fv_status status = names.items ? text_status(&path) : status_last();
    for (size_t i = from; names.items && i < to; i++)
        names.items[i - from] = c->names.data + c->entries[i].name + folder; /* views */
    data_place place = {
        .path = text_string(&path), .folder = true, .names = &names, .archive = c, .first = from};
    for (int k = 0; status == FV_OK && k < 2 && !*found; k++)
        if (binary[k]->detect(&place)) {
            *found = true;
            status = binary[k]->list(&place, l);
        }
    free(names.items);
    text_release(&path);
    return status;
}

static fv_status list_container(container *c, listing *l)
{
    bool found = false;
    STATUS_TRY(container_problems(c, &l->problems));
    if (c->count == 0)
        return status_set(FV_ERROR_INVALID, "%s: %s", c->path,
                          c->encrypted > 0
                              ? "the files in it are encrypted; unpack it with its password first"
                              : "no files are in it");
    if (shards_detect(c))
        return shards_list(c, l);
    for (size_t i = 0, end, folder; i < c->count && !found; i = end) {
        end = folder_end(c, i, &folder);
        STATUS_TRY(list_folder(c, i, end, folder, l, &found));
    }
    return found ? FV_OK : tree_list(c, l);
}

static fv_status list(const data_place *place, listing *l)
{
    container *c;
    STATUS_TRY(container_open(place->path, true, &c));
    fv_status status = l->on_error == FV_FAIL && c->encrypted > 0
                           ? status_set(FV_ERROR_UNSUPPORTED,
                                        "%s/%s: is encrypted; unpack the archive with its password first",
                                        c->path, c->names.data + c->first_encrypted)
                           : list_container(c, l);
    container_release(c);
    return status;
}

const source_kind archive_kind = {
    "a zip or tar archive (.zip, .tar, .tar.gz, .tar.xz, .tar.zst, .tar.bz2) of one of these", detect, list};
