/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of models share: a small network with every kind of record, and files in a folder of their own. */
#ifndef TEST_MODEL_H
#define TEST_MODEL_H

#include "testing.h"

#include "core/file.h"
#include "core/memory.h"
#include "nn/network.h"

/* A path below a folder that is made once per program; static. */
static inline const char *scratch(const char *name)
{
    static char folder[64], path[2][512];
    static int turn;
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "/tmp/fovea-test-XXXXXX");
        assert_non_null(mkdtemp(folder));
    }
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

/* Removes what scratch made; a group's teardown. */
static inline int remove_scratch(void **state)
{
    (void)state;
    char command[600];
    const char *path = scratch("");
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    return system(command);
}

static inline void use_engine(fv_model *m, const char *name)
{
    free((char *)m->compile.engine);
    m->compile.engine = mem_string(name);
    assert_non_null(m->compile.engine);
}

/* 9 x 8 pixels, 3 channels, 4 classes; statistics and classes set. */
static inline fv_model *make_model(void)
{
    fv_model *m = fv_model_create(.height = 9, .width = 8, .channels = 3, .seed = 4, .name = "tiny");
    fv_node *x = fv_conv2d(fv_input(m), .filters = 6, .kernel_h = 3, .kernel_w = 5, .stride = 2,
                           .padding = FV_EXPLICIT, .pad = {1, 0, 2, 2}, .use_bias = FV_OFF, .name = "conv1");
    x = fv_batch_norm(x, .epsilon = 1e-3f, .activation = FV_RELU, .name = "bn1");
    fv_node *y = fv_conv2d(x, .kernel = 3, .depthwise = 1, .padding = FV_SAME, .activation = FV_LEAKY_RELU,
                           .alpha = 0.2f);
    x = fv_concat((fv_node *[]){fv_add(x, y), fv_zero_pad2d(y, .channels = {1, 0}), x}, 3);
    x = fv_activation(fv_max_pool2d(x), .kind = FV_SILU);
    x = fv_dropout(fv_flatten(x), .rate = 0.25f);
    fv_output(fv_dense(x, .units = 4, .initializer = FV_ORTHOGONAL, .name = "fc"));
    assert_ok(network_check(m));
    fv_preprocess p = *fv_model_preprocess(m);
    p.resize_mode = FV_RESIZE_LETTERBOX;
    p.interpolation = FV_BICUBIC;
    p.crop_fraction = 0.9f;
    p.reverse_channels = 1;
    for (int c = 0; c < 3; c++) {
        p.mean[c] = 100.1f + 7 * (float)c;
        p.std[c] = 50.7f + (float)c;
    }
    assert_ok(fv_model_set_preprocess(m, &p));
    assert_ok(
        fv_model_set_classes(m, (const char *const[]){"cat", "\xc3\xa9t\xc3\xa9 \"x\"", "a\\b", "dog"}, 4));
    use_engine(m, "reference");
    return m;
}

#endif
