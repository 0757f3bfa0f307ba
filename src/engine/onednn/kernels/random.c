/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout with Philox4x32-10 (Salmon et al. 2011), as the operation's contract says, on whole vectors of blocks. */
#include "engine/onednn/kernels/list.h"
#include "engine/onednn/kernels/vector.h"

enum {
    BLOCKS = 16
};

/* BLOCKS consecutive blocks from number `first`: words[w][b] is word w of block first + b. */
static void philox_blocks(uint64_t first, uint32_t stream, const uint32_t key[2], uint32_t words[4][BLOCKS])
{
    uint32_t c0[BLOCKS], c1[BLOCKS], c2[BLOCKS], c3[BLOCKS], k0 = key[0], k1 = key[1];
    for (int b = 0; b < BLOCKS; b++) {
        c0[b] = (uint32_t)(first + (uint64_t)b);
        c1[b] = (uint32_t)((first + (uint64_t)b) >> 32);
        c2[b] = stream;
        c3[b] = 0;
    }
    for (int round = 0; round < 10; round++) {
        for (int b = 0; b < BLOCKS; b++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0[b], p1 = (uint64_t)0xCD9E8D57u * c2[b];
            c0[b] = (uint32_t)(p1 >> 32) ^ c1[b] ^ k0;
            c2[b] = (uint32_t)(p0 >> 32) ^ c3[b] ^ k1;
            c1[b] = (uint32_t)p1;
            c3[b] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    memcpy(words[0], c0, sizeof c0);
    memcpy(words[1], c1, sizeof c1);
    memcpy(words[2], c2, sizeof c2);
    memcpy(words[3], c3, sizeof c3);
}

/* Where logical element i lies. */
static inline int64_t position(const form *f, int64_t i)
{
    if (f->groups == 1)
        return i;
    int64_t c = i % f->channels, s = i / f->channels % f->spatial, n = i / f->channels / f->spatial;
    return ((n * f->groups + c / f->block) * f->spatial + s) * f->block + c % f->block;
}

/* What the elements of BLOCKS blocks are multiplied by, in their logical order. */
static void keep_factors(uint32_t words[4][BLOCKS], float rate, float *factors)
{
    float scale = 1.0f / (1.0f - rate);
    for (int b = 0; b < BLOCKS; b++)
        for (int w = 0; w < 4; w++)
            factors[4 * b + w] = (float)(int32_t)(words[w][b] >> 8) * 0x1p-24f >= rate ? scale : 0.0f;
}

void KERNEL(dropout_samples)(const form *f, float rate, uint32_t stream, const int32_t *step, const float *x,
                             float *y)
{
    int64_t each = f->groups * f->spatial * f->block;
    uint32_t key[2] = {(uint32_t)step[0], (uint32_t)step[1]};
    for (int64_t at = 0; at < f->n; at += 4 * BLOCKS) {
        uint32_t words[4][BLOCKS];
        float factors[4 * BLOCKS];
        philox_blocks((uint64_t)at / 4, stream, key, words);
        keep_factors(words, rate, factors);
        for (int64_t i = 0; i < smaller(4 * BLOCKS, f->n - at); i++)
            KERNEL(scale)(x + (at + i) * each, &factors[i], y + (at + i) * each, each);
    }
}

void KERNEL(dropout_factors)(int64_t count, float rate, uint32_t stream, const int32_t *step, float *y)
{
    uint32_t key[2] = {(uint32_t)step[0], (uint32_t)step[1]};
#pragma omp parallel for schedule(static) if (count > PARALLEL_MINIMUM / 4)
    for (int64_t at = 0; at < count; at += 4 * BLOCKS) {
        uint32_t words[4][BLOCKS];
        float factors[4 * BLOCKS];
        philox_blocks((uint64_t)at / 4, stream, key, words);
        keep_factors(words, rate, factors);
        memcpy(y + at, factors, (size_t)smaller(4 * BLOCKS, count - at) * sizeof *y);
    }
}

void KERNEL(dropout)(const form *f, float rate, uint32_t stream, const int32_t *step, const float *x,
                     float *y)
{
    int64_t count = f->n * f->spatial * f->channels;
    uint32_t key[2] = {(uint32_t)step[0], (uint32_t)step[1]};
    bool quads = f->channels % 4 == 0 && f->block % 4 == 0; /* then 4 consecutive elements stay together */
#pragma omp parallel for schedule(static) if (count > PARALLEL_MINIMUM / 4)
    for (int64_t at = 0; at < count; at += 4 * BLOCKS) {
        uint32_t words[4][BLOCKS];
        float factors[4 * BLOCKS];
        int64_t end = smaller(4 * BLOCKS, count - at);
        philox_blocks((uint64_t)at / 4, stream, key, words);
        keep_factors(words, rate, factors);
        if (f->groups == 1)
            for (int64_t i = 0; i < end; i += LANES)
                vec_store(y + at + i, vec_load(x + at + i, end - i) * vec_load(factors + i, end - i),
                          end - i);
        for (int64_t i = 0; f->groups > 1 && i < end; i += 4) {
            int64_t first = position(f, at + i);
            for (int64_t j = 0; j < smaller(4, end - i); j++) {
                int64_t k = quads ? first + j : position(f, at + i + j);
                y[k] = x[k] * factors[i + j];
            }
        }
    }
    if (f->groups > 1)
        KERNEL(zero_padding)(f, y);
}
