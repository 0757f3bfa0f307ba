/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/graph.h"

int64_t op_multiply_adds(const graph *g, const op *o)
{
    switch (o->kind) {
    case OP_CONV2D: { /* every output pixel sees one filter: C / groups * KH * KW */
        shape w = g->values[o->inputs[1]].shape;
        return shape_count(&g->values[o->outputs[0]].shape) * w.d[1] * w.d[2] * w.d[3];
    }
    case OP_CONV2D_GRAD_INPUT: {
        shape w = g->values[o->inputs[1]].shape;
        return shape_count(&g->values[o->inputs[0]].shape) * w.d[1] * w.d[2] * w.d[3];
    }
    case OP_CONV2D_GRAD_WEIGHT:
        return shape_count(&g->values[o->inputs[1]].shape) * o->a.shape.d[1] * o->a.shape.d[2] *
               o->a.shape.d[3];
    case OP_DENSE:
        return shape_count(&g->values[o->outputs[0]].shape) * g->values[o->inputs[1]].shape.d[1];
    case OP_DENSE_GRAD_INPUT:
        return shape_count(&g->values[o->inputs[0]].shape) * g->values[o->inputs[1]].shape.d[1];
    case OP_DENSE_GRAD_WEIGHT:
        return shape_count(&g->values[o->inputs[1]].shape) * o->a.shape.d[1];
    case OP_ATTENTION: { /* q k^T and p v */
        shape x = g->values[o->inputs[0]].shape;
        return shape_count(&g->values[o->outputs[0]].shape) * x.d[1] * x.d[2] * 2;
    }
    case OP_ATTENTION_GRAD: { /* twice of each */
        shape x = g->values[o->inputs[0]].shape;
        return shape_count(&g->values[o->inputs[2]].shape) * x.d[1] * x.d[2] * 4;
    }
    default:
        return 0;
    }
}
