/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizers: each updates a parameter and its state in place. */
#include "graph/ops/ops_internal.h"

/* Inputs: parameter, gradient, states, scalars (learning rate, step), and at the end perhaps the gradient's factor. */
static fv_status check(const graph *g, const op *o, int states, int scalars)
{
    STATUS_TRY(op_require(g, o, 0, "parameter", 0, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "gradient", 0, TYPE_F32));
    shape p = input_shape(g, o, 0);
    for (int i = 1; i < 2 + states; i++)
        STATUS_TRY(op_require_shape(g, o, i, i == 1 ? "gradient" : "optimizer state", p));
    for (int i = 2 + states; i < 2 + states + scalars; i++)
        STATUS_TRY(op_require(g, o, i, "learning rate or step", 1, TYPE_F32));
    for (int i = 2 + states; i < o->input_count; i++)
        STATUS_TRY(op_require_shape(g, o, i, "learning rate, step or factor", shape_1(1)));
    return FV_OK;
}

/* One state, or two; then the learning rate, and the step where it counts. */
static fv_status infer_1(const graph *g, const op *o, value *outputs)
{
    (void)outputs;
    return check(g, o, 1, 1);
}

static fv_status infer_2(const graph *g, const op *o, value *outputs)
{
    (void)outputs;
    return check(g, o, 2, 1);
}

static fv_status infer_2_step(const graph *g, const op *o, value *outputs)
{
    (void)outputs;
    return check(g, o, 2, 2);
}

const op_info op_update_sgd = {"update_sgd", 4, 5, 2, infer_1, NULL, .updates = {1, 3}};
const op_info op_update_adam = {"update_adam", 6, 7, 3, infer_2_step, NULL, .updates = {1, 3, 4}};
const op_info op_update_rmsprop = {"update_rmsprop", 5, 6, 3, infer_2, NULL, .updates = {1, 3, 4}};
const op_info op_update_adagrad = {"update_adagrad", 4, 5, 2, infer_1, NULL, .updates = {1, 3}};
const op_info op_update_lion = {"update_lion", 4, 5, 2, infer_1, NULL, .updates = {1, 3}};
const op_info op_update_lamb = {"update_lamb", 6, 7, 3, infer_2_step, NULL, .updates = {1, 3, 4}};

static fv_status infer_orthogonal(const graph *g, const op *o, value *outputs)
{
    STATUS_TRY(op_require(g, o, 0, "gradient", 0, TYPE_F32));
    shape s = input_shape(g, o, 0);
    if (s.rank != 2 && s.rank != 4)
        return status_set(FV_ERROR_INVALID, "only the gradient of a weight of 2 or 4 dimensions is a matrix");
    STATUS_TRY(op_require(g, o, 1, "momentum", 0, TYPE_F32));
    STATUS_TRY(op_require_shape(g, o, 1, "momentum", s));
    STATUS_TRY(op_require_shape(g, o, 2, "factor", shape_1(1)));
    int64_t rows = s.d[0], columns = shape_count(&s) / rows;
    int64_t small = rows < columns ? rows : columns, large = rows < columns ? columns : rows;
    outputs[0] = f32_value(s);
    outputs[2] = outputs[3] = f32_value(shape_2(small, small));
    outputs[4] = f32_value(shape_2(small, large));
    return FV_OK;
}

const op_info op_orthogonal_momentum = {"orthogonal_momentum", 2, 3, 5, infer_orthogonal, NULL,
                                        .updates = {0, 2}};
