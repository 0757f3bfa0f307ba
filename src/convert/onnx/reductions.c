/* SPDX-License-Identifier: Apache-2.0 */
/* Means and maxima over places or channels, and softmax. */
#include "convert/onnx/importer.h"

/* Leaves out the axes, or makes them 1. */
static bool drop_axes(view *v, const bool *gone, bool keep)
{
    int64_t shape[VIEW_RANK];
    int rank = 0;
    for (int k = 0; k < v->rank; k++) {
        if (gone[k])
            v->axes[k] = (view_axis){.size = 1};
        if (!gone[k] || keep)
            shape[rank++] = v->axes[k].size;
    }
    return view_reshape(v, rank, shape);
}

static fv_status reduce(call *c, const operand *v, const bool *gone, bool keep, step_kind kind)
{
    operand x;
    STATUS_TRY(operand_whole(c, v, &x));
    const int64_t *size = x.step->size;
    unsigned sides = 0;
    int64_t count = 1;
    for (int k = 0; k < x.view.rank; k++)
        if (gone[k]) {
            sides |= view_axis_sides(&x.view, k);
            count *= x.view.axes[k].size;
        }
    if (sides == 1u << CHANNELS && count == size[CHANNELS] && kind == STEP_GLOBAL_AVERAGE)
        return norm_mean(c, &x, keep);
    if (sides & 1u << CHANNELS || count != size[HEIGHT] * size[WIDTH])
        return call_error(c, FV_ERROR_UNSUPPORTED, "fovea's global pooling is over the height and the width");
    step *s = x.step;
    if (count > 1) {
        if (!(s = step_add(c, kind, &x.step, 1)))
            return status_last();
        s->size[HEIGHT] = s->size[WIDTH] = 1;
    }
    if (!drop_axes(&x.view, gone, keep))
        return call_layout_error(c);
    operand_set(&c->out[0], s, x.view);
    return FV_OK;
}

static fv_status reduce_axes(call *c, step_kind kind)
{
    operand *x;
    int64_t axes[VIEW_RANK];
    int count;
    bool gone[VIEW_RANK] = {false};
    STATUS_TRY(call_value(c, 0, &x));
    STATUS_TRY(call_ints(c, "axes", 1, axes, VIEW_RANK, &count));
    int rank = x->view.rank;
    for (int i = 0; i < count; i++) {
        int k;
        STATUS_TRY(call_axis(c, axes[i], rank, &k));
        gone[k] = true;
    }
    return count > 0 ? reduce(c, x, gone, call_int(c, "keepdims", 1) != 0, kind)
                     : call_error(c, FV_ERROR_UNSUPPORTED, "is over all of its input");
}

static fv_status reduce_mean(call *c)
{
    return reduce_axes(c, STEP_GLOBAL_AVERAGE);
}

static fv_status reduce_max(call *c)
{
    return reduce_axes(c, STEP_GLOBAL_MAX);
}

static fv_status reduce_picture(call *c, step_kind kind)
{
    operand *x;
    STATUS_TRY(call_value(c, 0, &x));
    return x->view.rank == 4 ? reduce(c, x, (bool[VIEW_RANK]){false, false, true, true}, true, kind)
                             : call_layout_error(c);
}

static fv_status global_average_pool(call *c)
{
    return reduce_picture(c, STEP_GLOBAL_AVERAGE);
}

static fv_status global_max_pool(call *c)
{
    return reduce_picture(c, STEP_GLOBAL_MAX);
}

static fv_status softmax(call *c)
{
    operand *x;
    STATUS_TRY(call_value(c, 0, &x));
    int64_t rank = x->view.rank, axis = call_int(c, "axis", c->import->opset < 13 ? 1 : -1);
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis >= rank || !view_axis_is(&x->view, (int)axis, CHANNELS, x->step->size))
        return call_error(c, FV_ERROR_UNSUPPORTED, "is over another side than the channels");
    step *s = step_add(c, STEP_SOFTMAX, &x->step, 1);
    if (!s)
        return status_last();
    operand_set(&c->out[0], s, x->view);
    return FV_OK;
}

const operation reduction_operations[] = {{"ReduceMean", reduce_mean},
                                          {"ReduceMax", reduce_max},
                                          {"GlobalAveragePool", global_average_pool},
                                          {"GlobalMaxPool", global_max_pool},
                                          {"Softmax", softmax},
                                          {"LogSoftmax", softmax},
                                          {0}};
