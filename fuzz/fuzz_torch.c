/* SPDX-License-Identifier: Apache-2.0 */
/* A file of weights by itself, PyTorch's in either form: names are lines, found by name, and all values are read. */
#include "convert/tensors.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tensor_file *f;
    if (!fuzz_ok(tensor_file_open(fuzz_file("weights.pt", bytes, size), &f)))
        return 0;
    for (size_t i = 0; i < f->count; i++) {
        const named_tensor *t = &f->list[i];
        int64_t count = 1;
        for (int d = 0; d < t->rank; d++)
            count *= t->shape[d];
        expect(t->rank <= TENSORS_MAX_RANK && count == t->count && count >= 0);
        expect(fuzz_is_line(t->name) && tensor_file_find(f, t->name) == t);
        if ((uint64_t)count > 1032 * (uint64_t)size)
            expect(!"a tensor is larger than the file can make it");
        float *values = calloc((size_t)count + 1, sizeof *values);
        fuzz_ok(f->read(f, t, values));
        free(values);
    }
    tensor_file_destroy(f);
    return 0;
}
