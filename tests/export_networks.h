/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks that together have every operation an export may meet, with random numbers in all their tensors. */
#ifndef EXPORT_NETWORKS_H
#define EXPORT_NETWORKS_H

#include "test_model.h"

#include <math.h>

#include "core/random.h"

enum {
    EXPORT_HEIGHT = 13,
    EXPORT_WIDTH = 10,
    EXPORT_CLASSES = 5
};

static inline fv_node *pictures_of(int64_t channels)
{
    fv_model *m =
        fv_model_create(.height = EXPORT_HEIGHT, .width = EXPORT_WIDTH, .channels = channels, .seed = 7);
    assert_non_null(m);
    return fv_input(m);
}

static inline fv_node *network_windows(void)
{
    fv_node *x = fv_conv2d(pictures_of(3), .filters = 8, .kernel_h = 3, .kernel_w = 5, .stride = 2,
                           .padding = FV_EXPLICIT, .pad = {1, 0, 2, 2}, .use_bias = FV_OFF, .name = "stem");
    x = fv_batch_norm(x, .epsilon = 1e-3f, .activation = FV_RELU, .name = "bn");
    fv_node *y = fv_conv2d(x, .kernel = 3, .depthwise = 1, .padding = FV_SAME, .name = "depthwise");
    x = fv_add(fv_batch_norm(y), x);
    x = fv_conv2d(x, .filters = 12, .kernel = 3, .groups = 4, .padding = FV_SAME, .name = "grouped");
    x = fv_conv2d(x, .filters = 6, .kernel = 3, .dilation = 2, .padding = FV_SAME, .name = "dilated");
    x = fv_conv2d(x, .filters = 8, .kernel = 3, .stride = 2, .padding = FV_SAME_TF, .name = "tensorflow");
    x = fv_separable_conv2d(x, .filters = 6, .kernel = 2, .padding = FV_SAME, .name = "separable");
    return fv_dense(fv_flatten(x), .units = EXPORT_CLASSES, .name = "fc");
}

static inline fv_node *network_depthwise(void)
{
    fv_node *x = fv_conv2d(pictures_of(3), .filters = 4, .kernel = 3, .name = "stem");
    x = fv_conv2d(x, .filters = 8, .kernel = 3, .groups = 4, .padding = FV_SAME, .activation = FV_RELU6,
                  .name = "twice");
    x = fv_conv2d(x, .kernel_h = 1, .kernel_w = 3, .depthwise = 1, .stride = 2, .padding = FV_EXPLICIT,
                  .pad = {0, 0, 1, 1});
    return fv_dense(fv_global_average_pool2d(x), .units = EXPORT_CLASSES, .use_bias = FV_OFF, .name = "fc");
}

static inline fv_node *network_activations(void)
{
    static const fv_activation_kind kinds[] = {FV_RELU,         FV_GELU,       FV_SILU,    FV_HARD_SWISH,
                                               FV_RELU6,        FV_LEAKY_RELU, FV_SIGMOID, FV_TANH,
                                               FV_HARD_SIGMOID, FV_GELU_TANH};
    fv_node *x = pictures_of(1);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        x = fv_conv2d(x, .filters = 6, .kernel = 2, .padding = FV_SAME, .activation = kinds[i],
                      .alpha = kinds[i] == FV_LEAKY_RELU ? 0.2f : 0);
    x = fv_dense(x, .units = 7, .activation = FV_RELU);
    return fv_dense(x, .units = EXPORT_CLASSES);
}

static inline fv_node *network_pools(void)
{
    fv_node *x = fv_conv2d(pictures_of(3), .filters = 6, .kernel = 1, .name = "stem");
    fv_node *a = fv_max_pool2d(x, .size = 3, .stride = 2, .padding = FV_EXPLICIT, .pad = {1, 1, 1, 1});
    fv_node *b = fv_average_pool2d(x, .size = 3, .stride = 2, .padding = FV_EXPLICIT, .pad = {1, 1, 1, 1});
    fv_node *c = fv_average_pool2d(x, .size = 3, .stride = 2, .padding = FV_EXPLICIT, .pad = {1, 1, 1, 1},
                                   .count_padding = 1);
    fv_node *d = fv_max_pool2d(x, .size = 2, .ceil_mode = 1, .name = "ceil");
    fv_node *e = fv_average_pool2d(x, .size = 2, .padding = FV_SAME_TF);
    x = fv_concat((fv_node *[]){a, b, c, d, e}, 5);
    x = fv_conv2d(x, .filters = 6, .kernel = 3, .name = "mixed");
    fv_node *y = fv_average_pool2d(x, .size = 2, .stride = 3, .ceil_mode = 1, .padding = FV_EXPLICIT,
                                   .pad = {1, 0, 1, 0});
    fv_node *z = fv_average_pool2d(x, .size = 2, .stride = 3, .ceil_mode = 1, .count_padding = 1,
                                   .padding = FV_EXPLICIT, .pad = {1, 0, 1, 0});
    x = fv_concat((fv_node *[]){fv_global_max_pool2d(fv_add(y, z)), fv_global_average_pool2d(x)}, 2);
    return fv_dense(x, .units = EXPORT_CLASSES, .name = "fc");
}

