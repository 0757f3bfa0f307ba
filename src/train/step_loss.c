/* SPDX-License-Identifier: Apache-2.0 */
/* The loss of a training step, and the count of right answers. */
#include "train/step_graph.h"

/* Cross-entropy has operations of its own, which are the fastest. */
static bool is_plain(const fv_compile_options *o, const step_loss *loss)
{
    return o->focal_gamma == 0 && o->focal_alpha == 0 && !loss->positive && loss->temperature == 0;
}

static fv_status add_inputs(step_graph *s, const fv_model *m, int64_t batch_size, const step_loss *loss)
{
    int64_t classes = fv_model_class_count(m);
    s->teacher = s->positive = NO_VALUE;
    if (loss->temperature > 0)
        s->teacher = graph_input(s->graph, "step.teacher", TYPE_F32, shape_2(batch_size, classes));
    if (loss->positive)
        s->positive = graph_input(s->graph, "step.positive", TYPE_F32, shape_1(classes));
    bool failed =
        (loss->temperature > 0 && s->teacher == NO_VALUE) || (loss->positive && s->positive == NO_VALUE);
    return failed ? status_last() : FV_OK;
}

static value_id add_general(step_graph *s, const fv_model *m, bool sigmoid, const step_loss *loss)
{
    const fv_compile_options *o = &m->compile;
    op_attributes a = {.smoothing = o->label_smoothing,
                       .gamma = o->focal_gamma,
                       .alpha = o->focal_alpha,
                       .temperature = loss->temperature,
                       .teacher_share = loss->teacher_share};
    value_id inputs[] = {m->output->value, s->labels, s->weights, s->teacher, s->positive};
    return graph_add(s->graph, sigmoid ? OP_SIGMOID_LOSS : OP_SOFTMAX_LOSS, inputs, sigmoid ? 5 : 4, &a,
                     "loss");
}

static value_id add_cross_entropy(step_graph *s, const fv_model *m, bool sigmoid)
{
    op_attributes a = {.smoothing = m->compile.label_smoothing};
    value_id inputs[] = {m->output->value, s->labels, s->weights};
    return graph_add(s->graph, sigmoid ? OP_SIGMOID_CROSS_ENTROPY : OP_SOFTMAX_CROSS_ENTROPY, inputs, 3, &a,
                     "loss");
}

fv_status step_add_loss(step_graph *s, const fv_model *m, int64_t batch_size, const step_loss *loss)
{
    const fv_compile_options *o = &m->compile;
    bool sigmoid = o->loss == FV_BINARY_CROSSENTROPY;
    STATUS_TRY(add_inputs(s, m, batch_size, loss));
    s->loss = is_plain(o, loss) ? add_cross_entropy(s, m, sigmoid) : add_general(s, m, sigmoid, loss);
    if (s->loss == NO_VALUE)
        return status_last();
    value_id inputs[] = {m->output->value, s->labels, s->counted};
    op_attributes each = {.each = loss->targets == STEP_MULTI_LABEL};
    s->correct = graph_add(s->graph, OP_CORRECT, inputs, 3, &each, "accuracy");
    if (s->correct == NO_VALUE)
        return status_last();
    s->graph->values[m->output->value].output = false; /* only two numbers are read after a step */
    graph_mark_output(s->graph, s->loss);
    graph_mark_output(s->graph, s->correct);
    return FV_OK;
}
