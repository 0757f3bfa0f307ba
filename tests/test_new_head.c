/* SPDX-License-Identifier: Apache-2.0 */
/* A model for other classes keeps all but its head. */
#include "test_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void a_dense_head_begins_anew(void **state)
{
    (void)state;
    fv_model *m = make_model(), *n = fv_model_new_head(m, 7, 3);
    assert_non_null(n);
    assert_int_equal(fv_model_class_count(n), 7);
    assert_null(fv_model_class_name(n, 0));
    assert_int_equal(n->tensor_count, m->tensor_count);
    assert_memory_equal(&n->preprocess, &m->preprocess, sizeof n->preprocess);
    assert_int_equal(n->statistics_set, m->statistics_set);
    for (int32_t i = 0; i < m->tensor_count; i++) {
        const network_tensor *a = &m->tensors[i], *b = &n->tensors[i];
        assert_string_equal(a->name, b->name);
        if (strncmp(a->name, "fc.", 3) == 0)
            assert_int_equal(b->shape.d[0], 7);
        else
            assert_memory_equal(a->data, b->data, (size_t)a->count * sizeof *a->data);
    }
    fv_model_destroy(n);
    fv_model_destroy(m);
}

static void a_convolution_can_be_the_head(void **state)
{
    (void)state;
    fv_model *m = fv_zoo_create("squeezenet1_1"), *n = fv_model_new_head(m, 5, 0);
    assert_non_null(n);
    assert_int_equal(fv_model_class_count(n), 5);
    fv_tensor_view view;
    assert_ok(fv_model_find_tensor(n, "classifier.1.weight", &view));
    assert_int_equal(view.shape[0], 5);
    fv_model_destroy(n);
    fv_model_destroy(m);
}

/* ---- a flat end ---- */

static void every_zoo_network_can_end_flat(void **state)
{
    (void)state;
    for (int64_t i = 0; i < fv_zoo_count(); i++) {
        const char *name = fv_zoo_get(i)->name;
        if (strncmp(name, "vgg16", 5) == 0 || strcmp(name, "wide_resnet28_10") == 0)
            continue; /* their memory; vgg11 and wide_resnet16_4 end as they do */
        fv_model *m = fv_zoo_create(name), *flat = fv_model_flat_head(m, 5, 3), *votes;
        if (!flat)
            fail_msg("%s: %s", name, fv_error_message());
        assert_true(fv_model_ends_flat(flat));
        assert_int_equal(fv_model_class_count(flat), 5);
        if (fv_model_ends_flat(m)) {
            assert_int_equal(flat->layer_count, m->layer_count);
        } else {
            votes = fv_model_knn_head(m, 5, 7);
            assert_non_null(votes);
            assert_true(fv_model_ends_flat(votes));
            fv_model_destroy(votes);
        }
        fv_model_destroy(flat);
        fv_model_destroy(m);
    }
}

enum {
    PICTURES = 2,
    OUTPUTS = 4
};

static void predict(fv_model *m, float logits[PICTURES * OUTPUTS])
{
    const fv_preprocess *p = fv_model_preprocess(m);
    size_t bytes = (size_t)(p->height * p->width * p->channels) * PICTURES;
    uint8_t *pixels = malloc(bytes);
    assert_non_null(pixels);
    for (size_t i = 0; i < bytes; i++)
        pixels[i] = (uint8_t)(i * i * 31 >> 4);
    assert_ok(fv_compile(m, .engine = "reference", .threads = 1));
    assert_ok(fv_predict_batch(m, pixels, PICTURES, logits));
    free(pixels);
}

/* Where the end is linear, a dense layer on the averages can make the same logits: its columns are those of the `heads`, each times `share`. */
static void check_same_logits(const char *name, int64_t side, const char *const *heads, float share)
{
    fv_model *m = fv_zoo_create(name, .classes = OUTPUTS, .height = side, .width = side),
             *flat = fv_model_flat_head(m, OUTPUTS, 3);
    float before[PICTURES * OUTPUTS], after[PICTURES * OUTPUTS];
    assert_non_null(flat);
    network_tensor *w = &flat->tensors[flat->tensor_count - 2], *bias = w + 1;
    int64_t row = w->shape.d[1], column = 0;
    for (; *heads; heads++) {
        char weight[64], values[64];
        snprintf(weight, sizeof weight, "%s.weight", *heads);
        snprintf(values, sizeof values, "%s.bias", *heads);
        const network_tensor *t = network_find_tensor(m, weight), *b = network_find_tensor(m, values);
        for (int64_t k = 0; k < OUTPUTS; k++) {
            for (int64_t i = 0; i < t->shape.d[1]; i++)
                w->data[k * row + column + i] = share * t->data[k * t->shape.d[1] + i];
            if (b)
                b->data[k] = (float)k;
            bias->data[k] += b ? share * (float)k : 0;
        }
        column += t->shape.d[1];
    }
    assert_int_equal(column, row);
    network_changed(m);
    network_changed(flat);
    predict(m, before);
    predict(flat, after);
    for (int i = 0; i < PICTURES * OUTPUTS; i++)
        assert_float_equal(before[i], after[i], 1e-4 * (1 + fabsf(before[i])));
    fv_model_destroy(flat);
    fv_model_destroy(m);
}

static void a_flat_end_can_say_the_same(void **state)
{
    (void)state;
    check_same_logits("airbench94", 32, (const char *const[]){"7", NULL}, 1 / 9.0f);
    check_same_logits("deit_tiny_distilled_patch16_224", 32, (const char *const[]){"head", "head_dist", NULL},
                      0.5f);
}

static void what_cannot_be_says_why(void **state)
{
    (void)state;
    fv_model *m = fv_model_create(.height = 8, .width = 8);
    fv_output(fv_flatten(fv_input(m)));
    assert_null(fv_model_new_head(m, 5, 0));
    assert_non_null(strstr(fv_error_message(), "no dense layer"));
    assert_null(fv_model_flat_head(m, 5, 0));
    assert_false(fv_model_ends_flat(NULL));
    assert_null(fv_model_new_head(NULL, 5, 0));
    assert_null(fv_model_new_head(m, 0, 0));
    fv_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dense_head_begins_anew),       cmocka_unit_test(a_convolution_can_be_the_head),
        cmocka_unit_test(every_zoo_network_can_end_flat), cmocka_unit_test(a_flat_end_can_say_the_same),
        cmocka_unit_test(what_cannot_be_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
