/* SPDX-License-Identifier: Apache-2.0 */
#include "core/random.h"
#include "engine/reference/kernels.h"

KERNEL(dropout)
{
    const real *x = input(c, 0);
    const int32_t *step = c->in[1].data;
    real *y = output(c, 0);
    uint32_t key[2] = {(uint32_t)step[0], (uint32_t)step[1]}, words[4] = {0};
    double scale = 1 / (1 - (double)c->a.rate);
    for (int64_t i = 0; i < shape_count(&c->in[0].shape); i++) {
        uint64_t block = (uint64_t)i / 4;
        if (i % 4 == 0)
            rng_philox((uint32_t[]){(uint32_t)block, (uint32_t)(block >> 32), c->a.stream, 0}, key, words);
        bool keep = (float)(words[i % 4] >> 8) * 0x1p-24f >= c->a.rate;
        y[i] = keep ? (real)(x[i] * scale) : 0;
    }
}
