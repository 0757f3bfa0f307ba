/* SPDX-License-Identifier: Apache-2.0 */
#include "data/split_write.h"

#include <string.h>
#include <strings.h>

const char *split_part_name(fv_part part)
{
    static const char *const names[] = {"all", "train", "val", "test"};
    return names[part];
}

fv_status split_step(split_job *job)
{
    const fv_split_options *o = job->options;
    job->done++;
    if (o->on_progress && o->on_progress(job->done, job->store->count, o->user))
        return status_set(FV_INTERRUPTED, "%s: stopped after %lld of %lld pictures; nothing was kept",
                          o->path, (long long)job->done, (long long)job->store->count);
    return FV_OK;
}

fv_status split_need_files(const split_job *job, const char *what)
{
    const listing *l = &job->store->sources;
    for (size_t i = 0; i < l->count; i++) {
        char name[PATHS_BYTES];
        if (l->sources[i]->in_files || l->sources[i]->count == 0)
            continue;
        l->sources[i]->file(l->sources[i], 0, name, sizeof name);
        return status_set(
            FV_ERROR_UNSUPPORTED,
            "%s: %s needs pictures that are files, and %.500s is not one; write copies into folders",
            job->options->path, what, name);
    }
    return FV_OK;
}

static bool is_table_name(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && (strcasecmp(path + n - 4, ".csv") == 0 || strcasecmp(path + n - 4, ".tsv") == 0);
}

static fv_status resolve(const fv_dataset *d, const fv_split_options *given, fv_split_options *o)
{
    *o = (fv_split_options){0};
    memcpy(o, given, given->struct_size < sizeof *o ? given->struct_size : sizeof *o);
    if (!d || d != &d->store->parts[FV_ALL])
        return status_set(FV_ERROR_INVALID, "fv_split_write: a whole data set is needed, not a part of one");
    if (!o->path || !*o->path)
        return status_set(FV_ERROR_INVALID, "fv_split_write: a path is needed");
    if (o->form == FV_SPLIT_DEFAULT)
        o->form = is_table_name(o->path) ? FV_SPLIT_TABLE : FV_SPLIT_COPY;
    if ((o->form == FV_SPLIT_TABLE) != is_table_name(o->path))
        return status_set(FV_ERROR_INVALID, "%s: %s", o->path,
                          o->form == FV_SPLIT_TABLE ? "a table's name ends in .csv or .tsv"
                                                    : "is a table's name; name a folder");
    return FV_OK;
}

fv_status fv_split_write_with(const fv_dataset *d, const fv_split_options *options)
{
    fv_split_options o;
    STATUS_TRY(resolve(d, options, &o));
    split_job job = {.options = &o, .store = d->store};
    STATUS_TRY(paths_open(&job.paths, d->store));
    fv_status status = o.form == FV_SPLIT_TABLE ? split_write_table(&job) : split_write_folders(&job);
    paths_close(&job.paths);
    return status;
}
