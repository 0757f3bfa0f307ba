/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exported C source, compiled with every compiler that is here and run beside the reference engine. The driver includes the source, so that
 * it can fill the arena with NaN before each picture: what is read before it was written shows, and the address sanitizer sees
 * what lies outside.
 */
#include "export_networks.h"

#include <math.h>

#include "convert/csource/csource.h"
#include "core/random.h"
#include "model/predictor.h"

/* Of a probability: sums of floats in another order. */
static const float tolerance = 1e-5f;
enum {
    PICTURES = 3
};

/* ---- networks ---- */

/* What follows all of them: few logits, so that all probabilities are far from 0 and 1. */
static void finish(fv_node *x, int64_t classes)
{
    fv_output(fv_dense(x, .units = classes, .name = "fc"));
}

static void pooled(fv_node *x)
{
    finish(fv_global_average_pool2d(x), 3);
}

static void convolutions(fv_model *m)
{
    fv_node *x = fv_conv2d(fv_input(m), .filters = 21, .kernel_h = 3, .kernel_w = 5, .stride_h = 2,
                           .stride_w = 1, .padding = FV_EXPLICIT, .pad = {1, 0, 2, 2}, .activation = FV_RELU);
    x = fv_conv2d(x, .filters = 20, .kernel = 3, .dilation = 2, .padding = FV_SAME, .use_bias = FV_OFF);
    x = fv_batch_norm(x, .activation = FV_RELU6);
    x = fv_conv2d(x, .filters = 40, .kernel = 3, .groups = 4, .stride = 2, .padding = FV_SAME_TF);
    x = fv_conv2d(x, .filters = 16, .kernel = 3, .groups = 8, .padding = FV_SAME, .activation = FV_SILU);
    pooled(fv_conv2d(x, .filters = 3, .kernel = 1));
}

static void depthwise(fv_model *m)
{
    fv_node *x = fv_conv2d(fv_input(m), .filters = 8, .kernel = 3, .stride = 2, .padding = FV_SAME_TF);
    x = fv_batch_norm(x, .activation = FV_RELU6);
    x = fv_conv2d(x, .kernel = 3, .depthwise = 1, .padding = FV_SAME, .activation = FV_HARD_SWISH);
    x = fv_separable_conv2d(x, .filters = 24, .kernel = 3, .stride = 2, .depth_multiplier = 2,
                            .padding = FV_SAME);
    x = fv_dense(x, .units = 18, .each_place = 1, .activation = FV_TANH);
    pooled(x);
}

static void pools(fv_model *m)
{
    fv_node *x = fv_conv2d(fv_input(m), .filters = 5, .kernel = 3, .padding = FV_SAME);
    fv_node *a = fv_max_pool2d(x, .size = 3, .stride = 2, .padding = FV_SAME);
    fv_node *b = fv_average_pool2d(x, .size = 3, .stride = 2, .padding = FV_SAME);
    fv_node *c = fv_average_pool2d(x, .size = 3, .stride = 2, .padding = FV_SAME, .count_padding = 1);
    fv_node *d = fv_max_pool2d(x, .size_h = 2, .size_w = 2, .ceil_mode = 1);
    x = fv_concat((fv_node *[]){a, b, c, d}, 4);
    finish(fv_flatten(fv_max_pool2d(x)), 3);
}

/* Each as a convolution's last step and on its own, there also where its input is still needed. */
static void activations(fv_model *m)
{
    static const fv_activation_kind kinds[] = {FV_RELU,      FV_LEAKY_RELU, FV_RELU6,       FV_GELU,
                                               FV_SILU,      FV_HARD_SWISH, FV_SIGMOID,     FV_TANH,
                                               FV_GELU_TANH, FV_SOFTMAX,    FV_HARD_SIGMOID};
    fv_node *x = fv_conv2d(fv_input(m), .filters = 9, .kernel = 3, .stride = 2);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        fv_node *y = fv_conv2d(x, .filters = 9, .kernel = 1, .activation = kinds[i], .alpha = 0.2f);
        x = fv_add(fv_activation(x, .kind = kinds[i], .alpha = 0.3f), fv_add(x, y));
    }
    pooled(x);
}

