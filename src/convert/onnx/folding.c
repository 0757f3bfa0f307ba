/* SPDX-License-Identifier: Apache-2.0 */
/* Operations whose inputs are all known, and that leave the values as they are, in other places. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "convert/onnx/importer.h"

enum {
    MADE_MAX = 1 << 22 /* values of a constant that is made of shorter ones */
};

constant *folding_input(const call *c, int i)
{
    return i < c->in_count && c->in[i] ? c->in[i]->constant : NULL;
}

fv_status folding_need(const call *c, int count)
{
    for (int i = 0; i < count; i++)
        if (!folding_input(c, i))
            return call_error(c, FV_ERROR_FORMAT, "input %d is missing", i);
    return FV_OK;
}

/* The output, of `rank` sides. */
fv_status folding_make(call *c, bool whole, int rank, const int64_t *shape, constant **out)
{
    constant *k = constant_make(c->import, whole, rank, shape);
    if (!k)
        return status_last();
    int64_t given = 0;
    for (int i = 0; i < c->in_count; i++)
        given += folding_input(c, i) ? folding_input(c, i)->count : 0;
    if (k->count > MADE_MAX && k->count > given)
        return call_error(c, FV_ERROR_UNSUPPORTED, "makes %" PRId64 " numbers out of %" PRId64, k->count,
                          given);
    c->out[0].constant = *out = k;
    return FV_OK;
}

void folding_copy(constant *to, int64_t i, const constant *from, int64_t k)
{
    if (to->whole)
        to->wholes[i] = from->whole ? from->wholes[k] : (int64_t)from->floats[k];
    else
        to->floats[i] = (float)constant_get(from, k);
}

/* ---- the same values ---- */

/* The input's values in another shape, without a copy. */
static fv_status share(call *c, int rank, const int64_t *shape)
{
    const constant *from = folding_input(c, 0);
    constant *k = import_array(c->import, 1, sizeof *k);
    int64_t count = 1;
    if (!k)
        return status_last();
    *k = *from;
    k->rank = rank;
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0 || (shape[i] > 0 && count > INT64_MAX / 2 / shape[i]))
            return call_error(c, FV_ERROR_FORMAT, "gives its input a shape that does not fit");
        k->shape[i] = shape[i];
        count *= shape[i];
    }
    if (count != from->count)
        return call_error(c, FV_ERROR_FORMAT, "gives its input a shape that does not fit");
    c->out[0].constant = k;
    return FV_OK;
}

static fv_status identity(call *c)
{
    STATUS_TRY(folding_need(c, 1));
    STATUS_TRY(share(c, folding_input(c, 0)->rank, folding_input(c, 0)->shape));
    /* PyTorch's older exporter writes equal tensors once, and their other names as identities. */
    const char *name = c->node->output[0];
    if (*folding_input(c, 0)->name &&
        !(c->out[0].constant->name = import_text(c->import, name, strlen(name))))
        return status_last();
    return FV_OK;
}

static fv_status reshape(call *c)
{
    int64_t shape[VIEW_RANK], known = 1;
    int count, open = -1;
    STATUS_TRY(folding_need(c, 1));
    STATUS_TRY(call_ints(c, "shape", 1, shape, VIEW_RANK, &count));
    const constant *x = folding_input(c, 0);
    for (int k = 0; k < count; k++) {
        if (shape[k] == 0 && k < x->rank && !call_int(c, "allowzero", 0))
            shape[k] = x->shape[k];
        if (shape[k] == -1 && open < 0)
            open = k;
        else if (shape[k] < 0 || (shape[k] > 0 && known > INT64_MAX / 2 / shape[k]))
            return call_error(c, FV_ERROR_FORMAT, "gives its input a shape that does not fit");
        else
            known *= shape[k];
    }
    if (open >= 0)
        shape[open] = known ? x->count / known : 0;
    return count < 0 ? call_error(c, FV_ERROR_FORMAT, "has no shape") : share(c, count, shape);
}

static fv_status squeeze(call *c)
{
    int64_t axes[VIEW_RANK], shape[VIEW_RANK];
    int count, rank = 0;
    bool gone[VIEW_RANK] = {false};
    STATUS_TRY(folding_need(c, 1));
    STATUS_TRY(call_ints(c, "axes", 1, axes, VIEW_RANK, &count));
    const constant *x = folding_input(c, 0);
    for (int i = 0, k; i < count; i++) {
        STATUS_TRY(call_axis(c, axes[i], x->rank, &k));
        gone[k] = true;
    }
    for (int k = 0; k < x->rank; k++)
        if (!(count < 0 ? x->shape[k] == 1 : gone[k]))
            shape[rank++] = x->shape[k];
    return share(c, rank, shape);
}

