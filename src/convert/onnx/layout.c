/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that move values or choose among them: they change how a tensor lies over its picture (view.h), mostly without a layer. */
#include <stdlib.h>
#include <string.h>

#include "convert/onnx/importer.h"

static fv_status pass_on(call *c)
{
    operand *x;
    STATUS_TRY(call_value(c, 0, &x));
    c->out[0] = *x;
    return FV_OK;
}

/* ---- other shapes ---- */

/* Channels that were divided into groups and put together again the other way round are shuffled. */
static fv_status shuffle(call *c, operand *x)
{
    for (int k = 0; k < x->view.rank; k++) {
        const view_axis *a = &x->view.axes[k];
        if (a->count != 2 || a->size != x->step->size[CHANNELS] || a->atoms[0].side != CHANNELS ||
            a->atoms[1].side != CHANNELS || a->atoms[0].stride != 1 ||
            a->atoms[1].stride != a->atoms[0].length)
            continue;
        step *s = step_add(c, STEP_SHUFFLE, &x->step, 1);
        if (!s)
            return status_last();
        s->groups = a->atoms[1].length;
        x->step = s;
        x->view.axes[k] = view_side(CHANNELS, s->size[CHANNELS]);
    }
    return FV_OK;
}

static fv_status take_shape(call *c, const operand *x, int rank, const int64_t *shape)
{
    operand y = *x;
    if (!view_reshape(&y.view, rank, shape))
        return call_layout_error(c);
    STATUS_TRY(shuffle(c, &y));
    c->out[0] = y;
    return FV_OK;
}

static fv_status reshape(call *c)
{
    operand *x;
    int64_t shape[VIEW_RANK], old[VIEW_RANK], all = 1, known = 1;
    int count, open = -1;
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_ints(c, "shape", 1, shape, VIEW_RANK, &count));
    operand_shape(x, old);
    for (int k = 0; k < x->view.rank; k++)
        all *= old[k];
    for (int k = 0; k < count; k++) {
        if (shape[k] == 0 && k < x->view.rank && !call_int(c, "allowzero", 0))
            shape[k] = old[k];
        if (k == 0 && c->import->batch > 1 && shape[k] == c->import->batch)
            shape[k] = 1; /* the file's fixed batch */
        if (shape[k] == -1 && open < 0) {
            open = k;
            continue;
        }
        if (shape[k] < 1 || known > all / shape[k])
            return call_layout_error(c);
        known *= shape[k];
    }
    if (open >= 0)
        shape[open] = all / known;
    return count < 0 ? call_error(c, FV_ERROR_FORMAT, "has no shape") : take_shape(c, x, count, shape);
}

static fv_status flatten(call *c)
{
    operand *x;
    int axis;
    int64_t old[VIEW_RANK], shape[2] = {1, 1}, wanted = call_int(c, "axis", 1);
    STATUS_TRY(call_value(c, 0, &x));
    if (wanted == x->view.rank)
        axis = x->view.rank;
    else
        STATUS_TRY(call_axis(c, wanted, x->view.rank, &axis));
    operand_shape(x, old);
    for (int k = 0; k < x->view.rank; k++)
        shape[k >= axis] *= old[k];
    return take_shape(c, x, 2, shape);
}

static fv_status squeeze(call *c)
{
    operand *x;
    int64_t axes[VIEW_RANK], old[VIEW_RANK], shape[VIEW_RANK];
    int count, rank = 0;
    bool gone[VIEW_RANK] = {false};
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_ints(c, "axes", 1, axes, VIEW_RANK, &count));
    operand_shape(x, old);
    for (int i = 0; i < count; i++) {
        int k;
        STATUS_TRY(call_axis(c, axes[i], x->view.rank, &k));
        gone[k] = true;
    }
    for (int k = 0; k < x->view.rank; k++)
        if (!(count < 0 ? old[k] == 1 : gone[k]))
            shape[rank++] = old[k];
    return take_shape(c, x, rank, shape);
}

