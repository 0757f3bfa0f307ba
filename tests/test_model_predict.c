/* SPDX-License-Identifier: Apache-2.0 */
/* Prediction: batches of any size, files, bytes and pixels, the order of the answers; and what the machine can do. */
#include "test_model.h"

#include <math.h>

#include "image/views.h"
#include "model/predictor.h"

enum {
    MANY = 150,
    PICTURE = 9 * 8 * 3
};

/* Whole batches, padded batches and single pictures give the same logits. */
static void any_count(void **state)
{
    (void)state;
    static const int64_t counts[] = {0, 1, 2, 15, 16, 17, 63, 64, 65, 128, MANY};
    static uint8_t pixels[MANY * PICTURE];
    static float one_by_one[MANY * 4], together[MANY * 4 + 1];
    fv_model *m = make_model();
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i * 31 + i / 5);
    for (int i = 0; i < MANY; i++)
        assert_ok(fv_predict_batch(m, pixels + i * PICTURE, 1, one_by_one + i * 4));
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        together[counts[k] * 4] = 77;
        assert_ok(fv_predict_batch(m, pixels, counts[k], together));
        for (int64_t i = 0; i < counts[k] * 4; i++)
            assert_float_equal(together[i], one_by_one[i], 1e-5f);
        assert_true(together[counts[k] * 4] == 77);
    }
    fv_model_destroy(m);
}

/* Plans follow the weights, the preprocessing and the engine. */
static void follows_changes(void **state)
{
    (void)state;
    uint8_t pixels[PICTURE] = {1, 200, 30};
    float a[4], b[4];
    fv_tensor_view t;
    fv_model *m = make_model();
    assert_ok(fv_predict_batch(m, pixels, 1, a));
    assert_ok(fv_model_find_tensor(m, "fc.bias", &t));
    t.data[1] += 2;
    fv_model_tensors_changed(m);
    assert_ok(fv_predict_batch(m, pixels, 1, b));
    assert_float_equal(b[1] - a[1], 2, 1e-5f);
    assert_float_equal(b[0], a[0], 1e-6f);
    use_engine(m, "auto");
    assert_ok(fv_predict_batch(m, pixels, 1, a));
    for (int i = 0; i < 4; i++)
        assert_float_equal(a[i], b[i], 1e-4f);
    fv_preprocess p = *fv_model_preprocess(m);
    p.std[0] *= 4;
    assert_ok(fv_model_set_preprocess(m, &p));
    assert_ok(fv_predict_batch(m, pixels, 1, b));
    assert_true(fabsf(a[0] - b[0]) > 1e-4f);
    use_engine(m, "abacus");
    assert_int_equal(fv_predict_batch(m, pixels, 1, b), FV_ERROR_INVALID);
    fv_model_destroy(m);
}

/* A network whose logits are the red values of four pixels. */
static fv_model *pixel_model(void)
{
    fv_tensor_view t;
    fv_model *m = fv_model_create(.height = 2, .width = 2, .channels = 3);
    fv_output(fv_dense(fv_input(m), .units = 4, .name = "fc"));
    assert_ok(network_check(m));
    assert_ok(fv_model_find_tensor(m, "fc.weight", &t));
    for (int64_t i = 0; i < t.count; i++)
        t.data[i] = i / 12 == i % 12 ? 1.0f : 0; /* channels are slowest: the first four inputs are red */
    fv_preprocess p = *fv_model_preprocess(m);
    p.resize_mode = FV_RESIZE_SQUASH;
    for (int c = 0; c < 3; c++) {
        p.mean[c] = 0;
        p.std[c] = 100;
    }
    assert_ok(fv_model_set_preprocess(m, &p));
    assert_ok(fv_model_set_classes(m, (const char *const[]){"a", "b", "c", "d"}, 4));
    use_engine(m, "reference");
    return m;
}

static const uint8_t red[12] = {100, 0, 0, 200, 9, 9, 50, 7, 7, 200, 1, 2};

/* Softmax of (1, 2, 0.5, 2): equal classes keep their order. */
static void assert_ranking(const fv_prediction *top, const float *probabilities)
{
    double sum = exp(1) + 2 * exp(2) + exp(0.5);
    static const int64_t order[4] = {1, 3, 0, 2};
    static const double logits[4] = {1, 2, 0.5, 2};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(top[i].class_index, order[i]);
        assert_int_equal(top[i].name[0], "abcd"[order[i]]);
        assert_float_equal(top[i].probability, exp(logits[order[i]]) / sum, 1e-6);
        assert_float_equal(probabilities[i], exp(logits[i]) / sum, 1e-6);
    }
}

