/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/reference/kernels.h"

KERNEL(normalize)
{
    const uint8_t *pixels = c->in[0].data;
    real *y = output(c, 0);
    int64_t rows = rows_of(&c->in[0]), channels = columns_of(&c->in[0]);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t k = 0; k < channels; k++) {
            int64_t from = c->a.reverse ? channels - 1 - k : k;
            y[r * channels + k] = (real)((pixels[r * channels + from] - (double)c->a.mean[k]) / c->a.std[k]);
        }
}