static fv_status unsqueeze(call *c)
{
    operand *x;
    int64_t axes[VIEW_RANK], old[VIEW_RANK], shape[VIEW_RANK];
    int count, from = 0;
    bool new[VIEW_RANK] = {false};
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_ints(c, "axes", 1, axes, VIEW_RANK, &count));
    int rank = x->view.rank + (count > 0 ? count : 0);
    if (rank > VIEW_RANK)
        return call_layout_error(c);
    operand_shape(x, old);
    for (int i = 0; i < count; i++) {
        int k;
        STATUS_TRY(call_axis(c, axes[i], rank, &k));
        if (new[k])
            return call_error(c, FV_ERROR_FORMAT, "names an axis twice");
        new[k] = true;
    }
    for (int k = 0; k < rank; k++)
        shape[k] = new[k] ? 1 : old[from++];
    return take_shape(c, x, rank, shape);
}

static fv_status transpose(call *c)
{
    operand *x;
    int64_t perm[VIEW_RANK];
    int count, order[VIEW_RANK];
    bool seen[VIEW_RANK] = {false};
    STATUS_TRY(call_value(c, 0, &x));
    int rank = x->view.rank;
    STATUS_TRY(call_ints(c, "perm", -1, perm, VIEW_RANK, &count));
    for (int k = 0; k < rank; k++) {
        int64_t from = count < 0 ? rank - 1 - k : k < count ? perm[k] : -1;
        if (from < 0 || from >= rank || seen[from])
            return call_error(c, FV_ERROR_FORMAT, "its perm is no order of its input's axes");
        seen[from] = true;
        order[k] = (int)from;
    }
    c->out[0] = *x;
    view_transpose(&c->out[0].view, order);
    return FV_OK;
}

/* Only where nothing is repeated. */
static fv_status expand(call *c)
{
    operand *x;
    int64_t shape[VIEW_RANK], old[VIEW_RANK];
    int count;
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_ints(c, NULL, 1, shape, VIEW_RANK, &count));
    c->out[0] = *x;
    if (count < 0 || !view_extend(&c->out[0].view, count))
        return call_layout_error(c);
    operand_shape(&c->out[0], old);
    for (int k = 0; k < count; k++)
        if (shape[k] != 1 && shape[k] != old[c->out[0].view.rank - count + k])
            return call_error(c, FV_ERROR_UNSUPPORTED, "repeats values");
    return FV_OK;
}

/* ---- parts ---- */

static fv_status cut(call *c, operand *x, int axis, int64_t begin, int64_t length)
{
    if (begin < 0 || length < 1 || begin + length > x->view.axes[axis].size)
        return call_error(c, FV_ERROR_FORMAT, "takes a part that is not there");
    return view_slice(&x->view, axis, begin, length)
               ? FV_OK
               : call_error(c, FV_ERROR_UNSUPPORTED,
                            "takes a part of an axis that is several sides of a picture");
}

static int64_t hold(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

static fv_status slice(call *c)
{
    operand *x;
    call_range ranges[VIEW_RANK];
    int count;
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_ranges(c, ranges, &count));
    operand y = *x;
    for (int i = 0; i < count; i++) {
        int64_t start = ranges[i].start, stop = ranges[i].end;
        int k;
        STATUS_TRY(call_axis(c, ranges[i].axis, y.view.rank, &k));
        int64_t n = y.view.axes[k].size;
        if (ranges[i].step != 1)
            return call_error(c, FV_ERROR_UNSUPPORTED, "takes every so-many-th value");
        int64_t begin = hold(start < 0 ? hold(start, -n, 0) + n : start, 0, n);
        int64_t end = hold(stop < 0 ? hold(stop, -n - 1, 0) + n : stop, 0, n);
        STATUS_TRY(cut(c, &y, k, begin, end - begin));
    }
    c->out[0] = y;
    return FV_OK;
}

static fv_status split(call *c)
{
    operand *x;
    int64_t sizes[64], begin = 0;
    int axis, count;
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_axis(c, call_int(c, "axis", 0), x->view.rank, &axis));
    STATUS_TRY(call_ints(c, "split", 1, sizes, 64, &count));
    int64_t n = x->view.axes[axis].size, parts = c->out_count;
    if (count >= 0 && count != c->out_count)
        return call_error(c, FV_ERROR_FORMAT, "has %d outputs for %d sizes", c->out_count, count);
    for (int i = 0; i < c->out_count; i++) {
        int64_t length = count >= 0 ? sizes[i] : (n + parts - 1) / parts;
        if (count < 0 && length > n - begin)
            length = n - begin;
        c->out[i] = *x;
        STATUS_TRY(cut(c, &c->out[i], axis, begin, length));
        begin += length;
    }
    return FV_OK;
}

