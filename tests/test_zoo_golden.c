/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zoo's networks against PyTorch, torchvision and timm: the same tensor names, the same number of parameters and, for
 * weights and pictures that are formulas, the same logits. tests/golden/make_zoo.py wrote the numbers.
 */
#include "test_model.h"

#include "blank_network.h"
#include "formulas.h"
#include "golden/zoo.h"

/* Of the largest logit: f32 sums through up to 120 layers against double. */
static const double tolerance = 1e-4;

static int check_network(size_t g)
{
    int height = golden[g].height, width = golden[g].width, channels = golden[g].channels;
    float logits[GOLDEN_PICTURES][GOLDEN_CLASSES];
    fv_model *m = blank_network(golden[g].name, height, width, channels, GOLDEN_CLASSES);
    assert_int_equal(fv_model_parameter_count(m), golden[g].parameters);
    assert_int_equal(fv_model_tensor_count(m), golden[g].tensors);
    formula_weights(m);
    uint8_t *pixels = formula_pictures(GOLDEN_PICTURES, height, width, channels);
    assert_ok(fv_predict_batch(m, pixels, GOLDEN_PICTURES, &logits[0][0]));
    double d = formula_difference(&golden[g].logits[0][0], &logits[0][0], GOLDEN_PICTURES * GOLDEN_CLASSES);
    free(pixels);
    fv_model_destroy(m);
    if (d <= tolerance)
        return 0;
    print_error("%s of %dx%d: logits differ by %.3g\n", golden[g].name, height, width, d);
    return 1;
}

static void logits_are_those_of_pytorch(void **state)
{
    (void)state;
    int failures = 0;
    for (size_t g = 0; g < sizeof golden / sizeof *golden; g++)
        failures += check_network(g);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(logits_are_those_of_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
