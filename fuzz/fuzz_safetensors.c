/* SPDX-License-Identifier: Apache-2.0 */
/* A safetensors file by itself: tensors lie within the data, side by side, and are all read. */
#include "fuzz.h"
#include "mend_safetensors.h"
#include "model/safetensors.h"

static void read_entry(const safetensors *f, const safetensors_entry *e, size_t size)
{
    int64_t count = 1;
    for (int i = 0; i < e->rank; i++)
        count *= e->shape[i];
    expect(e->rank <= SAFETENSORS_MAX_RANK && count == e->count && count >= 0 && (uint64_t)count <= size);
    expect(e->begin <= f->data_bytes && e->bytes <= f->data_bytes - e->begin);
    float *values = calloc((size_t)count + 1, sizeof *values);
    fuzz_ok(e->type == SAFETENSORS_U8 ? safetensors_read_u8(f, e, (uint8_t *)values)
                                      : safetensors_read_f32(f, e, values));
    free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    safetensors f;
    if (!fuzz_ok(safetensors_open(&f, fuzz_file("tensors", bytes, size))))
        return 0;
    expect(f.data_start + f.data_bytes == size);
    uint64_t at = 0;
    for (size_t i = 0; i < f.count; i++) {
        expect(f.entries[i].begin == at);
        at += f.entries[i].bytes;
        expect(safetensors_find(&f, f.entries[i].name) == &f.entries[i]);
        read_entry(&f, &f.entries[i], size);
    }
    expect(at == f.data_bytes);
    safetensors_metadata(&f, "fovea.network");
    safetensors_release(&f);
    return 0;
}
