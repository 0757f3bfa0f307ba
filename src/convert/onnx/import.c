/* SPDX-License-Identifier: Apache-2.0 */
/* A network out of an ONNX file: the graph's nodes in their order, each by its operation's handler (importer.h). */
#include "convert/onnx/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/onnx/importer.h"
#include "core/memory.h"
#include "core/text.h"

enum {
    DEFAULT_SIDE = 224,
    SIDE_MAX = 16384
};
static const uint64_t memory_always = (uint64_t)64 << 20, memory_a_byte = 8;

/* ---- values by their names ---- */

static fv_status find_name(importer *m, const char *name, uint32_t *index)
{
    size_t count = m->names.count;
    STATUS_TRY(name_table_add(&m->names, name, index));
    while (m->names.count > count) {
        STATUS_TRY(MEM_GROW(m->values, count, m->value_capacity));
        m->values[count++] = NULL;
    }
    return FV_OK;
}

static fv_status set_value(importer *m, const char *name, const operand *v)
{
    uint32_t index;
    char shown[96];
    STATUS_TRY(find_name(m, name, &index));
    if (m->values[index]) {
        snprintf(shown, sizeof shown, "%.90s", name);
        text_flatten(shown);
        return status_set(FV_ERROR_FORMAT, "two tensors of its graph are called %s", shown);
    }
    if (!(m->values[index] = import_array(m, 1, sizeof *v)))
        return status_last();
    *m->values[index] = *v;
    return FV_OK;
}

/* Initialisers have the first numbers of names. They are read when they are needed first: until then a value has neither step nor
 * constant. */
static fv_status read_initializers(importer *m)
{
    const Onnx__GraphProto *g = m->file.model->graph;
    for (size_t i = 0; i < g->n_initializer; i++)
        STATUS_TRY(set_value(m, g->initializer[i]->name ? g->initializer[i]->name : "", &(operand){0}));
    return FV_OK;
}

/* ---- the input ---- */

static int64_t side_of(const Onnx__TensorShapeProto *s, size_t k)
{
    const Onnx__TensorShapeProto__Dimension *d = s->dim[k];
    return d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && d->dim_value > 0
               ? d->dim_value
               : 0;
}

/* The one input that the output needs and that is no initialiser. */
static fv_status find_input(importer *m, const bool *wanted, const Onnx__ValueInfoProto **out)
{
    const Onnx__GraphProto *g = m->file.model->graph;
    *out = NULL;
    for (size_t i = 0; i < g->n_input; i++) {
        const char *name = g->input[i]->name ? g->input[i]->name : "";
        int64_t at = name_table_find(&m->names, name);
        if (at < 0 || m->values[at] || !wanted[at])
            continue;
        if (*out)
            return status_set(FV_ERROR_UNSUPPORTED,
                              "its graph has several inputs; an image classifier has one");
        *out = g->input[i];
    }
    return *out ? FV_OK : status_set(FV_ERROR_UNSUPPORTED, "its graph has no input");
}

static fv_status choose_side(const char *what, int64_t own, int64_t asked, int64_t *out)
{
    *out = own ? own : asked ? asked : DEFAULT_SIDE;
    if (own && asked && own != asked)
        return status_set(FV_ERROR_INVALID,
                          "its input has the %s %" PRId64 ", not %" PRId64
                          "; export it for that size, or with one that is left open (dynamic axes)",
                          what, own, asked);
    return *out >= 1 && *out <= SIDE_MAX ? FV_OK : status_set(FV_ERROR_UNSUPPORTED, "its input is too large");
}

static fv_status add_input(importer *m, const bool *wanted)
{
    const Onnx__ValueInfoProto *info;
    STATUS_TRY(find_input(m, wanted, &info));
    const Onnx__TypeProto__Tensor *type =
        info->type && info->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ? info->type->tensor_type
                                                                                    : NULL;
    if (!type || !type->shape || type->shape->n_dim != 4)
        return status_set(FV_ERROR_UNSUPPORTED, "its input is no batch of pictures, with four dimensions");
    int64_t sides[4];
    for (size_t k = 0; k < 4; k++)
        sides[k] = side_of(type->shape, k);
    bool last = sides[1] != 1 && sides[1] != 3 && (sides[3] == 1 || sides[3] == 3);
    int64_t channels = sides[last ? 3 : 1] ? sides[last ? 3 : 1] : 3;
    if (channels != 1 && channels != 3)
        return status_set(FV_ERROR_UNSUPPORTED,
                          "its input has %" PRId64 " channels; fovea's pictures have 1 or 3", channels);
    call c = {.import = m};
    step *s = m->input = step_add(&c, STEP_INPUT, NULL, 0);
    if (!s)
        return status_last();
    m->batch = sides[0] ? sides[0] : 1;
    STATUS_TRY(choose_side("height", sides[last ? 1 : 2], m->options->height, &s->size[HEIGHT]));
    STATUS_TRY(choose_side("width", sides[last ? 2 : 3], m->options->width, &s->size[WIDTH]));
    s->size[CHANNELS] = channels;
    operand v;
    operand_set(&v, s, view_of_picture(s->size, last));
    return set_value(m, info->name ? info->name : "", &v);
}