static void sources(void **state)
{
    (void)state;
    fv_prediction top[4];
    float probabilities[4];
    uint8_t *png;
    size_t size;
    image im = {.height = 2, .width = 2, .channels = 3, .data = (uint8_t *)red};
    fv_model *m = pixel_model();
    assert_ok(fv_predict(m, .pixels = red, .height = 2, .width = 2, .channels = 3, .top = top, .top_count = 4,
                         .probabilities = probabilities));
    assert_ranking(top, probabilities);
    memset(top, 0, sizeof top);
    assert_ok(image_encode_png(&im, &png, &size));
    assert_ok(fv_predict(m, .bytes = png, .byte_count = size, .top = top, .top_count = 4,
                         .probabilities = probabilities));
    assert_ranking(top, probabilities);
    memset(top, 0, sizeof top);
    assert_ok(file_write(scratch("p.png"), png, size));
    assert_ok(
        fv_predict(m, .path = scratch("p.png"), .top = top, .top_count = 4, .probabilities = probabilities));
    assert_ranking(top, probabilities);
    assert_ok(fv_predict(m, .path = scratch("p.png"), .top = top));
    assert_int_equal(top[0].class_index, 1);
    free(png);
    /* Grey pixels for a colour network, and another size. */
    const uint8_t grey[3] = {10, 20, 30};
    assert_ok(
        fv_predict(m, .pixels = grey, .height = 1, .width = 3, .channels = 1, .top = top, .top_count = 1));
    assert_int_equal(top[0].class_index, 1);
    fv_model_destroy(m);
}

static void errors(void **state)
{
    (void)state;
    fv_prediction top[5];
    fv_tensor_view t;
    fv_model *m = pixel_model();
    assert_int_equal(fv_predict(m, .top = top), FV_ERROR_INVALID);
    assert_int_equal(fv_predict(NULL, .path = "x"), FV_ERROR_INVALID);
    assert_int_equal(fv_predict(m, .path = "x", .bytes = "y"), FV_ERROR_INVALID);
    assert_int_equal(fv_predict(m, .path = "/nonexistent.png", .top = top), FV_ERROR_IO);
    assert_non_null(strstr(fv_error_message(), "/nonexistent.png"));
    assert_int_not_equal(fv_predict(m, .bytes = "abc", .byte_count = 3, .top = top), FV_OK);
    assert_int_equal(fv_predict(m, .pixels = red, .height = 2, .width = 2, .channels = 2), FV_ERROR_INVALID);
    assert_int_equal(fv_predict(m, .pixels = red, .height = -2, .width = 2, .channels = 3), FV_ERROR_INVALID);
    assert_int_equal(
        fv_predict(m, .pixels = red, .height = 2, .width = 2, .channels = 3, .top = top, .top_count = 5),
        FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "1..4"));
    assert_int_equal(fv_predict_batch(m, NULL, 1, NULL), FV_ERROR_INVALID);
    assert_ok(fv_model_find_tensor(m, "fc.bias", &t));
    t.data[0] = NAN;
    fv_model_tensors_changed(m);
    assert_int_equal(fv_predict(m, .pixels = red, .height = 2, .width = 2, .channels = 3, .top = top),
                     FV_ERROR_DIVERGED);
    fv_model_destroy(m);
    m = fv_model_create(.height = 4, .width = 4);
    assert_int_equal(fv_predict(m, .pixels = red, .height = 2, .width = 2, .channels = 3), FV_ERROR_INVALID);
    fv_model_destroy(m);
}

/* One output tells two classes apart. */
static void single_output(void **state)
{
    (void)state;
    fv_prediction top[2];
    uint8_t pixel = 30;
    fv_tensor_view t;
    fv_model *m = fv_model_create(.height = 1, .width = 1, .channels = 1);
    fv_output(fv_dense(fv_input(m), .units = 1, .name = "fc"));
    use_engine(m, "reference");
    assert_ok(fv_model_find_tensor(m, "fc.weight", &t));
    t.data[0] = 0;
    assert_ok(fv_model_find_tensor(m, "fc.bias", &t));
    t.data[0] = -1;
    assert_ok(fv_model_set_classes(m, (const char *const[]){"no", "yes"}, 2));
    assert_ok(
        fv_predict(m, .pixels = &pixel, .height = 1, .width = 1, .channels = 1, .top = top, .top_count = 2));
    assert_string_equal(top[0].name, "no");
    assert_float_equal(top[0].probability, 1 / (1 + exp(-1)), 1e-6);
    assert_float_equal(top[1].probability, 1 / (1 + exp(1)), 1e-6);
    fv_model_destroy(m);
}

enum {
    H = 31,
    W = 26
};

/* Predicts each view by itself and averages the probabilities by hand. */
static void average_by_hand(fv_model *m, const uint8_t *pixels, int64_t views, int64_t outputs, double *mean)
{
    const fv_preprocess *p = fv_model_preprocess(m);
    float one[4];
    memset(mean, 0, 4 * sizeof *mean);
    for (int64_t v = 0; v < views; v++) {
        assert_ok(fv_predict(m, .pixels = pixels + v * p->height * p->width * 3, .height = p->height,
                             .width = p->width, .channels = 3, .probabilities = one));
        for (int64_t c = 0; c < outputs; c++)
            mean[c] += (double)one[c] / (double)views;
    }
}

