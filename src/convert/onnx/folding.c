/* SPDX-License-Identifier: Apache-2.0 */
/* Operations whose inputs are all known: shapes that a graph computes for itself, and weights that it puts in another form. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "convert/onnx/importer.h"

enum {
    MADE_MAX = 1 << 22 /* values of a constant that is made of shorter ones */
};

static constant *in(const call *c, int i)
{
    return i < c->in_count && c->in[i] ? c->in[i]->constant : NULL;
}

static fv_status need(const call *c, int count)
{
    for (int i = 0; i < count; i++)
        if (!in(c, i))
            return call_error(c, FV_ERROR_FORMAT, "input %d is missing", i);
    return FV_OK;
}

/* The output, of `rank` sides. */
static fv_status make(call *c, bool whole, int rank, const int64_t *shape, constant **out)
{
    constant *k = constant_make(c->import, whole, rank, shape);
    if (!k)
        return status_last();
    int64_t given = 0;
    for (int i = 0; i < c->in_count; i++)
        given += in(c, i) ? in(c, i)->count : 0;
    if (k->count > MADE_MAX && k->count > given)
        return call_error(c, FV_ERROR_UNSUPPORTED, "makes %" PRId64 " numbers out of %" PRId64, k->count,
                          given);
    c->out[0].constant = *out = k;
    return FV_OK;
}

static void copy_value(constant *to, int64_t i, const constant *from, int64_t k)
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
    const constant *from = in(c, 0);
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
    STATUS_TRY(need(c, 1));
    STATUS_TRY(share(c, in(c, 0)->rank, in(c, 0)->shape));
    /* PyTorch's older exporter writes equal tensors once, and their other names as identities. */
    const char *name = c->node->output[0];
    if (*in(c, 0)->name && !(c->out[0].constant->name = import_text(c->import, name, strlen(name))))
        return status_last();
    return FV_OK;
}

