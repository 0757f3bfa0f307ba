/* SPDX-License-Identifier: Apache-2.0 */
/* The table of published weights: that it fits the zoo, and that class names stand in the outputs' order. Downloads: check_models.sh. */
#include "convert/class_names.h"
#include "test_model.h"

static void every_row_fits_its_network(void **state)
{
    (void)state;
    assert_in_range(fv_pretrained_count(), 50, 1000);
    assert_null(fv_pretrained_get(fv_pretrained_count()));
    assert_null(fv_pretrained_get(-1));
    for (int64_t i = 0; i < fv_pretrained_count(); i++) {
        const fv_pretrained *p = fv_pretrained_get(i);
        const fv_zoo_entry *e = fv_zoo_find(p->network);
        int64_t classes;
        assert_ptr_equal(fv_pretrained_find(p->name), p);
        assert_string_equal(fv_pretrained_find(p->network)->network, p->network);
        assert_non_null(e);
        assert_string_equal(e->name, p->network); /* so that the listing shows it */
        assert_int_equal(e->height, p->size);
        assert_int_equal(e->channels, 3);
        assert_non_null(class_names_of(p->data, &classes));
        assert_int_equal(classes, e->classes);
        assert_true(p->std[0] > 0 && p->std[1] > 0 && p->std[2] > 0 && p->mean[0] >= 0 && p->mean[0] < 255);
        assert_true(p->crop_fraction > 0 && p->crop_fraction <= 1);
    }
    assert_null(fv_pretrained_find("small_cnn"));
    assert_null(fv_pretrained_find(NULL));
}

static void errors(void **state)
{
    (void)state;
    char path[16];
    assert_int_equal(fv_pretrained_fetch(path, sizeof path, "resnet20", .folder = "/tmp"), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "16 bytes"));
    assert_int_equal(fv_pretrained_fetch(path, sizeof path, ""), FV_ERROR_INVALID);
    assert_int_equal(fv_pretrained_fetch(path, sizeof path, "resnet50.tv3_in1k"), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "did you mean 'resnet50.tv2_in1k'?"));
}

static void class_names_are_distinct(void **state)
{
    (void)state;
    int64_t count;
    const char *const *names = class_names_of("imagenet1k", &count);
    fv_model *m = fv_zoo_create("squeezenet1_1", .height = 64, .width = 64);
    assert_ok(fv_model_set_classes(m, names, count)); /* which refuses two of one name */
    fv_model_destroy(m);
    assert_null(class_names_of("imagenet22k", &count));
}

/* Against WordNet's synonyms of each class, a line each; ours distinguish a few that have the same word ("crane bird"). */
static void class_names_are_in_order(void **state)
{
    (void)state;
    const char *path = test_data("weights/imagenet_classes.txt");
    if (!path)
        skip();
    char line[512];
    int64_t count, i = 0;
    int other = 0;
    const char *const *names = class_names_of("imagenet1k", &count);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    for (; fgets(line, sizeof line, list) && i < count; i++)
        if (!strstr(line, names[i])) {
            print_message("%s: %s", names[i], line);
            other++;
        }
    fclose(list);
    assert_int_equal(i, 1000);
    assert_in_range(other, 0, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_fits_its_network),
        cmocka_unit_test(errors),
        cmocka_unit_test(class_names_are_distinct),
        cmocka_unit_test(class_names_are_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
