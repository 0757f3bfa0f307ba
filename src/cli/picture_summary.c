/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/picture_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum {
    BAR = 40
};

/* ---- counting ---- */

static void count_kind(kind_count *kinds, const char *name)
{
    int i = 0;
    while (i < SUMMARY_KINDS - 1 && kinds[i].pictures > 0 && strcmp(kinds[i].name, name) != 0)
        i++;
    snprintf(kinds[i].name, sizeof kinds[i].name, "%s", name);
    kinds[i].pictures++;
}

static int by_frequency(const void *a, const void *b)
{
    const kind_count *x = a, *y = b;
    if (x->pictures != y->pictures)
        return x->pictures > y->pictures ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static spread spread_of(double *values, int64_t n)
{
    if (n == 0)
        return (spread){0};
    qsort(values, (size_t)n, sizeof *values, by_value);
    return (spread){values[0], values[n / 2], values[n - 1]};
}

static void add_picture(picture_summary *s, const fv_picture_info *p)
{
    char colours[40];
    int bin = 0;
    for (int64_t side = p->height < p->width ? p->height : p->width; side > 1 && bin < SUMMARY_BINS - 1;
         side /= 2)
        bin++;
    s->bins[bin]++;
    s->total_bytes += (double)p->bytes;
    snprintf(colours, sizeof colours, p->depth > 8 ? "%s %d-bit" : "%s", p->mode, p->depth);
    count_kind(s->formats, p->format);
    count_kind(s->colours, colours);
    s->readable++;
}

fv_status summary_make(picture_summary *s, const fv_survey *survey)
{
    int64_t n = fv_survey_size(survey);
    *s = (picture_summary){.looked_at = n};
    double *values = mem_array((size_t)(5 * n), sizeof *values);
    if (!values)
        return status_last();
    for (int64_t i = 0, k; i < n; i++) {
        const fv_picture_info *p = fv_survey_get(survey, i);
        if (p->problem)
            continue;
        k = s->readable;
        values[k] = (double)p->height;
        values[n + k] = (double)p->width;
        values[2 * n + k] = (double)(p->height < p->width ? p->height : p->width);
        values[3 * n + k] = (double)p->width / (double)p->height;
        values[4 * n + k] = (double)p->bytes;
        add_picture(s, p);
    }
    s->height = spread_of(values, s->readable);
    s->width = spread_of(values + n, s->readable);
    s->shorter = spread_of(values + 2 * n, s->readable);
    s->aspect = spread_of(values + 3 * n, s->readable);
    s->bytes = spread_of(values + 4 * n, s->readable);
    qsort(s->formats, SUMMARY_KINDS, sizeof *s->formats, by_frequency);
    qsort(s->colours, SUMMARY_KINDS, sizeof *s->colours, by_frequency);
    free(values);
    return FV_OK;
}

/* ---- text ---- */

static void print_kinds(const char *title, const kind_count *kinds)
{
    printf("  %-13s", title);
    for (int i = 0; i < SUMMARY_KINDS && kinds[i].pictures > 0; i++)
        printf("%s%s %lld", i ? ", " : "", kinds[i].name, (long long)kinds[i].pictures);
    putchar('\n');
}

static void print_bytes(double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int unit = 0;
    for (; bytes >= 1000 && unit < 4; unit++)
        bytes /= 1000;
    printf(bytes < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void print_spread(const char *title, spread s)
{
    if (s.least < s.most)
        printf("  %-13s%.0f to %.0f, median %.0f\n", title, s.least, s.most, s.median);
    else
        printf("  %-13s%.0f\n", title, s.least);
}

static void print_histogram(const picture_summary *s)
{
    int first = 0, last = SUMMARY_BINS - 1;
    int64_t most = 1;
    while (first < last && s->bins[first] == 0)
        first++;
    while (last > first && s->bins[last] == 0)
        last--;
    for (int k = first; k <= last; k++)
        most = s->bins[k] > most ? s->bins[k] : most;
    if (s->shorter.least < s->shorter.most)
        print_spread("shorter side", s->shorter);
    for (int k = first; first < last && k <= last; k++) {
        char range[32];
        int bar = (int)(BAR * (double)s->bins[k] / (double)most + 0.5);
        snprintf(range, sizeof range, "%d..%lld", 1 << k, (2LL << k) - 1);
        printf("  %11s  %.*s%s%lld\n", range, bar > 0 || s->bins[k] == 0 ? bar : 1,
               "========================================", s->bins[k] > 0 ? " " : "", (long long)s->bins[k]);
    }
}

void summary_print(const picture_summary *s, int64_t pictures)
{
    if (s->looked_at < pictures)
        printf("\nof %lld pictures that were looked at:\n", (long long)s->looked_at);
    else
        printf("\npictures:\n");
    if (s->readable == 0) {
        printf("  none can be read\n");
        return;
    }
    print_spread("height", s->height);
    print_spread("width", s->width);
    print_histogram(s);
    printf("  %-13s%.2f to %.2f, median %.2f (width / height)\n", "aspect", s->aspect.least, s->aspect.most,
           s->aspect.median);
    print_kinds("formats", s->formats);
    print_kinds("colours", s->colours);
    printf("  %-13s", "bytes");
    print_bytes(s->bytes.least);
    printf(" to ");
    print_bytes(s->bytes.most);
    printf(", median ");
    print_bytes(s->bytes.median);
    printf(s->looked_at < pictures ? "; all pictures about " : "; all pictures ");
    print_bytes(s->total_bytes / (double)s->readable * (double)pictures);
    putchar('\n');
}

/* ---- JSON ---- */

static json_t *spread_json(spread s)
{
    return json_pack("{s:o, s:o, s:o}", "min", cli_number(s.least), "median", cli_number(s.median), "max",
                     cli_number(s.most));
}

static json_t *kinds_json(const kind_count *kinds)
{
    json_t *all = json_object();
    for (int i = 0; i < SUMMARY_KINDS && kinds[i].pictures > 0; i++)
        json_object_set_new(all, kinds[i].name, json_integer(kinds[i].pictures));
    return all;
}

json_t *summary_json(const picture_summary *s)
{
    json_t *bins = json_array();
    for (int k = 0; k < SUMMARY_BINS; k++)
        if (s->bins[k] > 0)
            json_array_append_new(bins, json_pack("{s:I, s:I, s:I}", "from", (json_int_t)(1LL << k), "to",
                                                  (json_int_t)((2LL << k) - 1), "pictures",
                                                  (json_int_t)s->bins[k]));
    return json_pack(
        "{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "pictures", (json_int_t)s->looked_at,
        "readable", (json_int_t)s->readable, "width", spread_json(s->width), "height", spread_json(s->height),
        "shorter_side", spread_json(s->shorter), "shorter_side_bins", bins, "aspect", spread_json(s->aspect),
        "bytes", spread_json(s->bytes), "formats", kinds_json(s->formats), "colours", kinds_json(s->colours));
}
