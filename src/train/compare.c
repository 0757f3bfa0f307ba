/* SPDX-License-Identifier: Apache-2.0 */
/* Two models on the same pictures: McNemar's test and the difference with its interval. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "train/bootstrap.h"
#include "train/scores.h"

enum {
    EXACT_BELOW =
        25 /* pictures on which they differ: the chi-square distribution is no good approximation there */
};

/* Twice the smaller tail of the binomial distribution of `n` throws of a coin, `k` the smaller count. */
static double exact_p(int64_t k, int64_t n)
{
    double term = pow(0.5, (double)n), tail = 0;
    for (int64_t i = 0; i <= k; i++) {
        tail += term;
        term *= (double)(n - i) / (double)(i + 1);
    }
    return fmin(1, 2 * tail);
}

/* McNemar 1947, with the continuity correction of Edwards 1948: (|b - c| - 1)^2 / (b + c) has one degree of freedom. */
static void test_difference(fv_comparison *c)
{
    int64_t n = c->only_first + c->only_second;
    c->exact = n < EXACT_BELOW;
    c->statistic = NAN;
    if (c->exact) {
        c->p = exact_p(c->only_first < c->only_second ? c->only_first : c->only_second, n);
        return;
    }
    double apart = fmax(0, fabs((double)(c->only_first - c->only_second)) - 1);
    c->statistic = apart * apart / (double)n;
    c->p = erfc(sqrt(c->statistic / 2));
}

static bool is_right(const fv_evaluation *e, int64_t i)
{
    if (!e->multi_label)
        return e->predicted[i] == e->label[i];
    for (int64_t k = 0; k < e->class_count; k++)
        if (evaluation_has(e, i, k) != evaluation_says(e, i, k))
            return false;
    return true;
}

/* Pictures that both could judge, in the data's order; gains[i]: 1 where only the second is right, -1 where only the first is. */
static void pair_pictures(const fv_evaluation *first, const fv_evaluation *second, fv_comparison *c,
                          int8_t *gains)
{
    for (int64_t i = 0, k = 0; i < first->images && k < second->images;) {
        if (first->index[i] != second->index[k]) {
            first->index[i] < second->index[k] ? i++ : k++;
            continue;
        }
        bool one = is_right(first, i++), two = is_right(second, k++);
        c->both_right += one && two;
        c->only_first += one && !two;
        c->only_second += !one && two;
        c->both_wrong += !one && !two;
        gains[c->images++] = (int8_t)(two - one);
    }
}

typedef struct gain_run {
    const int8_t *gains;
    int64_t images;
} gain_run;

static void score(void *user, int thread, const uint32_t *times, double *out)
{
    (void)thread;
    const gain_run *r = user;
    int64_t sum = 0;
    for (int64_t i = 0; i < r->images; i++)
        sum += (int64_t)times[i] * r->gains[i];
    *out = (double)sum / (double)r->images;
}

static fv_status compare(const fv_compare_options *o, int8_t *gains)
{
    fv_comparison *c = o->result;
    pair_pictures(o->first, o->second, c, gains);
    if (c->images == 0)
        return status_set(FV_ERROR_INVALID, "compare: the two evaluations have no picture in common");
    double n = (double)c->images;
    c->first_accuracy = (double)(c->both_right + c->only_first) / n;
    c->second_accuracy = (double)(c->both_right + c->only_second) / n;
    c->difference = (double)(c->only_second - c->only_first) / n;
    test_difference(c);
    return bootstrap_run(&(bootstrap){.images = c->images,
                                      .resamples = o->resamples,
                                      .values = 1,
                                      .seed = o->seed,
                                      .threads = o->threads,
                                      .score = score,
                                      .user = &(gain_run){gains, c->images}},
                         &c->interval);
}

fv_status fv_compare_with(const fv_compare_options *options)
{
    fv_compare_options o = {0};
    if (options)
        memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.first || !o.second || !o.result)
        return status_set(FV_ERROR_INVALID, "compare: two evaluations and a result are required");
    if ((o.first->multi_label != 0) != (o.second->multi_label != 0))
        return status_set(FV_ERROR_INVALID, "compare: only one of the evaluations is of multi-label data");
    STATUS_TRY(bootstrap_settle("compare", &o.resamples, &o.threads));
    *o.result = (fv_comparison){0};
    int8_t *gains = mem_array((size_t)o.first->images, 1);
    if (!gains)
        return status_last();
    fv_status status = compare(&o, gains);
    free(gains);
    return status;
}
