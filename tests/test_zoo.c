/* SPDX-License-Identifier: Apache-2.0 */
/* The zoo's networks against their published sizes and PyTorch's outputs. */
#include "test_model.h"

#include <math.h>

#include "blank_network.h"
#include "golden/resnet20.h"
#include "model/safetensors.h"

static const char *const engines[] = {"reference", "auto"};

static void entries(void **state)
{
    (void)state;
    assert_true(fv_zoo_count() > 3);
    for (int64_t i = 0; i < fv_zoo_count(); i++) {
        const fv_zoo_entry *e = fv_zoo_get(i);
        fv_model *m = blank_network(e->name, e->height, e->width, e->channels, e->classes);
        assert_int_equal(fv_model_class_count(m), e->classes);
        if (fv_model_parameter_count(m) != e->parameters || fv_model_multiply_adds(m) != e->multiply_adds)
            fail_msg("%s has %lld parameters and %lld multiply-additions", e->name,
                     (long long)fv_model_parameter_count(m), (long long)fv_model_multiply_adds(m));
        assert_true(e->crop_fraction >= 0 && e->crop_fraction <= 1);
        assert_true(e->std[0] >= 0 && (e->std[0] == 0 || (e->std[1] > 0 && e->std[2] > 0)));
        fv_model_destroy(m);
    }
    assert_null(fv_zoo_get(fv_zoo_count()));
    assert_null(fv_zoo_get(-1));
    fv_model *m = fv_zoo_create("mobilenet_v2");
    assert_non_null(m);
    assert_string_equal(fv_model_name(m), "mobilenet_v2");
    assert_int_equal(fv_model_preprocess(m)->height, 224);
    assert_int_equal(fv_model_preprocess(m)->channels, 3);
    fv_model_destroy(m);
}

static void errors(void **state)
{
    (void)state;
    assert_null(fv_zoo_create("resnte18"));
    assert_non_null(strstr(fv_error_message(), "did you mean resnet18"));
    assert_null(fv_zoo_create("small_cnn", .classes = -3));
    assert_null(fv_zoo_create("small_cnn", .height = 100000));
    assert_null(fv_zoo_create("small_cnn", .height = 4, .width = 4));
    assert_non_null(strstr(fv_error_message(), "small_cnn"));
    assert_null(fv_zoo_create("small_cnn", .dropout = 1.5f));
    assert_null(fv_zoo_create(NULL));
}

static void small_cnn_size(void **state)
{
    (void)state;
    static const int64_t sides[] = {8, 28, 32, 48, 64, 100, 224};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        fv_model *m =
            fv_zoo_create("small_cnn", .height = sides[i], .width = sides[i], .channels = 3, .classes = 7);
        assert_non_null(m);
        assert_in_range(fv_model_parameter_count(m), 100000, 1000000);
        assert_int_equal(fv_model_class_count(m), 7);
        fv_model_destroy(m);
    }
    fv_model *m = fv_zoo_create("small_cnn");
    /* 9 * (32 + 32 * 64 + 64 * 128) + 2 * 224 + 1152 * 128 + 128 + 128 * 10 + 10 */
    assert_int_equal(fv_model_parameter_count(m), 278762);
    fv_model_destroy(m);
}

/* torchvision's own numbers. */
static void resnet18_size(void **state)
{
    (void)state;
    fv_tensor_view t;
    fv_model *m = fv_zoo_create("resnet18");
    assert_int_equal(fv_model_parameter_count(m), 11689512);
    assert_int_equal(fv_model_tensor_count(m), 102); /* 122 in torchvision, 20 of them num_batches_tracked */
    assert_ok(fv_model_find_tensor(m, "layer2.0.downsample.0.weight", &t));
    assert_int_equal(t.shape[0], 128);
    assert_int_equal(t.shape[1], 64);
    assert_ok(fv_model_find_tensor(m, "layer4.1.bn2.running_var", &t));
    assert_ok(fv_model_find_tensor(m, "fc.bias", &t));
    /* 1.814 billion in He et al.'s counting (1.8e9) */
    assert_in_range(fv_model_multiply_adds(m), 1800000000, 1830000000);
    fv_model_destroy(m);
    m = fv_zoo_create("resnet18", .height = 32, .width = 32, .classes = 10);
    assert_ok(fv_model_find_tensor(m, "conv1.weight", &t));
    assert_int_equal(t.shape[2], 3);
    assert_int_equal(fv_model_parameter_count(m), 11173962); /* the usual CIFAR variant */
    fv_model_destroy(m);
}

