/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "convert/onnx/importer.h"

enum {
    SPREAD_MAX = 1 << 26 /* numbers laid out for a picture */
};

int operand_rank(const operand *v)
{
    return v->constant ? v->constant->rank : v->view.rank;
}

void operand_shape(const operand *v, int64_t shape[VIEW_RANK])
{
    for (int k = 0; k < operand_rank(v); k++)
        shape[k] = v->constant ? v->constant->shape[k] : v->view.axes[k].size;
}

void operand_set(operand *out, step *s, view v)
{
    *out = (operand){.step = s, .view = v};
}

/* The block of a picture as a picture; the same one again where it was cut out before. */
static step *crop(call *c, step *s, const int64_t begin[SIDES], const int64_t length[SIDES])
{
    int64_t after[SIDES];
    for (int i = 0; i < SIDES; i++)
        after[i] = s->size[i] - begin[i] - length[i];
    for (step *t = s->crops; t; t = t->next_crop)
        if (memcmp(t->before, begin, sizeof t->before) == 0 && memcmp(t->after, after, sizeof after) == 0)
            return t;
    step *t = step_add(c, STEP_CROP, &s, 1);
    if (!t)
        return NULL;
    memcpy(t->before, begin, sizeof t->before);
    memcpy(t->after, after, sizeof after);
    memcpy(t->size, length, sizeof t->size);
    t->next_crop = s->crops;
    return s->crops = t;
}

fv_status operand_whole(call *c, const operand *v, operand *out)
{
    int64_t begin[SIDES], length[SIDES];
    *out = *v;
    if (view_is_whole(&v->view, v->step->size))
        return FV_OK;
    if (!view_block(&v->view, begin, length))
        return call_error(c, FV_ERROR_UNSUPPORTED,
                          "its input is a part of a tensor that is no block of it (as with steps over 1)");
    if (!(out->step = crop(c, v->step, begin, length)))
        return status_last();
    memset(out->view.offset, 0, sizeof out->view.offset);
    return FV_OK;
}

fv_status operand_picture(call *c, const operand *v, step **out)
{
    operand w;
    static const int sides[4] = {-1, CHANNELS, HEIGHT, WIDTH};
    STATUS_TRY(operand_whole(c, v, &w));
    bool fits = w.view.rank == 4 && w.view.axes[0].size == 1;
    for (int k = 1; fits && k < 4; k++)
        fits = view_axis_is(&w.view, k, sides[k], w.step->size);
    *out = w.step;
    return fits ? FV_OK : call_layout_error(c);
}

/* ---- numbers for each channel or each value ---- */

/* Where in `k` the numbers stand for the view's indices: a stride each axis, 0 where it has one for all. False: they do not go together. */
static bool find_strides(const view *v, const constant *k, int64_t strides[VIEW_RANK])
{
    int64_t step_size = 1;
    for (int a = v->rank - 1, b = k->rank - 1; a >= 0; a--, b--) {
        int64_t side = b >= 0 ? k->shape[b] : 1;
        strides[a] = side == 1 ? 0 : step_size;
        if (side != 1 && side != v->axes[a].size)
            return false;
        step_size *= side;
    }
    return true;
}

fv_status operand_spread(call *c, const operand *v, constant *k, bool *channels, const float **out)
{
    int64_t strides[VIEW_RANK], at[SIDES];
    view w = v->view;
    const int64_t *size = v->step->size;
    if (!constant_floats(c->import, k))
        return status_last();
    if (k->count == 0 || !view_extend(&w, k->rank) || !find_strides(&w, k, strides))
        return call_error(c, FV_ERROR_UNSUPPORTED, "numbers are put together with a tensor of another shape");
    int64_t count = 1;
    *channels = true;
    for (int a = 0; a < w.rank; a++)
        if (strides[a]) {
            *channels = *channels && view_axis_sides(&w, a) == 1u << CHANNELS;
        }
    for (int a = 0; a < w.rank; a++) {
        if (*channels && !(view_axis_sides(&w, a) & 1u << CHANNELS))
            w.axes[a] = (view_axis){.size = 1}; /* any place does */
        if (w.axes[a].size > SPREAD_MAX / count)
            return call_error(c, FV_ERROR_UNSUPPORTED, "has too many numbers for its input");
        count *= w.axes[a].size;
    }
    int64_t wanted = *channels ? size[CHANNELS] : size[HEIGHT] * size[WIDTH] * size[CHANNELS];
    if (count != wanted)
        return call_layout_error(c);
    float *spread = import_array(c->import, (uint64_t)count, sizeof *spread);
    if (!spread)
        return status_last();
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, from = 0;
        for (int a = w.rank - 1; a >= 0; a--) {
            from += rest % w.axes[a].size * strides[a];
            rest /= w.axes[a].size;
        }
        view_place(&w, 0, w.rank - 1, i, at);
        int64_t to =
            *channels ? at[CHANNELS] : (at[HEIGHT] * size[WIDTH] + at[WIDTH]) * size[CHANNELS] + at[CHANNELS];
        spread[to] = k->floats[from];
    }
    *out = spread;
    return FV_OK;
}
