/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a value lies in memory: a oneDNN memory descriptor, and which order its dimensions have logically.
 *
 * oneDNN counts N, C, H, W where the graph says N, H, W, C; this is the only place that knows. `picture` layouts hold values whose
 * logical order is N, H, W, C; all others hold values whose logical order is the row-major order of the descriptor's
 * dimensions. So a flattened picture (N, C*H*W) is the picture's own layout with `picture` false: no data moves.
 * Elements that only pad a block are always zero.
 */
#ifndef ENGINE_ONEDNN_LAYOUT_H
#define ENGINE_ONEDNN_LAYOUT_H

#include <dnnl.h>

#include "engine/onednn/kernels/kernels.h"
#include "graph/graph.h"

typedef struct layout {
    dnnl_memory_desc_t md;
    bool picture;
} layout;

/* Row-major in the value's logical shape. */
layout layout_dense(const value *v);
/* Row-major logical order with the same descriptor dimensions as l. */
layout layout_dense_like(const layout *l);
bool layout_is_dense(const layout *l);
bool layout_equal(const layout *a, const layout *b);
/* A picture (N, H, W, C) in blocks of `block` channels; 0: NHWC, 1: NCHW. */
layout layout_picture(const shape *s, int64_t block);
/* The descriptor of a picture whose layout oneDNN shall choose. */
dnnl_memory_desc_t layout_any_picture(const shape *s);
dnnl_memory_desc_t layout_any(const dnnl_memory_desc_t *like);
/* The same memory under the descriptor dimensions `dims`, which multiply to the same count. Dense layouts only. */
layout layout_natural(int rank, const int64_t *dims);

static inline size_t layout_bytes(const layout *l)
{
    return dnnl_memory_desc_get_size(&l->md);
}
/* f32 elements with the padding. */
static inline int64_t layout_elements(const layout *l)
{
    return (int64_t)(layout_bytes(l) / sizeof(float));
}

/* Fills `f` when our own kernels can walk the layout: (N, C), NHWC or blocked. */
bool layout_form(const layout *l, form *f);

#endif
