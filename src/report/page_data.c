/* SPDX-License-Identifier: Apache-2.0 */
/* The page's sections about the data: how many pictures each class has in each part, and what is wrong with them. */
#include <stdlib.h>

#include "core/memory.h"
#include "report/page.h"

enum {
    OPEN_MOST = 30 /* classes that are shown at once */
};

typedef struct part_counts {
    const char *name;
    const fv_dataset *part;
    int64_t *classes;
} part_counts;

static fv_status count(part_counts *p, int64_t classes)
{
    if (!(p->classes = mem_array((size_t)classes, sizeof *p->classes)))
        return status_last();
    for (int64_t i = 0; i < fv_dataset_size(p->part); i++)
        for (int64_t k = fv_dataset_label_count(p->part, i); k-- > 0;) {
            int64_t label = fv_dataset_label_at(p->part, i, k);
            if (label >= 0 && label < classes)
                p->classes[label]++;
        }
    return FV_OK;
}

static void add_row(text *out, const part_counts *parts, int count, const char *name, int64_t label)
{
    text_add(out, "<tr><td>");
    text_add_html(out, name);
    text_add(out, "</td>");
    for (int i = 0; i < count; i++) {
        text_add(out, "<td>");
        html_count(out, label < 0 ? fv_dataset_size(parts[i].part) : parts[i].classes[label]);
        text_add(out, "</td>");
    }
    text_add(out, "</tr>\n");
}

static void add_table(text *out, const fv_dataset *d, const part_counts *parts, int count, int64_t classes)
{
    bool many = classes > OPEN_MOST;
    html_heading(out, "Pictures");
    if (many)
        text_add(out, "<details><summary>Pictures of each of %lld classes</summary>\n", (long long)classes);
    text_add(out, "<div class=\"scroll\"><table><thead><tr><th>Class</th>");
    for (int i = 0; i < count; i++)
        text_add(out, "<th>%s</th>", parts[i].name);
    text_add(out, "</tr></thead><tbody>\n");
    for (int64_t c = 0; c < classes; c++)
        add_row(out, parts, count, fv_dataset_class_name(d, c), c);
    text_add(out, "</tbody><tfoot>\n");
    add_row(out, parts, count, "all", -1);
    text_add(out, "</tfoot></table></div>\n%s", many ? "</details>\n" : "");
}

void page_add_pictures(text *out, const report_content *c)
{
    static const char *const names[] = {"Training", "Validation", "Test"};
    const fv_dataset *d = fv_dataset_part(c->in->dataset, FV_ALL);
    part_counts parts[3] = {0};
    int count_of = 0;
    fv_status status = FV_OK;
    int64_t classes = fv_dataset_class_count(d);
    for (int i = 0; d && status == FV_OK && i < 3; i++) {
        const fv_dataset *part = fv_dataset_part(d, (fv_part)(FV_TRAIN + i));
        if (!part)
            continue;
        parts[count_of] = (part_counts){names[i], part, NULL};
        status = count(&parts[count_of++], classes);
    }
    if (status == FV_OK && count_of > 0)
        add_table(out, d, parts, count_of, classes);
    else if (status != FV_OK)
        out->status = status;
    for (int i = 0; i < 3; i++)
        free(parts[i].classes);
}

void page_add_problems(text *out, const report_input *in)
{
    if (in->problem_count == 0)
        return;
    html_heading(out, "Problems in the data");
    text_add(out, "<div class=\"scroll\"><ul>\n");
    for (int64_t i = 0; i < in->problem_count; i++) {
        text_add(out, "<li>");
        text_add_html(out, in->problems[i]);
        text_add(out, "</li>\n");
    }
    text_add(out, "</ul></div>\n");
}
