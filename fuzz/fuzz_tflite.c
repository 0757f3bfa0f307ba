/* SPDX-License-Identifier: Apache-2.0 */
/* A TFLite file: what is imported can be run, saved, and is the same when it is loaded again; its memory keeps to the file's size. */
#include "fuzz.h"

enum {
    MOST_WORK = 1 << 20 /* multiply-additions for a picture that are worth waiting for */
};

static void log_line(const char *line, void *user)
{
    (void)user;
    expect(fuzz_is_line(line));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fv_model *m = fv_import(fuzz_file("net.tflite", bytes, size), .on_log = log_line);
    if (!m) {
        expect(!fuzz_ok(status_last()));
        return 0;
    }
    const fv_preprocess *p = fv_model_preprocess(m);
    expect(p->height > 0 && p->width > 0 && (p->channels == 1 || p->channels == 3));
    expect(fv_model_class_count(m) > 0);
    for (int64_t i = 0; i < fv_model_class_count(m) && fv_model_class_name(m, i); i++)
        expect(fuzz_is_line(fv_model_class_name(m, i)));
    if (fv_model_multiply_adds(m) <= MOST_WORK && p->height * p->width <= MOST_WORK / 64) {
        const char *path = fuzz_file("again", NULL, 0);
        if (fuzz_ok(fv_model_save(m, path))) {
            fv_model *again = fv_model_load(path);
            float difference;
            expect(again && fv_model_layer_count(again) == fv_model_layer_count(m));
            expect(fv_model_verify(again, &difference) == FV_OK);
            fv_model_destroy(again);
        }
    }
    fv_model_destroy(m);
    return 0;
}
