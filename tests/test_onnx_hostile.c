/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX files that are damaged, lie, or hold what fovea cannot be: an error that names the file and says what it is. */
#include <onnx.pb-c.h>
#include <sys/stat.h>

#include "convert/tensors.h"
#include "test_model.h"

enum {
    MOST = 24
};

/* A graph in the making: image (1, 3, 8, 8) to logits; everything in it is the array's or a literal. */
typedef struct network {
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
    Onnx__NodeProto nodes[MOST], *node_list[MOST];
    char *inputs[MOST][4], *outputs[MOST][2];
    Onnx__AttributeProto attributes[MOST], *attribute_list[MOST][1];
    Onnx__TensorProto tensors[MOST], *tensor_list[MOST];
    int64_t dims[MOST][9];
    Onnx__StringStringEntryProto entries[MOST], *entry_list[MOST];
    Onnx__ValueInfoProto image, second, logits, *image_list[2], *logits_list[1];
    Onnx__TypeProto type;
    Onnx__TypeProto__Tensor tensor_type;
    Onnx__TensorShapeProto shape;
    Onnx__TensorShapeProto__Dimension sides[5], *side_list[5];
    int attribute_count, entry_count;
} network;

static char *words(const char *text)
{
    return (char *)(uintptr_t)text; /* only packed */
}

static float zeros[3 * 4 * 3 * 3];

/* A tensor of zeros, or of whole numbers. */
static Onnx__TensorProto *tensor(network *n, const char *name, int rank, const int64_t *dims, int64_t *wholes,
                                 size_t count)
{
    size_t i = n->graph.n_initializer++;
    Onnx__TensorProto *t = n->tensor_list[i] = &n->tensors[i];
    onnx__tensor_proto__init(t);
    memcpy(n->dims[i], dims, (size_t)rank * sizeof *dims);
    t->name = words(name);
    t->n_dims = (size_t)rank;
    t->dims = n->dims[i];
    t->has_data_type = 1;
    t->data_type = wholes ? ONNX__TENSOR_PROTO__DATA_TYPE__INT64 : ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    if (wholes) {
        t->n_int64_data = count;
        t->int64_data = wholes;
    } else {
        t->n_float_data = count;
        t->float_data = zeros;
    }
    return t;
}

static Onnx__NodeProto *node(network *n, const char *op, const char *a, const char *b, const char *c,
                             const char *output)
{
    size_t i = n->graph.n_node++;
    Onnx__NodeProto *made = n->node_list[i] = &n->nodes[i];
    onnx__node_proto__init(made);
    made->op_type = words(op);
    made->name = words("the_node");
    made->input = n->inputs[i];
    made->output = n->outputs[i];
    for (const char *const *in = (const char *const[]){a, b, c, NULL}; *in; in++)
        made->input[made->n_input++] = words(*in);
    made->output[made->n_output++] = words(output);
    return made;
}

static Onnx__AttributeProto *attribute(network *n, Onnx__NodeProto *of, const char *name)
{
    int i = n->attribute_count++;
    Onnx__AttributeProto *a = &n->attributes[i];
    onnx__attribute_proto__init(a);
    a->name = words(name);
    n->attribute_list[i][0] = a;
    of->attribute = n->attribute_list[i];
    of->n_attribute = 1;
    return a;
}

static void integers(network *n, Onnx__NodeProto *of, const char *name, int64_t *list, size_t count)
{
    Onnx__AttributeProto *a = attribute(n, of, name);
    a->ints = list;
    a->n_ints = count;
}

