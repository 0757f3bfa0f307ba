/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nearest of many rows, found as they are offered, and their vote:
 *
 *     neighbours n = neighbours_begin(k);
 *     for (int64_t i = 0; i < rows; i++)
 *         neighbours_offer(&n, scores[i], neighbours_class(labels[i], classes));
 *     neighbours_logits(&n, n.count, classes, logits);
 */
#ifndef ENGINE_NEIGHBOURS_H
#define ENGINE_NEIGHBOURS_H

#include <stdint.h>

enum {
    NEIGHBOURS_MOST = 256
};

typedef struct neighbours {
    int64_t wanted, count;
    float scores[NEIGHBOURS_MOST]; /* the greatest first; of equal ones the one that was offered first */
    int64_t classes[NEIGHBOURS_MOST];
} neighbours;

/* `k` is a tensor's number: less than 1 becomes 1, more than NEIGHBOURS_MOST that. */
neighbours neighbours_begin(float k);
/* -1 for a label that is no class: such a row does not vote. */
int64_t neighbours_class(float label, int64_t classes);
void neighbours_offer(neighbours *n, float score, int64_t class);
/* log((v + 1 / classes) / (count + 1)) of each class, which v of the first `count` are of. Their softmax are the shares themselves. */
void neighbours_logits(const neighbours *n, int64_t count, int64_t classes, float *logits);

#endif
