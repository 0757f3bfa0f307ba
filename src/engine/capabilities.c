/* SPDX-License-Identifier: Apache-2.0 */
/* What is available on this machine: engines, instruction sets, optional libraries. */
#include <stdio.h>

#include "core/plugin.h"
#include "engine/engine.h"

typedef struct capability_list {
    fv_capability *entries;
    int64_t capacity, count;
} capability_list;

static void add(capability_list *l, const char *kind, const char *name, bool available, const char *detail)
{
    if (l->count < l->capacity) {
        fv_capability *c = &l->entries[l->count];
        *c = (fv_capability){.kind = kind, .name = name, .available = available};
        snprintf(c->detail, sizeof c->detail, "%s", detail);
    }
    l->count++;
}

static void add_engines(capability_list *l)
{
    for (int i = 0; engine_table[i]; i++) {
        text detail = {0};
        bool available = engine_table[i]->probe(&detail) == FV_OK;
        add(l, "engine", engine_table[i]->name, available, text_string(&detail));
        text_release(&detail);
    }
}

static void add_instruction_sets(capability_list *l)
{
#if defined(__x86_64__)
    add(l, "cpu", "avx2", __builtin_cpu_supports("avx2") > 0, "");
    add(l, "cpu", "fma", __builtin_cpu_supports("fma") > 0, "");
    add(l, "cpu", "avx512f", __builtin_cpu_supports("avx512f") > 0, "");
    add(l, "cpu", "avx512_vnni", __builtin_cpu_supports("avx512vnni") > 0, "");
    add(l, "cpu", "avx512_bf16", __builtin_cpu_supports("avx512bf16") > 0, "");
#else
    (void)l;
#endif
}

static void add_libraries(capability_list *l)
{
    for (int i = 0; plugin_table[i]; i++) {
        plugin *p = plugin_table[i];
        bool available = plugin_open(p, NULL, 0) == FV_OK;
        add(l, "library", p->library, available, available ? p->purpose : fv_error_message());
    }
}

int64_t fv_capabilities(fv_capability *list, int64_t capacity)
{
    capability_list l = {.entries = list, .capacity = list ? capacity : 0};
    add_engines(&l);
    add_instruction_sets(&l);
    add_libraries(&l);
    return l.count;
}
