/* SPDX-License-Identifier: Apache-2.0 */
/* The loss of a training step, and the count of right answers. */
#include "train/step_graph.h"

fv_status step_add_loss(step_graph *s, const fv_model *m, step_targets targets)
{
    const fv_compile_options *o = &m->compile;
    op_kind kind = o->loss == FV_BINARY_CROSSENTROPY ? OP_SIGMOID_CROSS_ENTROPY : OP_SOFTMAX_CROSS_ENTROPY;
    op_attributes a = {.smoothing = o->label_smoothing}, each = {.each = targets == STEP_MULTI_LABEL};
    value_id inputs[] = {m->output->value, s->labels, s->weights};
    s->loss = graph_add(s->graph, kind, inputs, 3, &a, "loss");
    if (s->loss == NO_VALUE)
        return status_last();
    inputs[2] = s->counted;
    s->correct = graph_add(s->graph, OP_CORRECT, inputs, 3, &each, "accuracy");
    if (s->correct == NO_VALUE)
        return status_last();
    s->graph->values[m->output->value].output = false; /* only two numbers are read after a step */
    graph_mark_output(s->graph, s->loss);
    graph_mark_output(s->graph, s->correct);
    return FV_OK;
}