static inline fv_node *network_branches(void)
{
    fv_node *x = fv_conv2d(pictures_of(3), .filters = 8, .kernel = 3, .stride = 2, .name = "stem");
    x = fv_squeeze_excitation(x, .units = 3, .gate = FV_HARD_SIGMOID, .name = "se");
    fv_node *y = fv_channel_shuffle(x, .groups = 4);
    y = fv_multiply(fv_crop2d(y, .channels = {2, 2}), fv_crop2d(x, .channels = {4, 0}));
    y = fv_zero_pad2d(y, .pad = {1, 0, 0, 2}, .channels = {1, 3});
    y = fv_crop2d(y, .crop = {0, 1, 1, 1});
    x = fv_activation(fv_add(x, y), .kind = FV_RELU);
    x = fv_batch_norm(fv_concat((fv_node *[]){x, y}, 2), .activation = FV_RELU, .name = "pre_activation");
    x = fv_layer_scale(fv_dropout(x, .rate = 0.3f), .initial = 0.5f, .name = "scale");
    x = fv_batch_norm(fv_dense(fv_flatten(x), .units = 9, .use_bias = FV_OFF), .activation = FV_SILU);
    return fv_dense(fv_activation(x, .kind = FV_TANH), .units = EXPORT_CLASSES, .name = "fc");
}

static inline fv_node *network_groups(void)
{
    fv_node *x = fv_conv2d(pictures_of(3), .filters = 12, .kernel = 3, .stride = 2, .name = "stem");
    x = fv_group_norm(x, .groups = 4, .activation = FV_RELU, .name = "gn");
    x = fv_group_norm(fv_conv2d(x, .filters = 6, .kernel = 2), .groups = 1, .name = "whole");
    return fv_dense(fv_global_average_pool2d(x), .units = EXPORT_CLASSES, .name = "fc");
}

static inline fv_node *network_transformer(void)
{
    fv_node *x = fv_conv2d(pictures_of(3), .filters = 12, .kernel = 4, .stride = 3, .name = "patches");
    x = fv_position_embedding(fv_class_token(x, .name = "token"), .name = "places");
    for (int i = 0; i < 2; i++) {
        fv_node *y = fv_multi_head_attention(fv_layer_norm(x), .heads = 3);
        x = fv_add(x, i ? y : fv_layer_scale(y, .initial = 0.3f));
        y = fv_dense(fv_layer_norm(x), .units = 20, .each_place = 1, .activation = FV_GELU);
        x = fv_add(x, fv_dense(y, .units = 12, .each_place = 1));
    }
    int64_t places = 4 * 3;
    x = fv_crop2d(fv_layer_norm(x, .name = "norm"), .crop = {0, 0, 0, places});
    return fv_dense(fv_flatten(x), .units = EXPORT_CLASSES, .name = "head");
}

/* As ConvNeXt has it: convolutions between what is normalised and multiplied place by place. */
static inline fv_node *network_next(void)
{
    fv_node *x =
        fv_layer_norm(fv_conv2d(pictures_of(3), .filters = 8, .kernel = 2, .stride = 2), .name = "stem_norm");
    fv_node *y = fv_layer_norm(fv_conv2d(x, .kernel = 3, .depthwise = 1, .padding = FV_SAME));
    y = fv_dense(fv_dense(y, .units = 16, .each_place = 1, .activation = FV_GELU), .units = 8,
                 .each_place = 1);
    x = fv_add(x, fv_layer_scale(y, .initial = 0.7f));
    return fv_dense(fv_layer_norm(fv_global_average_pool2d(x)), .units = EXPORT_CLASSES, .name = "head");
}

static const struct export_network_row {
    const char *name;
    fv_node *(*build)(void);
    bool norms; /* over places or groups, or attention */
} export_networks[] = {{"windows", network_windows, false},         {"depthwise", network_depthwise, false},
                       {"activations", network_activations, false}, {"pools", network_pools, false},
                       {"branches", network_branches, false},       {"groups", network_groups, true},
                       {"transformer", network_transformer, true},  {"next", network_next, true}};
