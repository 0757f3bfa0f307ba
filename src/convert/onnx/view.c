/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/onnx/view.h"

#include <string.h>

/* Adds an atom behind the axis's others; with the one before it, it may be one. */
static bool push(view_axis *a, atom t)
{
    if (t.length == 1)
        return true;
    a->size *= t.length;
    atom *last = a->count ? &a->atoms[a->count - 1] : NULL;
    if (last && last->side == t.side && last->stride == t.stride * t.length) {
        last->stride = t.stride;
        last->length *= t.length;
        return true;
    }
    if (a->count == VIEW_ATOMS)
        return false;
    a->atoms[a->count++] = t;
    return true;
}

view_axis view_side(int side, int64_t length)
{
    view_axis a = {.size = 1};
    push(&a, (atom){side, 1, length});
    return a;
}

view view_of_picture(const int64_t size[SIDES], bool channels_last)
{
    view v = {.rank = 4, .axes = {{.size = 1}}};
    int channels = channels_last ? 3 : 1, height = channels_last ? 1 : 2;
    v.axes[channels] = view_side(CHANNELS, size[CHANNELS]);
    v.axes[height] = view_side(HEIGHT, size[HEIGHT]);
    v.axes[height + 1] = view_side(WIDTH, size[WIDTH]);
    return v;
}

view view_of_channels(int64_t channels)
{
    return (view){.rank = 2, .axes = {{.size = 1}, view_side(CHANNELS, channels)}};
}

/* ---- reshaping ---- */

typedef struct queue {
    atom atoms[VIEW_RANK * VIEW_ATOMS];
    int first, count;
} queue;

/* Takes places for an axis of `size` from the front of the queue. */
static bool take(queue *q, int64_t size, view_axis *out)
{
    *out = (view_axis){.size = 1};
    while (out->size < size) {
        int64_t wanted = size / out->size;
        if (q->first == q->count || size % out->size)
            return false;
        atom *t = &q->atoms[q->first];
        if (wanted % t->length == 0) {
            if (!push(out, *t))
                return false;
            q->first++;
        } else if (t->length % wanted == 0) { /* only the outer part of it */
            int64_t inner = t->length / wanted;
            if (!push(out, (atom){t->side, t->stride * inner, wanted}))
                return false;
            t->length = inner;
        } else {
            return false;
        }
    }
    return out->size == size;
}

bool view_reshape(view *v, int rank, const int64_t *shape)
{
    queue q = {0};
    if (rank > VIEW_RANK)
        return false;
    for (int k = 0; k < v->rank; k++)
        for (int i = 0; i < v->axes[k].count; i++) {
            /* Neighbours that are one side in a row are put together first. */
            atom t = v->axes[k].atoms[i], *last = q.count ? &q.atoms[q.count - 1] : NULL;
            if (last && last->side == t.side && last->stride == t.stride * t.length)
                *last = (atom){t.side, t.stride, last->length * t.length};
            else
                q.atoms[q.count++] = t;
        }
    view to = {.rank = rank};
    memcpy(to.offset, v->offset, sizeof to.offset);
    for (int k = 0; k < rank; k++)
        if (shape[k] < 1 || !take(&q, shape[k], &to.axes[k]))
            return false;
    if (q.first != q.count)
        return false;
    *v = to;
    return true;
}

bool view_extend(view *v, int rank)
{
    if (rank > VIEW_RANK)
        return false;
    int more = rank - v->rank;
    if (more <= 0)
        return true;
    memmove(v->axes + more, v->axes, (size_t)v->rank * sizeof *v->axes);
    for (int k = 0; k < more; k++)
        v->axes[k] = (view_axis){.size = 1};
    v->rank = rank;
    return true;
}

void view_transpose(view *v, const int *order)
{
    const view from = *v;
    for (int k = 0; k < from.rank; k++)
        v->axes[k] = from.axes[order[k]];
}

