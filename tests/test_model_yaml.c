/* SPDX-License-Identifier: Apache-2.0 */
/* Networks written as YAML: the same network as the calls make, and errors that name the line. */
#include "test_model.h"

#include <time.h>

static const char good[] = "name: net\n"
                           "input: {height: 9, width: 8, channels: 3}\n"
                           "classes: 4\n"
                           "layers:\n"
                           "  - conv2d: {filters: 6, kernel: 3, padding: same, use_bias: no, name: conv1}\n"
                           "  - batch_norm: {name: bn1, activation: relu}\n"
                           "  - conv2d:\n"
                           "      filters: 6\n"
                           "      kernel: 3\n"
                           "      padding: explicit\n"
                           "      pad: [1, 1, 1, 1]\n"
                           "      from: bn1\n"
                           "  - add: {from: [bn1, conv2d_2]}\n"
                           "  - relu\n"
                           "  - max_pool2d\n"
                           "  - flatten:\n"
                           "  - dropout: {rate: 0.25}\n"
                           "  - dense: {units: classes, name: fc}\n";

static const char *write_yaml(const char *yaml)
{
    const char *path = scratch("net.yaml");
    assert_ok(file_write(path, yaml, strlen(yaml)));
    return path;
}

/* The same network in calls, the same seed: the same weights and the same logits. */
static void same_as_calls(void **state)
{
    (void)state;
    uint8_t pixels[9 * 8 * 3];
    float a[4], b[4];
    fv_model *m = fv_network_load(write_yaml(good), .seed = 11);
    if (!m)
        fail_msg("%s", fv_error_message());
    fv_model *n = fv_model_create(.height = 9, .width = 8, .seed = 11);
    fv_node *x = fv_conv2d(fv_input(n), .filters = 6, .kernel = 3, .padding = FV_SAME, .use_bias = FV_OFF,
                           .name = "conv1");
    x = fv_batch_norm(x, .activation = FV_RELU, .name = "bn1");
    x = fv_relu(fv_add(x, fv_conv2d(x, .filters = 6, .kernel = 3, .padding = FV_SAME)));
    x = fv_dropout(fv_flatten(fv_max_pool2d(x)), .rate = 0.25f);
    fv_output(fv_dense(x, .units = 4, .name = "fc"));
    assert_string_equal(fv_model_name(m), "net");
    assert_int_equal(fv_model_layer_count(m), fv_model_layer_count(n));
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 37);
    use_engine(m, "reference");
    use_engine(n, "reference");
    assert_ok(fv_predict_batch(m, pixels, 1, a));
    assert_ok(fv_predict_batch(n, pixels, 1, b));
    assert_memory_equal(a, b, sizeof a);
    /* And through the model file. */
    assert_ok(fv_model_save(m, scratch("net.safetensors")));
    fv_model_destroy(n);
    n = fv_model_load(scratch("net.safetensors"));
    assert_non_null(n);
    use_engine(n, "reference");
    assert_ok(fv_predict_batch(n, pixels, 1, b));
    assert_memory_equal(a, b, sizeof a);
    fv_model_destroy(m);
    fv_model_destroy(n);
}

static void overrides(void **state)
{
    (void)state;
    fv_layer_info info;
    fv_model *m = fv_network_load(write_yaml(good), .classes = 7, .height = 16, .width = 16, .channels = 1,
                                  .dropout = 0.5f);
    assert_non_null(m);
    assert_int_equal(fv_model_class_count(m), 7);
    assert_int_equal(fv_model_preprocess(m)->channels, 1);
    assert_ok(fv_model_layer(m, 0, &info));
    assert_int_equal(info.height, 16);
    const op *dropout = NULL;
    for (int32_t i = 0; i < m->graph->op_count; i++)
        if (m->graph->ops[i].kind == OP_DROPOUT)
            dropout = &m->graph->ops[i];
    assert_non_null(dropout);
    assert_true(dropout->a.rate == 0.5f);
    fv_model_destroy(m);
    /* A number of units gives way too, in the last dense layer only. */
    m = fv_network_load(
        write_yaml("input: {height: 4, width: 4}\nlayers: [dense: {units: 5}, dense: {units: 3}]\n"),
        .classes = 2);
    assert_non_null(m);
    assert_int_equal(fv_model_class_count(m), 2);
    assert_ok(fv_model_layer(m, 0, &info));
    assert_int_equal(info.channels, 5);
    fv_model_destroy(m);
}

#define HEAD "input: {height: 8, width: 8}\nlayers:\n"

