/* SPDX-License-Identifier: Apache-2.0 */
/* Spaces out of YAML: what is read, and with which words a bad one is refused. */
#include "testing.h"

#include <math.h>

static void dimensions_are_read(void **state)
{
    (void)state;
    fv_space *s =
        fv_space_parse("lr: {type: float, low: 1e-4, high: 0.1, log: yes, default: 0.001}\n"
                       "width: {type: int, low: 8, high: 30, step: 8}\n"
                       "optimizer: [adamw, sgd, \"none\"]\n"
                       "momentum: {type: float, low: 0.5, high: 0.99, when: {optimizer: [sgd, none]}}\n",
                       "space");
    assert_non_null(s);
    assert_int_equal(fv_space_dimension_count(s), 4);
    const fv_dimension *lr = fv_space_dimension(s, 0), *width = fv_space_dimension(s, 1),
                       *optimizer = fv_space_dimension(s, 2), *momentum = fv_space_dimension(s, 3);
    assert_string_equal(lr->name, "lr");
    assert_true(lr->type == FV_DIMENSION_FLOAT && lr->log && lr->low == 1e-4 && lr->high == 0.1 &&
                lr->initial == 0.001);
    assert_true(width->type == FV_DIMENSION_INT && width->step == 8 && width->high == 24 &&
                isnan(width->initial));
    assert_true(optimizer->type == FV_DIMENSION_CATEGORICAL && optimizer->choice_count == 3);
    assert_string_equal(optimizer->choices[2], "none");
    assert_int_equal(momentum->condition_count, 1);
    assert_true(momentum->conditions[0].dimension == 2 && momentum->conditions[0].choices == 6);
    assert_null(fv_space_dimension(s, 4));
    fv_space_destroy(s);
}

