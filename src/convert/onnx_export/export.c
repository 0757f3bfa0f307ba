/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX: operations of version 17, which every runtime of the last years has. */
#include <inttypes.h>

#include "convert/onnx_export/export.h"
#include "convert/onnx_export/writer.h"
#include "core/file.h"

enum {
    OPSET = 17,
    IR_VERSION = 8
};
/* Protocol buffers end there. */
static const size_t bytes_max = INT32_MAX;

typedef bool (*operation)(onnx_writer *w, const op *o);
static const operation operations[OP_KIND_COUNT] = {
    [OP_NORMALIZE] = onnx_write_normalize,
    [OP_CONV2D] = onnx_write_convolution,
    [OP_DENSE] = onnx_write_dense,
    [OP_MAX_POOL2D] = onnx_write_max_pool,
    [OP_AVERAGE_POOL2D] = onnx_write_average_pool,
    [OP_GLOBAL_AVERAGE_POOL2D] = onnx_write_global_average,
    [OP_BATCH_NORM_INFERENCE] = onnx_write_batch_norm,
    [OP_GROUP_NORM] = onnx_write_group_norm,
    [OP_ATTENTION] = onnx_write_attention,
    [OP_ACTIVATION] = onnx_write_activation,
    [OP_SOFTMAX] = onnx_write_softmax,
    [OP_ADD] = onnx_write_add,
    [OP_MULTIPLY] = onnx_write_multiply,
    [OP_CONCAT] = onnx_write_concat,
    [OP_PAD] = onnx_write_pad,
    [OP_CROP] = onnx_write_crop,
    [OP_SHUFFLE] = onnx_write_shuffle,
    [OP_RESHAPE] = onnx_write_reshape,
    [OP_FLATTEN] = onnx_write_flatten,
    [OP_UNFLATTEN] = onnx_write_unflatten,
};

static fv_status write_operations(onnx_writer *w)
{
    const graph *g = w->network->graph;
    for (int32_t i = 0; i < g->op_count; i++) {
        const op *o = w->op = &g->ops[i];
        if (!operations[o->kind])
            return export_unsupported(o, "ONNX", NULL);
        if (!operations[o->kind](w, o))
            return status_last();
    }
    return FV_OK;
}

/* The last node's output gets the name that the world sees. */
static fv_status set_output(onnx_writer *w)
{
    char *name = mem_pool_text(&w->pool, "probabilities");
    value_id v = w->network->probabilities;
    if (!name ||
        !(w->graph.output = onnx_value_info(w, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, onnx_shape(w, v))))
        return status_last();
    w->graph.n_output = 1;
    w->graph.node[w->graph.n_node - 1]->output[0] = name;
    return FV_OK;
}

/* ---- the file ---- */

typedef struct sink {
    ProtobufCBuffer base;
    file_writer *file;
} sink;

static void append(ProtobufCBuffer *buffer, size_t length, const uint8_t *data)
{
    file_writer_add(((sink *)buffer)->file, data, length);
}

static fv_status save(const onnx_writer *w, const Onnx__ModelProto *model, const char *path)
{
    file_writer file;
    size_t size = onnx__model_proto__get_packed_size(model);
    if (size > bytes_max)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "%s: an ONNX file ends at 2 GiB, and this network takes %zu MiB", w->options->path,
                          size >> 20);
    STATUS_TRY(file_writer_open(&file, path));
    sink out = {{append}, &file};
    onnx__model_proto__pack_to_buffer(model, &out.base);
    return file_writer_commit(&file);
}

static fv_status write_model(onnx_writer *w, const char *path)
{
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT, *opsets[] = {&opset};
    STATUS_TRY(write_operations(w));
    STATUS_TRY(set_output(w));
    if (!onnx_write_properties(w) ||
        !(w->graph.name = mem_pool_text(&w->pool, "%s", w->network->model->name)) ||
        !(model.producer_name = mem_pool_text(&w->pool, "fovea")) ||
        !(model.producer_version = mem_pool_text(&w->pool, "%s", fv_version())))
        return status_last();
    opset.has_version = 1;
    opset.version = OPSET;
    opset.domain = (char[]){""};
    model.has_ir_version = 1;
    model.ir_version = IR_VERSION;
    model.n_opset_import = 1;
    model.opset_import = opsets;
    model.graph = &w->graph;
    model.n_metadata_props = w->property_count;
    model.metadata_props = w->properties;
    return save(w, &model, path);
}

static fv_status write(const export_network *n, const fv_export_options *o, const char *path)
{
    onnx_writer w = {.network = n, .options = o};
    onnx__graph_proto__init(&w.graph);
    w.values = mem_pool_array(&w.pool, (size_t)n->graph->value_count, sizeof *w.values);
    fv_status status = w.values ? write_model(&w, path) : status_last();
    onnx_writer_release(&w);
    return status;
}

const export_format onnx_export_format = {
    .info = {"onnx", ".onnx", "ONNX, for ONNX Runtime, OpenCV, TensorRT and others"},
    .write = write,
    .runtime = "fovea's own ONNX import",
    .run = export_run_imported,
};
