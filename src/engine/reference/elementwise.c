/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/reference/kernels.h"

/* A shape as four dimensions, with ones in front. */
typedef struct extent {
    int64_t d[4];
} extent;

static extent extent_of(const operand *o)
{
    extent e = {{1, 1, 1, 1}};
    for (int i = 0; i < o->shape.rank; i++)
        e.d[4 - o->shape.rank + i] = o->shape.d[i];
    return e;
}

/* Where element i of a block with sides `block` lies in a tensor with sides `e`: e's sides of 1 are repeated.
 */
static int64_t meets(const extent *e, const extent *block, int64_t i)
{
    int64_t place = 0, step = 1;
    for (int k = 3; k >= 0; k--) {
        place += e->d[k] == 1 ? 0 : i % block->d[k] * step;
        step *= e->d[k];
        i /= block->d[k];
    }
    return place;
}

KERNEL(add)
{
    const real *a = input(c, 0), *b = input(c, 1);
    real *y = output(c, 0);
    extent ea = extent_of(&c->in[0]), eb = extent_of(&c->in[1]), ey = extent_of(&c->out[0]);
    for (int64_t i = 0; i < shape_count(&c->out[0].shape); i++)
        y[i] = (real)REAL_NAME(activate)((double)a[meets(&ea, &ey, i)] + b[meets(&eb, &ey, i)], &c->a);
}

KERNEL(multiply)
{
    const real *a = input(c, 0), *b = input(c, 1);
    real *y = output(c, 0);
    extent ea = extent_of(&c->in[0]), eb = extent_of(&c->in[1]), ey = extent_of(&c->out[0]);
    for (int64_t i = 0; i < shape_count(&c->out[0].shape); i++)
        y[i] = a[meets(&ea, &ey, i)] * b[meets(&eb, &ey, i)];
}

/* The elements that meet in one sum form a block of the sides that are summed over. */
KERNEL(reduce_sum)
{
    const real *x = input(c, 0);
    real *y = output(c, 0);
    extent ex = extent_of(&c->in[0]), ey = extent_of(&c->out[0]), block = {{1, 1, 1, 1}};
    int64_t each = 1;
    for (int k = 0; k < 4; k++)
        if (ey.d[k] == 1)
            each *= block.d[k] = ex.d[k];
    for (int64_t o = 0; o < shape_count(&c->out[0].shape); o++) {
        int64_t first = meets(&ex, &ey, o);
        double sum = 0;
        for (int64_t i = 0; i < each; i++)
            sum += x[first + meets(&ex, &block, i)];
        y[o] = (real)sum;
    }
}
