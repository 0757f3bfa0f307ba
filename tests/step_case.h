/* SPDX-License-Identifier: Apache-2.0 */
/* A small network and twelve pictures by formulas that tests/golden/make_train.py writes again for PyTorch. */
#ifndef STEP_CASE_H
#define STEP_CASE_H

#include <math.h>

#include "nn/network.h"
#include "testing.h"

enum {
    PICTURES = 12,
    SIDE = 8,
    CLASSES = 3,
    STEPS = 10
};

static inline fv_model *make_model(void)
{
    fv_model *m = fv_model_create(.height = SIDE, .width = SIDE, .channels = 3);
    fv_node *x = fv_conv2d(fv_input(m), .filters = 4, .kernel = 3, .padding = FV_SAME, .use_bias = FV_OFF,
                           .name = "conv1");
    x = fv_max_pool2d(fv_batch_norm(x, .activation = FV_RELU, .name = "bn1"), .size = 2);
    x = fv_conv2d(x, .filters = 6, .kernel = 3, .padding = FV_SAME, .activation = FV_RELU, .name = "conv2");
    fv_output(fv_dense(fv_global_average_pool2d(x), .units = CLASSES, .name = "fc"));
    const char *const names[] = {"conv1.weight", "conv2.weight", "conv2.bias", "fc.weight", "fc.bias"};
    for (int k = 0; k < 5; k++) {
        fv_tensor_view v;
        assert_ok(fv_model_find_tensor(m, names[k], &v));
        for (int64_t i = 0; i < v.count; i++)
            v.data[i] = (float)(0.35 * sin(0.7 * (double)i + k));
    }
    return m;
}

static inline void fill_pictures(uint8_t *pixels, int32_t *labels, float *weights)
{
    for (int n = 0; n < PICTURES; n++) {
        labels[n] = n % CLASSES;
        weights[n] = n < PICTURES - 2;
        for (int h = 0; h < SIDE; h++)
            for (int w = 0; w < SIDE; w++)
                for (int c = 0; c < 3; c++)
                    *pixels++ = (uint8_t)(n * 37 + h * 11 + w * 5 + c * 29 + (n * h * w) % 7 * 9);
    }
}

#endif
