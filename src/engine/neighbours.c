/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/neighbours.h"

#include <math.h>

neighbours neighbours_begin(float k)
{
    neighbours n;
    n.count = 0;
    n.wanted = !(k >= 1) ? 1 : k > NEIGHBOURS_MOST ? NEIGHBOURS_MOST : (int64_t)k;
    return n;
}

int64_t neighbours_class(float label, int64_t classes)
{
    return label >= 0 && label < (float)classes ? (int64_t)label : -1;
}

void neighbours_offer(neighbours *n, float score, int64_t class)
{
    if (class < 0 || isnan(score) || (n->count == n->wanted && !(score > n->scores[n->count - 1])))
        return;
    int64_t i = n->count < n->wanted ? n->count++ : n->count - 1;
    for (; i > 0 && score > n->scores[i - 1]; i--) {
        n->scores[i] = n->scores[i - 1];
        n->classes[i] = n->classes[i - 1];
    }
    n->scores[i] = score;
    n->classes[i] = class;
}

void neighbours_logits(const neighbours *n, int64_t count, int64_t classes, float *logits)
{
    for (int64_t c = 0; c < classes; c++)
        logits[c] = 0;
    for (int64_t i = 0; i < count; i++)
        logits[n->classes[i]]++;
    for (int64_t c = 0; c < classes; c++)
        logits[c] = (float)log(((double)logits[c] + 1 / (double)classes) / (double)(count + 1));
}