enum {
    EXPORT_NETWORKS = sizeof export_networks / sizeof *export_networks
};

/* Numbers that show when one of them is at another's place. */
static inline void shake_tensors(fv_model *m)
{
    for (int32_t i = 0; i < m->tensor_count; i++) {
        network_tensor *t = &m->tensors[i];
        rng r = rng_at(5, 0, (uint64_t)i);
        for (int64_t k = 0; k < t->count; k++) {
            float u = (float)(rng_u32(&r) >> 8) / 16777216.0f;
            if (strstr(t->name, "running_var"))
                t->data[k] = 0.5f + u;
            else if (t->shape.rank != 4 && t->shape.rank != 2)
                t->data[k] += 0.6f * (u - 0.5f);
        }
    }
    fv_model_tensors_changed(m);
}

/* The caller destroys it. */
static inline fv_model *export_model(const struct export_network_row *row)
{
    fv_node *logits = row->build();
    if (!logits)
        fail_msg("%s: %s", row->name, fv_error_message());
    fv_model *m = logits->model;
    fv_output(logits);
    if (network_check(m) != FV_OK)
        fail_msg("%s: %s", row->name, fv_error_message());
    shake_tensors(m);
    fv_preprocess p = *fv_model_preprocess(m);
    p.resize_mode = FV_RESIZE_LETTERBOX;
    p.interpolation = FV_BICUBIC;
    p.crop_fraction = 0.9f;
    p.reverse_channels = p.channels == 3;
    for (int c = 0; c < 3; c++) {
        p.mean[c] = 100.1f + 7 * (float)c;
        p.std[c] = 50.7f + (float)c;
    }
    assert_ok(fv_model_set_preprocess(m, &p));
    assert_ok(fv_model_set_temperature(m, 0.25f));
    assert_ok(fv_model_set_classes(
        m, (const char *const[]){"cat", "\xc3\xa9t\xc3\xa9 \"x\"", "a\\b", "jack-o'-lantern", "a, b"}, 5));
    use_engine(m, "reference");
    return m;
}

static inline void assert_same_preprocess(const fv_preprocess *a, const fv_preprocess *b)
{
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->channels, b->channels);
    assert_int_equal(a->resize_mode, b->resize_mode);
    assert_int_equal(a->interpolation, b->interpolation);
    assert_int_equal(a->reverse_channels, b->reverse_channels);
    assert_true(a->crop_fraction == b->crop_fraction);
    for (int64_t c = 0; c < a->channels; c++) {
        assert_true(a->mean[c] == b->mean[c]);
        assert_true(a->std[c] == b->std[c]);
    }
}

/* (EXPORT_PICTURES, classes); the caller frees them. */
enum {
    EXPORT_PICTURES = 3
};
static inline float *export_probabilities(fv_model *m)
{
    int64_t classes = fv_model_class_count(m);
    size_t size = (size_t)(m->preprocess.height * m->preprocess.width * m->preprocess.channels);
    float *p = mem_array((size_t)(EXPORT_PICTURES * classes), sizeof *p);
    uint8_t *pixels = mem_array(EXPORT_PICTURES, size);
    assert_true(p && pixels);
    rng r = rng_at(9, 0, 0);
    for (size_t i = 0; i < EXPORT_PICTURES * size; i++)
        pixels[i] = (uint8_t)(rng_u32(&r) >> 24);
    for (int n = 0; n < EXPORT_PICTURES; n++)
        assert_ok(fv_predict(m, .pixels = pixels + (size_t)n * size, .height = m->preprocess.height,
                             .width = m->preprocess.width, .channels = m->preprocess.channels,
                             .probabilities = p + n * classes));
    free(pixels);
    return p;
}

/* What was imported again classifies as the model does, from the same pixels into the same classes. */
static inline void assert_same_model(fv_model *m, fv_model *again, const char *name, float tolerance)
{
    float *a = export_probabilities(m), *b = export_probabilities(again);
    for (int64_t i = 0; i < EXPORT_PICTURES * fv_model_class_count(m); i++)
        if (!(fabsf(a[i] - b[i]) <= tolerance))
            fail_msg("%s: probability %d is %g, was %g", name, (int)i, (double)b[i], (double)a[i]);
    free(a);
    free(b);
    assert_same_preprocess(&again->preprocess, &m->preprocess);
    for (int64_t k = 0; k < m->class_count; k++)
        assert_string_equal(fv_model_class_name(again, k), fv_model_class_name(m, k));
}

#endif