/* All three channels, the last first: RGB to BGR. */
static bool is_reversal(const operand *x, int axis, const constant *which)
{
    return which->rank == 1 && which->count == 3 && which->wholes[0] == 2 && which->wholes[1] == 1 &&
           which->wholes[2] == 0 && view_axis_is(&x->view, axis, CHANNELS, x->step->size) &&
           x->step->size[CHANNELS] == 3;
}

static fv_status reverse(call *c, const operand *x)
{
    operand whole;
    STATUS_TRY(operand_whole(c, x, &whole));
    step *s = step_add(c, STEP_REVERSE, &whole.step, 1);
    if (!s)
        return status_last();
    operand_set(&c->out[0], s, whole.view);
    return FV_OK;
}

/* A place, or places in a row, which may then lie as they like. */
static fv_status gather(call *c)
{
    operand *x;
    constant *which;
    int axis;
    int64_t shape[3 * VIEW_RANK], old[VIEW_RANK];
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_constant(c, 1, &which));
    STATUS_TRY(call_axis(c, call_int(c, "axis", 0), x->view.rank, &axis));
    if (!which->whole || which->count < 1)
        return call_error(c, FV_ERROR_UNSUPPORTED, "chooses in another way than a place or a part");
    int64_t n = x->view.axes[axis].size, first = which->wholes[0];
    if (is_reversal(x, axis, which))
        return reverse(c, x);
    first += first < 0 ? n : 0;
    for (int64_t i = 1; i < which->count; i++)
        if (which->wholes[i] + (which->wholes[i] < 0 ? n : 0) != first + i)
            return call_error(c, FV_ERROR_UNSUPPORTED, "puts values in another order");
    operand y = *x;
    STATUS_TRY(cut(c, &y, axis, first, which->count));
    operand_shape(&y, old);
    int rank = 0;
    for (int k = 0; k < y.view.rank; k++) {
        for (int j = 0; k == axis && j < which->rank; j++)
            shape[rank++] = which->shape[j];
        if (k != axis)
            shape[rank++] = old[k];
    }
    return take_shape(c, &y, rank, shape);
}

/* ---- together ---- */

/* Whether the axis goes through all places of a picture row by row, and the channels are behind it. */
static bool is_places(const operand *x, int axis)
{
    const view_axis *a = &x->view.axes[axis];
    const int64_t *size = x->step->size;
    return a->size == size[HEIGHT] * size[WIDTH] && !(view_axis_sides(&x->view, axis) & 1u << CHANNELS) &&
           !(a->count == 2 && a->atoms[0].side == WIDTH) && axis < x->view.rank - 1 &&
           view_axis_is(&x->view, x->view.rank - 1, CHANNELS, size);
}

/* A place with these numbers before all others; all are in one row then. */
static fv_status add_token(call *c, operand *x, int axis, const float *numbers, const char *name)
{
    step *s = step_add(c, STEP_CLASS_TOKEN, &x->step, 1);
    if (!s)
        return status_last();
    s->bias = numbers;
    s->name = name;
    s->size[WIDTH] = 1 + s->size[HEIGHT] * s->size[WIDTH];
    s->size[HEIGHT] = 1;
    x->step = s;
    x->view.axes[axis] = view_side(WIDTH, s->size[WIDTH]);
    return FV_OK;
}

