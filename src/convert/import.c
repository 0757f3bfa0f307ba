/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "convert/background.h"
#include "convert/graph_file.h"
#include "convert/onnx/import.h"
#include "core/file.h"

static const graph_format *const formats[] = {&tflite_graph_format, &onnx_format, NULL};

fv_status graph_file_find(const char *path, const graph_format **out)
{
    uint8_t head[GRAPH_FILE_HEAD] = {0};
    int file;
    *out = NULL;
    STATUS_TRY(file_open(path, &file));
    ssize_t got = read(file, head, sizeof head);
    close(file);
    if (got < 0)
        return status_set(FV_ERROR_IO, "%s: cannot be read", path);
    for (size_t i = 0; formats[i]; i++)
        if (formats[i]->is_one(head, path)) {
            *out = formats[i];
            break;
        }
    return FV_OK;
}

/* The last layer begins anew where another number of classes is asked for, but for TensorFlow's background. */
static fv_status fit_classes(fv_model **m, const fv_import_options *o)
{
    if (o->classes == 0 || o->classes == fv_model_class_count(*m))
        return FV_OK;
    if (background_is_extra(*m, o->classes)) {
        if (o->on_log)
            o->on_log("the first of the 1001 outputs, for background, is left out", o->user);
        return background_drop(m);
    }
    fv_model *other = fv_model_new_head(*m, o->classes, o->seed);
    if (!other)
        return status_prefix(status_last(), "%s", o->path);
    fv_model_destroy(*m);
    *m = other;
    return FV_OK;
}

fv_model *fv_import_with(const fv_import_options *options)
{
    fv_import_options o = {0};
    const graph_format *format;
    fv_model *m = NULL;
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.path || o.classes < 0) {
        status_set(FV_ERROR_INVALID,
                   "importing a network needs a path, and a number of classes from 1 or none");
        return NULL;
    }
    fv_status status = graph_file_find(o.path, &format);
    if (status == FV_OK && !format)
        status =
            status_set(FV_ERROR_UNSUPPORTED,
                       "%s: holds no whole network, as ONNX and TFLite files do; name the network that its "
                       "tensors belong to (--model)",
                       o.path);
    if (status == FV_OK)
        status = format->build(&o, &m);
    if (status == FV_OK)
        status = fit_classes(&m, &o);
    if (status == FV_OK)
        return m;
    fv_model_destroy(m);
    return NULL;
}
