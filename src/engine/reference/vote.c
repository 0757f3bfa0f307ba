/* SPDX-License-Identifier: Apache-2.0 */
/* The vote of the nearest rows: one after the other is looked for behind the one before it. */
#include <math.h>

#include "engine/neighbours.h"
#include "engine/reference/kernels.h"

static bool votes(real label, int64_t classes)
{
    return label >= 0 && label < (real)classes;
}

/* The best row that comes behind row `last` (-1: none yet) in the order of scores, then of rows; -1 when there is none. */
static int64_t next_row(const kernel_call *c, const real *scores, int64_t last)
{
    const real *labels = input(c, 1);
    int64_t best = -1;
    for (int64_t i = 0; i < columns_of(&c->in[0]); i++) {
        bool behind = last < 0 || scores[i] < scores[last] || (scores[i] == scores[last] && i > last);
        if (behind && votes(labels[i], c->a.classes) && !isnan((double)scores[i]) &&
            (best < 0 || scores[i] > scores[best]))
            best = i;
    }
    return best;
}

KERNEL(vote)
{
    const real *scores = input(c, 0), *labels = input(c, 1);
    real *y = output(c, 0);
    int64_t classes = c->a.classes;
    double k = fmax(1, fmin((double)*input(c, 2), NEIGHBOURS_MOST));
    for (int64_t n = 0; n < rows_of(&c->in[0]); n++, scores += columns_of(&c->in[0]), y += classes) {
        int64_t found = 0;
        for (int64_t i = 0; i < classes; i++)
            y[i] = 0;
        for (int64_t row = -1; found < (int64_t)k && (row = next_row(c, scores, row)) >= 0; found++)
            y[(int64_t)labels[row]]++;
        for (int64_t i = 0; i < classes; i++)
            y[i] = (real)log(((double)y[i] + 1 / (double)classes) / (double)(found + 1));
    }
}
