/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor's peak in single precision: multiply-additions on registers only, in the widest vectors it has.
 *
 *     peak [threads]          prints "FLOP/s SET", e.g. "4.1e+11 avx512"
 *
 * A multiply-addition counts as two operations. Each thread's work is divided by the processor time that it got, and the
 * fastest of several runs is printed: a peak is what nothing disturbs.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    CHAINS = 12, /* independent sums: more than latency times throughput of one multiply-addition */
    LOOPS = 4000000,
    RUNS = 15,
    MAX_THREADS = 1024
};

static volatile float factor = 0.999f,
                      term = 0.001f; /* not known when this is compiled, so nothing is folded */
static volatile float sink;

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static void multiply_add_512(void)
{
    __m512 a = _mm512_set1_ps(factor), b = _mm512_set1_ps(term), sum[CHAINS];
    for (int k = 0; k < CHAINS; k++)
        sum[k] = _mm512_set1_ps((float)k);
    for (int i = 0; i < LOOPS; i++)
#pragma GCC unroll 12
        for (int k = 0; k < CHAINS; k++)
            sum[k] = _mm512_fmadd_ps(sum[k], a, b);
    for (int k = 1; k < CHAINS; k++)
        sum[0] = _mm512_add_ps(sum[0], sum[k]);
    sink = _mm512_cvtss_f32(sum[0]);
}

__attribute__((target("avx2,fma"))) static void multiply_add_256(void)
{
    __m256 a = _mm256_set1_ps(factor), b = _mm256_set1_ps(term), sum[CHAINS];
    for (int k = 0; k < CHAINS; k++)
        sum[k] = _mm256_set1_ps((float)k);
    for (int i = 0; i < LOOPS; i++)
#pragma GCC unroll 12
        for (int k = 0; k < CHAINS; k++)
            sum[k] = _mm256_fmadd_ps(sum[k], a, b);
    for (int k = 1; k < CHAINS; k++)
        sum[0] = _mm256_add_ps(sum[0], sum[k]);
    sink = _mm256_cvtss_f32(sum[0]);
}
#endif

/* Four lanes, as every processor has them; the compiler chooses the instructions. */
typedef float lanes __attribute__((vector_size(16)));

static void multiply_add_128(void)
{
    lanes a = {factor, factor, factor, factor}, b = {term, term, term, term}, sum[CHAINS];
    for (int k = 0; k < CHAINS; k++)
        sum[k] = (lanes){(float)k};
    for (int i = 0; i < LOOPS; i++)
#pragma GCC unroll 12
        for (int k = 0; k < CHAINS; k++)
            sum[k] = sum[k] * a + b;
    for (int k = 1; k < CHAINS; k++)
        sum[0] += sum[k];
    sink = sum[0][0];
}

typedef struct vector_set {
    const char *name;
    int lanes;
    void (*run)(void);
} vector_set;

static vector_set find_set(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return (vector_set){"avx512", 16, multiply_add_512};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (vector_set){"avx2", 8, multiply_add_256};
#endif
    return (vector_set){"generic", 4, multiply_add_128};
}

typedef struct worker {
    pthread_t thread;
    const vector_set *set;
    double rate; /* operations a second */
} worker;

/* Seconds that this thread has computed. */
static double used(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *work(void *context)
{
    worker *w = context;
    double start = used();
    w->set->run();
    w->rate = 2.0 * w->set->lanes * CHAINS * LOOPS / (used() - start);
    return NULL;
}

int main(int argc, char **argv)
{
    vector_set set = find_set();
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    double best = 0;
    if (threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: peak [threads], 1 to %d\n", MAX_THREADS);
        return 2;
    }
    for (int run = 0; run < RUNS; run++) {
        static worker team[MAX_THREADS];
        double rate = 0;
        for (int i = 0; i < threads; i++) {
            team[i].set = &set;
            if (pthread_create(&team[i].thread, NULL, work, &team[i]) != 0) {
                fprintf(stderr, "peak: %d threads cannot be started\n", threads);
                return 1;
            }
        }
        for (int i = 0; i < threads; i++) {
            pthread_join(team[i].thread, NULL);
            rate += team[i].rate;
        }
        best = rate > best ? rate : best;
    }
    printf("%.4g %s\n", best, set.name);
    return 0;
}
