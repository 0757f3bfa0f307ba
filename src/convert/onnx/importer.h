/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an ONNX graph to layers. The graph's nodes are gone through once (import.c), each by the handler of its operation. Values that are known
 * are constants, and what makes constants of constants is computed (folding.c). All others are views (view.h) of pictures that `step`s
 * make: an inner list of what could become layers. Handlers put steps together where several are one layer (a bias is added to the
 * dense layer before it, x * sigmoid(x) is one function), so most steps are superseded before the end; only those that
 * the output needs become layers (layers.c), and an operation that is none is an error only then.
 *
 * All memory of an import belongs to it and goes at its end.
 */
#ifndef CONVERT_ONNX_IMPORTER_H
#define CONVERT_ONNX_IMPORTER_H

#include "convert/onnx/file.h"
#include "convert/onnx/view.h"
#include "core/memory.h"
#include "data/name_table.h"
#include "nn/network.h"

enum {
    CURVE_POINTS = 41, /* -10 to 10 in halves */
    MAX_INPUTS = 1024  /* of an operation */
};

typedef struct constant {
    const char *name; /* of the initialiser that it was; "" when it has none of use */
    int rank;
    int64_t shape[VIEW_RANK], count;
    bool whole; /* whole numbers: `wholes`, else `floats` */
    float *floats;
    int64_t *wholes;
} constant;

typedef enum step_kind {
    STEP_INPUT,
    STEP_CONVOLUTION,
    STEP_DENSE, /* of each place; or of all of a picture, which becomes one pixel */
    STEP_MAX_POOL,
    STEP_AVERAGE_POOL,
    STEP_GLOBAL_AVERAGE,
    STEP_GLOBAL_MAX,
    STEP_BATCH_NORM,
    STEP_LAYER_NORM,
    STEP_GROUP_NORM,
    STEP_AFFINE,     /* weight * x + bias, channel by channel */
    STEP_CURVE,      /* a function of each value of `root`, known by its values at CURVE_POINTS points */
    STEP_ACTIVATION, /* what a curve turns out to be */
    STEP_ADD,
    STEP_MULTIPLY,
    STEP_CONCAT,
    STEP_PAD,
    STEP_CROP,
    STEP_DROPOUT,
    STEP_REVERSE, /* three channels, the last first: of the input only */
    STEP_SHUFFLE, /* channels (groups, C / groups) to (C / groups, groups) */
    STEP_CLASS_TOKEN,
    STEP_POSITION,
    STEP_ATTENTION,      /* weight, bias: of queries, keys and values; without the projection behind it */
    STEP_SELF_ATTENTION, /* with it: second, second_bias */
    STEP_EXCITATION,     /* weight, bias: the first layer of the gate; second, second_bias: the other */
    /* What is part of one of these only: */
    STEP_CHANNEL_MEAN, /* of each place */
    STEP_CENTRED,      /* x without its channel mean */
    STEP_VARIANCE,     /* the channel mean of its square */
    STEP_SCORES,       /* queries times keys */
    STEP_SOFTMAX       /* over the channels */
} step_kind;

typedef struct step step;
struct step {
    step_kind kind;
    int64_t size[SIDES]; /* of the picture that it makes */
    step **in;
    int in_count;
    const char *name;             /* the layer's, as far as the file has one; may be NULL */
    const char *op, *node;        /* the file's operation that made it, for messages */
    const float *weight, *bias;   /* see the kinds; OIHW, (O, I); NULL: none */
    const float *mean, *variance; /* of a batch norm */
    const float *second, *second_bias;
    int64_t kernel[2], stride[2], dilation, groups, pad[4]; /* top, bottom, left, right */
    int64_t before[SIDES], after[SIDES];                    /* of STEP_PAD, STEP_CROP */
    int64_t units, heads;
    int ceil_mode, count_padding;
    float epsilon, rate;
    fv_activation_kind activation, gate;
    float alpha;
    /* STEP_CURVE: its last operation is on in[0], and in[1] if it has two. */
    step *root;
    const double *curve;      /* of the root's value */
    const double *last_curve; /* of in[0]'s value; NULL: `combination` of in[0] and in[1] */
    char combination;         /* '+', '-', '*', '/' */
    step *crops, *next_crop;  /* the parts that were cut out of it */
    view queries, keys;       /* STEP_SCORES: in[0] and in[1], as they are multiplied */
    bool whole_picture;       /* STEP_DENSE: of all of a picture */
    /* While layers are made of them: */
    int uses;
    bool live, flat;
    fv_node *made;
};

