/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of fv_model: the forward graph as layers added to it, the tensors that live in it, and what belongs to the
 * model besides (classes, preprocessing). Folders above nn/ read these fields; only nn/ adds layers.
 *
 *     graph *g = network_graph(m, 32, NETWORK_TRAINING, NULL);   // a copy with the batch fixed and the normalisation filled in
 *
 * The graph of a model is kept in training form (batch norm with batch statistics, dropout), unfused, with BATCH as its
 * first dimension; users copy and transform it. Value ids of the copy are the model's.
 */
#ifndef NN_NETWORK_H
#define NN_NETWORK_H

#include "core/options.h"
#include "graph/graph.h"

struct fv_node {
    fv_model *model;
    value_id value;
    int32_t layer; /* index of the layer that made it; -1: the input */
};

typedef struct layer_type layer_type;

/* One call of the functional API, as it was made: what the model file and the YAML form are written from. */
typedef struct layer_record {
    const layer_type *type;
    char *name;
    void *
        options; /* a copy of the options struct, `type->options_size` bytes; its strings and nodes are not to be used */
    fv_node *inputs[OP_MAX_INPUTS];
    int input_count;
    fv_node *output;
    int32_t first_op, op_count;         /* its operations in the graph */
    int32_t first_tensor, tensor_count; /* its tensors among the model's */
} layer_record;

/* A parameter or a running statistic, in logical order (OIHW, (O, I) or (C)). */
typedef struct network_tensor {
    char *name; /* "layer1.0.conv1.weight" */
    value_id value;
    shape shape;
    int64_t count;
    float *data; /* owned, 64-byte aligned; NULL while it is not read */
    bool trainable;
    bool decay;       /* weight decay applies: not to biases and norms */
    bool frozen;      /* training leaves it as it is (nn/freezing.c) */
    float rate_scale; /* of the learning rate; 1 unless set */
} network_tensor;

typedef enum tensor_source {
    TENSORS_DRAWN,  /* an initializer */
    TENSORS_FILLED, /* whoever builds the network: they are zero */
    TENSORS_READ    /* a file: they have no memory before (model/file.c) */
} tensor_source;

/* What a higher folder keeps with a model, such as the plans of its predictor. */
typedef struct network_attachment {
    void *data;
    void (*destroy)(void *data);
} network_attachment;
enum {
    NETWORK_PREDICTOR,
    NETWORK_ATTACHMENTS
};

struct fv_model {
    char *name;
    uint64_t seed;
    fv_preprocess preprocess;
    /* Where the values of tensors come from that are added now, and how many a file has at most. */
    tensor_source tensor_source;
    int64_t file_values;
    bool statistics_set;  /* mean and std were given or measured */
    bool keep_statistics; /* batch norms are trained with their running statistics, which stay */
    graph *graph;
    value_id pixels;         /* the u8 input (BATCH, H, W, C); NO_VALUE before fv_input */
    value_id dropout_step;   /* the i32 input of dropout layers; NO_VALUE when there are none */
    fv_node *input, *output; /* NULL before fv_input, fv_output */
    layer_record *layers;
    int32_t layer_count;
    size_t layer_capacity;
    network_tensor *tensors;
    int32_t tensor_count;
    size_t tensor_capacity;
    fv_node **nodes; /* all of them, owned */
    int32_t node_count;
    size_t node_capacity;
    char **classes; /* NULL while not set */
    int64_t class_count;
    fv_status status; /* the first error of a layer call */
    char error[1024];
    uint64_t version; /* grows whenever tensors or preprocessing change: attachments compare it */
    network_attachment attachments[NETWORK_ATTACHMENTS];
    fv_compile_options
        compile; /* as given to fv_compile, defaults resolved; engine is a copy owned by the model */
    bool compiled;
    /* A few inputs with their logits, to verify a loaded file (model/file.c). */
    uint8_t *sample_pixels;
    float *sample_logits;
    int64_t sample_count;
    float temperature; /* logits are divided by it before they become probabilities; 0: 1 */
    float *thresholds; /* (threshold_count): see fv_model_set_thresholds */
    int64_t threshold_count;
};