/* Of one picture's views; of a softmax, and of sigmoids. */
static void views_are_averaged(void **state)
{
    (void)state;
    static uint8_t pixels[VIEWS_MOST * PICTURE], picture[H * W * 3];
    static const char *const words[] = {"none", "1", "flip", "five-crop", "ten-crop", "9", "100"};
    for (size_t i = 0; i < sizeof picture; i++)
        picture[i] = (uint8_t)(i * i * 7 + i / 3);
    for (int binary = 0; binary < 2; binary++)
        for (int mode = FV_RESIZE_CROP; mode <= FV_RESIZE_LETTERBOX; mode++)
            for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
                fv_model *m = make_model();
                fv_preprocess p = *fv_model_preprocess(m);
                p.resize_mode = (fv_resize_mode)mode;
                if (binary)
                    m->compile.loss = FV_BINARY_CROSSENTROPY;
                image_views views;
                image in = {.height = H, .width = W, .channels = 3, .data = picture};
                uint8_t fill[3];
                image_fit_fill(&p, fill);
                assert_ok(image_views_parse(words[k], &views));
                assert_ok(image_views_make(&views, &in, &p, fill, NULL, pixels));
                /* The views are at the network's size: cut nothing off them. */
                p.crop_fraction = 1;
                assert_ok(fv_model_set_preprocess(m, &p));
                double mean[4];
                float got[4];
                average_by_hand(m, pixels, views.count, 4, mean);
                p.crop_fraction = 0.9f;
                assert_ok(fv_model_set_preprocess(m, &p));
                assert_ok(fv_predict(m, .pixels = picture, .height = H, .width = W, .channels = 3,
                                     .tta = words[k], .probabilities = got));
                for (int c = 0; c < 4; c++)
                    assert_float_equal(got[c], mean[c], 1e-6);
                fv_model_destroy(m);
            }
}

/* The mean of what a picture's file and its mirror image's give. */
static void flip_is_the_mirrored_file(void **state)
{
    (void)state;
    fv_model *m = make_model();
    uint8_t pixels[PICTURE], mirrored[PICTURE];
    for (int i = 0; i < PICTURE; i++)
        pixels[i] = (uint8_t)(i * i * 31 + i / 5);
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 8; x++)
            memcpy(mirrored + (y * 8 + x) * 3, pixels + (y * 8 + 7 - x) * 3, 3);
    assert_ok(
        image_save_png(&(image){.height = 9, .width = 8, .channels = 3, .data = pixels}, scratch("a.png")));
    assert_ok(
        image_save_png(&(image){.height = 9, .width = 8, .channels = 3, .data = mirrored}, scratch("b.png")));
    float a[4], b[4], both[4];
    assert_ok(fv_predict(m, scratch("a.png"), .probabilities = a));
    assert_ok(fv_predict(m, scratch("b.png"), .probabilities = b));
    assert_ok(fv_predict(m, scratch("b.png"), .tta = "flip", .probabilities = both));
    assert_true(fabsf(a[0] - b[0]) > 1e-3f);
    for (int c = 0; c < 4; c++)
        assert_float_equal(both[c], (a[c] + b[c]) / 2, 1e-6);
    assert_int_equal(fv_predict(m, scratch("b.png"), .tta = "flop", .probabilities = both), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "'flop'"));
    fv_model_destroy(m);
}

static void capabilities(void **state)
{
    (void)state;
    fv_capability list[64];
    int reference = 0, onednn = 0, jpeg = 0;
    int64_t count = fv_capabilities(list, 64);
    assert_in_range(count, 5, 64);
    assert_int_equal(fv_capabilities(NULL, 0), count);
    assert_int_equal(fv_capabilities(list, 2), count);
    for (int64_t i = 0; i < count; i++) {
        int engine = strcmp(list[i].kind, "engine") == 0;
        reference += engine && strcmp(list[i].name, "reference") == 0 && list[i].available;
        onednn += engine && strcmp(list[i].name, "onednn") == 0 && strstr(list[i].detail, "oneDNN ");
        jpeg += strcmp(list[i].kind, "library") == 0 && strstr(list[i].name, "jpeg") && list[i].detail[0];
    }
    assert_int_equal(reference, 1);
    assert_int_equal(onednn, 1);
    assert_int_equal(jpeg, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_count),
        cmocka_unit_test(follows_changes),
        cmocka_unit_test(sources),
        cmocka_unit_test(errors),
        cmocka_unit_test(single_output),
        cmocka_unit_test(capabilities),
        cmocka_unit_test(views_are_averaged),
        cmocka_unit_test(flip_is_the_mirrored_file),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
