/* SPDX-License-Identifier: Apache-2.0 */
/* core/options: what a table accepts, what it refuses and with which words. */
#include "testing.h"

#include <locale.h>
#include <math.h>

#include "core/options.h"

typedef struct sample {
    size_t struct_size;
    int64_t epochs, patience, any;
    uint64_t seed;
    float rate, warmup, free;
    int nesterov;
    const char *out;
    int schedule;
    int64_t pad[4];
    int64_t limit;
} sample;

static const char *const schedules[] = {"auto", "cosine", "one_cycle", "step", NULL};

#define FIELD(name_) .name = #name_, .offset = offsetof(sample, name_)
static const option table[] = {
    {FIELD(epochs), .type = OPTION_INT, .low = 1, .high = 1000},
    {FIELD(patience), .type = OPTION_INT, .low = 0, .high = 1e6, .zero_is_off = true},
    {FIELD(any), .type = OPTION_INT},
    {FIELD(seed), .type = OPTION_SEED},
    {.name = "learning_rate",
     .offset = offsetof(sample, rate),
     .type = OPTION_FLOAT,
     .low = 1e-9,
     .high = 0.1},
    {FIELD(warmup), .type = OPTION_FLOAT, .low = 0, .high = 1, .zero_is_off = true},
    {FIELD(free), .type = OPTION_FLOAT},
    {FIELD(nesterov), .type = OPTION_BOOL},
    {FIELD(out), .type = OPTION_STRING},
    {FIELD(schedule), .type = OPTION_CHOICE, .choices = schedules},
    {FIELD(pad), .type = OPTION_INTS, .length = 4, .low = 0, .high = 100},
    {FIELD(limit), .type = OPTION_SIZE, .low = 1, .high = 1e15},
    {0},
};

static fv_status set(sample *s, const char *name, const char *value)
{
    return options_set(table, s, name, value, "--");
}

#define assert_message(status_, expected)                                                                    \
    do {                                                                                                     \
        assert_int_equal(status_, FV_ERROR_INVALID);                                                         \
        assert_string_equal(fv_error_message(), expected);                                                   \
    } while (0)

static void whole_numbers(void **state)
{
    (void)state;
    sample s = {0};
    assert_ok(set(&s, "epochs", "1"));
    assert_int_equal(s.epochs, 1);
    assert_ok(set(&s, "epochs", "1000"));
    assert_int_equal(s.epochs, 1000);
    assert_ok(set(&s, "any", "-9223372036854775808"));
    assert_true(s.any == INT64_MIN);
    assert_ok(set(&s, "any", "+7"));
    assert_int_equal(s.any, 7);
    assert_message(set(&s, "epochs", "0"), "--epochs: must be a whole number, 1..1000, not '0'");
    assert_message(set(&s, "epochs", "1001"), "--epochs: must be a whole number, 1..1000, not '1001'");
    const char *bad[] = {"",    " 1", "1 ", "1x",  "0x10", "1.0", "1e3",
                         "--1", "+",  "-",  "nan", "inf",  "off", "9223372036854775808"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(set(&s, "any", bad[i]), FV_ERROR_INVALID);
    assert_int_equal(s.epochs, 1000); /* a refused value changes nothing */
    assert_int_equal(s.any, 7);
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        const char *given, *printed;
        int64_t value;
    } right[] = {{"1", "1", 1},
                 {"1000", "1000", 1000},
                 {"1024", "1K", 1024},
                 {"3k", "3K", 3072},
                 {"256M", "256M", 268435456},
                 {"1G", "1G", 1073741824},
                 {"1536M", "1536M", 1610612736},
                 {"2T", "2T", 2199023255552}};
    const option *o = options_find(table, "limit");
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        sample s = {0};
        text printed = {0};
        assert_ok(set(&s, "limit", right[i].given));
        assert_true(s.limit == right[i].value);
        options_print(o, &s, &printed);
        assert_string_equal(text_string(&printed), right[i].printed);
        text_release(&printed);
    }
    const char *wrong[] = {"",
                           "0",
                           "M",
                           "1MB",
                           "1 M",
                           "-1",
                           "+1",
                           "1.5M",
                           "1e6",
                           "K1",
                           "0x1",
                           "1P",
                           "1KK",
                           "9999T",
                           "99999999999999999999",
                           "9223372036854775807K"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        sample s = {0};
        assert_int_equal(set(&s, "limit", wrong[i]), FV_ERROR_INVALID);
        assert_int_equal(s.limit, 0);
    }
    sample s = {.limit = -1};
    assert_int_equal(options_check(table, &s, ""), FV_ERROR_INVALID);
}

