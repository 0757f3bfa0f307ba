/* SPDX-License-Identifier: Apache-2.0 */
/* Which tensor goes where: names of timm and torchvision, prefixes, and shapes that are adapted. */
#include "convert/tensor_names.h"
#include "formulas.h"
#include "golden/timm.h"
#include "golden/weight_names.h"
#include "model/safetensors.h"
#include "testing.h"

enum {
    NAMES = sizeof golden_names / sizeof *golden_names
};

/* Both have their modules in the order of the network's, so tensors found must come one behind the other, none twice. */
static void foreign_names(void **state)
{
    (void)state;
    fv_model *m = NULL;
    tensor_names names = {0};
    const network_tensor *last = NULL;
    for (int i = 0; i < NAMES; i++) {
        if (i == 0 || strcmp(golden_names[i].network, golden_names[i - 1].network) != 0) {
            tensor_names_release(&names);
            fv_model_destroy(m);
            m = fv_zoo_create(golden_names[i].network);
            assert_non_null(m);
            assert_ok(tensor_names_init(&names, m));
            last = NULL;
        }
        char wrapped[256];
        snprintf(wrapped, sizeof wrapped, "module.model.%s", golden_names[i].name);
        const network_tensor *t = tensor_names_find(&names, wrapped, false);
        if (!t)
            fail_msg("%s: %s is not found", golden_names[i].network, wrapped);
        assert_int_equal(t->count, golden_names[i].count);
        if (last && t <= last)
            fail_msg("%s: %s is taken for %s, behind %s", golden_names[i].network, wrapped, t->name,
                     last->name);
        last = t;
    }
    assert_null(tensor_names_find(&names, "module.", false));
    assert_null(tensor_names_find(&names, "layers.encoder_layer_99999999999999999999.ln_1.weight", false));
    assert_null(tensor_names_find(&names, "encoder.encoder.nothing", false));
    tensor_names_release(&names);
    fv_model_destroy(m);
}

/* ---- shapes ---- */

static const char *path(void)
{
    static char name[64];
    snprintf(name, sizeof name, "/tmp/fovea-weights-%ld.safetensors", (long)getpid());
    return name;
}

/* 8x8 pictures, 4x4 patches of 2 channels, a class token, and `classes` outputs. */
static fv_model *tiny(int64_t channels, int64_t classes)
{
    fv_model *m = fv_model_create(.height = 8, .width = 8, .channels = channels);
    fv_node *x = fv_conv2d(fv_input(m), .filters = 2, .kernel = 2, .stride = 2, .name = "patch");
    x = fv_position_embedding(fv_class_token(x, .name = "cls_token"), .name = "pos_embed");
    fv_output(fv_dense(fv_flatten(x), .units = classes, .name = "head"));
    assert_int_equal(fv_model_class_count(m), classes);
    return m;
}

/* The tensors of such a network for `channels`, with position embeddings of a grid of `side`; all are `fill` but the first kernel and the
 * embeddings, whose k-th is (k * 37 % 101) / 10. */
static void write_weights(int64_t channels, int64_t classes, int64_t side, float fill)
{
    static float counted[200], filled[200];
    safetensors_writer w = {0};
    for (int k = 0; k < 200; k++) {
        counted[k] = (float)(k * 37 % 101) / 10;
        filled[k] = fill;
    }
    safetensors_add(&w, "model.patch.weight", SAFETENSORS_F32, (int64_t[]){2, channels, 2, 2}, 4, counted);
    safetensors_add(&w, "model.patch.bias", SAFETENSORS_F32, (int64_t[]){2}, 1, filled);
    safetensors_add(&w, "model.cls_token", SAFETENSORS_F32, (int64_t[]){1, 1, 2}, 3, filled);
    safetensors_add(&w, "model.pos_embed", SAFETENSORS_F32, (int64_t[]){1, 1 + side * side, 2}, 3, counted);
    safetensors_add(&w, "model.head.weight", SAFETENSORS_F32, (int64_t[]){classes, 34}, 2, filled);
    safetensors_add(&w, "model.head.bias", SAFETENSORS_F32, (int64_t[]){classes}, 1, filled);
    safetensors_add(&w, "unknown", SAFETENSORS_F32, (int64_t[]){1}, 1, filled);
    assert_ok(safetensors_write(&w, path()));
    safetensors_writer_release(&w);
}

static void tally(const fv_weight *w, void *user)
{
    int *fates = user;
    fates[w->fate]++;
    assert_true((w->name == NULL) == (w->fate == FV_WEIGHT_LEFT_OVER));
}