/* FV_OK, or the first error of a layer call, or that input or output are missing. */
fv_status network_check(const fv_model *m);
typedef enum network_form {
    NETWORK_INFERENCE = 0, /* batch norm folded, everything fused: the fastest */
    NETWORK_TRAINING,      /* as it was built */
    NETWORK_DIFFERENTIABLE /* the numbers of inference, but unfused, so that graph_gradients works for any value */
} network_form;
/* A copy of the graph with `batch` fixed (BATCH: left open) and the normalisation from m->preprocess. `keep` (may be NULL, NO_VALUE-terminated):
 * further values to mark as outputs before any pass. Logits are always an output. NULL on failure. The caller destroys it. */
graph *network_graph(const fv_model *m, int64_t batch, network_form form, const value_id *keep);
/* Marks tensors or preprocessing as changed. */
void network_changed(fv_model *m);
/* What its plans are to be computed by, a name as that of fv_compile_options. */
fv_status network_set_engine(fv_model *m, const char *name);
network_tensor *network_find_tensor(const fv_model *m, const char *name);

/* ---- layers (nn/layers/, one file each) ---- */

typedef struct layer {
    fv_model *model;
    const char *name;
    fv_node *const *inputs;
    int input_count;
} layer;

struct layer_type {
    const char *name;      /* "conv2d": in YAML, in the model file and in made-up layer names */
    const char *help;      /* one line, for listings */
    const option *options; /* without inputs and name */
    size_t options_size;
    int min_inputs, max_inputs;
    /* Adds operations and returns the output's value, NO_VALUE with the error set. */
    value_id (*build)(layer *l, const void *options);
};

extern const layer_type *const layer_table[]; /* NULL-ended */
const layer_type *layer_find(const char *name);

/* Adds a layer: what every fv_… layer call ends in. NULL when an input is NULL or the layer cannot be. `options` may be shorter than the type's
 * (an older caller): the rest is zero. `name` NULL: made up. */
fv_node *layer_add(const layer_type *type, fv_node *const *inputs, int count, const void *options,
                   size_t size, const char *name);

/* For build functions. */
value_id layer_input(const layer *l, int i);
shape layer_input_shape(const layer *l, int i);
/* A new parameter NAME.suffix (NAME alone when the suffix is NULL), initialised. fan_in and fan_out are taken from the shape. NO_VALUE with the error set. */
value_id layer_parameter(layer *l, const char *suffix, shape s, fv_initializer init, bool decay);
value_id layer_constant(layer *l, const char *suffix, shape s, float fill,
                        bool trainable); /* norms' weights, statistics, biases */
value_id layer_op(layer *l, op_kind kind, const value_id *inputs, int count, const op_attributes *a);
/* `v` with the activation applied (softmax too); `v` itself when linear. */
value_id layer_activation(layer *l, value_id v, fv_activation_kind kind, float alpha);
/* v as (first, …): the same numbers in another shape. A first side of BATCH is that of v. */
value_id layer_reshape(layer *l, value_id v, shape s);
/* An error unless input 0 is (N, H, W, C). */
fv_status layer_pictures(const layer *l);
/* Fills a window from the usual fields; stride 0 becomes `default_stride`. Errors name the option. */
fv_status layer_window(const layer *l, window *w, const int64_t kernel[2], const int64_t stride[2],
                       int64_t dilation, fv_padding padding, const int64_t pad[4]);

/* ---- stages and freezing (nn/stages.c, nn/freezing.c) ---- */

/* The layer that makes the logits: the last dense layer or neighbours' vote, or the last convolution after all of these; NULL when there is none. */
const layer_record *network_head(const fv_model *m);
/* Whether that is the nearest neighbours' vote. */
bool network_votes(const fv_model *m);
/* Whether one of the layers that are marked (m->layer_count places) makes an input of this one. */
bool network_follows(const layer_record *l, const bool *marked);
/* Whether the layer is the head, or a dense layer beside it whose logits are added to the head's, as DeiT's second one. */
bool network_is_head(const fv_model *m, const layer_record *l);
/* Whether the logits are what one dense layer without activation, or a vote, makes of flat features. */
bool network_ends_flat(const fv_model *m);
/* The number of each tensor's stage, from 0, into `stage` (m->tensor_count places); -1 for the head's. Returns how many stages there are, 0
 * with the error set. */
int32_t network_stages(const fv_model *m, int32_t *stage);
/* Freezes all but the head, or the leading stages, beside what is frozen already. */
fv_status network_freeze_backbone(fv_model *m);
fv_status network_freeze_stages(fv_model *m, int64_t stages);

/* nn/initializers.c */
void initializer_fill(fv_initializer init, const shape *s, uint64_t seed, uint32_t stream, float *data);

#endif
