/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated quantisation. */
#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

/* To the nearest whole number, halves to the even one, for |v| < 2^22. */
static inline vec vec_round(vec v)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23 */
    return (v + magic) - magic;
}

static inline vec vec_held(vec v, float low, float high)
{
    return vec_at_most(vec_at_least(v, low), high);
}

void KERNEL(fake_quantize)(const grid *g, const float *x, float *y, int64_t count)
{
    float scale = g->scale, low = g->low, high = g->high;
#pragma omp parallel for schedule(static) if (count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < count; i += LANES) {
        vec v = vec_load(x + i, count - i) / scale;
        vec_store(y + i, vec_round(vec_held(v, low, high)) * scale, count - i);
    }
}

void KERNEL(fake_quantize_grad)(const grid *g, const float *x, const float *dy, float *dx, int64_t count)
{
    float scale = g->scale, low = g->low, high = g->high;
#pragma omp parallel for schedule(static) if (count > PARALLEL_MINIMUM)
    for (int64_t i = 0; i < count; i += LANES) {
        vec v = vec_load(x + i, count - i) / scale, whole = vec_round(vec_held(v, low - 1, high + 1));
        ivec inside = (whole >= vec_all(low)) & (whole <= vec_all(high));
        vec_store(dx + i, vec_where(inside, vec_load(dy + i, count - i), vec_all(0)), count - i);
    }
}