/* He et al. 2015: normal with variance 2 / (filters * 7 * 7) for the first convolution. */
static void resnet18_initialisation(void **state)
{
    (void)state;
    fv_tensor_view t;
    double sum = 0, squares = 0;
    fv_model *m = fv_zoo_create("resnet18", .seed = 5);
    assert_ok(fv_model_find_tensor(m, "layer3.0.conv1.weight", &t));
    for (int64_t i = 0; i < t.count; i++) {
        sum += (double)t.data[i];
        squares += (double)t.data[i] * (double)t.data[i];
    }
    double std = sqrt(2.0 / (256 * 9)), n = (double)t.count;
    assert_true(fabs(sum / n) < 5 * std / sqrt(n));
    assert_true(fabs(squares / n / (std * std) - 1) < 5 * sqrt(2 / n));
    fv_model_destroy(m);
}

/* Every tensor of the published file is the network's, and the other way round. */
static void resnet20_tensors(void **state)
{
    (void)state;
    const char *path = test_data("weights/resnet20_cifar10.safetensors");
    if (!path)
        skip();
    safetensors f;
    fv_tensor_view t;
    fv_model *m = fv_zoo_create("resnet20");
    assert_non_null(m);
    assert_ok(safetensors_open(&f, path));
    assert_int_equal(f.count, fv_model_tensor_count(m));
    for (size_t i = 0; i < f.count; i++) {
        assert_ok(fv_model_find_tensor(m, f.entries[i].name, &t));
        assert_int_equal(t.rank, f.entries[i].rank);
        for (int k = 0; k < t.rank; k++)
            assert_int_equal(t.shape[k], f.entries[i].shape[k]);
    }
    assert_int_equal(fv_model_parameter_count(m), 269722);
    safetensors_release(&f);
    fv_model_destroy(m);
}

/* make_resnet20.py's formula. */
static void fill_pictures(uint8_t *pixels)
{
    for (int n = 0; n < GOLDEN_COUNT; n++)
        for (int y = 0; y < 32; y++)
            for (int x = 0; x < 32; x++)
                for (int c = 0; c < 3; c++)
                    *pixels++ = (uint8_t)((x * (n + 1) * 5 + y * (7 - n) * 3 + c * (40 + 13 * n) +
                                           x * y * (n % 3 + 1) / 4) %
                                          256);
}

static void resnet20_logits(void **state)
{
    (void)state;
    static uint8_t pixels[GOLDEN_COUNT * 32 * 32 * 3];
    float logits[GOLDEN_COUNT][GOLDEN_CLASSES];
    int64_t matched, left;
    const char *path = test_data("weights/resnet20_cifar10.safetensors");
    if (!path)
        skip();
    fv_model *m = fv_zoo_create("resnet20", .seed = 3);
    assert_ok(fv_model_load_weights(m, path, &matched, &left));
    assert_int_equal(matched, fv_model_tensor_count(m));
    assert_int_equal(left, 0);
    fill_pictures(pixels);
    for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
        use_engine(m, engines[e]);
        assert_ok(fv_predict_batch(m, pixels, GOLDEN_COUNT, &logits[0][0]));
        for (int i = 0; i < GOLDEN_COUNT; i++)
            for (int k = 0; k < GOLDEN_CLASSES; k++)
                assert_float_equal(logits[i][k], golden_logits[i][k], 1e-4f);
    }
    fv_model_destroy(m);
}

/* A head of another size keeps its initial weights; everything else is loaded. */
static void resnet20_other_classes(void **state)
{
    (void)state;
    int64_t matched, left;
    fv_tensor_view t;
    const char *path = test_data("weights/resnet20_cifar10.safetensors");
    if (!path)
        skip();
    fv_model *m = fv_zoo_create("resnet20", .classes = 3);
    assert_ok(fv_model_find_tensor(m, "linear.weight", &t));
    float first = t.data[0];
    assert_ok(fv_model_load_weights(m, path, &matched, &left));
    assert_int_equal(left, 2);
    assert_int_equal(matched, fv_model_tensor_count(m) - 2);
    assert_true(t.data[0] == first);
    assert_float_equal(fv_model_preprocess(m)->mean[0], 0.485f * 255, 1e-4f);
    fv_model_destroy(m);
    m = fv_zoo_create("resnet18");
    assert_int_not_equal(fv_model_load_weights(m, path, NULL, NULL), FV_OK);
    assert_non_null(strstr(fv_error_message(), "conv1.weight"));
    fv_model_destroy(m);
}