typedef struct operand {
    constant *constant; /* or */
    step *step;
    view view;
} operand;

typedef struct importer {
    onnx_file file;
    const fv_import_options *options;
    int64_t opset, batch; /* batch: as the file fixes it, 1 where it does not */
    name_table names;
    operand **values; /* of a name each; NULL: not computed yet */
    size_t value_capacity;
    step **steps;
    size_t step_count, step_capacity;
    mem_pool pool; /* the import's memory */
    uint64_t memory, memory_limit;
    step *input;
    float scale[FV_MAX_CHANNELS], shift[FV_MAX_CHANNELS]; /* what the graph does to its input first */
    bool normalises, reverses;
    bool sigmoid;      /* the graph ends with one; else with a softmax or with logits */
    float temperature; /* what logits are divided by before that; 0: there is neither */
} importer;

/* One operation of the graph. */
typedef struct call {
    importer *import;
    const Onnx__NodeProto *node;
    operand **in; /* NULL where an optional one is absent */
    int in_count, out_count;
    operand *out; /* to be filled */
} call;

/* ---- importer.c ---- */

/* Zeroed memory of the import; NULL with the error set. */
void *import_array(importer *m, uint64_t count, size_t size);
char *import_text(importer *m, const char *words, size_t length);
/* A new step of the operation, of the size of in[0]; NULL with the error set. */
step *step_add(call *c, step_kind kind, step *const *in, int count);
/* The same as `s`, to be changed. */
step *step_copy(call *c, const step *s);