static void zero_means_off(void **state)
{
    (void)state;
    sample s = {0};
    assert_ok(set(&s, "patience", "0"));
    assert_int_equal(s.patience, FV_OFF);
    assert_ok(set(&s, "warmup", "0.0"));
    assert_true(s.warmup == FV_OFF);
    assert_ok(options_check(table, &s, ""));
    s = (sample){0};
    assert_ok(set(&s, "patience", "off"));
    assert_int_equal(s.patience, FV_OFF);
    assert_ok(set(&s, "warmup", "off"));
    assert_true(s.warmup == FV_OFF);
    assert_int_equal(set(&s, "patience", "-1"), FV_ERROR_INVALID);
    assert_int_equal(set(&s, "warmup", "-1"), FV_ERROR_INVALID);
}

static void seeds(void **state)
{
    (void)state;
    sample s = {0};
    assert_ok(set(&s, "seed", "18446744073709551615"));
    assert_true(s.seed == UINT64_MAX);
    assert_int_equal(set(&s, "seed", "18446744073709551616"), FV_ERROR_INVALID);
    assert_message(set(&s, "seed", "-1"), "--seed: must be a whole number from 0, not '-1'");
    assert_int_equal(set(&s, "seed", ""), FV_ERROR_INVALID);
    assert_int_equal(set(&s, "seed", "1.5"), FV_ERROR_INVALID);
    assert_true(s.seed == UINT64_MAX);
}