static fv_status unsqueeze(call *c)
{
    int64_t axes[VIEW_RANK], shape[VIEW_RANK];
    int count, from = 0;
    bool new[VIEW_RANK] = {false};
    STATUS_TRY(folding_need(c, 1));
    STATUS_TRY(call_ints(c, "axes", 1, axes, VIEW_RANK, &count));
    const constant *x = folding_input(c, 0);
    int rank = x->rank + (count > 0 ? count : 0);
    for (int i = 0, k; i < count; i++) {
        if (rank > VIEW_RANK || call_axis(c, axes[i], rank, &k) != FV_OK || new[k])
            return call_error(c, FV_ERROR_FORMAT, "its axes do not fit");
        new[k] = true;
    }
    for (int k = 0; k < rank; k++)
        shape[k] = new[k] ? 1 : x->shape[from++];
    return share(c, rank, shape);
}

static fv_status cast(call *c)
{
    constant *y;
    STATUS_TRY(folding_need(c, 1));
    const constant *x = folding_input(c, 0);
    int64_t to = call_int(c, "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    bool whole = to != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT && to != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 &&
                 to != ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16 && to != ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    if (whole == x->whole)
        return share(c, x->rank, x->shape);
    STATUS_TRY(folding_make(c, whole, x->rank, x->shape, &y));
    y->name = x->name;
    for (int64_t i = 0; i < x->count; i++)
        if (whole && !(fabs(constant_get(x, i)) < 9e18))
            return call_error(c, FV_ERROR_UNSUPPORTED, "makes a whole number of one that is too large");
        else
            folding_copy(y, i, x, i);
    return FV_OK;
}

/* ---- values in other places ---- */

static fv_status transpose(call *c)
{
    int64_t perm[VIEW_RANK], shape[VIEW_RANK], strides[VIEW_RANK], own[VIEW_RANK];
    int count;
    bool seen[VIEW_RANK] = {false};
    constant *y;
    STATUS_TRY(folding_need(c, 1));
    const constant *x = folding_input(c, 0);
    STATUS_TRY(call_ints(c, "perm", -1, perm, VIEW_RANK, &count));
    for (int64_t k = x->rank - 1, n = 1; k >= 0; k--) {
        own[k] = n;
        n *= x->shape[k];
    }
    for (int k = 0; k < x->rank; k++) {
        int64_t from = count < 0 ? x->rank - 1 - k : k < count ? perm[k] : -1;
        if (from < 0 || from >= x->rank || seen[from])
            return call_error(c, FV_ERROR_FORMAT, "its perm is no order of its input's axes");
        seen[from] = true;
        shape[k] = x->shape[from];
        strides[k] = own[from];
    }
    STATUS_TRY(folding_make(c, x->whole, x->rank, shape, &y));
    y->name = x->name;
    for (int64_t i = 0; i < y->count; i++) {
        int64_t rest = i, from = 0;
        for (int k = y->rank - 1; k >= 0; k--) {
            from += rest % shape[k] * strides[k];
            rest /= shape[k];
        }
        folding_copy(y, i, x, from);
    }
    return FV_OK;
}

/* outer x size x inner, the size that of an axis. */
static void divide_at(const constant *x, int axis, int64_t *outer, int64_t *inner)
{
    *outer = *inner = 1;
    for (int k = 0; k < x->rank; k++)
        if (k != axis)
            *(k < axis ? outer : inner) *= x->shape[k];
}

static fv_status gather(call *c)
{
    int axis;
    int64_t shape[2 * VIEW_RANK], outer, inner;
    constant *y;
    STATUS_TRY(folding_need(c, 2));
    const constant *x = folding_input(c, 0), *which = folding_input(c, 1);
    STATUS_TRY(call_axis(c, call_int(c, "axis", 0), x->rank, &axis));
    if (!which->whole || x->rank + which->rank - 1 > VIEW_RANK)
        return call_error(c, FV_ERROR_UNSUPPORTED, "chooses in a way that is not read");
    divide_at(x, axis, &outer, &inner);
    int64_t n = x->shape[axis], rank = 0;
    for (int k = 0; k < axis; k++)
        shape[rank++] = x->shape[k];
    for (int k = 0; k < which->rank; k++)
        shape[rank++] = which->shape[k];
    for (int k = axis + 1; k < x->rank; k++)
        shape[rank++] = x->shape[k];
    STATUS_TRY(folding_make(c, x->whole, (int)rank, shape, &y));
    for (int64_t o = 0, to = 0; o < outer; o++)
        for (int64_t w = 0; w < which->count; w++) {
            int64_t at = which->wholes[w];
            at += at < 0 ? n : 0;
            if (at < 0 || at >= n)
                return call_error(c, FV_ERROR_FORMAT, "chooses a place that is not there");
            for (int64_t i = 0; i < inner; i++)
                folding_copy(y, to++, x, (o * n + at) * inner + i);
        }
    return FV_OK;
}

static int64_t hold(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* Along one axis at a time. */
static fv_status slice_axis(call *c, const constant *x, int axis, int64_t start, int64_t end, int64_t stride,
                            constant **out)
{
    int64_t shape[VIEW_RANK], outer, inner, n = x->shape[axis], count;
    start = start < 0 ? hold(start, -n - 1, 0) + n : start;
    end = end < 0 ? hold(end, -n - 1, 0) + n : end;
    if (stride > 0) {
        start = hold(start, 0, n);
        end = hold(end, start, n);
        count = (end - start + stride - 1) / stride;
    } else {
        start = hold(start, -1, n - 1);
        end = hold(end, -1, start);
        count = stride < -n ? start > end : (start - end - stride - 1) / -stride;
    }
    memcpy(shape, x->shape, sizeof shape);
    shape[axis] = count;
    divide_at(x, axis, &outer, &inner);
    STATUS_TRY(folding_make(c, x->whole, x->rank, shape, out));
    (*out)->name = x->name;
    for (int64_t o = 0, to = 0; o < outer; o++)
        for (int64_t k = 0; k < count; k++)
            for (int64_t i = 0; i < inner; i++)
                folding_copy(*out, to++, x, (o * n + start + k * stride) * inner + i);
    return FV_OK;
}

static fv_status slice(call *c)
{
    call_range ranges[VIEW_RANK];
    int count;
    STATUS_TRY(folding_need(c, 1));
    constant *x = folding_input(c, 0);
    STATUS_TRY(call_ranges(c, ranges, &count));
    for (int i = 0, k; i < count; i++) {
        int64_t stride = ranges[i].step;
        STATUS_TRY(call_axis(c, ranges[i].axis, x->rank, &k));
        if (stride == 0 || stride < -INT32_MAX || stride > INT32_MAX)
            return call_error(c, FV_ERROR_FORMAT, "has steps of no use");
        STATUS_TRY(slice_axis(c, x, k, ranges[i].start, ranges[i].end, stride, &x));
    }
    c->out[0].constant = x;
    return FV_OK;
}

static fv_status concat(call *c)
{
    int axis;
    int64_t shape[VIEW_RANK], outer, inner;
    constant *y;
    STATUS_TRY(folding_need(c, c->in_count > 0 ? c->in_count : 1));
    const constant *first = folding_input(c, 0);
    STATUS_TRY(call_axis(c, call_int(c, "axis", 0), first->rank, &axis));
    memcpy(shape, first->shape, sizeof shape);
    shape[axis] = 0;
    for (int i = 0; i < c->in_count; i++) {
        const constant *x = folding_input(c, i);
        for (int k = 0; k < first->rank; k++)
            if (x->rank != first->rank || x->whole != first->whole ||
                (k != axis && x->shape[k] != first->shape[k]))
                return call_error(c, FV_ERROR_FORMAT, "its inputs do not fit");
        shape[axis] += x->shape[axis];
    }
    STATUS_TRY(folding_make(c, first->whole, first->rank, shape, &y));
    divide_at(first, axis, &outer, &inner);
    for (int64_t o = 0, to = 0; o < outer; o++)
        for (int k = 0; k < c->in_count; k++) {
            int64_t n = folding_input(c, k)->shape[axis] * inner;
            for (int64_t i = 0; i < n; i++)
                folding_copy(y, to++, folding_input(c, k), o * n + i);
        }
    return FV_OK;
}

static fv_status split(call *c)
{
    int64_t sizes[64], begin = 0;
    int axis, count;
    STATUS_TRY(folding_need(c, 1));
    const constant *x = folding_input(c, 0);
    STATUS_TRY(call_axis(c, call_int(c, "axis", 0), x->rank, &axis));
    STATUS_TRY(call_ints(c, "split", 1, sizes, 64, &count));
    if (count >= 0 ? count != c->out_count : x->shape[axis] % c->out_count != 0)
        return call_error(c, FV_ERROR_FORMAT, "its outputs do not fit");
    for (int i = 0; i < c->out_count; i++) {
        constant *part;
        int64_t length = count >= 0 ? sizes[i] : x->shape[axis] / c->out_count;
        if (length < 0 || length > x->shape[axis] - begin)
            return call_error(c, FV_ERROR_FORMAT, "its parts do not fit");
        STATUS_TRY(slice_axis(c, x, axis, begin, begin + length, 1, &part));
        c->out[i].constant = part;
        begin += length;
    }
    return FV_OK;
}

const operation folding_operations[] = {
    {"Identity", identity},   {"Dropout", identity}, {"Reshape", reshape},     {"Squeeze", squeeze},
    {"Unsqueeze", unsqueeze}, {"Cast", cast},        {"Transpose", transpose}, {"Gather", gather},
    {"Slice", slice},         {"Concat", concat},    {"Split", split},         {0}};
