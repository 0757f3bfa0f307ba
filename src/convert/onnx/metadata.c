/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisation and class names: what the graph does to its input first, and properties that writers (Ultralytics') keep. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert/onnx/importer.h"
#include "core/memory.h"
#include "core/text.h"
#include "model/file.h"

static const char *property(const importer *m, const char *key)
{
    const Onnx__ModelProto *model = m->file.model;
    for (size_t i = 0; i < model->n_metadata_props; i++)
        if (model->metadata_props[i]->key && strcmp(model->metadata_props[i]->key, key) == 0)
            return model->metadata_props[i]->value;
    return NULL;
}

/* ---- normalisation ---- */

/* Up to `most` numbers of "[0.485, 0.456, 0.406]"; 0 where it is nothing of the kind. */
static int read_numbers(const char *words, float *numbers, int most)
{
    int count = 0;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* numbers have a point in every locale */
    while (words && *words && count < most) {
        char *end;
        float number = strtof_l(words, &end, c);
        if (end == words) {
            words++;
            continue;
        }
        numbers[count++] = number;
        words = end;
    }
    freelocale(c);
    return count;
}

/* y = scale * x + shift of an x that is 0..255 or 0..1. Which, the numbers say: a mean or a standard deviation of pictures is
 * some part of the range. */
static void of_graph(const importer *m, fv_preprocess *p)
{
    int64_t channels = m->input->size[CHANNELS];
    bool bytes = false;
    for (int64_t i = 0; i < channels; i++)
        bytes = bytes || fabsf(m->scale[i]) < 0.25f || fabsf(m->shift[i] / m->scale[i]) > 1.5f;
    for (int64_t i = 0; i < channels; i++) {
        float range = bytes ? 1 : 255;
        p->std[i] = range / m->scale[i];
        p->mean[i] = -m->shift[i] / m->scale[i] * range;
    }
    import_log(m, "the graph normalises its input itself, of values 0..%d: kept as the model's preprocessing",
               bytes ? 255 : 1);
}

static bool of_properties(const importer *m, fv_preprocess *p)
{
    float mean[FV_MAX_CHANNELS] = {0}, std[FV_MAX_CHANNELS] = {0};
    int64_t channels = m->input->size[CHANNELS];
    const char *author = property(m, "author");
    bool given = read_numbers(property(m, "mean"), mean, (int)channels) == channels &&
                 read_numbers(property(m, "std"), std, (int)channels) == channels;
    if (!given && (!author || strcmp(author, "Ultralytics") != 0))
        return false;
    for (int64_t i = 0; i < channels; i++) {
        float range = given && (mean[i] > 2 || std[i] > 2) ? 1 : 255;
        p->mean[i] = range * mean[i];
        p->std[i] = given ? range * std[i] : 255;
    }
    return true;
}

/* ---- class names ---- */

/* The next quoted string of "{0: 'tench', 1: \"jack-o'-lantern\"}", unquoted in place. NULL: there is none. */
static char *next_name(char **at)
{
    char *from = *at + strcspn(*at, "'\""), *to = from;
    if (!*from)
        return NULL;
    char quote = *from, *name = from;
    for (from++; *from && *from != quote; from++) {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *at = *from ? from + 1 : from;
    *to = 0;
    return name;
}

static fv_status set_names(const importer *m, fv_model *model)
{
    const char *names = property(m, "names");
    int64_t outputs = fv_model_class_count(model), count = 0;
    int64_t classes = outputs == 1 ? 2 : outputs; /* one output tells two apart */
    if (!names || m->options->classes)
        return FV_OK;
    char *words = mem_string(names), *at = words, *name;
    const char **list = mem_array((size_t)classes, sizeof *list);
    fv_status status = words && list ? FV_OK : status_last();
    while (status == FV_OK && (name = next_name(&at))) {
        text_flatten(name);
        if (count < classes)
            list[count] = name;
        count++;
    }
    if (status == FV_OK && (count == classes || count == outputs))
        status = fv_model_set_classes(model, list, count);
    else if (status == FV_OK)
        import_log(m, "its %lld class names were left out: it has %lld outputs", (long long)count,
                   (long long)outputs);
    free(list);
    free(words);
    return status;
}

/* What fovea's own export wrote. */
static fv_status take_own(const importer *m, fv_model *model)
{
    const Onnx__ModelProto *p = m->file.model;
    json_t *own = json_object();
    for (size_t i = 0; own && i < p->n_metadata_props; i++) {
        const Onnx__StringStringEntryProto *e = p->metadata_props[i];
        bool names = e->key && strcmp(e->key, "fovea.classes") == 0; /* which have a property of their own */
        if (e->key && e->value && !names && strncmp(e->key, "fovea.", 6) == 0)
            json_object_set_new(own, e->key, json_string(e->value));
    }
    fv_status status = own ? model_metadata_take(model, m->file.path, own)
                           : status_set(FV_ERROR_MEMORY, "not enough memory");
    json_decref(own);
    return status == FV_OK ? set_names(m, model) : status;
}

fv_status import_preprocess(importer *m, fv_model *model)
{
    if (property(m, "fovea.preprocess") && property(m, "fovea.output"))
        return take_own(m, model);
    fv_preprocess p = *fv_model_preprocess(model);
    bool found = m->normalises;
    for (int64_t i = 0; i < m->input->size[CHANNELS]; i++)
        found = found && m->scale[i] != 0 && isfinite(m->scale[i]) && isfinite(m->shift[i]);
    if (m->normalises && !found)
        return status_set(FV_ERROR_FORMAT, "its graph multiplies its input with 0 or what is no number");
    if (found)
        of_graph(m, &p);
    else
        found = of_properties(m, &p);
    p.reverse_channels = m->reverses;
    if (!found)
        memset(p.std, 0, sizeof p.std); /* neither given nor changed */
    STATUS_TRY(fv_model_set_preprocess(model, &p));
    if (!found && !m->options->normalisation_given)
        import_log(m, "the file does not say how pictures are normalised: unless it is given (--preprocess), "
                      "training takes it "
                      "from its data");
    return set_names(m, model);
}