static void bad(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *message;
    } cases[] = {
        {"", "`key: value`"},
        {"- a\n", "`key: value`"},
        {"layers: [relu]\n", "no height and width"},
        {"input: 7\nlayers: [relu]\n", "`input`"},
        {"input: {height: 8, width: 8}\n", "no layers"},
        {"input: {heigth: 8, width: 8}\n", ":1: input: heigth: unknown option; did you mean height"},
        {"input: {height: 8, width: 70000}\n", "width"},
        {"input: {height: 8, width: 8, channels: 2}\nlayers: [relu]\n", "channels must be 1 or 3"},
        {"input: {height: 8, width: 8}\nlayer: [relu]\n", ":2: layer must be"},
        {"nane: x\n", ":1: nane: unknown option; did you mean name"},
        {"input: {height: 8\n", "not valid YAML"},
        {"a: \x01\n", "not valid YAML"},
        {HEAD "  - conv3d: {filters: 3}\n", ":3: there is no layer type conv3d; did you mean conv2d"},
        {HEAD "  - conv2d: {filter: 3, kernel: 3}\n",
         ":3: layer conv2d: filter: unknown option; did you mean filters"},
        {HEAD "  - conv2d: {filters: x, kernel: 3, name: c1}\n",
         ":3: layer c1: filters: must be a whole number"},
        {HEAD "  - relu\n  - conv2d:\n      filters: 3\n      kernel: 0\n", ":6: layer conv2d: kernel"},
        {HEAD "  - conv2d: {filters: 3, kernel: 30, name: c1}\n", ":3: layer c1"},
        {HEAD "  - conv2d: {filters: 3}\n", ":3: layer conv2d_1"},
        {HEAD "  - conv2d: {filters: 3, kernel: 3, padding: sane}\n", "did you mean 'same'"},
        {HEAD "  - conv2d: {filters: 3, kernel: 3, padding: explicit, pad: [1, [2]]}\n",
         ":3: an option must be"},
        {HEAD "  - conv2d: {filters: 3, kernel: {a: 3}}\n", ":3: an option must be"},
        {HEAD "  - relu: {name: [x]}\n", "name must be a word"},
        {HEAD "  - relu: {name: input}\n", "network's own input"},
        {HEAD "  - relu: {name: a}\n  - relu: {name: a}\n", ":4: layer a: another layer"},
        {HEAD "  - relu: {name: first}\n  - relu: {from: fist}\n",
         ":4: layer relu: there is no layer fist before this "
         "place; did you mean first"},
        {HEAD "  - add: {from: [input]}\n", ":3: layer add_1: add takes 2 to 2 inputs, not 1"},
        {HEAD "  - add: {from: {a: b}}\n", "`from` must be"},
        {HEAD "  - relu: 7\n", ":3: a layer's options must be"},
        {HEAD "  - {relu: {}, add: {}}\n", ":3: a layer must be written"},
        {HEAD "  - [relu]\n", ":3: a layer must be written"},
        {HEAD "  - flatten\n  - dense: {units: classes}\n", "units: 'classes' needs a number"},
        {HEAD "  - relu\n", "must be logits"},
        {HEAD "  - flatten\noutput: flaten\n", "did you mean"},
        {HEAD "  - dense: {units: 16000000}\n  - dense: {units: 16000000}\n", "too large"},
        {"layers: relu\n", "`layers` must be a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = write_yaml(cases[i].yaml);
        fv_model *m = fv_network_load(path);
        if (m)
            fail_msg("accepted, not '%s':\n%s", cases[i].message, cases[i].yaml);
        if (!strstr(fv_error_message(), cases[i].message) || !strstr(fv_error_message(), path))
            fail_msg("'%s' does not say '%s'", fv_error_message(), cases[i].message);
    }
    assert_null(fv_network_load("/nonexistent.yaml"));
    assert_null(fv_network_load(NULL));
}

/* Text that makes careless readers slow or large. */
static void bombs(void **state)
{
    (void)state;
    text t = {0};
    clock_t start = clock();
    text_add(&t, "a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c <= 'z'; c++) {
        text_add(&t, "%c: &%c [", c, c);
        for (int i = 0; i < 9; i++)
            text_add(&t, "*%c,", c - 1);
        text_add(&t, "]\n");
    }
    assert_null(fv_network_load(write_yaml(text_string(&t))));
    text_release(&t);
    text_add(&t, HEAD "  - &r relu: {from: &f [input, input]}\n  - add: {from: *f, pad: &p [*p, *p]}\n");
    assert_null(fv_network_load(write_yaml(text_string(&t))));
    text_release(&t);
    text_add(&t, "a: ");
    for (int i = 0; i < 500000; i++)
        text_add(&t, "[");
    assert_null(fv_network_load(write_yaml(text_string(&t))));
    text_release(&t);
    for (int i = 0; i < 80000; i++)
        text_add(&t, "%s&a%d x", i ? "," : "[", i);
    text_add(&t, "]\n");
    assert_null(fv_network_load(write_yaml(text_string(&t))));
    text_release(&t);
    text_add(&t, HEAD);
    for (int i = 0; i < 10001; i++)
        text_add(&t, "  - relu\n");
    assert_null(fv_network_load(write_yaml(text_string(&t))));
    assert_non_null(strstr(fv_error_message(), "at most 10000 layers"));
    text_release(&t);
    for (int i = 0; i < (1 << 20) / 8 + 1; i++)
        text_add(&t, "# long \n");
    assert_null(fv_network_load(write_yaml(text_string(&t))));
    assert_non_null(strstr(fv_error_message(), "limit"));
    text_release(&t);
    assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_calls),
        cmocka_unit_test(overrides),
        cmocka_unit_test(bad),
        cmocka_unit_test(bombs),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