/* ---- the nodes ---- */

static handler find_handler(const operation *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table->handle;
    return NULL;
}

static fv_status run(call *c, bool known)
{
    static const operation *const tables[] = {layout_operations, layer_operations, elementwise_operations,
                                              matmul_operations, reduction_operations};
    const char *domain = c->node->domain, *op = c->node->op_type;
    if (domain && *domain && strcmp(domain, "ai.onnx") != 0)
        return call_error(c, FV_ERROR_UNSUPPORTED, "is an operation of %.60s, not of ONNX itself", domain);
    handler h = known ? find_handler(folding_operations, op) : NULL;
    if (known && !h)
        h = find_handler(arithmetic_operations, op);
    for (size_t i = 0; !h && i < sizeof tables / sizeof *tables; i++)
        h = find_handler(tables[i], op);
    return h ? h(c)
             : call_error(
                   c, FV_ERROR_UNSUPPORTED,
                   "fovea has no such operation; export the network in evaluation mode (model.eval()), and "
                   "without what is not its classifier");
}

static fv_status take_inputs(call *c, bool *known)
{
    importer *m = c->import;
    const Onnx__NodeProto *n = c->node;
    *known = true;
    for (int i = 0; i < c->in_count; i++) {
        if (!*n->input[i])
            continue;
        int64_t at = name_table_find(&m->names, n->input[i]);
        operand *v = at >= 0 ? m->values[at] : NULL;
        if (!v)
            return call_error(c, FV_ERROR_FORMAT, "its input %.60s is computed nowhere before it",
                              n->input[i]);
        if (!v->step && !v->constant)
            STATUS_TRY(constant_of_tensor(m, m->file.model->graph->initializer[at], &v->constant));
        *known = *known && v->constant;
        c->in[i] = v;
    }
    return FV_OK;
}

static fv_status run_node(importer *m, const Onnx__NodeProto *n)
{
    call c = {.import = m, .node = n};
    bool known;
    if (!n->op_type)
        return status_set(FV_ERROR_FORMAT, "a node of its graph has no operation");
    if (n->n_input > MAX_INPUTS || n->n_output > MAX_INPUTS)
        return call_error(&c, FV_ERROR_UNSUPPORTED, "has more than %d inputs or outputs", MAX_INPUTS);
    c.in_count = (int)n->n_input;
    c.out_count = (int)n->n_output;
    c.in = import_array(m, n->n_input, sizeof *c.in);
    c.out = import_array(m, n->n_output, sizeof *c.out);
    if (!c.in || !c.out)
        return status_last();
    STATUS_TRY(take_inputs(&c, &known));
    STATUS_TRY(run(&c, known));
    for (int i = 0; i < c.out_count; i++)
        if (*n->output[i] && (c.out[i].step || c.out[i].constant))
            STATUS_TRY(set_value(m, n->output[i], &c.out[i]));
    return FV_OK;
}

/* Which nodes the output needs, and which tensors by their names' numbers. */
static fv_status find_needed(importer *m, const char *output, bool **out, bool **tensors)
{
    const Onnx__GraphProto *g = m->file.model->graph;
    uint32_t index;
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_input + g->node[i]->n_output; k++)
            STATUS_TRY(find_name(m,
                                 k < g->node[i]->n_input ? g->node[i]->input[k]
                                                         : g->node[i]->output[k - g->node[i]->n_input],
                                 &index));
    STATUS_TRY(find_name(m, output, &index));
    bool *needed = *out = import_array(m, g->n_node, sizeof *needed),
         *wanted = *tensors = import_array(m, m->names.count, sizeof *wanted);
    if (!needed || !wanted)
        return status_last();
    wanted[index] = true;
    bool any = false;
    for (size_t i = g->n_node; i-- > 0;) {
        const Onnx__NodeProto *n = g->node[i];
        for (size_t k = 0; k < n->n_output; k++)
            needed[i] = needed[i] || (*n->output[k] && wanted[name_table_find(&m->names, n->output[k])]);
        for (size_t k = 0; needed[i] && k < n->n_input; k++)
            wanted[name_table_find(&m->names, n->input[k])] = true;
        any = any || needed[i];
    }
    return any ? FV_OK : status_set(FV_ERROR_FORMAT, "its graph does not compute its output");
}

