/* SPDX-License-Identifier: Apache-2.0 */
#include "core/random.h"

#include <math.h>

void rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

rng rng_at(uint64_t seed, uint32_t epoch, uint64_t index)
{
    return (rng){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                 .counter = {0, epoch, (uint32_t)index, (uint32_t)(index >> 32)},
                 .used = 4};
}

uint32_t rng_u32(rng *r)
{
    if (r->used == 4) {
        rng_philox(r->counter, r->key, r->block);
        r->counter[0]++;
        r->used = 0;
    }
    return r->block[r->used++];
}

float rng_uniform(rng *r)
{
    return (float)(rng_u32(r) >> 8) * 0x1p-24f;
}

float rng_range(rng *r, float low, float high)
{
    return low + (high - low) * rng_uniform(r);
}

float rng_normal(rng *r)
{
    /* 1 - u lies in (0, 1], so the logarithm is finite. */
    float u = 1.0f - rng_uniform(r), v = rng_uniform(r);
    return sqrtf(-2.0f * logf(u)) * cosf(6.28318530718f * v);
}

uint64_t rng_below(rng *r, uint64_t limit)
{
    uint64_t reject = -limit % limit;
    for (;;) {
        uint64_t x = (uint64_t)rng_u32(r) << 32;
        x |= rng_u32(r);
        if (x >= reject)
            return x % limit;
    }
}

void rng_shuffle_u32(rng *r, uint32_t *list, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)rng_below(r, (uint64_t)i + 1);
        uint32_t t = list[i];
        list[i] = list[j];
        list[j] = t;
    }
}

void rng_shuffle(rng *r, int64_t *list, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)rng_below(r, (uint64_t)i + 1);
        int64_t t = list[i];
        list[i] = list[j];
        list[j] = t;
    }
}