static void residuals(fv_model *m)
{
    fv_node *x =
        fv_conv2d(fv_input(m), .filters = 16, .kernel = 3, .padding = FV_SAME, .activation = FV_RELU);
    fv_node *y = fv_conv2d(x, .filters = 16, .kernel = 3, .padding = FV_SAME);
    x = fv_relu(fv_add(fv_batch_norm(y), x));
    y = fv_conv2d(x, .kernel = 3, .depthwise = 1, .padding = FV_SAME);
    x = fv_add(y, x);
    x = fv_squeeze_excitation(x, .units = 4);
    x = fv_add(x, x);
    fv_node *mean = fv_average_pool2d(x, .size_h = 8, .size_w = 9);
    x = fv_multiply(mean, fv_add(x, mean));
    pooled(fv_layer_scale(x, .initial = 0.5f));
}

static void shapes(fv_model *m)
{
    fv_node *x = fv_conv2d(fv_input(m), .filters = 6, .kernel = 3);
    fv_node *y = fv_zero_pad2d(x, .pad = {1, 0, 2, 3}, .channels = {1, 2});
    y = fv_crop2d(y, .crop = {0, 1, 2, 3}, .channels = {0, 3});
    x = fv_channel_shuffle(fv_concat((fv_node *[]){x, y}, 2), .groups = 3);
    finish(fv_flatten(x), 3);
}

/* Batch norms that no convolution can take, one with a residual, one behind a flatten. */
static void norms(fv_model *m)
{
    fv_node *x = fv_conv2d(fv_input(m), .filters = 6, .kernel = 3, .stride = 2);
    fv_node *y = fv_batch_norm(x, .activation = FV_RELU);
    x = fv_add(fv_batch_norm(fv_max_pool2d(y, .size = 1)), x);
    x = fv_batch_norm(fv_flatten(x), .activation = FV_LEAKY_RELU);
    finish(fv_dropout(x, .rate = 0.5f), 3);
}

static void grey_yes_or_no(fv_model *m)
{
    fv_node *x = fv_conv2d(fv_input(m), .filters = 4, .kernel = 3, .stride = 3, .activation = FV_RELU);
    finish(fv_dense(x, .units = 7, .activation = FV_GELU), 1);
}

typedef struct test_network {
    const char *name;
    void (*build)(fv_model *m);
    int64_t channels;
} test_network;

static const test_network networks[] = {
    {"convolutions", convolutions, 3},
    {"depthwise", depthwise, 3},
    {"pools", pools, 3},
    {"activations", activations, 3},
    {"residuals", residuals, 3},
    {"shapes", shapes, 3},
    {"norms", norms, 3},
    {"grey", grey_yes_or_no, 1},
};

/* Numbers without a pattern in every tensor; variances positive. */
static void fill_tensors(fv_model *m)
{
    for (int64_t i = 0; i < fv_model_tensor_count(m); i++) {
        fv_tensor_view t;
        assert_ok(fv_model_tensor(m, i, &t));
        rng r = rng_at(7, 0, (uint64_t)i);
        int64_t inputs = t.rank > 1 ? t.count / t.shape[0] : 1;
        for (int64_t k = 0; k < t.count; k++) {
            float x = (float)rng_u32(&r) / 2147483648.0f - 1;
            t.data[k] = strstr(t.name, "running_var") ? 1.5f + x
                        : t.rank > 1                  ? 1.7f * x / sqrtf((float)inputs)
                                                      : x;
        }
    }
    fv_model_tensors_changed(m);
}

static fv_model *make(const test_network *n)
{
    fv_model *m = fv_model_create(.height = 8, .width = 9, .channels = n->channels, .name = n->name);
    assert_non_null(m);
    n->build(m);
    assert_ok(network_check(m));
    fv_preprocess p = *fv_model_preprocess(m);
    p.reverse_channels = n->channels == 3;
    for (int c = 0; c < 3; c++) {
        p.mean[c] = 100.1f + 7 * (float)c;
        p.std[c] = 50.7f + (float)c;
    }
    assert_ok(fv_model_set_preprocess(m, &p));
    assert_ok(fv_model_set_temperature(m, 1.3f));
    fill_tensors(m);
    use_engine(m, "reference");
    return m;
}

/* ---- compiled ---- */

static bool has_program(const char *name)
{
    char command[256];
    snprintf(command, sizeof command, "command -v %s >/dev/null", name);
    return system(command) == 0;
}

