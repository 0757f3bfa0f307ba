/* SPDX-License-Identifier: Apache-2.0 */
#include "data/archives/libarchive.h"

#include "core/plugin.h"

static libarchive_api table;

#define SYMBOL(name) {"archive_" #name, (void **)&table.name},
static const plugin_symbol symbols[] = {LIBARCHIVE_FUNCTIONS(SYMBOL)};

fv_status libarchive_open(const libarchive_api **api)
{
    STATUS_TRY(plugin_open(&plugin_archive, symbols, sizeof symbols / sizeof *symbols));
    *api = &table;
    return FV_OK;
}
