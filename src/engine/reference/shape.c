/* SPDX-License-Identifier: Apache-2.0 */
/* What only moves numbers. */
#include <string.h>

#include "engine/reference/kernels.h"

KERNEL(concat)
{
    real *y = output(c, 0);
    int64_t rows = rows_of(&c->out[0]), columns = columns_of(&c->out[0]), first = 0;
    for (int k = 0; k < c->input_count; k++) {
        const real *x = input(c, k);
        int64_t part = columns_of(&c->in[k]);
        for (int64_t r = 0; r < rows; r++)
            memcpy(y + r * columns + first, x + r * part, (size_t)part * sizeof *y);
        first += part;
    }
}

/* Copies between a tensor of sides `inner` and its place, `before` from the start, in one of sides `outer`.
 */
static void copy_block(const kernel_call *c, const shape *inner, const shape *outer, bool into_outer)
{
    const real *from = input(c, 0);
    real *to = output(c, 0);
    for (int64_t i = 0; i < shape_count(inner); i++) {
        int64_t rest = i, place = 0, step = 1;
        for (int k = inner->rank - 1; k >= 0; k--) {
            place += (rest % inner->d[k] + c->a.before[k]) * step;
            rest /= inner->d[k];
            step *= outer->d[k];
        }
        if (into_outer)
            to[place] = from[i];
        else
            to[i] = from[place];
    }
}

KERNEL(pad)
{
    memset(output(c, 0), 0, (size_t)shape_count(&c->out[0].shape) * sizeof(real));
    copy_block(c, &c->in[0].shape, &c->out[0].shape, true);
}

KERNEL(crop)
{
    copy_block(c, &c->out[0].shape, &c->in[0].shape, false);
}

KERNEL(shuffle)
{
    const real *x = input(c, 0);
    real *y = output(c, 0);
    int64_t channels = columns_of(&c->in[0]), groups = c->a.groups, each = channels / groups;
    for (int64_t r = 0; r < rows_of(&c->in[0]); r++)
        for (int64_t g = 0; g < groups; g++)
            for (int64_t i = 0; i < each; i++)
                y[r * channels + i * groups + g] = x[r * channels + g * each + i];
}

KERNEL(reshape)
{
    memcpy(output(c, 0), input(c, 0), (size_t)shape_count(&c->in[0].shape) * sizeof(real));
}

/* Between pictures (N, H, W, C) and rows (N, C*H*W). */
static void transpose(const kernel_call *c, const shape *picture, bool flatten)
{
    const real *from = input(c, 0);
    real *to = output(c, 0);
    int64_t area = picture->d[1] * picture->d[2], channels = picture->d[3];
    for (int64_t n = 0; n < picture->d[0]; n++)
        for (int64_t i = 0; i < area; i++)
            for (int64_t k = 0; k < channels; k++) {
                int64_t in_picture = (n * area + i) * channels + k, in_row = (n * channels + k) * area + i;
                if (flatten)
                    to[in_row] = from[in_picture];
                else
                    to[in_picture] = from[in_row];
            }
}

KERNEL(flatten)
{
    transpose(c, &c->in[0].shape, true);
}

KERNEL(unflatten)
{
    transpose(c, &c->out[0].shape, false);
}
