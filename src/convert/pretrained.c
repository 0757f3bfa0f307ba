/* SPDX-License-Identifier: Apache-2.0 */
/* Published weights: downloaded, checked, and kept as a model file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "convert/class_names.h"
#include "convert/pretrained_table.h"
#include "core/download.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"

int64_t fv_pretrained_count(void)
{
    int64_t count = 0;
    while (pretrained_table[count].name)
        count++;
    return count;
}

const fv_pretrained *fv_pretrained_get(int64_t index)
{
    return index >= 0 && index < fv_pretrained_count() ? &pretrained_table[index] : NULL;
}

const fv_pretrained *fv_pretrained_find(const char *name)
{
    for (const fv_pretrained *p = pretrained_table; name && p->name; p++)
        if (strcmp(p->name, name) == 0 || strcmp(p->network, name) == 0)
            return p;
    return NULL;
}

static fv_status unknown(const char *name)
{
    const char *names[256];
    size_t count = 0;
    for (const fv_pretrained *p = pretrained_table; p->name && count + 2 < 256; p++) {
        names[count++] = p->name;
        names[count++] = p->network;
    }
    if (fv_zoo_find(name))
        return status_set(FV_ERROR_INVALID, "no weights of the network %s are published that are known here",
                          name);
    const char *near = strlen(name) < 64 ? text_nearest(name, names, count) : NULL;
    return status_set(FV_ERROR_INVALID, "%.200s: no published weights have this name%s%s%s", name,
                      near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* ---- the model file ---- */

static fv_status set_preprocess(fv_model *m, const fv_pretrained *p)
{
    fv_preprocess s = *fv_model_preprocess(m);
    memcpy(s.mean, p->mean, sizeof p->mean);
    memcpy(s.std, p->std, sizeof p->std);
    s.crop_fraction = p->crop_fraction;
    s.interpolation = p->interpolation;
    return fv_model_set_preprocess(m, &s);
}

static fv_status fill(fv_model *m, const fv_pretrained *p, const char *weights)
{
    int64_t classes, left;
    const char *const *names = class_names_of(p->data, &classes);
    STATUS_TRY(fv_model_load_weights(m, weights, NULL, &left));
    if (left > 0)
        return status_set(FV_ERROR_FORMAT, "its last layer does not tell %lld classes apart",
                          (long long)classes);
    STATUS_TRY(set_preprocess(m, p));
    return fv_model_set_classes(m, names, classes);
}

static fv_status convert(const fv_pretrained *p, const char *weights, const char *path)
{
    fv_model *m = fv_zoo_create(p->network, .height = p->size, .width = p->size);
    if (!m)
        return status_last();
    fv_status status = fill(m, p, weights);
    if (status == FV_OK)
        status = fv_model_save(m, path);
    else if (status == FV_ERROR_FORMAT || status == FV_ERROR_UNSUPPORTED) {
        unlink(weights); /* or the next download would not begin */
        status = status_prefix(status, "%s: what came is not what was published, and was deleted", p->url);
    }
    fv_model_destroy(m);
    return status;
}

/* ---- fetching ---- */

static fv_status download(const fv_pretrained *p, const fv_pretrained_options *o, const char *path)
{
    text url = {0};
    const char *mirror = o->mirror ? o->mirror : getenv("FOVEA_WEIGHTS_MIRROR");
    if (mirror && *mirror)
        text_add(&url, "%s/%s/%s", mirror, p->name, file_base_name(p->url));
    else
        text_add(&url, "%s", p->url);
    fv_status status = text_status(&url);
    if (status == FV_OK)
        status = download_file(&(download_options){.url = text_string(&url),
                                                   .path = path,
                                                   .sha256 = *p->sha256 ? p->sha256 : NULL,
                                                   .on_progress = o->on_progress,
                                                   .user = o->user});
    text_release(&url);
    return status;
}

/* Another process may do the same at the same time: the model file appears at once, and is the same. */
static fv_status make(const fv_pretrained *p, const fv_pretrained_options *o, const char *path)
{
    text weights = {0};
    text_add(&weights, "%s.download", path);
    fv_status status = text_status(&weights);
    if (status == FV_OK)
        status = download(p, o, text_string(&weights));
    if (status == FV_OK) {
        status = convert(p, text_string(&weights), path);
        if (status != FV_OK && file_exists(path))
            status = FV_OK;
        if (status == FV_OK)
            unlink(text_string(&weights));
    }
    text_release(&weights);
    return status;
}

/* The folder for the model files, which is made; the caller frees it. */
static char *make_folder(const fv_pretrained_options *o)
{
    char *cache = o->folder ? NULL : file_cache_folder();
    char *folder = o->folder ? mem_string(o->folder) : cache ? file_join(cache, "models") : NULL;
    free(cache);
    if (folder && file_make_folders(folder) != FV_OK) {
        free(folder);
        return NULL;
    }
    return folder;
}

static fv_status fetch(const fv_pretrained *p, const fv_pretrained_options *o, char *path, size_t size)
{
    char *folder = make_folder(o);
    if (!folder)
        return status_last();
    int length = snprintf(path, size, "%s/%s.safetensors", folder, p->name);
    free(folder);
    if (length < 0 || (size_t)length >= size)
        return status_set(FV_ERROR_INVALID, "pretrained: the path does not fit into %zu bytes", size);
    return file_exists(path) ? FV_OK : make(p, o, path);
}

fv_status fv_pretrained_fetch_with(char *path, size_t size, const fv_pretrained_options *options)
{
    fv_pretrained_options o = {0};
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.name || !*o.name || !path)
        return status_set(FV_ERROR_INVALID, "pretrained: a name, and room for the path, are needed");
    const fv_pretrained *p = fv_pretrained_find(o.name);
    return p ? fetch(p, &o, path, size) : unknown(o.name);
}
