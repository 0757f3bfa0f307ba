/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "convert/onnx/importer.h"

constant *constant_make(importer *m, bool whole, int rank, const int64_t *shape)
{
    constant *c = import_array(m, 1, sizeof *c);
    if (!c)
        return NULL;
    *c = (constant){.name = "", .rank = rank, .count = 1, .whole = whole};
    for (int k = 0; k < rank; k++) {
        c->shape[k] = shape[k];
        if (shape[k] < 0 || (shape[k] > 0 && c->count > INT32_MAX / shape[k])) {
            status_set(FV_ERROR_FORMAT, "a constant of its graph is too large, or has a negative side");
            return NULL;
        }
        c->count *= shape[k];
    }
    if (whole)
        c->wholes = import_array(m, (uint64_t)c->count, sizeof *c->wholes);
    else
        c->floats = import_array(m, (uint64_t)c->count, sizeof *c->floats);
    return c->wholes || c->floats ? c : NULL;
}

fv_status constant_of_tensor(importer *m, const Onnx__TensorProto *proto, constant **out)
{
    onnx_tensor t;
    STATUS_TRY(onnx_tensor_check(&m->file, proto, &t));
    float *there = onnx_tensor_in_place(&t);
    const int64_t none = 0;
    constant *c = *out = there ? constant_make(m, false, 1, &none)
                               : constant_make(m, onnx_tensor_is_whole(&t), t.rank, t.shape);
    if (!c)
        return status_last();
    if (there) {
        c->floats = there;
        c->rank = t.rank;
        memcpy(c->shape, t.shape, sizeof c->shape);
        c->count = t.count;
    }
    if (proto->name && !(c->name = import_text(m, proto->name, strlen(proto->name))))
        return status_last();
    if (there)
        return FV_OK;
    return c->whole ? onnx_tensor_wholes(&m->file, &t, c->wholes)
                    : onnx_tensor_floats(&m->file, &t, c->floats);
}

double constant_get(const constant *c, int64_t i)
{
    return c->whole ? (double)c->wholes[i] : (double)c->floats[i];
}

bool constant_floats(importer *m, constant *c)
{
    if (c->floats)
        return true;
    if (!(c->floats = import_array(m, (uint64_t)c->count, sizeof *c->floats)))
        return false;
    for (int64_t i = 0; i < c->count; i++)
        c->floats[i] = (float)c->wholes[i];
    return true;
}