static void real_numbers(void **state)
{
    (void)state;
    sample s = {0};
    assert_ok(set(&s, "learning-rate", "0.1")); /* the limit itself, although 0.1f > 0.1 */
    assert_true(s.rate == 0.1f);
    assert_ok(options_check(table, &s, ""));
    assert_ok(set(&s, "learning_rate", "1e-3"));
    assert_true(s.rate == 1e-3f);
    assert_ok(set(&s, "free", "-.5E2"));
    assert_true(s.free == -50.0f);
    assert_message(set(&s, "learning_rate", "0.2"),
                   "--learning-rate: must be a number, 1e-09..0.1, not '0.2'");
    const char *bad[] = {"",   "nan", "inf",   "-inf",  "infinity", "0x1p3", "1,5", "1.5x",
                         " 1", "1e",  "1e999", "1e-60", ".",        "e",     "--1", "1 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(set(&s, "free", bad[i]), FV_ERROR_INVALID);
    assert_true(s.free == -50.0f);
}

static void truth_values(void **state)
{
    (void)state;
    sample s = {0};
    const char *on[] = {"yes", "true", "on", "1", "True", "YES"},
               *off[] = {"no", "false", "off", "0", "False", "No"};
    for (size_t i = 0; i < 6; i++) {
        assert_ok(set(&s, "nesterov", on[i]));
        assert_int_equal(s.nesterov, 1);
        assert_ok(set(&s, "nesterov", off[i]));
        assert_int_equal(s.nesterov, FV_OFF);
    }
    assert_message(set(&s, "nesterov", "maybe"), "--nesterov: must be yes or no, not 'maybe'");
}

static void choices_suggest_the_nearest(void **state)
{
    (void)state;
    sample s = {0};
    assert_ok(set(&s, "schedule", "cosine"));
    assert_int_equal(s.schedule, 1);
    assert_ok(set(&s, "schedule", "one-cycle"));
    assert_int_equal(s.schedule, 2);
    assert_message(set(&s, "schedule", "cosin"),
                   "--schedule: must be one of these, auto, cosine, one_cycle or "
                   "step, not 'cosin'; did you mean 'cosine'?");
    assert_message(set(&s, "schedule", "zzzzzz"),
                   "--schedule: must be one of these, auto, cosine, one_cycle or step, not 'zzzzzz'");
    char huge[5000];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    assert_int_equal(set(&s, "schedule", huge), FV_ERROR_INVALID);
    assert_null(strstr(fv_error_message(), "did you mean"));
    assert_int_equal(s.schedule, 2);
}

static void lists(void **state)
{
    (void)state;
    sample s = {0};
    const char *same[] = {"1,2,3,4", "[1, 2, 3, 4]", " 1 , 2,3 ,4"};
    for (size_t i = 0; i < 3; i++) {
        memset(s.pad, 0, sizeof s.pad);
        assert_ok(set(&s, "pad", same[i]));
        for (int k = 0; k < 4; k++)
            assert_int_equal(s.pad[k], k + 1);
    }
    assert_ok(set(&s, "pad", "7"));
    for (int k = 0; k < 4; k++)
        assert_int_equal(s.pad[k], 7);
    const char *bad[] = {"",          "[]",       "1,2",     "1,2,3,4,5", "1,2,3,", "1,,2,3",
                         "1,2,3,101", "1,2,3,-1", "1;2;3;4", "[1",        ","};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(set(&s, "pad", bad[i]), FV_ERROR_INVALID);
    assert_message(set(&s, "pad", "1,2"),
                   "--pad: must be 4 whole numbers with commas, or one for all, 0..100, not '1,2'");
    assert_int_equal(s.pad[3], 7);
}

static void unknown_names(void **state)
{
    (void)state;
    sample s = {0};
    assert_message(set(&s, "ephocs", "1"), "--ephocs: unknown option; did you mean --epochs?");
    assert_message(set(&s, "learnin-rate", "1"),
                   "--learnin-rate: unknown option; did you mean --learning-rate?");
    assert_message(set(&s, "qqqqqqqq", "1"), "--qqqqqqqq: unknown option");
    assert_message(options_set(table, &s, "learningrate", "1", "layer conv1: "),
                   "layer conv1: learningrate: unknown option; did you mean learning_rate?");
    assert_message(options_set(table, &s, "learning-rate", "1", "net.yaml: "),
                   "net.yaml: learning_rate: must be a number, 1e-09..0.1, not '1'");
    assert_null(options_find(table, "epoch"));
    assert_null(options_find(table, "epochs_"));
    assert_null(options_find(table, ""));
    assert_ptr_equal(options_find(table, "learning-rate"), &table[4]);
    static const option more[] = {{.name = "verbose", .type = OPTION_BOOL}, {0}};
    assert_message(options_unknown((const option *const[]){table, more, NULL}, "verbos", "--"),
                   "--verbos: unknown option; did you mean --verbose?");
}

/* What is printed is read back as the same value, for every type. */
static void printing_reads_back(void **state)
{
    (void)state;
    sample s = {.epochs = 12,
                .patience = FV_OFF,
                .any = -3,
                .seed = UINT64_MAX,
                .rate = 0.0123456789f,
                .warmup = FV_OFF,
                .free = 1.0f / 3,
                .nesterov = FV_OFF,
                .out = "a b",
                .schedule = 2,
                .pad = {0, 1, 2, 3},
                .limit = 3 << 20};
    sample back = {0};
    for (const option *o = table; o->name; o++) {
        text t = {0};
        options_print(o, &s, &t);
        if (o->type == OPTION_STRING)
            back.out = s.out;
        else
            assert_ok(options_set(table, &back, o->name, text_string(&t), ""));
        assert_false(options_is_default(o, &s));
        text_release(&t);
    }
    assert_memory_equal(&s, &back, sizeof s);
    text t = {0};
    options_print(&table[4], &(sample){.rate = 0.1f}, &t);
    assert_string_equal(text_string(&t), "0.1");
    text_release(&t);
}

static void defaults_are_seen(void **state)
{
    (void)state;
    sample s = {0};
    for (const option *o = table; o->name; o++)
        assert_true(options_is_default(o, &s));
    assert_ok(options_check(table, &s, ""));
}

static void programs_are_checked(void **state)
{
    (void)state;
    assert_message(options_check(table, &(sample){.epochs = 1001}, "fit: "),
                   "fit: epochs: must be in range, 1..1000, not '1001'");
    assert_int_equal(options_check(table, &(sample){.epochs = FV_OFF}, ""), FV_ERROR_INVALID);
    assert_int_equal(options_check(table, &(sample){.rate = NAN}, ""), FV_ERROR_INVALID);
    assert_int_equal(options_check(table, &(sample){.free = INFINITY}, ""), FV_ERROR_INVALID);
    assert_int_equal(options_check(table, &(sample){.pad = {0, 0, 0, 101}}, ""), FV_ERROR_INVALID);
    assert_message(options_check(table, &(sample){.schedule = 4}, ""),
                   "schedule: must be the number of one of these, auto, cosine, one_cycle or step, not '4'");
    assert_int_equal(options_check(table, &(sample){.schedule = -1}, ""), FV_ERROR_INVALID);
    assert_ok(
        options_check(table, &(sample){.epochs = 1000, .rate = 0.1f, .schedule = 3, .any = INT64_MAX}, ""));
}

static void ranges_in_words(void **state)
{
    (void)state;
    const struct {
        option o;
        const char *words;
    } cases[] = {
        {{.type = OPTION_INT, .low = 1, .high = 1e6}, "1..1000000"},
        {{.type = OPTION_INT, .low = 1, .high = INFINITY}, "1 or more"},
        {{.type = OPTION_FLOAT, .low = -INFINITY, .high = 0.5}, "0.5 or less"},
        {{.type = OPTION_FLOAT}, ""},
        {{.type = OPTION_CHOICE, .choices = schedules}, "auto, cosine, one_cycle or step"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text t = {0};
        options_print_range(&cases[i].o, &t);
        assert_string_equal(text_string(&t), cases[i].words);
        text_release(&t);
    }
}

/* A program that runs in a locale with decimal commas reads and writes points all the same. */
static void locales_do_not_matter(void **state)
{
    (void)state;
    const char *names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "fr_FR"};
    const char *found = NULL;
    for (size_t i = 0; !found && i < sizeof names / sizeof *names; i++)
        found = setlocale(LC_ALL, names[i]);
    if (!found) {
        printf("[  REASON  ] no locale with decimal commas is installed\n");
        skip();
    }
    sample s = {0};
    fv_status status = set(&s, "free", "0.5");
    text t = {0};
    options_print(&table[6], &s, &t);
    setlocale(LC_ALL, "C");
    assert_ok(status);
    assert_true(s.free == 0.5f);
    assert_string_equal(text_string(&t), "0.5");
    text_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(sizes),
        cmocka_unit_test(zero_means_off),
        cmocka_unit_test(seeds),
        cmocka_unit_test(real_numbers),
        cmocka_unit_test(truth_values),
        cmocka_unit_test(choices_suggest_the_nearest),
        cmocka_unit_test(lists),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test(printing_reads_back),
        cmocka_unit_test(defaults_are_seen),
        cmocka_unit_test(programs_are_checked),
        cmocka_unit_test(ranges_in_words),
        cmocka_unit_test(locales_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
