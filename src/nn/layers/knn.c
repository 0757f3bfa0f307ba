/* SPDX-License-Identifier: Apache-2.0 */
/* The k nearest neighbours' vote: cosine similarity to rows of unit length. A picture's own length does not change which rows are
 * nearest, so a dense layer's sums are enough. */
#include "nn/layers/choices.h"

static const option table[] = {LAYER_INT(fv_knn_options, classes, NULL, 1, 1 << 24, "outputs"),
                               LAYER_INT(fv_knn_options, rows, NULL, 1, 1 << 24, "places for neighbours"),
                               {0}};

static value_id build(layer *l, const void *options)
{
    const fv_knn_options *o = options;
    shape x = layer_input_shape(l, 0);
    if (o->classes < 1 || o->rows < 1 || x.rank != 2) {
        status_set(FV_ERROR_INVALID, "layer %s: %s", l->name,
                   x.rank != 2      ? "needs flat features (N, C)"
                   : o->classes < 1 ? "give the number of classes"
                                    : "give the number of rows");
        return NO_VALUE;
    }
    value_id rows = layer_constant(l, "weight", shape_2(o->rows, x.d[1]), 0, false), labels, neighbours;
    if (rows == NO_VALUE || (labels = layer_constant(l, "labels", shape_1(o->rows), -1, false)) == NO_VALUE ||
        (neighbours = layer_constant(l, "neighbours", shape_1(1), 1, false)) == NO_VALUE)
        return NO_VALUE;
    op_attributes a = {.classes = o->classes};
    value_id scores = layer_op(l, OP_DENSE, (value_id[]){layer_input(l, 0), rows}, 2, NULL);
    return scores == NO_VALUE ? scores
                              : layer_op(l, OP_VOTE, (value_id[]){scores, labels, neighbours}, 3, &a);
}

const layer_type layer_knn = {"knn", "the k nearest neighbours' vote", table, sizeof(fv_knn_options), 1, 1,
                              build};

fv_node *fv_knn_with(const fv_knn_options *o)
{
    return layer_add(&layer_knn, &o->input, 1, o, o->struct_size, o->name);
}
