/* SPDX-License-Identifier: Apache-2.0 */
/* safetensors, model files among them, as a file of named tensors. */
#include <stdlib.h>
#include <string.h>

#include "convert/tensors.h"
#include "core/memory.h"
#include "model/file.h"

static fv_status read_values(const tensor_file *f, const named_tensor *t, float *values)
{
    const safetensors *s = f->reader;
    return safetensors_read_f32(s, &s->entries[t->place], values);
}

static fv_status read_normalisation(const tensor_file *f, fv_model *m, bool *found)
{
    return model_file_read_normalisation(m, f->reader, found);
}

static void close_reader(void *reader)
{
    safetensors_release(reader);
    free(reader);
}

fv_status safetensors_tensors(tensor_file *f)
{
    safetensors *s = mem_array(1, sizeof *s);
    if (!s)
        return status_last();
    fv_status status = safetensors_open(s, f->path);
    if (status != FV_OK) {
        free(s);
        return status;
    }
    f->reader = s;
    f->close = close_reader;
    f->read = read_values;
    f->read_normalisation = read_normalisation;
    for (size_t i = 0; i < s->count; i++) {
        const safetensors_entry *e = &s->entries[i];
        named_tensor t = {.type = e->type, .rank = e->rank, .count = e->count, .place = i};
        if (strncmp(e->name, "fovea.", 6) == 0)
            continue; /* a model file's samples */
        memcpy(t.shape, e->shape, sizeof t.shape);
        STATUS_TRY(tensor_file_add(f, e->name, strlen(e->name), t));
    }
    return FV_OK;
}
