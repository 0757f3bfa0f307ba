/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <string.h>
#include <unistd.h>

const engine_api *const engine_table[] = {&onednn_engine_api, &reference_engine_api, NULL};

static fv_status open_api(const engine_api *api, int threads, engine **out)
{
    text detail = {0};
    fv_status status = api->probe(&detail);
    if (status != FV_OK)
        status_set(status, "engine %s cannot be used here: %s", api->name, text_string(&detail));
    else
        status = api->create(threads, out);
    text_release(&detail);
    return status;
}

fv_status engine_open(const char *name, int threads, engine **out)
{
    if (threads < 1)
        threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    bool any = !name || strcmp(name, "auto") == 0;
    for (int i = 0; engine_table[i]; i++) {
        if (!any && strcmp(name, engine_table[i]->name) != 0)
            continue;
        fv_status status = open_api(engine_table[i], threads, out);
        if (status == FV_OK || !any)
            return status;
    }
    text known = {0};
    for (int i = 0; engine_table[i]; i++)
        text_add(&known, ", %s", engine_table[i]->name);
    fv_status status = status_set(FV_ERROR_INVALID, "there is no engine %s; there are auto%s",
                                  any ? "that runs here" : name, text_string(&known));
    text_release(&known);
    return status;
}

void engine_close(engine *e)
{
    if (e)
        e->api->destroy(e);
}
