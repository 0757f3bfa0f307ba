/* SPDX-License-Identifier: Apache-2.0 */
/* A resumed run must have the data that it began with: other pictures would give a model that neither run made. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data/dataset.h"
#include "train/fit.h"

static const char *const part_names[] = {"training", "validation"};

static fv_status take(const fit_run *r, int part, dataset_fingerprint *out)
{
    const fv_dataset *data = part == 0 ? r->o.train : r->o.validation;
    *out = (dataset_fingerprint){0};
    return data ? dataset_take_fingerprint(data, out) : FV_OK;
}

fv_status fit_sign_data(fit_run *r)
{
    if (!r->o.out && !r->o.resume)
        return FV_OK;
    for (int part = 0; part < 2; part++) {
        dataset_fingerprint f;
        STATUS_TRY(take(r, part, &f));
        text_add(&r->data_signature, "%s%" PRId64 " %" PRId64 " %" PRIx64 " %" PRIx64, part ? ", " : "",
                 f.pictures, f.classes, f.names, f.contents);
    }
    return text_status(&r->data_signature);
}

static bool read_signature(const char *signature, dataset_fingerprint f[2])
{
    int end = 0;
    return sscanf(signature,
                  "%" SCNd64 " %" SCNd64 " %" SCNx64 " %" SCNx64 ", %" SCNd64 " %" SCNd64 " %" SCNx64
                  " %" SCNx64 "%n",
                  &f[0].pictures, &f[0].classes, &f[0].names, &f[0].contents, &f[1].pictures, &f[1].classes,
                  &f[1].names, &f[1].contents, &end) == 8 &&
           signature[end] == 0;
}

static void describe(const dataset_fingerprint *then, const dataset_fingerprint *now, text *line)
{
    if (then->classes != now->classes)
        text_add(line, "there were %" PRId64 " classes, now there are %" PRId64, then->classes, now->classes);
    else if (then->names != now->names)
        text_add(line, "the classes have other names");
    else if (then->pictures != now->pictures)
        text_add(line, "there were %" PRId64 " pictures, now there are %" PRId64, then->pictures,
                 now->pictures);
    else
        text_add(line, "of as many pictures some have other names, sizes, classes or contents");
}

/* What is wrong with the checkpoint itself is FV_ERROR_FORMAT, other data FV_ERROR_INVALID. */
fv_status fit_check_data(const fit_run *r, const checkpoint_extra *x)
{
    dataset_fingerprint then[2], now[2];
    const char *saved = checkpoint_find_value(x, "data");
    if (!saved || !read_signature(saved, then) || !read_signature(text_string(&r->data_signature), now))
        return fit_unusable(r, "data");
    for (int part = 0; part < 2; part++) {
        text line = {0};
        if (memcmp(&then[part], &now[part], sizeof now[part]) == 0)
            continue;
        describe(&then[part], &now[part], &line);
        fv_status status =
            status_set(FV_ERROR_INVALID,
                       "%s: the %s data are not those that the run began with: %s; bring them back, or "
                       "begin a new run",
                       r->o.resume, part_names[part], text_string(&line));
        text_release(&line);
        return status;
    }
    return FV_OK;
}
