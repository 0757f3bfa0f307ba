/* SPDX-License-Identifier: Apache-2.0 */
/* Which classes are taken for which, the most frequent confusions first. */
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

_Static_assert(REPORT_MAX_MATRIX <= 2 * REPORT_MAX_CONFUSIONS,
               "what callers of report_matrix_classes make room for");

int report_confusions_find(const fv_evaluation *e, report_confusion list[REPORT_MAX_CONFUSIONS])
{
    int found = 0;
    for (int64_t i = 0; i < e->class_count; i++)
        for (int64_t j = 0; j < e->class_count; j++) {
            int64_t count = e->confusion[i * e->class_count + j];
            int at = found;
            while (at > 0 && list[at - 1].count < count)
                at--;
            if (i == j || count == 0 || at == REPORT_MAX_CONFUSIONS)
                continue;
            if (found < REPORT_MAX_CONFUSIONS)
                found++;
            memmove(&list[at + 1], &list[at], (size_t)(found - 1 - at) * sizeof *list);
            list[at] = (report_confusion){i, j, count};
        }
    return found;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t add_once(int64_t *classes, int64_t count, int64_t c)
{
    for (int64_t i = 0; i < count; i++)
        if (classes[i] == c)
            return count;
    classes[count] = c;
    return count + 1;
}

int64_t report_matrix_classes(const fv_evaluation *e, int64_t *classes)
{
    report_confusion list[REPORT_MAX_CONFUSIONS];
    int64_t count = 0;
    if (e->class_count <= REPORT_MAX_MATRIX) {
        for (; count < e->class_count; count++)
            classes[count] = count;
        return count;
    }
    int found = report_confusions_find(e, list);
    for (int i = 0; i < found; i++)
        count = add_once(classes, add_once(classes, count, list[i].label), list[i].predicted);
    qsort(classes, (size_t)count, sizeof *classes, ascending);
    return count;
}
