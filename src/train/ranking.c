/* SPDX-License-Identifier: Apache-2.0 */
#include "train/ranking.h"

#include <math.h>
#include <stdlib.h>

#include "train/scores.h"

static int by_score(const void *a, const void *b)
{
    float x = ((const ranking_entry *)a)->score, y = ((const ranking_entry *)b)->score;
    return (x < y) - (x > y);
}

void ranking_sort(const fv_evaluation *e, int64_t class_index, ranking_entry *list, uint32_t *row)
{
    int64_t n = e->images;
    for (int64_t i = 0; i < n; i++)
        list[i] = (ranking_entry){e->probabilities[i * e->class_count + class_index],
                                  (uint32_t)i | (evaluation_has(e, i, class_index) ? RANKING_POSITIVE : 0u)};
    qsort(list, (size_t)n, sizeof *list, by_score);
    for (int64_t i = 0; i < n; i++) {
        bool last = i + 1 == n || list[i + 1].score < list[i].score;
        row[i] = list[i].index | (last ? RANKING_LAST : 0u);
    }
}

void ranking_areas(const uint32_t *row, int64_t images, const uint32_t *times, double *auc,
                   double *average_precision)
{
    double here[2] = {0, 0}; /* negatives and positives of equal probability */
    double negatives = 0, positives = 0, pairs = 0, precision = 0;
    for (int64_t i = 0; i < images; i++) {
        here[(row[i] & RANKING_POSITIVE) != 0] += times ? times[row[i] & RANKING_INDEX] : 1;
        if (!(row[i] & RANKING_LAST))
            continue;
        pairs += here[0] * (positives + here[1] / 2);
        negatives += here[0];
        positives += here[1];
        if (here[1] > 0)
            precision += here[1] * positives / (positives + negatives);
        here[0] = here[1] = 0;
    }
    *auc = positives > 0 && negatives > 0 ? pairs / (positives * negatives) : NAN;
    *average_precision = positives > 0 ? precision / positives : NAN;
}
