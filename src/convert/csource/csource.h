/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network as C99 source for a compiler without a library: weights as constant arrays, one static arena, a call for each operation.
 *
 *     conv2d(&window_3, arena + 0, weights_3, bias_3, NULL, 0, FLT_MAX, arena + 3072);
 *
 * The functions that are called are the parts of emitted/ (parts.c). memory.c says which buffers share memory, operations.c and
 * windows.c write the calls, arrays.c the constants, source.c the two files around them; build.c compiles and runs them.
 */
#ifndef CONVERT_CSOURCE_CSOURCE_H
#define CONVERT_CSOURCE_CSOURCE_H

#include "convert/export.h"
#include "core/text.h"
#include "engine/program.h"

enum {
    CSOURCE_NAME_MAX = 64, /* of an expression in a call */
    CSOURCE_PARTS = 40,
    CSOURCE_BLOCK = 16,                    /* BLOCK of emitted/convolution.c */
    CSOURCE_WEIGHTS_MAX = 32 * 1024 * 1024 /* more would be more text than compilers take */
};

typedef struct csource {
    const export_network *network; /* borrowed */
    graph *graph;                  /* its graph for one picture */
    program program;               /* the buffers; value_buffers says which one a value lies in */
    char *prefix, *upper;          /* of functions and of macros */
    bool parts[CSOURCE_PARTS];     /* of emitted/ that are needed */
    text constants, calls;
    int32_t *arrays; /* by value: the number of its array, 0: none yet */
    int32_t array_count;
    int64_t weights; /* numbers in constants */
    int64_t largest_group;
} csource;

/* The number type of activations and weights, here alone: a quantised graph has others. */
#define CSOURCE_TYPE "float"
typedef float csource_number;

/* ---- words.c ---- */

/* The prefix of symbols: `wanted`, which must be a C identifier that a program may use, or, when that is NULL, what the file's name
 * makes. The caller frees it. NULL with the error set. */
char *csource_prefix(const char *wanted, const char *path);
char *csource_upper(const char *prefix);
/* Any string as a literal with its quotes, or as words of a comment. */
void csource_literal(text *out, const char *string);
void csource_comment(text *out, const char *string);

/* ---- parts.c ---- */

void csource_use(csource *s, const char *part); /* with what it needs itself */
void csource_write_parts(const csource *s, text *out);
bool csource_needs_math(const csource *s);

/* ---- memory.c ---- */

/* Whether the output is its input under another shape. */
bool csource_is_view(const csource *s, const op *o);
/* Gives every value a buffer and the buffers their offsets. */
fv_status csource_place(csource *s);

/* ---- arrays.c ---- */

/* The C expression of a value, in `name` (CSOURCE_NAME_MAX); NULL for NO_VALUE. Returns name. */
const char *csource_value(csource *s, value_id v, char *name);
/* A new constant array KIND_N, N being s->array_count, which a caller counts up. */
void csource_array(csource *s, const char *kind, const csource_number *numbers, int64_t count);
void csource_number_add(text *out,
                        csource_number x); /* the fewest digits that read back as the same number */
void csource_numbers(text *out, const csource_number *numbers, int64_t count);
void csource_bytes(text *out, const uint8_t *bytes, int64_t count);
/* Its numbers; NULL for NO_VALUE. */
const float *csource_data(const csource *s, const op *o, int input);

/* ---- operations.c, windows.c ---- */

fv_status csource_operation(csource *s, const op *o);
fv_status csource_conv2d(csource *s, const op *o);
fv_status csource_dense(csource *s, const op *o);
fv_status csource_max_pool2d(csource *s, const op *o);
fv_status csource_average_pool2d(csource *s, const op *o);
/* "low, high" of an activation that is a bound, else of none. */
const char *csource_bounds(const op *o);
/* Applies any other activation to the output, in place. */
fv_status csource_activation(csource *s, const op *o);

/* ---- source.c ---- */

/* The texts of the two files; `header` is the header's name. */
fv_status csource_write(csource *s, const char *header, text *c, text *h);

/* ---- build.c ---- */

const char *csource_missing(void);
/* Compiles PATH.c and runs it; `code_bytes` gets what its functions take. */
fv_status csource_run(const char *source, const char *prefix, const uint8_t *pixels, size_t picture,
                      int64_t count, int64_t outputs, float *probabilities, size_t *code_bytes);

#endif
