/* SPDX-License-Identifier: Apache-2.0 */
/* Data elsewhere: an address, or a name that is known. Both are fetched once, and then are a place like any other. */
#include <limits.h>
#include <strings.h>

#include "core/download.h"
#include "data/known.h"
#include "data/source.h"

static bool is_address(const data_place *place)
{
    return download_is_address(place->path) || strncasecmp(place->path, "file://", 7) == 0;
}

/* What lies here under that name goes before. */
static bool is_known(const data_place *place)
{
    return !place->folder && !file_exists(place->path) && known_find(place->path);
}

static fv_status list(const data_place *place, listing *l)
{
    char path[PATH_MAX];
    STATUS_TRY(fv_download(path, sizeof path, place->path, .on_progress = l->on_download, .user = l->user));
    return listing_follow(l, path);
}

const source_kind address_kind = {"an address (http, https or file) of such", is_address, list};
const source_kind known_kind = {"a name that 'fovea data get' lists", is_known, list};