static void first_convolution(void **state)
{
    (void)state;
    static const int64_t channels[][2] = {{3, 1}, {1, 3}};
    for (int i = 0; i < 2; i++) {
        int fates[6] = {0};
        fv_tensor_view t;
        fv_model *m = tiny(channels[i][1], 3);
        write_weights(channels[i][0], 3, 4, 0.5f);
        assert_ok(fv_weights_load(m, .path = path(), .on_tensor = tally, .user = fates));
        assert_int_equal(fates[FV_WEIGHT_TAKEN], 5);
        assert_int_equal(fates[FV_WEIGHT_ADAPTED], 1);
        assert_int_equal(fates[FV_WEIGHT_LEFT_OVER], 1);
        assert_ok(fv_model_find_tensor(m, "patch.weight", &t));
        for (int k = 0; k < t.count; k++) {
            /* (filter, channel, place): the sum of the three, or a third of the one. */
            int filter = k / (4 * (int)channels[i][1]), place = k % 4;
            float v = 0;
            for (int c = 0; c < channels[i][0]; c++)
                v += (float)((filter * 4 * (int)channels[i][0] + 4 * c + place) * 37 % 101) / 10;
            assert_float_equal(t.data[k], v / (float)channels[i][1], 1e-5f);
        }
        fv_model_destroy(m);
    }
    /* Other layers, and other numbers of channels, are not adapted. */
    fv_model *m = tiny(1, 3);
    write_weights(2, 3, 4, 0.5f);
    assert_int_equal(fv_model_load_weights(m, path(), NULL, NULL), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "(2, 2, 2, 2) where the network has (2, 1, 2, 2)"));
    fv_model_destroy(m);
    unlink(path());
}

static void position_embeddings(void **state)
{
    (void)state;
    static const struct {
        int64_t side;
        const float *wanted;
    } grids[] = {{6, golden_grid_6}, {3, golden_grid_3}};
    for (int i = 0; i < 2; i++) {
        fv_tensor_view t;
        fv_model *m = tiny(1, 3);
        write_weights(1, 3, grids[i].side, 0.5f);
        assert_ok(fv_model_load_weights(m, path(), NULL, NULL));
        assert_ok(fv_model_find_tensor(m, "pos_embed", &t));
        assert_int_equal(t.count, 2 + 32);
        assert_true(t.data[0] == 0 && t.data[1] == 3.7f); /* the class token's */
        for (int k = 0; k < 32; k++)
            assert_float_equal(t.data[2 + k], grids[i].wanted[k], 1e-5f);
        fv_model_destroy(m);
    }
    unlink(path());
}

/* Another number of classes leaves the head as it was; a failure leaves everything. */
static void head_and_failure(void **state)
{
    (void)state;
    int64_t matched, left;
    fv_tensor_view head, bias;
    fv_model *m = tiny(1, 4);
    assert_ok(fv_model_find_tensor(m, "head.weight", &head));
    assert_ok(fv_model_find_tensor(m, "patch.bias", &bias));
    float first = head.data[0];
    write_weights(1, 3, 4, 0.5f);
    assert_ok(fv_model_load_weights(m, path(), &matched, &left));
    assert_int_equal(matched, 4);
    assert_int_equal(left, 2);
    assert_true(head.data[0] == first && bias.data[1] == 0.5f);
    write_weights(2, 3, 4, 0.25f);
    assert_int_equal(fv_model_load_weights(m, path(), NULL, NULL), FV_ERROR_FORMAT);
    assert_true(bias.data[1] == 0.5f);
    unlink(path());
    fv_model_destroy(m);
}

/* TensorFlow's padding changes strided windows and nothing else. */
static void tensorflow_padding(void **state)
{
    (void)state;
    fv_model *plain = fv_zoo_create("mobilenet_v2", .height = 32, .width = 32, .seed = 1),
             *padded =
                 fv_zoo_create("mobilenet_v2", .height = 32, .width = 32, .seed = 1, .tensorflow_padding = 1);
    assert_non_null(padded);
    assert_int_equal(fv_model_tensor_count(plain), fv_model_tensor_count(padded));
    for (int64_t i = 0; i < fv_model_tensor_count(plain); i++) {
        fv_tensor_view a, b;
        assert_ok(fv_model_tensor(plain, i, &a));
        assert_ok(fv_model_tensor(padded, i, &b));
        assert_string_equal(a.name, b.name);
        assert_memory_equal(a.data, b.data, (size_t)a.count * sizeof *a.data);
    }
    static uint8_t pixels[32 * 32 * 3];
    float logits[2][1000];
    /* The windows over a bright corner lie one pixel apart. */
    memset(pixels, 255, 3);
    assert_ok(fv_predict_batch(plain, pixels, 1, logits[0]));
    assert_ok(fv_predict_batch(padded, pixels, 1, logits[1]));
    assert_memory_not_equal(logits[0], logits[1], sizeof logits[0]);
    fv_model_destroy(plain);
    fv_model_destroy(padded);
}

