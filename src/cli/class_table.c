/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/class_table.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"

enum {
    PARTS = 4,
    CLASSES_SHOWN = 40, /* of more only the first and last by size: */
    ENDS_SHOWN = 10
};
static const struct {
    fv_part part;
    const char *name;
} parts[PARTS] = {{FV_ALL, "all"}, {FV_TRAIN, "train"}, {FV_VALIDATION, "val"}, {FV_TEST, "test"}};

fv_status class_table_count(class_table *t, const fv_dataset *data)
{
    int64_t classes = fv_dataset_class_count(data);
    *t = (class_table){.data = data, .counts = mem_array((size_t)(PARTS * classes), sizeof *t->counts)};
    if (!t->counts)
        return status_last();
    for (int p = 0; p < PARTS; p++) {
        const fv_dataset *part = fv_dataset_part(data, parts[p].part);
        for (int64_t i = 0; part && i < fv_dataset_size(part); i++)
            for (int64_t k = fv_dataset_label_count(part, i); k-- > 0;)
                t->counts[p * classes + fv_dataset_label_at(part, i, k)]++;
    }
    return FV_OK;
}

void class_table_release(class_table *t)
{
    free(t->counts);
    *t = (class_table){0};
}

/* ---- text ---- */

static void print_class(const class_table *t, int64_t c, int width)
{
    cli_print_padded(fv_dataset_class_name(t->data, c), width);
    for (int p = 0; p < PARTS; p++)
        if (fv_dataset_part(t->data, parts[p].part))
            printf("%9lld", (long long)t->counts[p * fv_dataset_class_count(t->data) + c]);
    putchar('\n');
}

typedef struct class_count {
    int64_t class, pictures;
} class_count;

static int by_pictures(const void *a, const void *b)
{
    const class_count *x = a, *y = b;
    if (x->pictures != y->pictures)
        return x->pictures > y->pictures ? -1 : 1;
    return (x->class > y->class) - (x->class < y->class);
}

fv_status class_table_print(const class_table *t)
{
    int64_t n = fv_dataset_class_count(t->data);
    int width = 5;
    bool many = n > CLASSES_SHOWN;
    class_count *order = mem_array((size_t)n, sizeof *order);
    if (!order)
        return status_last();
    for (int64_t c = 0; c < n; c++) {
        int own = cli_width(fv_dataset_class_name(t->data, c));
        width = own > width ? own : width;
        order[c] = (class_count){.class = c, .pictures = t->counts[c]};
    }
    if (many)
        qsort(order, (size_t)n, sizeof *order, by_pictures);
    cli_print_padded("class", width);
    for (int p = 0; p < PARTS; p++)
        if (fv_dataset_part(t->data, parts[p].part))
            printf("%9s", parts[p].name);
    putchar('\n');
    for (int64_t i = 0; i < n; i++) {
        if (many && i == ENDS_SHOWN) {
            printf("… %lld classes between the largest and the smallest; --json lists all\n",
                   (long long)(n - 2 * ENDS_SHOWN));
            i = n - ENDS_SHOWN;
        }
        print_class(t, order[i].class, width);
    }
    free(order);
    return FV_OK;
}

/* ---- JSON ---- */

json_t *class_table_json(const class_table *t)
{
    int64_t class_count = fv_dataset_class_count(t->data);
    json_t *classes = json_array();
    for (int64_t c = 0; c < class_count; c++) {
        json_t *one = json_pack("{s:s}", "name", fv_dataset_class_name(t->data, c));
        for (int p = 0; p < PARTS; p++)
            if (fv_dataset_part(t->data, parts[p].part))
                json_object_set_new(one, parts[p].name, json_integer(t->counts[p * class_count + c]));
        json_array_append_new(classes, one);
    }
    return classes;
}

json_t *class_table_parts_json(const fv_dataset *data)
{
    json_t *sizes = json_object();
    for (int p = 0; p < PARTS; p++) {
        const fv_dataset *part = fv_dataset_part(data, parts[p].part);
        if (part)
            json_object_set_new(sizes, parts[p].name, json_integer(fv_dataset_size(part)));
    }
    return sizes;
}