bool view_slice(view *v, int axis, int64_t begin, int64_t length)
{
    view_axis *a = &v->axes[axis];
    if (begin == 0 && length == a->size)
        return true;
    if (a->count == 0)
        return false;
    atom *outer = &a->atoms[0];
    int64_t inner = a->size / outer->length;
    if (begin % inner || length % inner)
        return false;
    v->offset[outer->side] += begin / inner * outer->stride;
    outer->length = length / inner;
    a->size = length;
    if (outer->length == 1) {
        a->count--;
        memmove(a->atoms, a->atoms + 1, (size_t)a->count * sizeof *a->atoms);
    }
    return true;
}

/* ---- comparing ---- */

static bool same_axis(const view_axis *a, const view_axis *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->atoms[i].side != b->atoms[i].side || a->atoms[i].stride != b->atoms[i].stride ||
            a->atoms[i].length != b->atoms[i].length)
            return false;
    return true;
}

bool view_broadcast(const view *a, const view *b, view *out)
{
    view x = *a, y = *b;
    int rank = a->rank > b->rank ? a->rank : b->rank;
    if (!view_extend(&x, rank) || !view_extend(&y, rank))
        return false;
    for (int k = 0; k < rank; k++) {
        if (x.axes[k].size == 1)
            x.axes[k] = y.axes[k];
        else if (y.axes[k].size != 1 && !same_axis(&x.axes[k], &y.axes[k]))
            return false;
    }
    *out = x;
    return true;
}

bool view_equal(const view *a, const view *b)
{
    bool equal = a->rank == b->rank && memcmp(a->offset, b->offset, sizeof a->offset) == 0;
    for (int k = 0; equal && k < a->rank; k++)
        equal = same_axis(&a->axes[k], &b->axes[k]);
    return equal;
}

bool view_axis_is(const view *v, int k, int side, const int64_t size[SIDES])
{
    const view_axis *a = &v->axes[k];
    if (a->size != size[side])
        return false;
    return a->count == 0 ||
           (a->count == 1 && a->atoms[0].side == side && a->atoms[0].stride == 1 && v->offset[side] == 0);
}

unsigned view_axis_sides(const view *v, int k)
{
    unsigned sides = 0;
    for (int i = 0; i < v->axes[k].count; i++)
        sides |= 1u << v->axes[k].atoms[i].side;
    return sides;
}

bool view_block(const view *v, int64_t begin[SIDES], int64_t length[SIDES])
{
    /* A block: the atoms of a side, from the smallest stride on, each begin where the one before ends. */
    for (int side = 0; side < SIDES; side++) {
        begin[side] = v->offset[side];
        length[side] = 1;
        for (bool more = true; more;) {
            more = false;
            for (int k = 0; k < v->rank; k++)
                for (int i = 0; i < v->axes[k].count; i++)
                    if (v->axes[k].atoms[i].side == side && v->axes[k].atoms[i].stride == length[side]) {
                        length[side] *= v->axes[k].atoms[i].length;
                        more = true;
                    }
        }
    }
    int64_t block = length[0] * length[1] * length[2], all = 1;
    for (int k = 0; k < v->rank; k++)
        all *= v->axes[k].size;
    return block == all;
}

bool view_is_whole(const view *v, const int64_t size[SIDES])
{
    int64_t begin[SIDES], length[SIDES];
    if (!view_block(v, begin, length))
        return false;
    for (int side = 0; side < SIDES; side++)
        if (begin[side] != 0 || length[side] != size[side])
            return false;
    return true;
}

void view_place(const view *v, int first, int last, int64_t i, int64_t at[SIDES])
{
    memcpy(at, v->offset, sizeof v->offset);
    for (int k = last; k >= first; k--)
        for (int t = v->axes[k].count - 1; t >= 0; t--) {
            const atom *a = &v->axes[k].atoms[t];
            at[a->side] += i % a->length * a->stride;
            i /= a->length;
        }
}