/* Constants before the places of a picture, as class tokens are: the last of them is put there first. */
static fv_status tokens(call *c, int axis)
{
    operand x;
    STATUS_TRY(operand_whole(c, c->in[c->in_count - 1], &x));
    int channel_axis = x.view.rank - 1;
    if (!is_places(&x, axis))
        return call_layout_error(c);
    int64_t channels = x.step->size[CHANNELS];
    for (int i = c->in_count - 2; i >= 0; i--) {
        constant *k = c->in[i] ? c->in[i]->constant : NULL;
        if (!k || k->count == 0 || k->count % channels || k->rank != x.view.rank ||
            k->count != k->shape[axis] * channels || k->shape[channel_axis] != channels)
            return call_error(c, FV_ERROR_UNSUPPORTED,
                              "puts things together that are no tokens of the same width");
        if (!constant_floats(c->import, k))
            return status_last();
        const char *name = *k->name ? import_text(c->import, k->name, strlen(k->name)) : NULL;
        for (int64_t row = k->shape[axis] - 1; row >= 0; row--)
            STATUS_TRY(add_token(c, &x, axis, k->floats + row * channels, name));
    }
    c->out[0] = x;
    return FV_OK;
}

static fv_status concat(call *c)
{
    int axis, known = 0;
    if (c->in_count < 1)
        return call_error(c, FV_ERROR_FORMAT, "has no inputs");
    for (int i = 0; i < c->in_count; i++) {
        if (!c->in[i])
            return call_error(c, FV_ERROR_FORMAT, "input %d is missing", i);
        known += c->in[i]->constant != NULL;
    }
    int rank = operand_rank(c->in[c->in_count - 1]);
    STATUS_TRY(call_axis(c, call_int(c, "axis", 1), rank, &axis));
    if (known > 0 && known == c->in_count - 1 && c->in[c->in_count - 1]->step)
        return tokens(c, axis);
    if (known > 0)
        return call_error(c, FV_ERROR_UNSUPPORTED, "puts numbers between tensors");
    step **in = import_array(c->import, (uint64_t)c->in_count, sizeof *in);
    view common = {0};
    int64_t channels = 0;
    if (!in)
        return status_last();
    for (int i = 0; i < c->in_count; i++) {
        operand x;
        STATUS_TRY(operand_whole(c, c->in[i], &x));
        if (x.view.rank != rank || !view_axis_is(&x.view, axis, CHANNELS, x.step->size))
            return call_error(c, FV_ERROR_UNSUPPORTED,
                              "puts tensors together along another side than the channels");
        in[i] = x.step;
        channels += x.step->size[CHANNELS];
        x.view.axes[axis] = (view_axis){.size = 1};
        if (i > 0 && (!view_equal(&x.view, &common) || in[i]->size[HEIGHT] != in[0]->size[HEIGHT] ||
                      in[i]->size[WIDTH] != in[0]->size[WIDTH]))
            return call_layout_error(c);
        common = x.view;
    }
    step *s = step_add(c, STEP_CONCAT, in, c->in_count);
    if (!s)
        return status_last();
    s->size[CHANNELS] = channels;
    common.axes[axis] = view_side(CHANNELS, channels);
    operand_set(&c->out[0], s, common);
    return FV_OK;
}

/* ---- around ---- */

/* The side that the axis is of; one of size 1 could be any, and is what it is where pictures lie as they usually do. SIDES: none. */
static int padded_side(const view *v, int axis)
{
    unsigned sides = view_axis_sides(v, axis);
    for (int side = 0; side < SIDES; side++)
        if (sides == 1u << side)
            return side;
    if (sides || axis == 0)
        return SIDES;
    bool last = view_axis_sides(v, v->rank - 1) == 1u << CHANNELS;
    return v->rank - (last ? 2 : 1) == axis ? WIDTH : HEIGHT;
}

/* Zeros before the places of a picture of several rows are tokens without numbers yet; what they are is added next. Takes these pads. */
static fv_status zero_tokens(call *c, operand *x, const int64_t *axes, int rank, int64_t *pads)
{
    enum {
        TOKENS_MAX = 64
    };
    for (int i = 0; i < rank; i++) {
        int axis;
        STATUS_TRY(call_axis(c, axes ? axes[i] : i, x->view.rank, &axis));
        if (x->step->size[HEIGHT] == 1 || pads[i] < 1 || pads[i] > TOKENS_MAX || pads[rank + i] != 0 ||
            !is_places(x, axis))
            continue;
        const float *zeros = import_array(c->import, (uint64_t)x->step->size[CHANNELS], sizeof *zeros);
        if (!zeros)
            return status_last();
        for (; pads[i] > 0; pads[i]--)
            STATUS_TRY(add_token(c, x, axis, zeros, NULL));
    }
    return FV_OK;
}

