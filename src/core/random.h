/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * A stream is named by (seed, epoch, index), so the numbers never depend on which thread asks, or when:
 *
 *     rng r = rng_at(seed, epoch, sample);
 *     if (rng_uniform(&r) < 0.5f) ...
 */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <stdint.h>

typedef struct rng {
    uint32_t key[2];     /* the seed */
    uint32_t counter[4]; /* block number, epoch, index (low, high) */
    uint32_t block[4];
    int used; /* numbers of the block already given out */
} rng;

/* One block: the 4 numbers of (counter, key). */
void rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

rng rng_at(uint64_t seed, uint32_t epoch, uint64_t index);
uint32_t rng_u32(rng *r);
float rng_uniform(rng *r);                      /* [0, 1), 24 bits */
float rng_range(rng *r, float low, float high); /* [low, high) */
float rng_normal(rng *r);                       /* mean 0, standard deviation 1 (Box-Muller) */
/* The logarithm of a gamma variate of shape `alpha` > 0 and scale 1, which itself may be too small for a number: of two,
 * 1 / (1 + exp(b - a)) is distributed as Beta(alpha, alpha). */
double rng_log_gamma(rng *r, double alpha);
uint64_t rng_below(rng *r, uint64_t limit);         /* [0, limit), unbiased; limit > 0 */
void rng_shuffle(rng *r, int64_t *list, int64_t n); /* Fisher-Yates */
void rng_shuffle_u32(rng *r, uint32_t *list, int64_t n);

#endif