/* A file of timm's network of this name: formulas, with small variances. */
static void write_timm(const char *network)
{
    enum {
        MOST = sizeof timm_tensors / sizeof *timm_tensors
    };
    float *data[MOST];
    int count = 0;
    safetensors_writer w = {0};
    for (int i = 0; i < MOST; i++) {
        if (strcmp(timm_tensors[i].network, network) != 0)
            continue;
        fv_tensor_view t = {.name = timm_tensors[i].name, .rank = timm_tensors[i].rank, .count = 1};
        memcpy(t.shape, timm_tensors[i].shape, sizeof t.shape);
        for (int k = 0; k < t.rank; k++)
            t.count *= t.shape[k];
        t.data = data[count++] = malloc((size_t)t.count * sizeof *t.data);
        assert_non_null(t.data);
        formula_tensor(&t);
        float scale = ends_with(t.name, "running_var")             ? 1 / 256.0f
                      : t.rank == 1 && ends_with(t.name, "weight") ? 1 / 16.0f
                                                                   : 1;
        for (int64_t k = 0; k < t.count; k++)
            t.data[k] *= scale;
        safetensors_add(&w, t.name, SAFETENSORS_F32, t.shape, t.rank, t.data);
    }
    assert_ok(safetensors_write(&w, path()));
    safetensors_writer_release(&w);
    while (count > 0)
        free(data[--count]);
}

/* Weights that were trained with another epsilon of batch norm give the same answers. */
static void timm_epsilon(void **state)
{
    (void)state;
    static const float half[3] = {127.5f, 127.5f, 127.5f};
    for (size_t i = 0; i < sizeof timm_networks / sizeof *timm_networks; i++) {
        float logits[2][TIMM_PICTURES][TIMM_CLASSES];
        uint8_t *pixels = formula_pictures(TIMM_PICTURES, TIMM_HEIGHT, TIMM_WIDTH, 3);
        write_timm(timm_networks[i].network);
        for (int padded = 0; padded < 2; padded++) {
            int fates[6] = {0};
            fv_model *m = fv_zoo_create(timm_networks[i].network, .height = TIMM_HEIGHT, .width = TIMM_WIDTH,
                                        .classes = TIMM_CLASSES, .tensorflow_padding = padded);
            assert_non_null(m);
            assert_ok(fv_weights_load(m, .path = path(), .on_tensor = tally, .user = fates));
            assert_int_equal(fates[FV_WEIGHT_TAKEN] + fates[FV_WEIGHT_ADAPTED], fv_model_tensor_count(m));
            assert_int_equal(fates[FV_WEIGHT_LEFT_OVER], 0);
            fv_preprocess p = *fv_model_preprocess(m);
            memcpy(p.mean, half, sizeof half);
            memcpy(p.std, half, sizeof half);
            assert_ok(fv_model_set_preprocess(m, &p));
            assert_ok(fv_predict_batch(m, pixels, TIMM_PICTURES, &logits[padded][0][0]));
            /* Those of TensorFlow have the network's own epsilon: nothing is changed. */
            fv_tensor_view t;
            assert_ok(fv_model_find_tensor(m, "features.0.1.weight", &t));
            fv_tensor_view own = {
                .name = "bn1.weight", .rank = 1, .shape = {16}, .count = 16, .data = (float[16]){0}};
            formula_tensor(&own);
            for (int k = 0; k < 16; k++)
                assert_true((t.data[k] == own.data[k] / 16) == (padded == 1));
            fv_model_destroy(m);
        }
        double d = formula_difference(&timm_networks[i].logits[0][0], &logits[0][0][0],
                                      TIMM_PICTURES * TIMM_CLASSES);
        if (!(d <= 1e-4)) /* of the largest logit: f32 against double */
            fail_msg("%s: logits differ by %.3g", timm_networks[i].network, d);
        free(pixels);
    }
    unlink(path());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_names),       cmocka_unit_test(first_convolution),
        cmocka_unit_test(position_embeddings), cmocka_unit_test(head_and_failure),
        cmocka_unit_test(tensorflow_padding),  cmocka_unit_test(timm_epsilon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
