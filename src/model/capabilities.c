/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine offers: engines, instruction sets, libraries. */
#include <stdio.h>

#include "core/plugin.h"
#include "engine/engine.h"
#include "image/image.h"

typedef struct capability_list {
    fv_capability *entries;
    int64_t capacity, count;
} capability_list;

static void add(capability_list *list, const char *kind, const char *name, bool available, const char *detail)
{
    if (list->count < list->capacity) {
        fv_capability *c = &list->entries[list->count];
        *c = (fv_capability){.kind = kind, .name = name, .available = available};
        snprintf(c->detail, sizeof c->detail, "%s", detail);
    }
    list->count++;
}

static void add_engines(capability_list *list)
{
    for (int i = 0; engine_table[i]; i++) {
        text detail = {0};
        bool available = engine_table[i]->probe(&detail) == FV_OK;
        add(list, "engine", engine_table[i]->name, available, text_string(&detail));
        text_release(&detail);
    }
}

/* What the kernels make use of. */
static void add_cpu(capability_list *list)
{
#if defined(__x86_64__)
#define CPU(NAME) add(list, "cpu", NAME, __builtin_cpu_supports(NAME) != 0, "")
    CPU("avx2");
    CPU("fma");
    CPU("avx512f");
    CPU("avx512vnni");
    CPU("avx512bf16");
#undef CPU
#else
    add(list, "cpu", "portable C", true, "");
#endif
}

/* "1.2.4, WebP pictures", or what is missing. */
static void add_plugin(capability_list *list, plugin *p)
{
    char version[32], detail[128];
    if (plugin_open(p, NULL, 0) != FV_OK) {
        add(list, "library", p->library, false, fv_error_message());
        return;
    }
    plugin_version(p, version, sizeof version);
    snprintf(detail, sizeof detail, "%s%s%s", version, version[0] ? ", " : "", p->purpose);
    add(list, "library", p->library, true, detail);
}

static void add_libraries(capability_list *list)
{
    for (const image_library *l = image_libraries(); l->name; l++)
        add(list, "library", l->name, true, l->version);
    for (int i = 0; plugin_table[i]; i++)
        add_plugin(list, plugin_table[i]);
}

int64_t fv_capabilities(fv_capability *entries, int64_t capacity)
{
    capability_list list = {entries, entries ? capacity : 0, 0};
    add_engines(&list);
    add_cpu(&list);
    add_libraries(&list);
    return list.count;
}
