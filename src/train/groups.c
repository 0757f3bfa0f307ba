/* SPDX-License-Identifier: Apache-2.0 */
/* An evaluation by groups of its pictures: rates with intervals, and the largest differences. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/attributes.h"
#include "train/bootstrap.h"
#include "train/metrics.h"
#include "train/scores.h"

enum {
    LEAST = 30
};

/* The values that the bootstrap gives intervals for. */
enum {
    MEAN_ACCURACY,
    MEAN_PRECISION,
    MEAN_RECALL,
    MEAN_FALSE_POSITIVE_RATE,
    MEANS
};

typedef struct groups_run {
    const fv_groups_options *o;
    const fv_evaluation *e;
    attributes table;
    int64_t *members;     /* (images): the evaluation's pictures of one group */
    class_tally *counts; /* (threads, class_count) */
} groups_run;

/* ---- counting ---- */

/* Of `count` pictures, each `times` times (NULL: once). Returns how many these are. */
static int64_t count_members(const fv_evaluation *e, const int64_t *members, int64_t count,
                             const uint32_t *times, class_tally *counts)
{
    int64_t all = 0;
    memset(counts, 0, (size_t)e->class_count * sizeof *counts);
    for (int64_t i = 0; i < count; i++) {
        uint32_t n = times ? times[i] : 1;
        all += n;
        if (!e->multi_label) {
            counts[e->label[members[i]]].support += n;
            counts[e->predicted[members[i]]].predicted += n;
            counts[e->label[members[i]]].right += e->label[members[i]] == e->predicted[members[i]] ? n : 0;
            continue;
        }
        for (int64_t k = 0; n > 0 && k < e->class_count; k++) {
            bool has = evaluation_has(e, members[i], k), said = evaluation_says(e, members[i], k);
            counts[k].support += has ? n : 0;
            counts[k].predicted += said ? n : 0;
            counts[k].right += has && said ? n : 0;
        }
    }
    return all;
}

typedef struct mean {
    double sum;
    int64_t count;
} mean;

static void mean_add(mean *m, int64_t part, int64_t of)
{
    if (of == 0)
        return;
    m->sum += (double)part / (double)of;
    m->count++;
}

static double mean_value(const mean *m)
{
    return m->count > 0 ? m->sum / (double)m->count : NAN;
}

static void find_means(const fv_evaluation *e, const class_tally *counts, int64_t images, double *out)
{
    mean precision = {0}, recall = {0}, false_positives = {0};
    int64_t right = 0, wrong = 0;
    for (int64_t k = 0; k < e->class_count; k++) {
        const class_tally *n = &counts[k];
        mean_add(&precision, n->right, n->predicted);
        mean_add(&recall, n->right, n->support);
        mean_add(&false_positives, n->predicted - n->right, images - n->support);
        right += n->right;
        wrong += n->support + n->predicted - 2 * n->right;
    }
    double answers = (double)images * (double)e->class_count;
    out[MEAN_ACCURACY] = e->multi_label ? 1 - (double)wrong / answers : (double)right / (double)images;
    out[MEAN_PRECISION] = mean_value(&precision);
    out[MEAN_RECALL] = mean_value(&recall);
    out[MEAN_FALSE_POSITIVE_RATE] = mean_value(&false_positives);
}

/* ---- one group ---- */

static fv_rate rate(int64_t part, int64_t of)
{
    fv_rate r = {.value = NAN, .low = NAN, .high = NAN, .of = of};
    if (of > 0) {
        r.value = (double)part / (double)of;
        metrics_wilson(part, of, &r.low, &r.high);
    }
    return r;
}

typedef struct member_run {
    const groups_run *run;
    int64_t count;
} member_run;

static void score(void *user, int thread, const uint32_t *times, double *out)
{
    const member_run *r = user;
    const fv_evaluation *e = r->run->e;
    class_tally *counts = r->run->counts + thread * e->class_count;
    int64_t images = count_members(e, r->run->members, r->count, times, counts);
    find_means(e, counts, images, out);
}

static fv_rate mean_rate(double value, const fv_interval *interval, int64_t images)
{
    return (fv_rate){.value = value, .low = interval->low, .high = interval->high, .of = images};
}

