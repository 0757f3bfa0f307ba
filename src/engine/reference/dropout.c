/* SPDX-License-Identifier: Apache-2.0 */
#include "core/random.h"
#include "engine/reference/kernels.h"

/* Whether element i is kept, as the operation's contract says. */
static bool keeps(const kernel_call *c, int64_t i)
{
    const int32_t *step = c->in[1].data;
    uint64_t block = (uint64_t)i / 4;
    uint32_t words[4];
    rng_philox((uint32_t[]){(uint32_t)block, (uint32_t)(block >> 32), c->a.stream, 0},
               (uint32_t[]){(uint32_t)step[0], (uint32_t)step[1]}, words);
    return (float)(words[i % 4] >> 8) * 0x1p-24f >= c->a.rate;
}

KERNEL(dropout)
{
    const real *x = input(c, 0);
    real *y = output(c, 0);
    double scale = 1 / (1 - (double)c->a.rate);
    int64_t count = shape_count(&c->in[0].shape), each = count / c->in[0].shape.d[0],
            channels = columns_of(&c->in[0]);
    for (int64_t i = 0; i < count; i++) {
        int64_t place = c->a.per_sample    ? i / each
                        : c->a.per_channel ? i / each * channels + i % channels
                                           : i;
        y[i] = keeps(c, place) ? (real)(x[i] * scale) : 0;
    }
}
