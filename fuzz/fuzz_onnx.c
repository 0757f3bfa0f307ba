/* SPDX-License-Identifier: Apache-2.0 */
/* An ONNX file, as tensors and as a network: what is imported can be run, saved, and is the same when it is loaded again. */
#include <math.h>

#include "convert/tensors.h"
#include "fuzz.h"

enum {
    MOST_WORK = 1 << 20, /* multiply-additions for a picture that are worth waiting for */
    MOST_PIXELS = 1 << 14
};

static void check_tensors(const char *path)
{
    tensor_file *f;
    if (!fuzz_ok(tensor_file_open(path, &f)))
        return;
    for (size_t i = 0; i < f->count; i++) {
        const named_tensor *t = &f->list[i];
        int64_t count = 1;
        for (int d = 0; d < t->rank; d++)
            count *= t->shape[d];
        expect(t->rank <= TENSORS_MAX_RANK && count == t->count && count >= 0);
        expect(fuzz_is_line(t->name) && tensor_file_find(f, t->name) == t);
        float *values = calloc((size_t)count + 1, sizeof *values);
        fuzz_ok(f->read(f, t, values));
        free(values);
    }
    tensor_file_destroy(f);
}

static void check_network(fv_model *m)
{
    const fv_preprocess *p = fv_model_preprocess(m);
    expect(p->height > 0 && p->width > 0 && (p->channels == 1 || p->channels == 3) &&
           fv_model_class_count(m) > 0);
    for (int64_t i = 0; i < fv_model_layer_count(m); i++) {
        fv_layer_info info;
        expect(fv_model_layer(m, i, &info) == FV_OK && fuzz_is_line(info.name));
    }
    if (fv_model_multiply_adds(m) > MOST_WORK || p->height * p->width > MOST_PIXELS)
        return;
    const char *path = fuzz_file("again", NULL, 0);
    if (!fuzz_ok(fv_model_save(m, path)))
        return;
    fv_model *again = fv_model_load(path);
    expect(again);
    expect(fv_model_layer_count(again) == fv_model_layer_count(m));
    expect(fv_model_class_count(again) == fv_model_class_count(m));
    float difference;
    expect(fv_model_verify(again, &difference) == FV_OK);
    fv_model_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *path = fuzz_file("net.onnx", bytes, size);
    check_tensors(path);
    fv_model *m = fv_import(path);
    if (!m) {
        expect(!fuzz_ok(status_last()));
        return 0;
    }
    check_network(m);
    fv_model_destroy(m);
    return 0;
}
