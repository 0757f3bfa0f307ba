/* SPDX-License-Identifier: Apache-2.0 */
/* The folds' models on the pictures that they have not seen. */
#include <stdlib.h>
#include <string.h>

#include "cli/cv.h"
#include "cli/progress.h"
#include "core/file.h"
#include "core/memory.h"

static fv_status measure(const cv_run *r, fv_model *m, const fv_dataset *data, fv_evaluation *e)
{
    progress_bar bar;
    progress_init(&bar);
    fv_status status = fv_evaluate(m, .data = data, .result = e, .on_error = (fv_on_error)r->s.a.on_error,
                                   .on_step = progress_step, .user = &bar);
    progress_end(&bar);
    return status;
}

/* The model's names go with it; those of the data stay. */
static fv_status borrow_names(fv_evaluation *e, const fv_dataset *whole)
{
    for (int64_t c = 0; c < e->class_count; c++) {
        const char *name = fv_dataset_class_name(whole, c);
        if (!name || strcmp(name, e->classes[c].name) != 0)
            return status_set(FV_ERROR_INVALID,
                              "class %s of a fold's model is not class %lld of the data; "
                              "did the data change?",
                              e->classes[c].name, (long long)c);
        e->classes[c].name = name;
    }
    return FV_OK;
}

static fv_status measure_held_out(const cv_run *r, int64_t i, fv_model *m)
{
    train_arguments a = cv_fold_arguments(r, i);
    fv_evaluation *e = &r->held[i];
    fv_dataset *d = train_open(&a);
    if (!d)
        return status_last();
    const fv_dataset *held = fv_dataset_part(d, FV_TEST);
    fv_status status = measure(r, m, held, e);
    for (int64_t k = 0; status == FV_OK && k < e->images; k++)
        e->index[k] = fv_dataset_position(held, e->index[k]);
    fv_dataset_destroy(d);
    return status == FV_OK ? borrow_names(e, r->whole) : status;
}

static fv_status measure_run(cv_run *r, int64_t i)
{
    char *folder = cv_fold_folder(r, i), *path = folder ? file_join(folder, "best.safetensors") : NULL;
    fv_model *m = path ? fv_model_load(path) : NULL;
    free(folder);
    free(path);
    if (!m)
        return status_last();
    fv_status status = measure_held_out(r, i, m);
    if (status == FV_OK && r->test)
        status = measure(r, m, r->test, &r->tested[i]);
    if (status == FV_OK && r->test)
        status = borrow_names(&r->tested[i], r->whole);
    if (i == 0)
        r->model = m;
    else
        fv_model_destroy(m);
    return status;
}

static fv_status join(cv_run *r)
{
    const fv_evaluation **list = mem_array((size_t)r->count, sizeof *list);
    if (!list)
        return status_last();
    for (int64_t i = 0; i < r->folds; i++)
        list[i] = &r->held[i];
    fv_status status = fv_evaluation_pool(list, r->folds, &r->pooled);
    for (int64_t i = 0; i < r->count; i++)
        list[i] = &r->tested[i];
    if (status == FV_OK && r->test)
        status = fv_evaluation_combine(list, r->count, &r->ensemble);
    free(list);
    return status == FV_OK ? fv_bootstrap(&r->pooled, .intervals = r->intervals, .seed = r->s.a.seed)
                           : status;
}

fv_status cv_evaluate(cv_run *r)
{
    r->held = mem_array((size_t)r->count, sizeof *r->held);
    r->tested = mem_array((size_t)r->count, sizeof *r->tested);
    if (!r->held || !r->tested)
        return status_last();
    for (int64_t i = 0; i < r->count; i++)
        STATUS_TRY(measure_run(r, i));
    return join(r);
}