static const struct bad {
    const char *yaml, *message;
} bad[] = {
    {"", "space: must be 'name: dimension' lines"},
    {"{}", "space: has no dimension"},
    {"- a\n", "space: must be 'name: dimension' lines"},
    {"lr: [", "space:2: not valid YAML"},
    {"lr: 3\n", "space:1: lr: must be a list as [a, b], or {type: float, low: 0, high: 1}"},
    {"lr: {low: 1, high: 2}\n", "space:1: lr: type: must be float, int or categorical"},
    {"lr: {type: real, low: 1, high: 2}\n",
     "space:1: lr: type: must be float, int or categorical, not 'real'"},
    {"lr: {type: float, low: 1}\n", "space:1: lr: needs low and high"},
    {"\nlr: {type: float, low: 2, high: 1}\n", "space:2: lr: low: 2 is greater than high, 1"},
    {"lr: {type: float, low: 0, high: 1, log: yes}\n", "space:1: lr: log: low must be greater than 0, not 0"},
    {"lr: {type: float, low: -1, high: 1, log: yes}\n",
     "space:1: lr: log: low must be greater than 0, not -1"},
    {"lr: {type: float, low: nan, high: 1}\n", "space:1: lr: low: must be a number, not 'nan'"},
    {"lr: {type: float, low: 0, high: inf}\n", "space:1: lr: high: must be a number, not 'inf'"},
    {"lr: {type: float, low: 0, high: 1e300}\n", "space:1: lr: high: must be a number, not '1e300'"},
    {"lr: {type: float, low: 0x1, high: 2}\n", "space:1: lr: low: must be a number, not '0x1'"},
    {"lr: {type: float, low: [1], high: 2}\n", "space:1: lr: low: must be a number, not 'a list'"},
    {"n: {type: int, low: 1.5, high: 2}\n", "space:1: n: low: must be a whole number, not '1.5'"},
    {"n: {type: int, low: 1, high: 9, step: 0}\n", "space:1: n: step: must be 1 or more"},
    {"n: {type: int, low: 1, high: 9, step: 2, log: yes}\n", "space:1: n: step: cannot stand beside log"},
    {"n: {type: int, low: 0, high: 9, log: yes}\n", "space:1: n: log: low must be greater than 0, not 0"},
    {"x: {type: float, low: 0, high: 1, step: 0.5}\n", "space:1: x: step: is for whole numbers (type: int)"},
    {"x: {type: float, low: 0, high: 1, log: perhaps}\n", "space:1: x: log: must be yes or no"},
    {"x: {type: float, low: 0, high: 1, hihg: 2}\n", "space:1: x: hihg: unknown key; did you mean high?"},
    {"x: {type: float, low: 0, low: 1, high: 2}\n", "space:1: x: low: stands there twice"},
    {"x: {type: float, low: 0, high: 1, default: 2}\n", "space:1: x: default: 2 is not among its values"},
    {"x: {type: int, low: 0, high: 8, step: 4, default: 2}\n",
     "space:1: x: default: 2 is not among its values"},
    {"x: []\n", "space:1: x: choices: there may be 1 to 64, not 0"},
    {"x: [a, a]\n", "space:1: x: choices: 'a' stands there twice"},
    {"x: [a, [b]]\n", "space:1: x: choices: each must be a word or a number"},
    {"x: {choices: a}\n", "space:1: x: choices: must be a list as [a, b]"},
    {"x: {choices: [a], low: 1}\n", "space:1: x: low, high, step and log are for numbers"},
    {"x: {type: categorical}\n", "space:1: x: needs choices"},
    {"x: {choices: [a, b], default: c}\n", "space:1: x: default: 'c' is none of the choices"},
    {"x: {type: float, low: 0, high: 1, choices: [a]}\n",
     "space:1: x: choices: are for categorical dimensions"},
    {"x: [a]\nx: [b]\n", "space:2: x: stands there twice"},
    {"x: {type: float, low: 0, high: 1, when: {y: a}}\ny: [a, b]\n",
     "space:1: x: when: 'y' is no dimension that stands before this one"},
    {"y: {type: int, low: 0, high: 1}\nx: {choices: [a], when: {y: 1}}\n",
     "space:2: x: when: y is not categorical"},
    {"y: [a, b]\nx: {choices: [a], when: {y: c}}\n", "space:2: x: when: y has no choice 'c'"},
    {"y: [a, b]\nx: {choices: [a], when: {y: []}}\n", "space:2: x: when: y: the list is empty"},
    {"y: [a, b]\nx: {choices: [a], when: y}\n", "space:2: x: when: must be {DIMENSION: CHOICE}"},
    {"x: {choices: [a], when: {x: a}}\n",
     "space:1: x: when: 'x' is no dimension that stands before this one"},
    {"? [a]\n: [b]\n", "space:1: a dimension's name must stand here"},
};

static void bad_spaces_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fv_space *s = fv_space_parse(bad[i].yaml, "space");
        if (s || strncmp(fv_error_message(), bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("'%s': %s, not '%s'", bad[i].yaml, s ? "is accepted" : fv_error_message(),
                     bad[i].message);
    }
}

static void there_are_limits(void **state)
{
    (void)state;
    char yaml[64 * 1024] = "", line[64];
    for (int i = 0; i < 65; i++) {
        snprintf(line, sizeof line, "x%d: [a, b]\n", i);
        strcat(yaml, line);
    }
    assert_null(fv_space_parse(yaml, "space"));
    assert_string_equal(fv_error_message(), "space:65: a space has at most 64 dimensions");
    strcpy(yaml, "x: [a0");
    for (int i = 1; i < 65; i++) {
        snprintf(line, sizeof line, ", a%d", i);
        strcat(yaml, line);
    }
    strcat(yaml, "]\n");
    assert_null(fv_space_parse(yaml, "space"));
    memset(yaml, '[', 3000);
    yaml[3000] = 0;
    assert_null(fv_space_parse(yaml, "space"));
    assert_null(fv_space_parse("a: &a [x, *a]\n", "space"));
    assert_null(fv_space_load("/nonexistent.yaml"));
    assert_null(fv_space_load(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dimensions_are_read),
                                       cmocka_unit_test(bad_spaces_are_refused),
                                       cmocka_unit_test(there_are_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
