/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/memory.h"
#include "core/text.h"
#include "report/report.h"

const uint32_t report_colors[REPORT_MAX_CURVES] = {0x0969da, 0xd1570a, 0x1a7f37, 0x8250df,
                                                   0xcf222e, 0x0e7c86, 0x9a6700, 0xbf3989};

static fv_status add_curve(const fv_evaluation *e, report_points_function points, int64_t k,
                           report_curve_set *s)
{
    char buffer[64];
    text name = {0};
    report_points p;
    STATUS_TRY(points(e, k, &p));
    if (p.count == 0) { /* a class without a picture has no curve */
        report_points_release(&p);
        return FV_OK;
    }
    if (k < 0)
        text_add(&name, "mean of %lld classes", (long long)e->class_count);
    else
        text_add(&name, "%s", report_class_name(e, k, buffer, sizeof buffer));
    s->names[s->count] = mem_string(text_string(&name));
    s->points[s->count++] = p;
    text_release(&name);
    return s->names[s->count - 1] ? FV_OK : status_last();
}

fv_status report_curve_set_make(const fv_evaluation *e, report_points_function points, report_curve_set *s)
{
    *s = (report_curve_set){0};
    if (!e->probabilities || e->images == 0)
        return FV_OK;
    if (e->class_count > REPORT_MAX_CURVES)
        return add_curve(e, points, -1, s);
    for (int64_t k = e->class_count == 2 && !e->multi_label; k < e->class_count; k++)
        STATUS_TRY(add_curve(e, points, k, s));
    return FV_OK;
}

void report_curve_set_release(report_curve_set *s)
{
    for (int k = 0; k < s->count; k++) {
        report_points_release(&s->points[k]);
        free(s->names[k]);
    }
    *s = (report_curve_set){0};
}
