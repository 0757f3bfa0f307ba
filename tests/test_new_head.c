/* SPDX-License-Identifier: Apache-2.0 */
/* A model for other classes keeps all but its head. */
#include "test_model.h"

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

static void what_cannot_be_says_why(void **state)
{
    (void)state;
    fv_model *m = fv_model_create(.height = 8, .width = 8);
    fv_output(fv_flatten(fv_input(m)));
    assert_null(fv_model_new_head(m, 5, 0));
    assert_non_null(strstr(fv_error_message(), "no dense layer"));
    assert_null(fv_model_new_head(NULL, 5, 0));
    assert_null(fv_model_new_head(m, 0, 0));
    fv_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dense_head_begins_anew),
        cmocka_unit_test(a_convolution_can_be_the_head),
        cmocka_unit_test(what_cannot_be_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