/* ---- all of it ---- */

static fv_status read_graph(importer *m, operand *output)
{
    const Onnx__GraphProto *g = m->file.model->graph;
    bool *needed, *wanted;
    if (g->n_output == 0 || !g->output[0]->name)
        return status_set(FV_ERROR_FORMAT, "its graph has no output");
    if (g->n_output > 1)
        import_log(m, "only the first of its %zu outputs was taken, %s", g->n_output, g->output[0]->name);
    const char *name = g->output[0]->name;
    STATUS_TRY(read_initializers(m));
    STATUS_TRY(find_needed(m, name, &needed, &wanted));
    STATUS_TRY(add_input(m, wanted));
    for (size_t i = 0; i < g->n_node; i++)
        if (needed[i])
            STATUS_TRY(run_node(m, g->node[i]));
    int64_t at = name_table_find(&m->names, name);
    if (at < 0 || !m->values[at] || !m->values[at]->step)
        return status_set(FV_ERROR_FORMAT, "its graph does not compute its output");
    Onnx__NodeProto end = ONNX__NODE_PROTO__INIT;
    end.op_type = (char[]){"output"};
    end.name = (char *)(uintptr_t)name; /* only read */
    return operand_whole(&(call){.import = m, .node = &end}, m->values[at], output);
}

static fv_status read_versions(importer *m)
{
    const Onnx__ModelProto *model = m->file.model;
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *domain = model->opset_import[i]->domain;
        if (!domain || !*domain || strcmp(domain, "ai.onnx") == 0)
            m->opset = model->opset_import[i]->version;
    }
    return m->opset >= 1 ? FV_OK
                         : status_set(FV_ERROR_FORMAT, "does not say of which version its operations are");
}

/* What constants may take: in proportion to the values that the file has, beside it too. */
static fv_status limit_memory(importer *m)
{
    const Onnx__GraphProto *g = m->file.model->graph;
    m->memory_limit = memory_always + memory_a_byte * m->file.size;
    for (size_t i = 0; i < g->n_initializer; i++) {
        onnx_tensor t;
        if (g->initializer[i]->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
            continue;
        STATUS_TRY(onnx_tensor_check(&m->file, g->initializer[i], &t));
        m->memory_limit += memory_a_byte * (uint64_t)t.count * number_size(t.type);
    }
    return FV_OK;
}

static void tell(const importer *m, const fv_model *model)
{
    const Onnx__ModelProto *p = m->file.model;
    import_log(m,
               "ONNX, operations of version %" PRId64 ", by %s %s: %zu nodes, %" PRId64 " layers, %" PRId64
               " parameters",
               m->opset, p->producer_name && *p->producer_name ? p->producer_name : "an unknown program",
               p->producer_version ? p->producer_version : "", p->graph->n_node, fv_model_layer_count(model),
               fv_model_parameter_count(model));
}

static void release(importer *m)
{
    mem_pool_release(&m->pool);
    free(m->steps);
    free(m->values);
    name_table_release(&m->names);
    onnx_file_close(&m->file);
}

static fv_status build(const fv_import_options *o, fv_model **out)
{
    importer m = {.options = o};
    operand output;
    fv_model *model = NULL;
    STATUS_TRY(onnx_file_open(&m.file, o->path));
    fv_status status = limit_memory(&m);
    if (status == FV_OK && (status = read_versions(&m)) == FV_OK)
        status = read_graph(&m, &output);
    if (status == FV_OK)
        status = import_layers(&m, &output, &model);
    if (status == FV_OK)
        status = import_preprocess(&m, model);
    if (status == FV_OK)
        tell(&m, model);
    release(&m);
    if (status == FV_OK)
        *out = model;
    else
        fv_model_destroy(model);
    size_t length = strlen(o->path);
    return status == FV_OK || strncmp(fv_error_message(), o->path, length) == 0
               ? status
               : status_prefix(status, "%s", o->path);
}

static bool is_one(const uint8_t *head, const char *path)
{
    const char *dot = strrchr(path, '.');
    return onnx_begins(head) || (dot && strcmp(dot, ".onnx") == 0);
}

const graph_format onnx_format = {"ONNX", is_one, build};
