/* SPDX-License-Identifier: Apache-2.0 */
/* A model file: what loads can be verified, listed, saved, and is the same when it is loaded again. */
#include "fuzz.h"
#include "mend_safetensors.h"
#include "model/checkpoint.h"

enum {
    MOST_WORK = 1 << 20 /* multiply-additions for a picture that are worth waiting for */
};

static void check_again(fv_model *m)
{
    const char *path = fuzz_file("again", NULL, 0);
    if (!fuzz_ok(fv_model_save(m, path)))
        return;
    fv_model *again = fv_model_load(path);
    expect(again);
    expect(fv_model_layer_count(again) == fv_model_layer_count(m));
    expect(fv_model_parameter_count(again) == fv_model_parameter_count(m));
    expect(fv_model_class_count(again) == fv_model_class_count(m));
    float difference;
    expect(fv_model_verify(again, &difference) == FV_OK);
    fv_model_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *path = fuzz_file("model", bytes, size);
    fv_model *m = fv_model_load(path);
    if (!m) {
        expect(!fuzz_ok(status_last()));
        return 0;
    }
    const fv_preprocess *p = fv_model_preprocess(m);
    expect(p->height > 0 && p->width > 0 && (p->channels == 1 || p->channels == 3) &&
           fv_model_class_count(m) > 0);
    checkpoint_extra extra = {0};
    if (fuzz_ok(checkpoint_load(m, path, &extra)))
        expect(extra.value_count > 0);
    checkpoint_release(&extra);
    float difference;
    if (fv_model_multiply_adds(m) <= MOST_WORK && p->height * p->width <= MOST_WORK / 64) {
        fuzz_ok(fv_model_verify(m, &difference));
        check_again(m);
    }
    fv_model_destroy(m);
    return 0;
}