static void external(network *n, Onnx__TensorProto *t, const char *key, const char *value)
{
    int i = n->entry_count++;
    onnx__string_string_entry_proto__init(&n->entries[i]);
    n->entries[i].key = words(key);
    n->entries[i].value = words(value);
    n->entry_list[i] = &n->entries[i];
    if (t->n_external_data++ == 0)
        t->external_data = &n->entry_list[i];
    t->n_float_data = 0;
    t->has_data_location = 1;
    t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

/* All but the nodes. */
static network *begin(void)
{
    network *n = calloc(1, sizeof *n);
    assert_non_null(n);
    onnx__model_proto__init(&n->model);
    onnx__graph_proto__init(&n->graph);
    onnx__operator_set_id_proto__init(&n->opset);
    onnx__value_info_proto__init(&n->image);
    onnx__value_info_proto__init(&n->logits);
    onnx__type_proto__init(&n->type);
    onnx__type_proto__tensor__init(&n->tensor_type);
    onnx__tensor_shape_proto__init(&n->shape);
    n->model.has_ir_version = 1;
    n->model.ir_version = 8;
    n->model.graph = &n->graph;
    n->model.opset_import = n->opsets;
    n->model.n_opset_import = 1;
    n->opsets[0] = &n->opset;
    n->opset.has_version = 1;
    n->opset.version = 17;
    for (int k = 0; k < 5; k++) {
        onnx__tensor_shape_proto__dimension__init(&n->sides[k]);
        n->sides[k].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        n->sides[k].dim_value = (int64_t[]){1, 3, 8, 8, 8}[k];
        n->side_list[k] = &n->sides[k];
    }
    n->shape.dim = n->side_list;
    n->shape.n_dim = 4;
    n->tensor_type.shape = &n->shape;
    n->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    n->type.tensor_type = &n->tensor_type;
    n->image.name = words("image");
    n->image.type = &n->type;
    n->second = n->image;
    n->second.name = words("second");
    n->logits.name = words("logits");
    n->image_list[0] = &n->image;
    n->image_list[1] = &n->second;
    n->logits_list[0] = &n->logits;
    n->graph.input = n->image_list;
    n->graph.n_input = 1;
    n->graph.output = n->logits_list;
    n->graph.n_output = 1;
    n->graph.node = n->node_list;
    n->graph.initializer = n->tensor_list;
    return n;
}

/* image -> conv 3x3 of 4 channels, named x. */
static Onnx__NodeProto *convolution(network *n)
{
    tensor(n, "w", 4, (int64_t[]){4, 3, 3, 3}, NULL, 108);
    return node(n, "Conv", "image", "w", NULL, "x");
}

static void finish(network *n, const char *from)
{
    node(n, "GlobalAveragePool", from, NULL, NULL, "pooled");
    node(n, "Flatten", "pooled", NULL, NULL, "logits");
}

static const char *write_bytes(const uint8_t *bytes, size_t size)
{
    const char *path = scratch("net.onnx");
    assert_ok(file_write(path, bytes, size));
    return path;
}

static const char *write_network(network *n)
{
    size_t size = onnx__model_proto__get_packed_size(&n->model);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    onnx__model_proto__pack(&n->model, bytes);
    const char *path = write_bytes(bytes, size);
    free(bytes);
    free(n);
    return path;
}

/* The file is refused, by its name and with these words. */
static void refused(const char *path, const char *why)
{
    fv_model *m = fv_import(path);
    if (m)
        fail_msg("imported, where the error should be: %s", why);
    const char *message = fv_error_message();
    if (strncmp(message, path, strlen(path)) != 0 || !strstr(message, why) || strchr(message, '\n'))
        fail_msg("'%s' where the error should be of %s and: %s", message, path, why);
}

static void network_is_refused(network *n, const char *why)
{
    refused(write_network(n), why);
}

/* ---- the bytes ---- */

static void what_is_well_made_is_imported(void **state)
{
    (void)state;
    network *n = begin();
    convolution(n);
    finish(n, "x");
    fv_model *m = fv_import(write_network(n));
    if (!m)
        fail_msg("%s", fv_error_message());
    assert_int_equal(fv_model_class_count(m), 4);
    fv_model_destroy(m);
}

static void cut_and_changed_files(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t size;
    int imported = 0;
    assert_ok(file_read(FV_SOURCE_DIR "/tests/golden/onnx/vit_dyn.onnx", 1 << 20, &bytes, &size));
    for (size_t cut = 0; cut < size; cut += 131) {
        const char *path = write_bytes(bytes, cut);
        fv_model *m = fv_import(path);
        assert_null(m);
        assert_non_null(strstr(fv_error_message(), "net.onnx: "));
    }
    uint32_t random = 7;
    for (int k = 0; k < 300; k++) {
        random = random * 1664525u + 1013904223u;
        size_t at = random % size;
        uint8_t old = bytes[at];
        bytes[at] ^= (uint8_t)(1 << (random >> 29));
        fv_model *m = fv_import(write_bytes(bytes, size));
        imported += m != NULL; /* most bytes are weights */
        fv_model_destroy(m);
        bytes[at] = old;
    }
    assert_true(imported > 0);
    free(bytes);
}

static void deep_and_many(void **state)
{
    (void)state;
    enum {
        DEPTH = 1999,
        PARTS = 100000
    };
    uint8_t *deep = malloc(16 * DEPTH), *many = malloc(2 * PARTS + 16);
    size_t size = 0;
    /* Inside out: a graph (field 6 of an attribute), in an attribute (5 of a node), in a node (1 of a graph). */
    for (int k = 0; k < DEPTH; k++) {
        uint8_t head[8];
        size_t used = 0, length = size;
        head[used++] = (uint8_t)((int[]){1, 6, 5}[k % 3] << 3 | 2);
        for (; length > 127; length >>= 7)
            head[used++] = (uint8_t)(length | 128);
        head[used++] = (uint8_t)length;
        memmove(deep + used, deep, size);
        memcpy(deep, head, used);
        size += used;
    }
    uint8_t start[] = {0x08, 0x08, 0x3a, (uint8_t)(size & 127) | 128, (uint8_t)(size >> 7)};
    memmove(deep + sizeof start, deep, size);
    memcpy(deep, start, sizeof start);
    refused(write_bytes(deep, size + sizeof start), "nested too deep");
    /* Empty nodes: two bytes each, some hundred in memory. */
    uint8_t graph[] = {0x08,           0x08, 0x3a, (2 * PARTS & 127) | 128, (2 * PARTS >> 7 & 127) | 128,
                       2 * PARTS >> 14};
    memcpy(many, graph, sizeof graph);
    for (int k = 0; k < PARTS; k++) {
        many[sizeof graph + 2 * (size_t)k] = 0x0a;
        many[sizeof graph + 2 * (size_t)k + 1] = 0;
    }
    refused(write_bytes(many, 2 * PARTS + sizeof graph), "far more memory than its size");
    free(deep);
    free(many);
}

/* ---- tensors ---- */

static network *with_weights(int rank, const int64_t *dims, size_t count)
{
    network *n = begin();
    tensor(n, "w", rank, dims, NULL, count);
    node(n, "Conv", "image", "w", NULL, "x");
    finish(n, "x");
    return n;
}

static void tensors_that_lie(void **state)
{
    (void)state;
    const int64_t huge = (int64_t)1 << 31, nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    network_is_refused(with_weights(4, (int64_t[]){huge, huge, huge, huge}, 108), "has a side of");
    network_is_refused(with_weights(4, (int64_t[]){-4, 3, 3, 3}, 108), "has a side of -4");
    network_is_refused(with_weights(4, (int64_t[]){1 << 20, 3, 3, 3}, 108),
                       "432 bytes of values where its shape needs");
    network_is_refused(with_weights(4, (int64_t[]){4, 3, 3, 3}, 107),
                       "428 bytes of values where its shape needs 432");
    network_is_refused(with_weights(9, nine, 1), "has 9 dimensions");
    network_is_refused(with_weights(4, (int64_t[]){0, 3, 3, 3}, 0), "weights do not fit");
    network_is_refused(with_weights(2, (int64_t[]){4, 27}, 108), "weights do not fit");
    network_is_refused(with_weights(4, (int64_t[]){4, 3, 1, 9}, 108), "window is larger");
    network *n = with_weights(4, (int64_t[]){4, 3, 3, 3}, 108);
    n->tensors[0].data_type = ONNX__TENSOR_PROTO__DATA_TYPE__COMPLEX64;
    network_is_refused(n, "number type 14");
}

static void external_is_refused(const char *location, const char *offset, const char *length, const char *why)
{
    network *n = with_weights(4, (int64_t[]){4, 3, 3, 3}, 108);
    external(n, n->tensor_list[0], "location", location);
    if (offset)
        external(n, n->tensor_list[0], "offset", offset);
    if (length)
        external(n, n->tensor_list[0], "length", length);
    const char *path = write_network(n);
    refused(path, why);
    tensor_file *f;
    assert_int_not_equal(tensor_file_open(path, &f), FV_OK);
    assert_non_null(strstr(fv_error_message(), why));
}

static void values_in_other_files(void **state)
{
    (void)state;
    uint8_t bytes[500] = {0};
    char path[600], target[600];
    assert_ok(file_write(scratch("weights.bin"), bytes, sizeof bytes));
    snprintf(path, sizeof path, "%s", scratch("inner"));
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(target, sizeof target, "%s", scratch("weights.bin"));
    snprintf(path, sizeof path, "%s", scratch("link.bin"));
    assert_int_equal(symlink(target, path), 0);
    snprintf(path, sizeof path, "%s", scratch("linked"));
    assert_int_equal(symlink("/etc", path), 0);
    external_is_refused("../../etc/passwd", NULL, NULL, "is not in the model's folder");
    external_is_refused("/etc/passwd", NULL, NULL, "is not in the model's folder");
    external_is_refused("inner/../../../etc/passwd", NULL, NULL, "is not in the model's folder");
    external_is_refused("./weights.bin", NULL, NULL, "is not in the model's folder");
    external_is_refused("linked/passwd", NULL, NULL, "is a link");
    external_is_refused("link.bin", NULL, NULL, "is a link");
    external_is_refused("inner", NULL, NULL, "is no regular file");
    external_is_refused("absent.bin", NULL, NULL, "is missing");
    external_is_refused("weights.bin", "69", NULL, "behind its end");
    external_is_refused("weights.bin", "18446744073709551615", NULL, "behind its end");
    external_is_refused("weights.bin", "99999999999999999999", NULL, "does not say");
    external_is_refused("weights.bin", "-1", NULL, "does not say");
    external_is_refused("weights.bin", "0", "431", "another number of bytes");
    network *n = with_weights(4, (int64_t[]){4, 3, 3, 3}, 108);
    external(n, n->tensor_list[0], "location", "weights.bin");
    external(n, n->tensor_list[0], "offset", "68");
    fv_model *m = fv_import(write_network(n));
    assert_non_null(m);
    fv_model_destroy(m);
}

/* ---- the graph ---- */

static void graphs_that_do_not_hang_together(void **state)
{
    (void)state;
    network *n = begin(); /* a circle */
    node(n, "Add", "b", "image", NULL, "a");
    node(n, "Relu", "a", NULL, NULL, "b");
    finish(n, "b");
    network_is_refused(n, "computed nowhere before it");
    n = begin();
    node(n, "Add", "image", "absent", NULL, "x");
    finish(n, "x");
    network_is_refused(n, "input absent is computed nowhere");
    n = begin();
    convolution(n);
    network_is_refused(n, "does not compute its output");
    n = begin();
    convolution(n);
    tensor(n, "w", 4, (int64_t[]){4, 3, 3, 3}, NULL, 108);
    finish(n, "x");
    network_is_refused(n, "two tensors of its graph are called w");
    n = begin();
    convolution(n);
    node(n, "Relu", "image", NULL, NULL, "x");
    finish(n, "x");
    network_is_refused(n, "two tensors of its graph are called x");
    n = begin();
    network_is_refused(n, "without a graph");
    n = begin();
    convolution(n);
    finish(n, "x");
    n->graph.n_output = 0;
    network_is_refused(n, "no output");
    n = begin();
    convolution(n);
    finish(n, "x");
    n->model.n_opset_import = 0;
    network_is_refused(n, "of which version");
}

static void inputs_that_are_no_pictures(void **state)
{
    (void)state;
    static const int64_t sides[][4] = {{1, 3, 8, 1 << 20}, {1, 7, 8, 8}, {1, 4, 8, 8}};
    static const char *const why[] = {"too large", "7 channels", "4 channels"};
    for (int k = 0; k < 3; k++) {
        network *n = begin();
        for (int i = 0; i < 4; i++)
            n->sides[i].dim_value = sides[k][i];
        convolution(n);
        finish(n, "x");
        network_is_refused(n, why[k]);
    }
    network *n = begin();
    n->shape.n_dim = 3;
    convolution(n);
    finish(n, "x");
    network_is_refused(n, "four dimensions");
    n = begin();
    n->graph.n_input = 2;
    node(n, "Add", "image", "second", NULL, "x");
    finish(n, "x");
    network_is_refused(n, "several inputs");
    n = begin();
    n->graph.n_input = 0;
    convolution(n);
    finish(n, "x");
    network_is_refused(n, "no input");
}

static void operations_that_are_none(void **state)
{
    (void)state;
    static const char *const plain[][2] = {
        {"NonMaxSuppression", "node the_node (NonMaxSuppression): fovea has no such operation"},
        {"Mish", "none of fovea's activations"},
        {"If", "fovea has no such operation"},
        {"Softmax", "over another side than the channels"},
    };
    for (int k = 0; k < 4; k++) {
        network *n = begin();
        convolution(n);
        node(n, plain[k][0], "x", NULL, NULL, "y");
        finish(n, "y");
        network_is_refused(n, plain[k][1]);
    }
    network *n = begin();
    convolution(n)->domain = words("com.example");
    finish(n, "x");
    network_is_refused(n, "an operation of com.example");
    n = begin();
    convolution(n);
    node(n, "MatMul", "x", "x", NULL, "y");
    node(n, "Flatten", "y", NULL, NULL, "logits");
    network_is_refused(n, "another way than attention does");
    n = begin();
    node(n, "Conv", "image", "image", NULL, "x");
    finish(n, "x");
    network_is_refused(n, "must be known when it is imported");
}

static void attributes_of_no_sense(void **state)
{
    (void)state;
    const int64_t huge = INT64_MAX / 2;
    static const struct {
        const char *op, *name;
        int64_t list[4];
        size_t count;
        const char *why;
    } rows[] = {
        {"Conv", "strides", {0, 1}, 2, "strides are not two sensible numbers"},
        {"Conv", "strides", {1}, 1, "strides are not two sensible numbers"},
        {"Conv", "dilations", {INT64_MAX, 1}, 2, "dilations are not two sensible numbers"},
        {"Conv", "pads", {-1, 0, 0, 0}, 4, "pads are negative or very large"},
        {"Conv", "pads", {INT64_MAX, INT64_MAX, 0, 0}, 4, "pads are negative or very large"},
        {"Conv", "pads", {1, 1}, 2, "pads are not four numbers"},
        {"MaxPool", "kernel_shape", {0, 2}, 2, "kernel_shape are not two sensible numbers"},
        {"MaxPool", "kernel_shape", {9, 9}, 2, "window is larger"},
        {"MaxPool", "strides", {2, 2}, 2, "kernel_shape are not two sensible numbers"},
        {"Transpose", "perm", {0, 0, 1, 2}, 4, "no order of its input's axes"},
        {"Transpose", "perm", {0, 1, 2, 9}, 4, "no order of its input's axes"},
        {"ReduceMean", "axes", {7}, 1, "an axis that its input has not"},
        {"Squeeze", "axes", {-9}, 1, "an axis that its input has not"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        network *n = begin();
        int64_t list[4];
        memcpy(list, rows[k].list, sizeof list);
        Onnx__NodeProto *c = convolution(n);
        if (strcmp(rows[k].op, "Conv") != 0)
            c = node(n, rows[k].op, "x", NULL, NULL, "y");
        integers(n, c, rows[k].name, list, rows[k].count);
        finish(n, strcmp(rows[k].op, "Conv") == 0 ? "x" : "y");
        network_is_refused(n, rows[k].why);
    }
    static const struct {
        const char *op;
        int64_t numbers[4];
        size_t count;
        const char *why;
    } shapes[] = {
        {"Reshape", {1, -1, -1, 1}, 4, "does not lie as"},
        {"Reshape", {1, 7, -1, 1}, 4, "does not lie as"},
        {"Reshape", {INT64_MAX, INT64_MAX, 1, 1}, 4, "does not lie as"},
        {"Reshape", {-5, 1, 1, 1}, 4, "does not lie as"},
        {"Gather", {99}, 1, "a part that is not there"},
        {"Expand", {4, 4, 8, 8}, 4, "repeats values"},
    };
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        network *n = begin();
        int64_t numbers[4], count = (int64_t)shapes[k].count;
        memcpy(numbers, shapes[k].numbers, sizeof numbers);
        convolution(n);
        tensor(n, "numbers", 1, &count, numbers, shapes[k].count);
        node(n, shapes[k].op, "x", "numbers", NULL, "y");
        finish(n, "y");
        network_is_refused(n, shapes[k].why);
    }
    for (int k = 0; k < 2; k++) { /* constants that a few bytes make */
        network *n = begin();
        int64_t numbers[4] = {k ? huge : 1 << 15, 1 << 15, 1, 1};
        convolution(n);
        tensor(n, "numbers", 1, (int64_t[]){4}, numbers, 4);
        node(n, "ConstantOfShape", "numbers", NULL, NULL, "zeros");
        node(n, "Add", "x", "zeros", NULL, "y");
        finish(n, "y");
        network_is_refused(n, k ? "too large" : "far more numbers than the file has");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_well_made_is_imported),
        cmocka_unit_test(cut_and_changed_files),
        cmocka_unit_test(deep_and_many),
        cmocka_unit_test(tensors_that_lie),
        cmocka_unit_test(values_in_other_files),
        cmocka_unit_test(graphs_that_do_not_hang_together),
        cmocka_unit_test(inputs_that_are_no_pictures),
        cmocka_unit_test(operations_that_are_none),
        cmocka_unit_test(attributes_of_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