/* The members are filled in. */
static fv_status measure_group(const groups_run *r, fv_group *g)
{
    const fv_evaluation *e = r->e;
    double means[MEANS];
    fv_interval intervals[MEANS];
    int64_t right = 0;
    count_members(e, r->members, g->images, NULL, r->counts);
    find_means(e, r->counts, g->images, means);
    for (int64_t k = 0; k < e->class_count; k++) {
        const class_tally *n = &r->counts[k];
        g->classes[k] =
            (fv_class_rates){.precision = rate(n->right, n->predicted),
                             .recall = rate(n->right, n->support),
                             .false_positive_rate = rate(n->predicted - n->right, g->images - n->support),
                             .selection_rate = rate(n->predicted, g->images)};
        right += n->right;
    }
    STATUS_TRY(bootstrap_run(&(bootstrap){.images = g->images,
                                          .resamples = r->o->resamples,
                                          .values = MEANS,
                                          .seed = r->o->seed,
                                          .threads = r->o->threads,
                                          .score = score,
                                          .user = &(member_run){r, g->images}},
                             intervals));
    g->accuracy = e->multi_label ? mean_rate(means[MEAN_ACCURACY], &intervals[MEAN_ACCURACY], g->images)
                                 : rate(right, g->images);
    g->macro.precision = mean_rate(means[MEAN_PRECISION], &intervals[MEAN_PRECISION], g->images);
    g->macro.recall = mean_rate(means[MEAN_RECALL], &intervals[MEAN_RECALL], g->images);
    g->macro.false_positive_rate =
        mean_rate(means[MEAN_FALSE_POSITIVE_RATE], &intervals[MEAN_FALSE_POSITIVE_RATE], g->images);
    g->macro.selection_rate = rate(0, 0);
    g->too_small = g->images < r->o->least;
    return FV_OK;
}

/* ---- differences ---- */

static const fv_rate *rate_of(const fv_group *g, fv_gap_kind kind, int64_t k)
{
    switch (kind) {
    case FV_GAP_RECALL:
        return &g->classes[k].recall;
    case FV_GAP_FALSE_POSITIVE_RATE:
        return &g->classes[k].false_positive_rate;
    case FV_GAP_SELECTION_RATE:
        return &g->classes[k].selection_rate;
    default:
        return &g->accuracy;
    }
}

/* The difference of one rate over all groups that can be judged; it replaces a smaller one. */
static void widen(fv_gap *gap, const fv_grouping *c, fv_gap_kind kind, int64_t k, int64_t least)
{
    fv_gap here = {.class_index = k, .lowest = -1, .highest = -1};
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < c->group_count; i++) {
        const fv_rate *r = rate_of(&c->groups[i], kind, k);
        if (c->groups[i].too_small || r->of < least)
            continue;
        if (r->value < low) {
            low = r->value;
            here.lowest = i;
        }
        if (r->value >= high) {
            high = r->value;
            here.highest = i;
        }
    }
    here.value = high - low;
    if (here.lowest != here.highest && !(here.value <= gap->value))
        *gap = here;
}

static void find_gaps(const groups_run *r, fv_grouping *c)
{
    for (int kind = 0; kind < FV_GAP_COUNT; kind++) {
        fv_gap *gap = &c->gaps[kind];
        *gap = (fv_gap){NAN, -1, -1, -1};
        if (kind == FV_GAP_ACCURACY) {
            widen(gap, c, kind, -1, r->o->least);
            continue;
        }
        bool two = !r->e->multi_label && r->e->class_count == 2;
        for (int64_t k = two; k < r->e->class_count; k++)
            widen(gap, c, (fv_gap_kind)kind, k, r->o->least);
    }
}

/* ---- all of them ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const fv_group *)a)->name, ((const fv_group *)b)->name);
}

/* The groups that have pictures, sorted by name; their numbers of pictures. */
static fv_status list_groups(const groups_run *r, size_t column, fv_grouping *c)
{
    const name_table *values = &r->table.values[column];
    c->column = mem_string(r->table.columns.items[column]);
    c->groups = mem_array(values->count, sizeof *c->groups);
    int64_t *images = mem_array(values->count, sizeof *images);
    fv_status status = c->column && c->groups && images ? FV_OK : status_last();
    for (int64_t i = 0; status == FV_OK && i < r->e->images; i++) {
        int64_t value = attributes_get(&r->table, r->e->index[i], column);
        ++*(value < 0 ? &c->without : &images[value]);
    }
    for (size_t v = 0; status == FV_OK && v < values->count; v++) {
        if (images[v] == 0)
            continue;
        fv_group *g = &c->groups[c->group_count++];
        *g = (fv_group){.name = mem_string(name_table_get(values, v)),
                        .images = images[v],
                        .classes = mem_array((size_t)r->e->class_count, sizeof *g->classes)};
        if (!g->name || !g->classes)
            status = status_last();
    }
    free(images);
    if (status == FV_OK)
        qsort(c->groups, (size_t)c->group_count, sizeof *c->groups, by_name);
    return status;
}