/* Reads pictures from `pixels`, writes probabilities into `found` and class names, each with its zero, into `names`. */
static void write_driver(const char *stem)
{
    char driver[512];
    snprintf(driver, sizeof driver, "%s.main.c", scratch(stem));
    FILE *f = fopen(driver, "w");
    assert_non_null(f);
    fprintf(f,
            "#include <math.h>\n#include <stdio.h>\n#include <string.h>\n#include \"%s.c\"\n"
            "int main(void)\n{\n    static uint8_t pixels[NET_HEIGHT * NET_WIDTH * NET_CHANNELS];\n"
            "    static float probabilities[NET_OUTPUTS];\n"
            "    FILE *in = fopen(\"pixels\", \"rb\"), *out = fopen(\"found\", \"wb\"), *names = "
            "fopen(\"names\", \"wb\");\n"
            "    while (fread(pixels, sizeof pixels, 1, in) == 1) {\n"
            "        for (size_t i = 0; i < sizeof arena / sizeof *arena; i++)\n            arena[i] = NAN;\n"
            "        net_classify(pixels, probabilities);\n"
            "        fwrite(probabilities, sizeof probabilities, 1, out);\n    }\n"
            "    for (int i = 0; i < NET_CLASSES; i++)\n"
            "        fwrite(net_class_names[i], strlen(net_class_names[i]) + 1, 1, names);\n"
            "    fclose(in);\n    fclose(out);\n    fclose(names);\n    return net_self_test();\n}\n",
            stem);
    assert_int_equal(fclose(f), 0);
}

static void shell(const char *format, ...)
{
    char command[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = snprintf(command, sizeof command, "cd '%s' && ", scratch(""));
    vsnprintf(command + length, sizeof command - (size_t)length, format, arguments);
    va_end(arguments);
    if (system(command) != 0)
        fail_msg("%s failed", command);
}

static void export_to(fv_model *m, const char *stem, fv_export_report *report)
{
    char path[512];
    snprintf(path, sizeof path, "%s.c", scratch(stem));
    assert_ok(fv_export(m, path, .format = "c", .prefix = "net", .report = report));
}

static void compare(fv_model *m, const uint8_t *pixels, const char *what)
{
    int64_t count = PICTURES * fv_model_class_count(m);
    float expected[PICTURES * 8], found[PICTURES * 8];
    assert_ok(predictor_logits(m, pixels, PICTURES, expected));
    predictor_activate(m, PICTURES, expected);
    FILE *f = fopen(scratch("found"), "rb");
    assert_non_null(f);
    assert_int_equal(fread(found, sizeof *found, (size_t)count + 1, f), count);
    fclose(f);
    for (int64_t i = 0; i < count; i++)
        if (!(fabsf(expected[i] - found[i]) <= tolerance))
            fail_msg("%s: probability %d is %g and not %g", what, (int)i, (double)found[i],
                     (double)expected[i]);
}

/* In C99 without any extension, and without a warning. */
static void build_and_compare(fv_model *m, const char *stem, const char *options)
{
    static const char *const compilers[] = {"gcc", "clang"};
    const fv_preprocess *p = fv_model_preprocess(m);
    size_t size = (size_t)(p->height * p->width * p->channels);
    uint8_t *pixels = mem_array(PICTURES, size);
    assert_non_null(pixels);
    rng r = rng_at(3, 0, 0);
    for (size_t i = 0; i < PICTURES * size; i++)
        pixels[i] = (uint8_t)(rng_u32(&r) >> 24);
    assert_ok(file_write(scratch("pixels"), pixels, PICTURES * size));
    write_driver(stem);
    for (size_t i = 0; i < sizeof compilers / sizeof *compilers; i++) {
        if (!has_program(compilers[i]))
            continue;
        shell("%s -std=c99 -Wall -Wextra -Werror -pedantic %s %s.main.c -o %s -lm && ./%s", compilers[i],
              options, stem, stem, stem);
        compare(m, pixels, stem);
    }
    free(pixels);
}

static void test_operations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        fv_export_report report;
        fv_model *m = make(&networks[i]);
        export_to(m, networks[i].name, &report);
        assert_true(report.weight_bytes > 0 && report.arena_bytes > 0 && report.multiply_adds > 0);
        build_and_compare(m, networks[i].name, "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all");
        fv_model_destroy(m);
    }
}

/* The networks that other formats are tried with, at full speed. */
static void test_export_networks(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXPORT_NETWORKS; i++) {
        const struct export_network_row *row = &export_networks[i];
        fv_model *m = export_model(row);
        if (row->norms) {
            assert_int_equal(fv_export(m, scratch("norms.c"), .format = "c"), FV_ERROR_UNSUPPORTED);
            assert_non_null(strstr(fv_error_message(), "cannot be written as C source"));
        } else {
            export_to(m, row->name, NULL);
            build_and_compare(m, row->name, "-O3");
        }
        fv_model_destroy(m);
    }
}