enum {
    PHOTOS = 24
};

/* The number of the first PHOTOS samples whose class is the first, and is among the first five. */
static void classify_samples(fv_model *m, int *first, int *five)
{
    char line[512], name[300], path[8192];
    snprintf(path, sizeof path, "%s", test_data("photos/imagenet-samples/labels.tsv"));
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    size_t folder = strlen(path) - strlen("labels.tsv");
    *first = *five = 0;
    for (int n = 0; n < PHOTOS && fgets(line, sizeof line, list);) {
        long long label;
        fv_prediction top[5];
        if (sscanf(line, "%299[^\t]\t%lld", name, &label) != 2)
            continue; /* the heading */
        n++;
        snprintf(path + folder, sizeof path - folder, "%s", name);
        assert_ok(fv_predict(m, path, .top = top, .top_count = 5));
        *first += top[0].class_index == label;
        for (int i = 0; i < 5; i++)
            *five += top[i].class_index == label;
    }
    fclose(list);
}

/* Published weights of ImageNet on photos, against the numbers that PyTorch and Pillow have; another decoder may turn one. */
static void published_weights_on_photos(void **state)
{
    (void)state;
    static const struct {
        const char *name, *weights;
        float mean[3], std;
        int reverse, side, first, five;
    } nets[] = {
        {"mobilenet_v2",
         "weights/mobilenet_v2_1.0_224_dequant.safetensors",
         {128, 128, 128},
         128,
         0,
         224,
         20,
         23},
        {"squeezenet1_1", "weights/squeezenet1_1_caffe_fp16.safetensors", {104, 117, 123}, 1, 1, 227, 18, 21},
    };
    if (!test_data("photos/imagenet-samples/labels.tsv"))
        skip();
    for (int i = 0; i < 2; i++) {
        const char *path = test_data(nets[i].weights);
        int first, five;
        int64_t left;
        if (!path)
            skip();
        fv_model *m = fv_zoo_create(nets[i].name, .height = nets[i].side, .width = nets[i].side);
        assert_ok(fv_model_load_weights(m, path, NULL, &left));
        assert_int_equal(left, 0);
        fv_preprocess p = *fv_model_preprocess(m);
        p.crop_fraction = (float)nets[i].side / 256;
        p.reverse_channels = nets[i].reverse;
        for (int c = 0; c < 3; c++) {
            p.mean[c] = nets[i].mean[c];
            p.std[c] = nets[i].std;
        }
        assert_ok(fv_model_set_preprocess(m, &p));
        classify_samples(m, &first, &five);
        print_message("%s: %d of %d photos right, %d among the first five\n", nets[i].name, first, PHOTOS,
                      five);
        assert_in_range(first, nets[i].first - 1, nets[i].first + 1);
        assert_in_range(five, nets[i].five - 1, nets[i].five + 1);
        fv_model_destroy(m);
    }
}

/* A head that is a convolution keeps its initial weights too when the number of classes differs. */
static void convolution_as_head(void **state)
{
    (void)state;
    int64_t left;
    const char *path = test_data("weights/squeezenet1_1_caffe_fp16.safetensors");
    if (!path)
        skip();
    fv_model *m = fv_zoo_create("squeezenet1_1", .classes = 3);
    assert_ok(fv_model_load_weights(m, path, NULL, &left));
    assert_int_equal(left, 2);
    fv_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries),
        cmocka_unit_test(errors),
        cmocka_unit_test(small_cnn_size),
        cmocka_unit_test(resnet18_size),
        cmocka_unit_test(resnet18_initialisation),
        cmocka_unit_test(resnet20_tensors),
        cmocka_unit_test(resnet20_logits),
        cmocka_unit_test(resnet20_other_classes),
        cmocka_unit_test(published_weights_on_photos),
        cmocka_unit_test(convolution_as_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