static fv_status pad(call *c)
{
    operand *v, x;
    char buffer[32];
    int64_t pads[2 * VIEW_RANK], axes[VIEW_RANK];
    int count, axis_count;
    double number = 0;
    bool found, any = false, padded = false;
    STATUS_TRY(call_value(c, 0, &v));
    STATUS_TRY(operand_whole(c, v, &x));
    STATUS_TRY(call_ints(c, "pads", 1, pads, 2 * VIEW_RANK, &count));
    STATUS_TRY(call_number(c, "value", 2, &number, &found));
    STATUS_TRY(call_ints(c, NULL, 3, axes, VIEW_RANK, &axis_count));
    int rank = axis_count >= 0 ? axis_count : x.view.rank;
    if (count != 2 * rank)
        return call_error(c, FV_ERROR_FORMAT, "its pads do not fit its input");
    for (int i = 0; i < count; i++)
        any = any || pads[i] != 0;
    if (any && (number != 0 || strcmp(call_word(c, "mode", "constant", buffer), "constant") != 0))
        return call_error(c, FV_ERROR_UNSUPPORTED, "fovea's padding is by zeros");
    STATUS_TRY(zero_tokens(c, &x, axis_count >= 0 ? axes : NULL, rank, pads));
    step *s = step_add(c, STEP_PAD, &x.step, 1);
    if (!s)
        return status_last();
    for (int i = 0; i < rank; i++) {
        int k;
        STATUS_TRY(call_axis(c, axis_count >= 0 ? axes[i] : i, x.view.rank, &k));
        if (pads[i] == 0 && pads[rank + i] == 0)
            continue;
        int side = padded_side(&x.view, k);
        if (side == SIDES || !view_axis_is(&x.view, k, side, x.step->size) || pads[i] < 0 ||
            pads[rank + i] < 0 || pads[i] > 65536 || pads[rank + i] > 65536)
            return call_error(c, FV_ERROR_UNSUPPORTED, "pads in a way that fovea does not");
        padded = true;
        s->before[side] = pads[i];
        s->after[side] = pads[rank + i];
        s->size[side] += pads[i] + pads[rank + i];
        x.view.axes[k] = view_side(side, s->size[side]);
    }
    operand_set(&c->out[0], padded ? s : x.step, x.view);
    return FV_OK;
}

static fv_status dropout(call *c)
{
    operand *x;
    double rate = 0.5;
    bool found;
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_number(c, "ratio", 1, &rate, &found));
    step *s = step_add(c, STEP_DROPOUT, &x->step, 1);
    if (!s)
        return status_last();
    s->rate = (float)rate;
    operand_set(&c->out[0], rate > 0 && rate < 1 ? s : x->step, x->view);
    return FV_OK;
}

/* The batch counts one. */
static fv_status shape_of(call *c)
{
    operand *x;
    int64_t shape[VIEW_RANK], rank;
    STATUS_TRY(call_value(c, 0, &x));
    operand_shape(x, shape);
    rank = x->view.rank;
    int64_t begin = call_int(c, "start", 0), end = call_int(c, "end", rank);
    begin = hold(begin < 0 ? begin + rank : begin, 0, rank);
    end = hold(end < 0 ? end + rank : end, begin, rank);
    constant *k = constant_make(c->import, true, 1, (int64_t[]){end - begin});
    if (!k)
        return status_last();
    memcpy(k->wholes, shape + begin, (size_t)(end - begin) * sizeof *shape);
    c->out[0].constant = k;
    return FV_OK;
}

const operation layout_operations[] = {
    {"Identity", pass_on}, {"Cast", pass_on},        {"Reshape", reshape},     {"Flatten", flatten},
    {"Squeeze", squeeze},  {"Unsqueeze", unsqueeze}, {"Transpose", transpose}, {"Expand", expand},
    {"Slice", slice},      {"Split", split},         {"Gather", gather},       {"Concat", concat},
    {"Pad", pad},          {"Dropout", dropout},     {"Shape", shape_of},      {0}};
