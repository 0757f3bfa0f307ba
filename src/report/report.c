/* SPDX-License-Identifier: Apache-2.0 */
/* fv_report_write: gathers what the report needs from a model and a data set. */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/memory.h"
#include "data/dataset.h"
#include "explain/saliency.h"

/* What the callbacks need. */
typedef struct pictures {
    const fv_dataset *data;
    const fv_preprocess *preprocess;
    void *session; /* of Grad-CAM; NULL: the network cannot be explained */
} pictures;

static fv_status picture_of_dataset(int64_t index, image *out, char *name, size_t size, void *user)
{
    const pictures *p = user;
    fv_dataset_file(p->data, index, name, size);
    image_space space = {0};
    fv_status status = dataset_decode(p->data, index, &(image_decode_options){.channels = 3}, &space, out);
    image_space_release(&space);
    return status;
}

static fv_status draw_heat(int64_t index, int64_t class_index, image *thumbnail, void *user)
{
    const pictures *p = user;
    image picture = {0}, input = {0}, canvas = {0};
    image_space space = {0};
    saliency_map map = {0};
    image_decode_options decode = image_fit_options(p->preprocess);
    fv_status status = dataset_decode(p->data, index, &decode, &space, &picture);
    if (status == FV_OK)
        status = saliency_fit(&picture, p->preprocess, &input);
    if (status == FV_OK)
        status = saliency_gradcam.compute(p->session, input.data, class_index, &map);
    if (status == FV_OK)
        status = saliency_canvas(thumbnail, &canvas);
    if (status == FV_OK) {
        overlay_draw(&canvas, p->preprocess, &map);
        image swap = *thumbnail;
        *thumbnail = canvas;
        canvas = swap;
    }
    saliency_map_release(&map);
    image_space_release(&space);
    image_release(&picture);
    image_release(&input);
    image_release(&canvas);
    return status;
}

static fv_status resolve(const fv_report_options *given, fv_report_options *o)
{
    *o = (fv_report_options){0};
    if (!given || given->struct_size < sizeof given->struct_size)
        return status_set(FV_ERROR_INVALID,
                          "report: options without struct_size: use fv_report_write(run, ...)");
    memcpy(o, given, given->struct_size < sizeof *o ? given->struct_size : sizeof *o);
    if (!o->run || !*o->run)
        return status_set(FV_ERROR_INVALID, "report: a run folder is needed");
    if (!o->model)
        return status_set(FV_ERROR_INVALID, "report: a model is needed");
    if (o->folds > 0 && !o->evaluation)
        return status_set(FV_ERROR_INVALID, "report: of folds an evaluation is needed");
    if (!file_is_folder(o->run))
        return status_set(FV_ERROR_IO, "%s: is no folder; name a run's folder", o->run);
    return FV_OK;
}

static fv_status list_problems(const fv_dataset *d, const char ***problems)
{
    int64_t count = fv_dataset_problem_count(d);
    if (!(*problems = mem_array((size_t)count, sizeof **problems)))
        return status_last();
    for (int64_t i = 0; i < count; i++)
        (*problems)[i] = fv_dataset_problem(d, i);
    return FV_OK;
}

fv_status fv_report_write_with(const fv_report_options *options)
{
    fv_report_options o;
    STATUS_TRY(resolve(options, &o));
    report_input in = {.run = o.run,
                       .title = o.title ? o.title : fv_model_name(o.model),
                       .model_name = fv_model_name(o.model),
                       .parameters = fv_model_parameter_count(o.model),
                       .multiply_adds = fv_model_multiply_adds(o.model),
                       .evaluation = o.evaluation,
                       .intervals = o.evaluation ? o.intervals : NULL,
                       .groups = o.evaluation ? o.groups : NULL,
                       .folds = o.folds,
                       .dataset = o.dataset ? o.dataset : o.data,
                       .ensemble = o.ensemble};
    if (!in.title)
        in.title = "Report";
    fv_status status = FV_OK;
    const char **problems = NULL;
    pictures p = {.data = o.data, .preprocess = fv_model_preprocess(o.model)};
    if (o.data) {
        in.picture = picture_of_dataset;
        in.user = &p;
        status = list_problems(o.data, &problems);
        in.problems = problems;
        in.problem_count = fv_dataset_problem_count(o.data);
    }
    if (o.data && o.evaluation && !o.folds && saliency_gradcam.open(o.model, NULL, &p.session) == FV_OK)
        in.heat = draw_heat;
    if (status == FV_OK)
        status = report_write(&in);
    saliency_gradcam.close(p.session);
    free(problems);
    return status;
}