/* "node NAME (OP): …" before a message. */
fv_status call_error(const call *c, fv_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
fv_status call_layout_error(const call *c);
/* The name for a layer with that weight: the part of the network that the file says it is. */
const char *call_layer_name(call *c, const constant *weight);

const Onnx__AttributeProto *call_attribute(const call *c, const char *name);
int64_t call_int(const call *c, const char *name, int64_t otherwise);
float call_float(const call *c, const char *name, float otherwise);
const char *call_word(const call *c, const char *name, const char *otherwise, char buffer[32]);
/* Numbers of attribute `name`, or of constant input `input` where newer versions have them; *count -1: neither is there. */
fv_status call_ints(const call *c, const char *name, int input, int64_t *list, int most, int *count);
/* The same of one number that may be a float. */
fv_status call_number(const call *c, const char *name, int input, double *number, bool *found);

/* What Slice takes of one axis, as the file says it: numbers may count from the end. */
typedef struct call_range {
    int64_t start, end, axis, step;
} call_range;
fv_status call_ranges(const call *c, call_range list[VIEW_RANK], int *count);

/* An axis counted from the end when it is negative. */
fv_status call_axis(const call *c, int64_t axis, int rank, int *out);

/* Input i, if it is of that sort; the error says what is missing. */
fv_status call_constant(const call *c, int i, constant **out);
fv_status call_value(const call *c, int i, operand **out);
fv_status call_floats(call *c, int i, int64_t count, const float **out); /* a constant with `count` values */

/* ---- constants.c ---- */

constant *constant_make(importer *m, bool whole, int rank, const int64_t *shape);
fv_status constant_of_tensor(importer *m, const Onnx__TensorProto *proto, constant **out);
double constant_get(const constant *c, int64_t i);
bool constant_floats(importer *m, constant *c); /* makes sure of `floats` */

/* folding.c, for arithmetic.c: constant input i or NULL; that the first `count` are there; output 0; to[i] = from[k]. */
constant *folding_input(const call *c, int i);
fv_status folding_need(const call *c, int count);
fv_status folding_make(call *c, bool whole, int rank, const int64_t *shape, constant **out);
void folding_copy(constant *to, int64_t i, const constant *from, int64_t k);

/* ---- operands.c ---- */

int operand_rank(const operand *v);
void operand_shape(const operand *v, int64_t shape[VIEW_RANK]);
void operand_set(operand *out, step *s, view v);
/* The same value as a whole picture: what was cut out of one becomes a picture of its own. */
fv_status operand_whole(call *c, const operand *v, operand *out);
/* The step of a (1, C, H, W) value. */
fv_status operand_picture(call *c, const operand *v, step **out);
/* Numbers that are put together with a value element by element, laid out for its picture: for each channel (`channels`), where they
 * are the same in every place, or for each value. */
fv_status operand_spread(call *c, const operand *v, constant *numbers, bool *channels, const float **out);

/* ---- handlers ---- */

typedef fv_status (*handler)(call *c);
typedef struct operation {
    const char *name;
    handler handle;
} operation;
/* A table each of these, ended by a row without a name. */
extern const operation folding_operations[], arithmetic_operations[]; /* all inputs constant */
extern const operation layout_operations[], layer_operations[], elementwise_operations[], matmul_operations[],
    reduction_operations[];

/* ---- patterns ---- */

/* matmul.c: y = x w^T + b, over the last axis. */
fv_status dense_add(call *c, const operand *x, constant *weight, bool transposed, const float *bias);
/* attention.c: the two products of attention. */
fv_status attention_scores(call *c, const operand *queries, const operand *keys);
fv_status attention_values(call *c, const operand *weights, const operand *values);
/* The dense layer behind attention, and it, as one step. */
fv_status attention_project(call *c, const step *dense, step **out);
/* affine.c: numbers for each channel or each place. */
typedef enum affine_kind {
    AFFINE_ADD,
    AFFINE_SUBTRACT,
    AFFINE_MULTIPLY,
    AFFINE_DIVIDE
} affine_kind;
fv_status affine_apply(call *c, const operand *x, constant *numbers, affine_kind kind);
/* What affine steps and curves before `s` do to each channel of the step that this returns. NULL: out of memory. */
step *affine_root(importer *m, step *s, const float **scale, const float **shift);
/* curves.c */
typedef double (*curve_function)(double x, const double *p);
/* f(x), with three parameters. */
fv_status curve_apply(call *c, const operand *x, curve_function f, const double p[3]);
/* a and b put together, if both are functions of the same values. */
fv_status curve_pair(call *c, const operand *a, const operand *b, char combination, bool *done);
bool curve_is_affine(const double *curve, double *scale, double *shift);
bool curve_is_square(const double *curve);
/* Whether it is sqrt(x + epsilon), or with `inverse` its inverse. */
bool curve_is_deviation(const double *curve, bool inverse, float *epsilon);
bool curve_activation(const double *curve, fv_activation_kind *kind, float *alpha);
/* norms.c: InstanceNormalization, and a layer norm that is written out. */
fv_status norm_instances(call *c);
fv_status norm_difference(call *c, const operand *a, const operand *b, bool *done);
fv_status norm_quotient(call *c, const operand *a, const operand *b, bool inverse, bool *done);
fv_status norm_mean(call *c, const operand *x, bool keep);
/* excitation.c: the gate of a squeeze and excitation. */
fv_status excitation_find(call *c, step *x, step *gate, step **out);

/* ---- steps.c ---- */

/* Marks what `output` needs, each as what becomes a layer; an error where it is none. */
fv_status steps_find_live(importer *m, step *output);
/* Which are (N, C) and not pictures of one pixel: the end of a network, back to the first that needs a picture. */
void steps_find_flat(importer *m);
bool step_keeps_flat(const step *s); /* flat when its inputs are */
fv_status step_error(const step *s, const char *what);

/* ---- layers.c ---- */

/* The model of all that `output` needs. */
fv_status import_layers(importer *m, const operand *output, fv_model **out);
/* metadata.c: normalisation and class names that the file or its graph has. */
fv_status import_preprocess(importer *m, fv_model *model);
void import_log(const importer *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
