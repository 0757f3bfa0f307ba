/* SPDX-License-Identifier: Apache-2.0 */
/* docs/augmentation.md has the table of all augmentations and the presets as they are: on failure the right lines are printed. */
#include "testing.h"

#include "core/file.h"
#include "core/text.h"
#include "data/augment.h"

static void add_cell(text *out, const char *words)
{
    text_add(out, " ");
    for (; words && *words; words++)
        text_add(out, *words == '|' ? "\\|" : "%c", *words);
    text_add(out, "%s|", words ? " " : "");
}

static void add_parameter(text *out, const option *o)
{
    text range = {0};
    if (o->type != OPTION_CHOICE)
        options_print_range(o, &range);
    for (int i = 0; o->type == OPTION_CHOICE && o->choices[i]; i++)
        text_add(&range, "%s%s", i ? ", " : "", o->choices[i]);
    text_add(out, "| | `%s` |", o->name);
    add_cell(out, o->shown);
    add_cell(out, text_string(&range));
    add_cell(out, o->help);
    text_add(out, "\n");
    text_release(&range);
}

static void add_augmentation(text *out, const augmentation *a)
{
    text_add(out, "| **`%s`**", a->name);
    if (a->keras)
        text_add(out, ", `%s`", a->keras);
    text_add(out, " | `p` | %g | 0..1 |", a->probability > 0 ? (double)a->probability : 1);
    add_cell(out, a->help);
    text_add(out, "\n");
    for (const option *o = a->options; o && o->name; o++)
        add_parameter(out, o);
}

static char *page(void)
{
    uint8_t *bytes;
    size_t size;
    char path[4096];
    snprintf(path, sizeof path, "%s/docs/augmentation.md", FV_SOURCE_DIR);
    assert_ok(file_read(path, 1 << 20, &bytes, &size));
    char *words = malloc(size + 1);
    memcpy(words, bytes, size);
    words[size] = 0;
    free(bytes);
    return words;
}

static void table_of_augmentations(void **state)
{
    (void)state;
    text table = {0};
    char *words = page();
    for (const augmentation *const *a = augmentation_table; *a; a++)
        add_augmentation(&table, *a);
    if (!strstr(words, text_string(&table)))
        printf("%s", text_string(&table));
    assert_non_null(strstr(words, text_string(&table)));
    text_release(&table);
    free(words);
}

static void presets(void **state)
{
    (void)state;
    static const char *const names[] = {"light", "standard", "strong"}, *const digits[] = {"1", "2"};
    static const augment_context contexts[] = {
        {28, 28, 1, NULL, 0}, {32, 32, 3, digits, 2}, {32, 32, 3, NULL, 0}, {224, 224, 3, NULL, 0}};
    char *words = page();
    int missing = 0;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 4; k++) {
            text row = {0};
            text_add(&row, "| `%s` | %s | `%s` |\n", names[i], augment_kind(&contexts[k]),
                     augment_preset(names[i], &contexts[k]));
            if (!strstr(words, text_string(&row))) {
                printf("%s", text_string(&row));
                missing++;
            }
            text_release(&row);
        }
    assert_int_equal(missing, 0);
    free(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_of_augmentations),
        cmocka_unit_test(presets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