static fv_status reshape(call *c)
{
    int64_t shape[VIEW_RANK], known = 1;
    int count, open = -1;
    STATUS_TRY(need(c, 1));
    STATUS_TRY(call_ints(c, "shape", 1, shape, VIEW_RANK, &count));
    const constant *x = in(c, 0);
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
    STATUS_TRY(need(c, 1));
    STATUS_TRY(call_ints(c, "axes", 1, axes, VIEW_RANK, &count));
    const constant *x = in(c, 0);
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
    STATUS_TRY(need(c, 1));
    STATUS_TRY(call_ints(c, "axes", 1, axes, VIEW_RANK, &count));
    const constant *x = in(c, 0);
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
    STATUS_TRY(need(c, 1));
    const constant *x = in(c, 0);
    int64_t to = call_int(c, "to", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    bool whole = to != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT && to != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16 &&
                 to != ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16 && to != ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
    if (whole == x->whole)
        return share(c, x->rank, x->shape);
    STATUS_TRY(make(c, whole, x->rank, x->shape, &y));
    y->name = x->name;
    for (int64_t i = 0; i < x->count; i++)
        if (whole && !(fabs(constant_get(x, i)) < 9e18))
            return call_error(c, FV_ERROR_UNSUPPORTED, "makes a whole number of one that is too large");
        else
            copy_value(y, i, x, i);
    return FV_OK;
}

/* ---- values in other places ---- */

static fv_status transpose(call *c)
{
    int64_t perm[VIEW_RANK], shape[VIEW_RANK], strides[VIEW_RANK], own[VIEW_RANK];
    int count;
    bool seen[VIEW_RANK] = {false};
    constant *y;
    STATUS_TRY(need(c, 1));
    const constant *x = in(c, 0);
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
    STATUS_TRY(make(c, x->whole, x->rank, shape, &y));
    y->name = x->name;
    for (int64_t i = 0; i < y->count; i++) {
        int64_t rest = i, from = 0;
        for (int k = y->rank - 1; k >= 0; k--) {
            from += rest % shape[k] * strides[k];
            rest /= shape[k];
        }
        copy_value(y, i, x, from);
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
    STATUS_TRY(need(c, 2));
    const constant *x = in(c, 0), *which = in(c, 1);
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
    STATUS_TRY(make(c, x->whole, (int)rank, shape, &y));
    for (int64_t o = 0, to = 0; o < outer; o++)
        for (int64_t w = 0; w < which->count; w++) {
            int64_t at = which->wholes[w];
            at += at < 0 ? n : 0;
            if (at < 0 || at >= n)
                return call_error(c, FV_ERROR_FORMAT, "chooses a place that is not there");
            for (int64_t i = 0; i < inner; i++)
                copy_value(y, to++, x, (o * n + at) * inner + i);
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
    STATUS_TRY(make(c, x->whole, x->rank, shape, out));
    (*out)->name = x->name;
    for (int64_t o = 0, to = 0; o < outer; o++)
        for (int64_t k = 0; k < count; k++)
            for (int64_t i = 0; i < inner; i++)
                copy_value(*out, to++, x, (o * n + start + k * stride) * inner + i);
    return FV_OK;
}

static fv_status slice(call *c)
{
    int64_t starts[VIEW_RANK], ends[VIEW_RANK], axes[VIEW_RANK], steps[VIEW_RANK];
    int count, end_count, axis_count, step_count;
    STATUS_TRY(need(c, 1));
    constant *x = in(c, 0);
    STATUS_TRY(call_ints(c, "starts", 1, starts, VIEW_RANK, &count));
    STATUS_TRY(call_ints(c, "ends", 2, ends, VIEW_RANK, &end_count));
    STATUS_TRY(call_ints(c, "axes", 3, axes, VIEW_RANK, &axis_count));
    STATUS_TRY(call_ints(c, NULL, 4, steps, VIEW_RANK, &step_count));
    if (count < 0 || end_count != count || (axis_count >= 0 && axis_count != count) ||
        (step_count >= 0 && step_count != count))
        return call_error(c, FV_ERROR_FORMAT, "its starts, ends and axes do not go together");
    for (int i = 0, k; i < count; i++) {
        int64_t stride = step_count >= 0 ? steps[i] : 1;
        STATUS_TRY(call_axis(c, axis_count < 0 ? i : axes[i], x->rank, &k));
        if (stride == 0 || stride < -INT32_MAX || stride > INT32_MAX)
            return call_error(c, FV_ERROR_FORMAT, "has steps of no use");
        STATUS_TRY(slice_axis(c, x, k, starts[i], ends[i], stride, &x));
    }
    c->out[0].constant = x;
    return FV_OK;
}

static fv_status concat(call *c)
{
    int axis;
    int64_t shape[VIEW_RANK], outer, inner;
    constant *y;
    STATUS_TRY(need(c, c->in_count > 0 ? c->in_count : 1));
    const constant *first = in(c, 0);
    STATUS_TRY(call_axis(c, call_int(c, "axis", 0), first->rank, &axis));
    memcpy(shape, first->shape, sizeof shape);
    shape[axis] = 0;
    for (int i = 0; i < c->in_count; i++) {
        const constant *x = in(c, i);
        for (int k = 0; k < first->rank; k++)
            if (x->rank != first->rank || x->whole != first->whole ||
                (k != axis && x->shape[k] != first->shape[k]))
                return call_error(c, FV_ERROR_FORMAT, "its inputs do not fit");
        shape[axis] += x->shape[axis];
    }
    STATUS_TRY(make(c, first->whole, first->rank, shape, &y));
    divide_at(first, axis, &outer, &inner);
    for (int64_t o = 0, to = 0; o < outer; o++)
        for (int k = 0; k < c->in_count; k++) {
            int64_t n = in(c, k)->shape[axis] * inner;
            for (int64_t i = 0; i < n; i++)
                copy_value(y, to++, in(c, k), o * n + i);
        }
    return FV_OK;
}

static fv_status split(call *c)
{
    int64_t sizes[64], begin = 0;
    int axis, count;
    STATUS_TRY(need(c, 1));
    const constant *x = in(c, 0);
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

/* ---- made values ---- */

static fv_status constant_node(call *c)
{
    constant *k;
    const Onnx__AttributeProto *a;
    if ((a = call_attribute(c, "value")) && a->t) {
        STATUS_TRY(constant_of_tensor(c->import, a->t, &c->out[0].constant));
        return FV_OK;
    }
    bool whole = (a = call_attribute(c, "value_int")) || (a = call_attribute(c, "value_ints"));
    if (!whole && !(a = call_attribute(c, "value_float")) && !(a = call_attribute(c, "value_floats")))
        return call_error(c, FV_ERROR_UNSUPPORTED, "has no numbers");
    bool list = strchr(a->name, 's') != NULL;
    int64_t count = (int64_t)(whole ? a->n_ints : a->n_floats);
    STATUS_TRY(make(c, whole, list, &count, &k));
    for (int64_t i = 0; i < k->count; i++)
        if (whole)
            k->wholes[i] = list ? a->ints[i] : a->i;
        else
            k->floats[i] = list ? a->floats[i] : a->f;
    return FV_OK;
}

static fv_status constant_of_shape(call *c)
{
    int64_t shape[VIEW_RANK];
    int rank;
    constant *k, *with = NULL;
    STATUS_TRY(call_ints(c, NULL, 0, shape, VIEW_RANK, &rank));
    const Onnx__AttributeProto *a = call_attribute(c, "value");
    if (a && a->t)
        STATUS_TRY(constant_of_tensor(c->import, a->t, &with));
    if (rank < 0 || (with && with->count != 1))
        return call_error(c, FV_ERROR_FORMAT, "has no shape, or not one value");
    STATUS_TRY(make(c, with && with->whole, rank, shape, &k));
    for (int64_t i = 0; with && i < k->count; i++)
        copy_value(k, i, with, 0);
    return FV_OK;
}

static fv_status range(call *c)
{
    constant *k;
    STATUS_TRY(need(c, 3));
    double first = constant_get(in(c, 0), 0), limit = constant_get(in(c, 1), 0),
           by = constant_get(in(c, 2), 0);
    double count = ceil((limit - first) / by);
    if (in(c, 0)->count != 1 || in(c, 1)->count != 1 || in(c, 2)->count != 1 || !(count <= MADE_MAX))
        return call_error(c, FV_ERROR_FORMAT, "is no range of a sensible length");
    int64_t n = count > 0 ? (int64_t)count : 0;
    STATUS_TRY(make(c, in(c, 0)->whole, 1, &n, &k));
    for (int64_t i = 0; i < n; i++)
        if (k->whole)
            k->wholes[i] = (int64_t)(first + (double)i * by);
        else
            k->floats[i] = (float)(first + (double)i * by);
    return FV_OK;
}

static fv_status shape_of(call *c)
{
    constant *k;
    STATUS_TRY(need(c, 1));
    int64_t rank = in(c, 0)->rank;
    STATUS_TRY(make(c, true, 1, &rank, &k));
    memcpy(k->wholes, in(c, 0)->shape, (size_t)rank * sizeof *k->wholes);
    return FV_OK;
}

/* ---- arithmetic ---- */

/* Sides of 1 are repeated. */
static fv_status common_shape(const call *c, const constant *a, const constant *b, int *rank,
                              int64_t shape[VIEW_RANK])
{
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (int k = 1; k <= *rank; k++) {
        int64_t x = k <= a->rank ? a->shape[a->rank - k] : 1, y = k <= b->rank ? b->shape[b->rank - k] : 1;
        if (x != y && x != 1 && y != 1)
            return call_error(c, FV_ERROR_FORMAT, "its inputs' shapes do not go together");
        shape[*rank - k] = x == 1 ? y : x;
    }
    return FV_OK;
}

/* Where in x the value of the i-th place of a larger shape is. */
static int64_t place_in(const constant *x, int rank, const int64_t *shape, int64_t i)
{
    int64_t at = 0, stride = 1;
    for (int k = 1; k <= rank; k++) {
        int64_t n = shape[rank - k];
        if (k <= x->rank) {
            int64_t side = x->shape[x->rank - k];
            at += side == 1 ? 0 : i % n * stride;
            stride *= side;
        }
        i /= n;
    }
    return at;
}

static int64_t calculate_whole(char op, int64_t x, int64_t y)
{
    uint64_t a = (uint64_t)x, b = (uint64_t)y; /* wraps around */
    switch (op) {
    case '+':
        return (int64_t)(a + b);
    case '-':
        return (int64_t)(a - b);
    case '*':
        return (int64_t)(a * b);
    case '/':
        return y == 0 ? 0 : y == -1 ? (int64_t)(0 - a) : x / y;
    case '%':
        return y == 0 || y == -1 ? 0 : x % y + (x % y != 0 && (x % y < 0) != (y < 0) ? y : 0);
    case '<':
        return x < y ? x : y;
    case '>':
        return x > y ? x : y;
    default: /* '=' */
        return x == y;
    }
}

static double calculate(char op, double x, double y)
{
    switch (op) {
    case '+':
        return x + y;
    case '-':
        return x - y;
    case '*':
        return x * y;
    case '/':
        return x / y;
    case '%':
        return fmod(x, y);
    case '<':
        return fmin(x, y);
    case '>':
        return fmax(x, y);
    case '^':
        return pow(x, y);
    default:
        return x == y;
    }
}

static fv_status arithmetic(call *c)
{
    static const struct {
        const char *op;
        char sign;
    } signs[] = {{"Add", '+'}, {"Sub", '-'}, {"Mul", '*'}, {"Div", '/'},  {"Mod", '%'},
                 {"Min", '<'}, {"Max", '>'}, {"Pow", '^'}, {"Equal", '='}};
    int rank;
    int64_t shape[VIEW_RANK];
    char sign = 0;
    constant *y;
    STATUS_TRY(need(c, 2));
    const constant *a = in(c, 0), *b = in(c, 1);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strcmp(signs[i].op, c->node->op_type) == 0)
            sign = signs[i].sign;
    STATUS_TRY(common_shape(c, a, b, &rank, shape));
    bool exact = a->whole && b->whole && sign != '^';
    STATUS_TRY(make(c, exact || sign == '=', rank, shape, &y));
    y->name = *a->name ? a->name : b->name;
    for (int64_t i = 0; i < y->count; i++) {
        int64_t p = place_in(a, rank, shape, i), q = place_in(b, rank, shape, i);
        if (exact)
            y->wholes[i] = calculate_whole(sign, a->wholes[p], b->wholes[q]);
        else if (y->whole)
            y->wholes[i] = constant_get(a, p) == constant_get(b, q);
        else
            y->floats[i] = (float)calculate(sign, constant_get(a, p), constant_get(b, q));
    }
    return FV_OK;
}

static fv_status where(call *c)
{
    int rank;
    int64_t shape[VIEW_RANK];
    constant *y, both = {0};
    STATUS_TRY(need(c, 3));
    const constant *test = in(c, 0), *a = in(c, 1), *b = in(c, 2);
    STATUS_TRY(common_shape(c, a, b, &rank, shape));
    both.rank = rank;
    memcpy(both.shape, shape, sizeof shape);
    STATUS_TRY(common_shape(c, test, &both, &rank, shape));
    STATUS_TRY(make(c, a->whole && b->whole, rank, shape, &y));
    for (int64_t i = 0; i < y->count; i++) {
        const constant *from = constant_get(test, place_in(test, rank, shape, i)) != 0 ? a : b;
        copy_value(y, i, from, place_in(from, rank, shape, i));
    }
    return FV_OK;
}

static fv_status expand(call *c)
{
    int64_t shape[VIEW_RANK], wanted[VIEW_RANK];
    int rank, count;
    constant *y, to = {0};
    STATUS_TRY(need(c, 1));
    STATUS_TRY(call_ints(c, NULL, 1, wanted, VIEW_RANK, &count));
    const constant *x = in(c, 0);
    to.rank = count > 0 ? count : 0;
    memcpy(to.shape, wanted, (size_t)to.rank * sizeof *wanted);
    STATUS_TRY(common_shape(c, x, &to, &rank, shape));
    STATUS_TRY(make(c, x->whole, rank, shape, &y));
    y->name = x->name;
    for (int64_t i = 0; i < y->count; i++)
        copy_value(y, i, x, place_in(x, rank, shape, i));
    return FV_OK;
}

static fv_status function(call *c)
{
    constant *y;
    STATUS_TRY(need(c, 1));
    const constant *x = in(c, 0);
    const char *op = c->node->op_type;
    bool whole = x->whole && (strcmp(op, "Neg") == 0 || strcmp(op, "Floor") == 0 || strcmp(op, "Ceil") == 0);
    STATUS_TRY(make(c, whole, x->rank, x->shape, &y));
    y->name = x->name;
    for (int64_t i = 0; i < x->count; i++) {
        double v = constant_get(x, i);
        if (whole)
            y->wholes[i] = *op == 'N' ? calculate_whole('-', 0, x->wholes[i]) : x->wholes[i];
        else
            y->floats[i] = (float)(strcmp(op, "Neg") == 0     ? -v
                                   : strcmp(op, "Floor") == 0 ? floor(v)
                                   : strcmp(op, "Ceil") == 0  ? ceil(v)
                                   : strcmp(op, "Exp") == 0   ? exp(v)
                                   : strcmp(op, "Sqrt") == 0  ? sqrt(v)
                                                              : 1 / v);
    }
    return FV_OK;
}

static fv_status product(call *c)
{
    constant *y;
    STATUS_TRY(need(c, 1));
    const constant *x = in(c, 0);
    int64_t axes[VIEW_RANK];
    int count;
    STATUS_TRY(call_ints(c, "axes", 1, axes, VIEW_RANK, &count));
    if (!x->whole || x->rank != 1)
        return call_error(c, FV_ERROR_UNSUPPORTED, "is read for lists of whole numbers only");
    STATUS_TRY(make(c, true, call_int(c, "keepdims", 1) != 0, (int64_t[]){1}, &y));
    y->wholes[0] = 1;
    for (int64_t i = 0; i < x->count; i++)
        y->wholes[0] = calculate_whole('*', y->wholes[0], x->wholes[i]);
    return FV_OK;
}

const operation folding_operations[] = {{"Constant", constant_node},
                                        {"ConstantOfShape", constant_of_shape},
                                        {"Identity", identity},
                                        {"Dropout", identity},
                                        {"Reshape", reshape},
                                        {"Squeeze", squeeze},
                                        {"Unsqueeze", unsqueeze},
                                        {"Cast", cast},
                                        {"Transpose", transpose},
                                        {"Gather", gather},
                                        {"Slice", slice},
                                        {"Concat", concat},
                                        {"Split", split},
                                        {"Range", range},
                                        {"Shape", shape_of},
                                        {"Add", arithmetic},
                                        {"Sub", arithmetic},
                                        {"Mul", arithmetic},
                                        {"Div", arithmetic},
                                        {"Mod", arithmetic},
                                        {"Min", arithmetic},
                                        {"Max", arithmetic},
                                        {"Pow", arithmetic},
                                        {"Equal", arithmetic},
                                        {"Where", where},
                                        {"Expand", expand},
                                        {"Neg", function},
                                        {"Floor", function},
                                        {"Ceil", function},
                                        {"Exp", function},
                                        {"Sqrt", function},
                                        {"Reciprocal", function},
                                        {"ReduceProd", product},
                                        {0}};
