/* SPDX-License-Identifier: Apache-2.0 */
/* An ONNX file's initialisers as a file of named tensors. */
#include <stdlib.h>
#include <string.h>

#include "convert/onnx/file.h"
#include "convert/tensors.h"
#include "core/memory.h"

typedef struct onnx_reader {
    onnx_file file;
    onnx_tensor *tensors;
} onnx_reader;

static fv_status read_values(const tensor_file *f, const named_tensor *t, float *values)
{
    onnx_reader *r = f->reader;
    return onnx_tensor_floats(&r->file, &r->tensors[t->place], values);
}

static void close_reader(void *reader)
{
    onnx_reader *r = reader;
    onnx_file_close(&r->file);
    free(r->tensors);
    free(r);
}

fv_status onnx_tensors(tensor_file *f)
{
    onnx_reader *r = mem_array(1, sizeof *r);
    if (!r)
        return status_last();
    f->reader = r;
    f->close = close_reader;
    f->read = read_values;
    f->advice = "an exported graph has its batch norms folded into convolutions, and other names; import its "
                "whole network instead, without naming one (--model)";
    STATUS_TRY(onnx_file_open(&r->file, f->path));
    const Onnx__GraphProto *g = r->file.model->graph;
    if (!(r->tensors = mem_array(g->n_initializer, sizeof *r->tensors)))
        return status_last();
    for (size_t i = 0; i < g->n_initializer; i++) {
        onnx_tensor *t = &r->tensors[i];
        STATUS_TRY(onnx_tensor_check(&r->file, g->initializer[i], t));
        const char *name = g->initializer[i]->name;
        if (!name || !*name)
            continue; /* nothing can use it */
        named_tensor n = {.type = t->type, .rank = t->rank, .count = t->count, .place = i};
        memcpy(n.shape, t->shape, sizeof n.shape);
        STATUS_TRY(tensor_file_add(f, name, strlen(name), n));
    }
    return FV_OK;
}