static void test_unsupported(void **state)
{
    (void)state;
    fv_model *m = fv_model_create(.height = 8, .width = 8);
    fv_node *x = fv_conv2d(fv_input(m), .filters = 8, .kernel = 3);
    pooled(fv_layer_norm(x, .name = "the_norm"));
    assert_int_equal(fv_export(m, scratch("norm.c"), .format = "c"), FV_ERROR_UNSUPPORTED);
    assert_non_null(strstr(fv_error_message(), "the_norm"));
    assert_non_null(strstr(fv_error_message(), "group_norm"));
    assert_int_not_equal(access(scratch("norm.c"), F_OK), 0);
    fv_model_destroy(m);
    m = fv_model_create(.height = 16384, .width = 16384);
    pooled(fv_conv2d(fv_input(m), .filters = 8, .kernel = 1));
    assert_int_equal(fv_export(m, scratch("large.c"), .format = "c"), FV_ERROR_UNSUPPORTED);
    assert_non_null(strstr(fv_error_message(), "arena"));
    fv_model_destroy(m);
}

/* ---- the arena ---- */

/* Two buffers that are needed at once never lie in the same place. */
static void test_arena(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof networks / sizeof *networks; n++) {
        fv_model *m = make(&networks[n]);
        export_network network;
        assert_ok(export_network_make(m, true, &network));
        csource s = {.network = &network, .graph = graph_copy(network.graph)};
        assert_ok(graph_set_batch(s.graph, 1));
        assert_ok(program_init(&s.program, s.graph));
        assert_ok(csource_place(&s));
        const program_buffer_info *b = s.program.buffers;
        for (int32_t i = 0; i < s.program.buffer_count; i++) {
            assert_true(b[i].offset + b[i].bytes <= s.program.arena_bytes);
            for (int32_t k = 0; k < i; k++)
                if (b[i].first <= b[k].last && b[k].first <= b[i].last)
                    assert_true(b[i].offset + b[i].bytes <= b[k].offset ||
                                b[k].offset + b[k].bytes <= b[i].offset);
        }
        program_release(&s.program);
        graph_destroy(s.graph);
        export_network_release(&network);
        fv_model_destroy(m);
    }
}

/* ---- names ---- */

static void test_prefixes(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "9net", "_net", "my net", "net-1",
                                      "n\xc3\xa9t", "a\nb", "net;", NULL};
    static const char *const stems[][2] = {{"dir/net.c", "net"},
                                           {"my-model.v2.c", "my_model_v2"},
                                           {"9lives.c", "model_9lives"},
                                           {".hidden", "model__hidden"},
                                           {"caf\xc3\xa9.c", "caf__"},
                                           {"a*/b\"c.c", "b_c"},
                                           {"_Reserved.c", "model__Reserved"}};
    for (int i = 0; bad[i]; i++)
        assert_null(csource_prefix(bad[i], "net.c"));
    char *given = csource_prefix("My_Net9", "other.c"), *upper = csource_upper(given);
    assert_string_equal(given, "My_Net9");
    assert_string_equal(upper, "MY_NET9");
    free(upper);
    free(given);
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
        char *made = csource_prefix(NULL, stems[i][0]);
        assert_string_equal(made, stems[i][1]);
        free(made);
    }
}

/* Names that would end a literal or a comment, or be taken for something else, come out as they went in. */
static void test_hostile_names(void **state)
{
    (void)state;
    static const char *const names[3] = {"\"; int x = 1; /* \\", "a\n#error b\r\t?\?/ ?\?' \\u00e9 %s\x01",
                                         "*/ \303\251\377123"};
    fv_model *m = fv_model_create(.height = 8, .width = 9, .name = "*/ #error \\\n?\?/ \"");
    fv_node *x = fv_conv2d(fv_input(m), .filters = 4, .kernel = 3, .name = "*/ #error ?\?/\\\n");
    pooled(x);
    assert_ok(fv_model_set_classes(m, names, 3));
    use_engine(m, "reference");
    export_to(m, "hostile", NULL);
    build_and_compare(m, "hostile", "-trigraphs");
    char expected[256], found[256];
    size_t length = 0;
    for (int i = 0; i < 3; i++) {
        strcpy(expected + length, names[i]);
        length += strlen(names[i]) + 1;
    }
    FILE *f = fopen(scratch("names"), "rb");
    assert_non_null(f);
    assert_int_equal(fread(found, 1, sizeof found, f), length);
    fclose(f);
    assert_memory_equal(found, expected, length);
    assert_int_equal(fv_export(m, scratch("a\"b.c"), .format = "c"), FV_ERROR_INVALID);
    fv_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena),           cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_hostile_names),   cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_export_networks), cmocka_unit_test(test_operations),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
