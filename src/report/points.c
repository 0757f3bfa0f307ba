/* SPDX-License-Identifier: Apache-2.0 */
#include "report/points.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"
#include "train/ranking.h"

enum {
    PLACES = 101 /* of a mean curve */
};

void report_points_release(report_points *p)
{
    free(p->x);
    free(p->y);
    *p = (report_points){0};
}

static fv_status reserve(report_points *p, int64_t count)
{
    p->x = mem_array((size_t)count, sizeof *p->x);
    p->y = mem_array((size_t)count, sizeof *p->y);
    return p->x && p->y ? FV_OK : status_last();
}

/* From a class's ranking to its points. */
typedef void (*curve_function)(const uint32_t *row, int64_t images, report_points *p);

static int64_t count_positives(const uint32_t *row, int64_t images)
{
    int64_t count = 0;
    for (int64_t i = 0; i < images; i++)
        count += (row[i] & RANKING_POSITIVE) != 0;
    return count;
}

static void add_point(report_points *p, double x, double y)
{
    p->x[p->count] = x;
    p->y[p->count++] = y;
}

static void roc_points(const uint32_t *row, int64_t images, report_points *p)
{
    int64_t positives = count_positives(row, images), negatives = images - positives, hits = 0;
    p->count = 0;
    if (positives == 0 || negatives == 0)
        return;
    add_point(p, 0, 0);
    for (int64_t i = 0; i < images; i++) {
        hits += (row[i] & RANKING_POSITIVE) != 0;
        if (row[i] & RANKING_LAST)
            add_point(p, (double)(i + 1 - hits) / (double)negatives, (double)hits / (double)positives);
    }
}

static void precision_recall_points(const uint32_t *row, int64_t images, report_points *p)
{
    int64_t positives = count_positives(row, images), hits = 0;
    p->count = 0;
    if (positives == 0)
        return;
    add_point(p, 0, 1);
    for (int64_t i = 0; i < images; i++) {
        hits += (row[i] & RANKING_POSITIVE) != 0;
        if (row[i] & RANKING_LAST)
            add_point(p, (double)hits / (double)positives, (double)hits / (double)(i + 1));
    }
}

/* The curve's height at x: between points on the line between them, on a vertical part its upper end. */
static double height_at(const report_points *p, double x)
{
    int64_t i = 0;
    while (i + 1 < p->count && p->x[i + 1] <= x)
        i++;
    if (i + 1 == p->count || p->x[i + 1] == p->x[i])
        return p->y[i];
    return p->y[i] + (x - p->x[i]) / (p->x[i + 1] - p->x[i]) * (p->y[i + 1] - p->y[i]);
}

static fv_status mean_curve(const fv_evaluation *e, curve_function curve, ranking_entry *list, uint32_t *row,
                            report_points *p)
{
    report_points one = {0};
    int64_t curves = 0;
    fv_status status = reserve(&one, e->images + 1);
    for (int64_t k = 0; status == FV_OK && k < e->class_count; k++) {
        ranking_sort(e, k, list, row);
        curve(row, e->images, &one);
        for (int64_t i = 0; one.count > 0 && i < PLACES; i++)
            p->y[i] += height_at(&one, (double)i / (PLACES - 1));
        curves += one.count > 0;
    }
    for (int64_t i = 0; i < PLACES; i++) {
        p->x[i] = (double)i / (PLACES - 1);
        p->y[i] /= curves > 0 ? (double)curves : 1;
    }
    p->count = status == FV_OK && curves > 0 ? PLACES : 0;
    report_points_release(&one);
    return status;
}

static fv_status make_points(const fv_evaluation *e, int64_t k, curve_function curve, report_points *p)
{
    *p = (report_points){0};
    ranking_entry *list = mem_array((size_t)e->images, sizeof *list);
    uint32_t *row = mem_array((size_t)e->images, sizeof *row);
    fv_status status = list && row ? reserve(p, k < 0 ? PLACES : e->images + 1) : status_last();
    if (status == FV_OK && k < 0) {
        status = mean_curve(e, curve, list, row, p);
    } else if (status == FV_OK) {
        ranking_sort(e, k, list, row);
        curve(row, e->images, p);
    }
    free(list);
    free(row);
    if (status != FV_OK)
        report_points_release(p);
    return status;
}

fv_status report_roc(const fv_evaluation *e, int64_t class_index, report_points *p)
{
    return make_points(e, class_index, roc_points, p);
}

fv_status report_precision_recall(const fv_evaluation *e, int64_t class_index, report_points *p)
{
    return make_points(e, class_index, precision_recall_points, p);
}