static fv_status measure_column(groups_run *r, size_t column, fv_grouping *c)
{
    STATUS_TRY(list_groups(r, column, c));
    for (int64_t g = 0; g < c->group_count; g++) {
        int64_t value = name_table_find(&r->table.values[column], c->groups[g].name), count = 0;
        for (int64_t i = 0; i < r->e->images; i++)
            if (attributes_get(&r->table, r->e->index[i], column) == value)
                r->members[count++] = i;
        STATUS_TRY(measure_group(r, &c->groups[g]));
    }
    find_gaps(r, c);
    return FV_OK;
}

static fv_status measure(groups_run *r, fv_groups *g)
{
    const fv_evaluation *e = r->e;
    size_t columns = r->table.columns.count;
    g->class_count = e->class_count;
    g->least = r->o->least;
    r->members = mem_array((size_t)e->images, sizeof *r->members);
    r->counts = mem_array((size_t)r->o->threads * (size_t)e->class_count, sizeof *r->counts);
    g->columns = mem_array(columns, sizeof *g->columns);
    g->problems = mem_array(r->table.problems.count, sizeof *g->problems);
    if (!r->members || !r->counts || !g->columns || !g->problems)
        return status_last();
    for (size_t i = 0; i < r->table.problems.count; i++, g->problem_count++)
        if (!(g->problems[i] = mem_string(r->table.problems.items[i])))
            return status_last();
    for (size_t i = 0; i < columns; i++, g->column_count++) {
        fv_status status = measure_column(r, i, &g->columns[i]);
        if (status != FV_OK) {
            g->column_count++; /* it is released, too */
            return status;
        }
    }
    return FV_OK;
}

fv_status fv_groups_compare_with(const fv_groups_options *options)
{
    fv_groups_options o = {0};
    if (options)
        memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.evaluation || !o.data || !o.path || !o.result)
        return status_set(FV_ERROR_INVALID, "groups: evaluation, data, path and result are required");
    o.least = o.least ? o.least : LEAST;
    if (o.least < 1)
        return status_set(FV_ERROR_INVALID, "groups: least must be at least 1");
    for (int64_t i = 0; i < o.evaluation->images; i++)
        if (o.evaluation->index[i] < 0 || o.evaluation->index[i] >= fv_dataset_size(o.data))
            return status_set(FV_ERROR_INVALID, "groups: the evaluation is of other data");
    STATUS_TRY(bootstrap_settle("groups", &o.resamples, &o.threads));
    groups_run r = {.o = &o, .e = o.evaluation};
    *o.result = (fv_groups){0};
    STATUS_TRY(attributes_read(&r.table, o.data, o.path));
    fv_status status = measure(&r, o.result);
    attributes_release(&r.table);
    free(r.members);
    free(r.counts);
    if (status != FV_OK)
        fv_groups_release(o.result);
    return status;
}

void fv_groups_release(fv_groups *g)
{
    if (!g)
        return;
    for (int64_t i = 0; i < g->column_count; i++) {
        fv_grouping *c = &g->columns[i];
        for (int64_t k = 0; k < c->group_count; k++) {
            free((char *)c->groups[k].name);
            free(c->groups[k].classes);
        }
        free((char *)c->column);
        free(c->groups);
    }
    for (int64_t i = 0; i < g->problem_count; i++)
        free(g->problems[i]);
    free(g->columns);
    free(g->problems);
    *g = (fv_groups){0};
}

const char *fv_gap_name(fv_gap_kind kind)
{
    static const char *const names[FV_GAP_COUNT] = {"accuracy", "equal_opportunity", "false_positive_rate",
                                                    "demographic_parity"};
    return (unsigned)kind < FV_GAP_COUNT ? names[kind] : NULL;
}
