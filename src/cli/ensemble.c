/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ensemble.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"

static fv_status add_model(ensemble *s, const char *path)
{
    STATUS_TRY(MEM_GROW(s->models, s->count, s->capacity));
    if (!(s->models[s->count] = fv_model_load(path)))
        return status_last();
    s->count++;
    return FV_OK;
}

fv_status ensemble_load(ensemble *s, const char *names)
{
    if (!strchr(names, ',') || file_exists(names))
        return add_model(s, names);
    fv_status status = FV_OK;
    for (const char *at = names; status == FV_OK && at;) {
        const char *comma = strchr(at, ',');
        char *one = mem_string_n(at, comma ? (size_t)(comma - at) : strlen(at));
        status = one ? add_model(s, one) : status_last();
        free(one);
        at = comma ? comma + 1 : NULL;
    }
    return status;
}

static fv_status evaluate_all(ensemble *s, fv_evaluate_options *o, fv_evaluation *each,
                              const fv_evaluation **list)
{
    for (size_t i = 0; i < s->count; i++) {
        o->model = s->models[i];
        o->result = &each[i];
        list[i] = &each[i];
        STATUS_TRY(fv_evaluate_with(o));
        o->on_log = NULL; /* pictures that are left out are the same for all */
    }
    return fv_evaluation_combine(list, (int64_t)s->count, &s->evaluation);
}

fv_status ensemble_evaluate(ensemble *s, const fv_evaluate_options *options)
{
    fv_evaluate_options o = *options;
    if (s->count == 1) {
        o.model = s->models[0];
        o.result = &s->evaluation;
        return fv_evaluate_with(&o);
    }
    fv_evaluation *each = mem_array(s->count, sizeof *each);
    const fv_evaluation **list = mem_array(s->count, sizeof *list);
    fv_status status = each && list ? evaluate_all(s, &o, each, list) : status_last();
    for (size_t i = 0; each && i < s->count; i++)
        fv_evaluation_release(&each[i]);
    free(each);
    free(list);
    return status;
}

void ensemble_release(ensemble *s)
{
    fv_evaluation_release(&s->evaluation);
    for (size_t i = 0; i < s->count; i++)
        fv_model_destroy(s->models[i]);
    free(s->models);
    *s = (ensemble){0};
}
