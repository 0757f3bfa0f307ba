/* SPDX-License-Identifier: Apache-2.0 */
/* Optimizers: each updates a parameter and its state in place. */
#include "graph/ops/ops_internal.h"

static fv_status check(const graph *g, const op *o, int states, int scalars)
{
    STATUS_TRY(op_require(g, o, 0, "parameter", 0, TYPE_F32));
    STATUS_TRY(op_require(g, o, 1, "gradient", 0, TYPE_F32));
    shape p = input_shape(g, o, 0);
    for (int i = 1; i < 2 + states; i++)
        STATUS_TRY(op_require_shape(g, o, i, i == 1 ? "gradient" : "optimizer state", p));
    for (int i = 2 + states; i < 2 + states + scalars; i++) {
        STATUS_TRY(op_require(g, o, i, "learning rate or step", 1, TYPE_F32));
        STATUS_TRY(op_require_shape(g, o, i, "learning rate or step", shape_1(1)));
    }
    return FV_OK;
}

static fv_status infer_sgd(const graph *g, const op *o, value *outputs)
{
    (void)outputs;
    return check(g, o, 1, 1);
}

static fv_status infer_adam(const graph *g, const op *o, value *outputs)
{
    (void)outputs;
    return check(g, o, 2, 2);
}

static fv_status infer_rmsprop(const graph *g, const op *o, value *outputs)
{
    (void)outputs;
    return check(g, o, 2, 1);
}

const op_info op_update_sgd = {"update_sgd", 4, 4, 2, infer_sgd, NULL, .updates = {1, 3}};
const op_info op_update_adam = {"update_adam", 6, 6, 3, infer_adam, NULL, .updates = {1, 3, 4}};
const op_info op_update_rmsprop = {"update_rmsprop", 5, 5, 3, infer_rmsprop, NULL, .updates = {1, 3, 4}};
