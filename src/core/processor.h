/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code that is compiled once for each instruction set (the files in folders called kernels/, see cmake/kernels.cmake) and
 * chosen at run time:
 *
 *     const table KERNEL(squares) = {...};                          // in kernels/squares.c: squares_generic, squares_avx2, ...
 *     extern const table squares_generic, squares_avx2, squares_avx512;
 *     return PROCESSOR_SELECT(squares, processor_level());
 */
#ifndef CORE_PROCESSOR_H
#define CORE_PROCESSOR_H

typedef enum processor_kind {
    PROCESSOR_GENERIC,
    PROCESSOR_AVX2,  /* x86-64-v3 */
    PROCESSOR_AVX512 /* x86-64-v4 */
} processor_kind;

/* The best that this processor has; the variable FOVEA_ISA (generic, avx2, avx512) can only lower it. */
processor_kind processor_level(void);

/* batch_norm_statistics -> batch_norm_statistics_avx2 */
#define KERNEL_PASTE_(name, set) name##_##set
#define KERNEL_PASTE(name, set)  KERNEL_PASTE_(name, set)
#define KERNEL(name)             KERNEL_PASTE(name, KERNEL_SET)

#if defined(__x86_64__)
#define PROCESSOR_SELECT(table, level)                                                                       \
    ((level) == PROCESSOR_AVX512 ? &table##_avx512                                                           \
     : (level) == PROCESSOR_AVX2 ? &table##_avx2                                                             \
                                 : &table##_generic)
#else
#define PROCESSOR_SELECT(table, level) ((void)(level), &table##_generic)
#endif

#endif
