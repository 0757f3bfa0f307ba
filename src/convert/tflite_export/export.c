/* SPDX-License-Identifier: Apache-2.0 */
/* TensorFlow Lite (LiteRT), in floating point. */
#include "convert/tflite_export/export.h"

#include "convert/tflite_export/writer.h"

typedef bool (*operation)(lite_writer *w, const op *o);
static const operation operations[OP_KIND_COUNT] = {
    [OP_NORMALIZE] = lite_write_normalize,
    [OP_CONV2D] = lite_write_convolution,
    [OP_DENSE] = lite_write_dense,
    [OP_MAX_POOL2D] = lite_write_max_pool,
    [OP_AVERAGE_POOL2D] = lite_write_average_pool,
    [OP_GLOBAL_AVERAGE_POOL2D] = lite_write_global_average,
    [OP_BATCH_NORM_INFERENCE] = lite_write_batch_norm,
    [OP_GROUP_NORM] = lite_write_group_norm,
    [OP_ATTENTION] = lite_write_attention,
    [OP_ACTIVATION] = lite_write_activation,
    [OP_SOFTMAX] = lite_write_softmax,
    [OP_ADD] = lite_write_add,
    [OP_MULTIPLY] = lite_write_multiply,
    [OP_CONCAT] = lite_write_concat,
    [OP_PAD] = lite_write_pad,
    [OP_CROP] = lite_write_crop,
    [OP_SHUFFLE] = lite_write_shuffle,
    [OP_RESHAPE] = lite_write_reshape,
    [OP_FLATTEN] = lite_write_flatten,
};

static fv_status write_operations(lite_writer *w)
{
    const graph *g = w->network->graph;
    for (int32_t i = 0; i < g->op_count; i++) {
        const op *o = w->op = &g->ops[i];
        if (!operations[o->kind])
            return export_unsupported(o, "TensorFlow Lite", NULL);
        if (!operations[o->kind](w, o))
            return status_last();
    }
    w->output = w->values[w->network->probabilities].tensor;
    w->tensors[w->output].name = "probabilities";
    return FV_OK;
}

static fv_status write(const export_network *n, const fv_export_options *o, const char *path)
{
    lite_writer w = {.network = n, .options = o};
    w.values = mem_pool_array(&w.pool, (size_t)n->graph->value_count, sizeof *w.values);
    for (value_id v = 0; w.values && v < n->graph->value_count; v++)
        w.values[v].tensor = LITE_ABSENT;
    fv_status status = w.values ? write_operations(&w) : status_last();
    if (status == FV_OK)
        status = lite_save(&w, path);
    lite_release(&w);
    return status;
}

const export_format tflite_export_format = {
    .info = {"tflite", ".tflite", "TensorFlow Lite (LiteRT), in floating point"},
    .write = write,
    .runtime = "fovea's own TFLite import",
    .beyond = "fovea's own TFLite import does not read all of its operators",
    .run = export_run_imported,
};
