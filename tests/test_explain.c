/* SPDX-License-Identifier: Apache-2.0 */
/* Grad-CAM against its equations, worked out for a network small enough to do by hand, and the overlay's geometry. */
#include "testing.h"

#include <math.h>

#include "explain/saliency.h"
#include "core/random.h"

/*
 * conv 1x1 (2 filters), ReLU, global average, dense 2: the gradient of logit k with respect to the features at every place is
 * W[k][c] / (h * w), so weight_c = W[k][c] / (h * w) and the map is ReLU(sum over c of W[k][c] * A[c]) scaled to 1.
 */
static void equations(void **state)
{
    (void)state;
    enum {
        H = 5,
        W = 4
    };
    fv_model *m = fv_model_create(.height = H, .width = W, .channels = 3, .seed = 5);
    fv_node *x = fv_conv2d(fv_input(m), .filters = 2, .kernel = 1, .activation = FV_RELU, .name = "features");
    fv_output(fv_dense(fv_global_average_pool2d(x), .units = 2, .name = "head"));
    fv_tensor_view conv, bias, head;
    assert_ok(fv_model_find_tensor(m, "features.weight", &conv));
    assert_ok(fv_model_find_tensor(m, "features.bias", &bias));
    assert_ok(fv_model_find_tensor(m, "head.weight", &head));
    uint8_t pixels[H * W * 3];
    rng r = rng_at(1, 0, 0);
    for (int i = 0; i < H * W * 3; i++)
        pixels[i] = (uint8_t)rng_below(&r, 256);
    head.data[0] = 1; /* class 0: one feature for, one against */
    head.data[1] = -0.5f;
    const fv_preprocess *p = fv_model_preprocess(m);

    double expected[H * W], largest = 0;
    for (int i = 0; i < H * W; i++) {
        double sum = 0;
        for (int f = 0; f < 2; f++) {
            double a = bias.data[f];
            for (int c = 0; c < 3; c++)
                a += (double)conv.data[f * 3 + c] *
                     ((pixels[i * 3 + c] - (double)p->mean[c]) / (double)p->std[c]);
            sum += (double)head.data[f] * fmax(a, 0);
        }
        expected[i] = fmax(sum, 0);
        largest = fmax(largest, expected[i]);
    }
    assert_true(largest > 0);
    saliency_map map = {0};
    void *session;
    assert_ok(saliency_gradcam.open(m, NULL, &session));
    assert_ok(saliency_gradcam.compute(session, pixels, 1, &map)); /* one class leaves no trace in the next */
    saliency_map_release(&map);
    assert_ok(saliency_gradcam.compute(session, pixels, 0, &map));
    saliency_gradcam.close(session);
    assert_int_equal(map.height, H);
    assert_int_equal(map.width, W);
    for (int i = 0; i < H * W; i++)
        assert_true(fabs(map.data[i] - expected[i] / largest) < 1e-5);
    saliency_map_release(&map);

    assert_int_equal(saliency_gradcam.open(m, "head", &session), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "head"));
    assert_int_equal(saliency_gradcam.open(m, "nothing", &session), FV_ERROR_INVALID);
    fv_model_destroy(m);
}

/* A map whose right half is hot colours the right half of what the network sees, and darkens what it does not see. */
static void overlay_geometry(void **state)
{
    (void)state;
    fv_preprocess p = {
        .height = 8, .width = 8, .channels = 3, .resize_mode = FV_RESIZE_CROP, .crop_fraction = 1};
    image picture = {0};
    assert_ok(image_reshape(&picture, 20, 40, 3)); /* the middle 20 x 20 is seen */
    memset(picture.data, 120, 20 * 40 * 3);
    float heat[2] = {0, 1};
    saliency_map map = {1, 2, heat};
    overlay_draw(&picture, &p, &map);
    const uint8_t *row = picture.data + 10 * 40 * 3;
    assert_int_equal(row[2 * 3], 40); /* outside */
    assert_int_equal(row[37 * 3], 40);
    assert_true(row[11 * 3 + 2] > row[11 * 3 + 1]); /* cold: violet, little green */
    assert_true(row[28 * 3 + 1] > row[28 * 3 + 2]); /* hot: yellow, little blue */
    image_release(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equations),
        cmocka_unit_test(overlay_geometry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
