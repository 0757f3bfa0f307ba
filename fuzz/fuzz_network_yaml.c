/* SPDX-License-Identifier: Apache-2.0 */
/* A network as YAML: what is understood can be listed. */
#include "fovea.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    fv_model *m =
        fv_network_load(fuzz_file("network.yaml", bytes, size), .classes = 3, .height = 16, .width = 16);
    if (!m) {
        expect(!fuzz_ok(status_last()));
        return 0;
    }
    expect(fv_model_class_count(m) == 3 && fv_model_preprocess(m)->height == 16);
    for (int64_t i = 0; i < fv_model_layer_count(m); i++) {
        fv_layer_info info;
        expect(fv_model_layer(m, i, &info) == FV_OK && info.name && info.type && info.channels > 0);
    }
    expect(fv_model_parameter_count(m) >= 0 && fv_model_multiply_adds(m) >= 0);
    fv_model_destroy(m);
    return 0;
}
