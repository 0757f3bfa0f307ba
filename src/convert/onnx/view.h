/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a tensor of an ONNX graph lies over a picture (height, width, channels) of ours. Reshapes, transposes, slices and the like only change
 * this, and cost no layer: an axis of the tensor goes through sides of the picture, or parts of sides, the last the fastest.
 *
 *     view v = view_of_picture(size, false);            // (1, C, H, W)
 *     view_reshape(&v, 3, (int64_t[]){1, 192, 196});    // (1, C, [H, W])
 *     view_transpose(&v, (int[]){0, 2, 1});             // (1, [H, W], C): tokens
 *
 * The batch is an axis of one picture and has no part in this.
 */
#ifndef CONVERT_ONNX_VIEW_H
#define CONVERT_ONNX_VIEW_H

#include <stdbool.h>
#include <stdint.h>

enum {
    VIEW_RANK = 8,
    VIEW_ATOMS = 6,
    HEIGHT = 0,
    WIDTH,
    CHANNELS,
    SIDES
};

/* `length` steps of `stride` along one side. */
typedef struct atom {
    int side;
    int64_t stride, length;
} atom;

typedef struct view_axis {
    int64_t size; /* the product of the lengths */
    int count;
    atom atoms[VIEW_ATOMS]; /* none of length 1 */
} view_axis;

typedef struct view {
    int rank;
    int64_t offset[SIDES]; /* where it begins */
    view_axis axes[VIEW_RANK];
} view;

/* (1, C, H, W), or (1, H, W, C). */
view view_of_picture(const int64_t size[SIDES], bool channels_last);
/* (1, C): of a picture of one pixel. */
view view_of_channels(int64_t channels);

/* The first four are false when the result does not lie over the picture in this way; the view may be spoilt then. */
bool view_reshape(view *v, int rank, const int64_t *shape);
bool view_slice(view *v, int axis, int64_t begin, int64_t length);
/* Whether `a` and `b` can be put together element by element; the result's view. */
bool view_broadcast(const view *a, const view *b, view *out);
/* Axes of size 1 before the first, so that there are `rank`. */
bool view_extend(view *v, int rank);
void view_transpose(view *v, const int *order);

/* Whether they are the same, places and all. */
bool view_equal(const view *a, const view *b);
/* The whole of one side as an axis. */
view_axis view_side(int side, int64_t length);
/* Whether axis `k` goes once through the whole side, which may be of size 1. */
bool view_axis_is(const view *v, int k, int side, const int64_t size[SIDES]);
/* The sides that an axis goes through, a bit each. */
unsigned view_axis_sides(const view *v, int k);
/* Whether the view has all of the picture. */
bool view_is_whole(const view *v, const int64_t size[SIDES]);
/* The part of the picture that it has, when that is a block: begin and length of each side. */
bool view_block(const view *v, int64_t begin[SIDES], int64_t length[SIDES]);
/* The places of axes `first` to `last` (inclusive) in the view's order: `at` gets (height, width, channel) of the i-th. */
void view_place(const view *v, int first, int last, int64_t i, int64_t at[SIDES]);

#endif
