/* SPDX-License-Identifier: Apache-2.0 */
/* The formats, and what they have in common: files are written into a folder of their own, checked there, and put in place. */
#include "convert/export.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/csource/format.h"
#include "convert/onnx_export/export.h"
#include "convert/tflite_export/export.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"

static const export_format *const formats[] = {&onnx_export_format, &tflite_export_format,
                                               &csource_export_format, NULL};

const fv_export_format *fv_export_format_get(int64_t index)
{
    int64_t count = sizeof formats / sizeof *formats - 1;
    return index >= 0 && index < count ? &formats[index]->info : NULL;
}

/* ---- which format ---- */

static bool ends_with(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

static fv_status unknown_format(const fv_export_options *o)
{
    text names = {0};
    for (size_t i = 0; formats[i]; i++)
        text_add(&names, "%s%s", i ? (formats[i + 1] ? ", " : " and ") : "", formats[i]->info.name);
    fv_status status =
        o->format ? status_set(FV_ERROR_INVALID, "export: %.50s is no format; there are %s", o->format,
                               text_string(&names))
                  : status_set(FV_ERROR_INVALID, "%s: its ending is that of no format; name one (format): %s",
                               o->path, text_string(&names));
    text_release(&names);
    return status;
}

static fv_status find_format(const fv_export_options *o, const export_format **out)
{
    for (size_t i = 0; formats[i]; i++)
        if (o->format ? strcmp(o->format, formats[i]->info.name) == 0
                      : ends_with(o->path, formats[i]->info.ending)) {
            *out = formats[i];
            return FV_OK;
        }
    return unknown_format(o);
}

fv_status export_unsupported(const op *o, const char *format, const char *why)
{
    const char *advice =
        o->kind == OP_VOTE ? "; train another head (--head linear), which can be exported"
        : o->kind == OP_FAKE_QUANTIZE
            ? "; exports are in floating point: import the quantised file with --dequantize, and export that"
            : "";
    return status_set(FV_ERROR_UNSUPPORTED, "layer %s: %s cannot be written as %s%s%s%s",
                      o->name ? o->name : "?", op_info_of(o->kind)->name, format, why ? ": " : "",
                      why ? why : "", advice);
}

/* ---- files ---- */

static fv_status move_file(const char *from_folder, const char *to_folder, const char *name)
{
    char *from = file_join(from_folder, name), *to = file_join(to_folder, name);
    fv_status status = from && to ? FV_OK : status_last();
    if (status == FV_OK && rename(from, to) != 0)
        status = status_set(FV_ERROR_IO, "%s: cannot be put in place: %s", to, strerror(errno));
    free(from);
    free(to);
    return status;
}

static fv_status move_all(const char *from_folder, const char *to_folder)
{
    file_list list;
    STATUS_TRY(file_list_all(&list, from_folder));
    fv_status status = FV_OK;
    for (size_t i = 0; status == FV_OK && i < list.count; i++)
        status = move_file(from_folder, to_folder, list.names[i]);
    file_list_release(&list);
    return status;
}

static fv_status write_checked(const export_format *f, const fv_export_options *o, const char *folder)
{
    export_network n;
    char *path = file_join(folder, file_base_name(o->path));
    fv_status status = path ? export_network_make(o->model, f->fused, &n) : status_last();
    if (status == FV_OK) {
        status = f->write(&n, o, path);
        export_network_release(&n);
    }
    if (status == FV_OK)
        status = export_check(f, o, path);
    free(path);
    return status;
}

/* A folder beside `path` that nobody else has. */
static fv_status make_folder(const char *path, char **target, char **temporary)
{
    *temporary = NULL;
    if (!*file_base_name(path) || file_is_folder(path))
        return status_set(FV_ERROR_INVALID, "%s: is a folder; name a file", path);
    if (!(*target = file_folder_of(path)))
        return status_last();
    if (!file_is_folder(*target))
        return status_set(FV_ERROR_IO, "%s: there is no such folder to write into", *target);
    text name = {0};
    text_add(&name, "%s.export", path);
    fv_status status = text_status(&name);
    if (status == FV_OK)
        status = file_folder_begin(text_string(&name), temporary);
    text_release(&name);
    return status;
}

fv_status fv_export_with(const fv_export_options *options)
{
    fv_export_options o = {0};
    const export_format *format = NULL;
    char *target = NULL, *temporary = NULL;
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.model || !o.path || !*o.path)
        return status_set(FV_ERROR_INVALID, "export: a model and the file to write are needed");
    if (o.picture_count < 0 || (o.picture_count > 0 && !o.pictures))
        return status_set(FV_ERROR_INVALID, "export: %lld pictures are given, but not which",
                          (long long)o.picture_count);
    STATUS_TRY(network_check(o.model));
    STATUS_TRY(find_format(&o, &format));
    if (o.prefix && !format->prefixed)
        return status_set(FV_ERROR_INVALID, "export: a prefix is for the names in C source; %s has none",
                          format->info.name);
    if (o.report)
        *o.report = (fv_export_report){0};
    /* Numbers have a point in every locale. */
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), old = uselocale(c);
    fv_status status = make_folder(o.path, &target, &temporary);
    if (status == FV_OK)
        status = write_checked(format, &o, temporary);
    if (status == FV_OK)
        status = move_all(temporary, target);
    uselocale(old);
    freelocale(c);
    if (temporary)
        file_folder_discard(temporary);
    free(temporary);
    free(target);
    return status;
}
