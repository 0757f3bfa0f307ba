/* SPDX-License-Identifier: Apache-2.0 */
/* Operations whose inputs are all known, and that make new values: what graphs compute of shapes, mostly. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "convert/onnx/importer.h"

enum {
    RANGE_MAX = 1 << 22
};

/* ---- made values ---- */

static fv_status constant_node(call *c)
{
    constant *k;
    const Onnx__AttributeProto *a;
    if ((a = call_attribute(c, "value")) && a->t) {
        STATUS_TRY(constant_of_tensor(c->import, a->t, &c->out[0].constant));
        return FV_OK;
    }
    bool whole = (a = call_attribute(c, "value_int")) || (a = call_attribute(c, "value_ints"));
    if (!whole && !(a = call_attribute(c, "value_float")) && !(a = call_attribute(c, "value_floats")))
        return call_error(c, FV_ERROR_UNSUPPORTED, "has no numbers");
    bool list = strchr(a->name, 's') != NULL;
    int64_t count = (int64_t)(whole ? a->n_ints : a->n_floats);
    STATUS_TRY(folding_make(c, whole, list, &count, &k));
    for (int64_t i = 0; i < k->count; i++)
        if (whole)
            k->wholes[i] = list ? a->ints[i] : a->i;
        else
            k->floats[i] = list ? a->floats[i] : a->f;
    return FV_OK;
}

static fv_status constant_of_shape(call *c)
{
    int64_t shape[VIEW_RANK];
    int rank;
    constant *k, *with = NULL;
    STATUS_TRY(call_ints(c, NULL, 0, shape, VIEW_RANK, &rank));
    const Onnx__AttributeProto *a = call_attribute(c, "value");
    if (a && a->t)
        STATUS_TRY(constant_of_tensor(c->import, a->t, &with));
    if (rank < 0 || (with && with->count != 1))
        return call_error(c, FV_ERROR_FORMAT, "has no shape, or not one value");
    STATUS_TRY(folding_make(c, with && with->whole, rank, shape, &k));
    for (int64_t i = 0; with && i < k->count; i++)
        folding_copy(k, i, with, 0);
    return FV_OK;
}

static fv_status range(call *c)
{
    constant *k;
    STATUS_TRY(folding_need(c, 3));
    double first = constant_get(folding_input(c, 0), 0), limit = constant_get(folding_input(c, 1), 0),
           by = constant_get(folding_input(c, 2), 0);
    double count = ceil((limit - first) / by);
    if (folding_input(c, 0)->count != 1 || folding_input(c, 1)->count != 1 ||
        folding_input(c, 2)->count != 1 || !(count <= RANGE_MAX))
        return call_error(c, FV_ERROR_FORMAT, "is no range of a sensible length");
    int64_t n = count > 0 ? (int64_t)count : 0;
    STATUS_TRY(folding_make(c, folding_input(c, 0)->whole, 1, &n, &k));
    for (int64_t i = 0; i < n; i++)
        if (k->whole)
            k->wholes[i] = (int64_t)(first + (double)i * by);
        else
            k->floats[i] = (float)(first + (double)i * by);
    return FV_OK;
}

static fv_status shape_of(call *c)
{
    constant *k;
    STATUS_TRY(folding_need(c, 1));
    int64_t rank = folding_input(c, 0)->rank;
    STATUS_TRY(folding_make(c, true, 1, &rank, &k));
    memcpy(k->wholes, folding_input(c, 0)->shape, (size_t)rank * sizeof *k->wholes);
    return FV_OK;
}

/* ---- arithmetic ---- */

/* Sides of 1 are repeated. */
static fv_status common_shape(const call *c, const constant *a, const constant *b, int *rank,
                              int64_t shape[VIEW_RANK])
{
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (int k = 1; k <= *rank; k++) {
        int64_t x = k <= a->rank ? a->shape[a->rank - k] : 1, y = k <= b->rank ? b->shape[b->rank - k] : 1;
        if (x != y && x != 1 && y != 1)
            return call_error(c, FV_ERROR_FORMAT, "its inputs' shapes do not go together");
        shape[*rank - k] = x == 1 ? y : x;
    }
    return FV_OK;
}

/* Where in x the value of the i-th place of a larger shape is. */
static int64_t place_in(const constant *x, int rank, const int64_t *shape, int64_t i)
{
    int64_t at = 0, stride = 1;
    for (int k = 1; k <= rank; k++) {
        int64_t n = shape[rank - k];
        if (k <= x->rank) {
            int64_t side = x->shape[x->rank - k];
            at += side == 1 ? 0 : i % n * stride;
            stride *= side;
        }
        i /= n;
    }
    return at;
}

static int64_t calculate_whole(char op, int64_t x, int64_t y)
{
    uint64_t a = (uint64_t)x, b = (uint64_t)y; /* wraps around */
    switch (op) {
    case '+':
        return (int64_t)(a + b);
    case '-':
        return (int64_t)(a - b);
    case '*':
        return (int64_t)(a * b);
    case '/':
        return y == 0 ? 0 : y == -1 ? (int64_t)(0 - a) : x / y;
    case '%':
        return y == 0 || y == -1 ? 0 : x % y + (x % y != 0 && (x % y < 0) != (y < 0) ? y : 0);
    case '<':
        return x < y ? x : y;
    case '>':
        return x > y ? x : y;
    default: /* '=' */
        return x == y;
    }
}

static double calculate(char op, double x, double y)
{
    switch (op) {
    case '+':
        return x + y;
    case '-':
        return x - y;
    case '*':
        return x * y;
    case '/':
        return x / y;
    case '%':
        return fmod(x, y);
    case '<':
        return fmin(x, y);
    case '>':
        return fmax(x, y);
    case '^':
        return pow(x, y);
    default:
        return x == y;
    }
}

static fv_status arithmetic(call *c)
{
    static const struct {
        const char *op;
        char sign;
    } signs[] = {{"Add", '+'}, {"Sub", '-'}, {"Mul", '*'}, {"Div", '/'},  {"Mod", '%'},
                 {"Min", '<'}, {"Max", '>'}, {"Pow", '^'}, {"Equal", '='}};
    int rank;
    int64_t shape[VIEW_RANK];
    char sign = 0;
    constant *y;
    STATUS_TRY(folding_need(c, 2));
    const constant *a = folding_input(c, 0), *b = folding_input(c, 1);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strcmp(signs[i].op, c->node->op_type) == 0)
            sign = signs[i].sign;
    STATUS_TRY(common_shape(c, a, b, &rank, shape));
    bool exact = a->whole && b->whole && sign != '^';
    STATUS_TRY(folding_make(c, exact || sign == '=', rank, shape, &y));
    y->name = *a->name ? a->name : b->name;
    for (int64_t i = 0; i < y->count; i++) {
        int64_t p = place_in(a, rank, shape, i), q = place_in(b, rank, shape, i);
        if (exact)
            y->wholes[i] = calculate_whole(sign, a->wholes[p], b->wholes[q]);
        else if (y->whole)
            y->wholes[i] = constant_get(a, p) == constant_get(b, q);
        else
            y->floats[i] = (float)calculate(sign, constant_get(a, p), constant_get(b, q));
    }
    return FV_OK;
}

static fv_status where(call *c)
{
    int rank;
    int64_t shape[VIEW_RANK];
    constant *y, both = {0};
    STATUS_TRY(folding_need(c, 3));
    const constant *test = folding_input(c, 0), *a = folding_input(c, 1), *b = folding_input(c, 2);
    STATUS_TRY(common_shape(c, a, b, &rank, shape));
    both.rank = rank;
    memcpy(both.shape, shape, sizeof shape);
    STATUS_TRY(common_shape(c, test, &both, &rank, shape));
    STATUS_TRY(folding_make(c, a->whole && b->whole, rank, shape, &y));
    for (int64_t i = 0; i < y->count; i++) {
        const constant *from = constant_get(test, place_in(test, rank, shape, i)) != 0 ? a : b;
        folding_copy(y, i, from, place_in(from, rank, shape, i));
    }
    return FV_OK;
}

static fv_status expand(call *c)
{
    int64_t shape[VIEW_RANK], wanted[VIEW_RANK];
    int rank, count;
    constant *y, to = {0};
    STATUS_TRY(folding_need(c, 1));
    STATUS_TRY(call_ints(c, NULL, 1, wanted, VIEW_RANK, &count));
    const constant *x = folding_input(c, 0);
    to.rank = count > 0 ? count : 0;
    memcpy(to.shape, wanted, (size_t)to.rank * sizeof *wanted);
    STATUS_TRY(common_shape(c, x, &to, &rank, shape));
    STATUS_TRY(folding_make(c, x->whole, rank, shape, &y));
    y->name = x->name;
    for (int64_t i = 0; i < y->count; i++)
        folding_copy(y, i, x, place_in(x, rank, shape, i));
    return FV_OK;
}

static fv_status function(call *c)
{
    constant *y;
    STATUS_TRY(folding_need(c, 1));
    const constant *x = folding_input(c, 0);
    const char *op = c->node->op_type;
    bool whole = x->whole && (strcmp(op, "Neg") == 0 || strcmp(op, "Floor") == 0 || strcmp(op, "Ceil") == 0);
    STATUS_TRY(folding_make(c, whole, x->rank, x->shape, &y));
    y->name = x->name;
    for (int64_t i = 0; i < x->count; i++) {
        double v = constant_get(x, i);
        if (whole)
            y->wholes[i] = *op == 'N' ? calculate_whole('-', 0, x->wholes[i]) : x->wholes[i];
        else
            y->floats[i] = (float)(strcmp(op, "Neg") == 0     ? -v
                                   : strcmp(op, "Floor") == 0 ? floor(v)
                                   : strcmp(op, "Ceil") == 0  ? ceil(v)
                                   : strcmp(op, "Exp") == 0   ? exp(v)
                                   : strcmp(op, "Sqrt") == 0  ? sqrt(v)
                                                              : 1 / v);
    }
    return FV_OK;
}

static fv_status product(call *c)
{
    constant *y;
    STATUS_TRY(folding_need(c, 1));
    const constant *x = folding_input(c, 0);
    int64_t axes[VIEW_RANK];
    int count;
    STATUS_TRY(call_ints(c, "axes", 1, axes, VIEW_RANK, &count));
    if (!x->whole || x->rank != 1)
        return call_error(c, FV_ERROR_UNSUPPORTED, "is read for lists of whole numbers only");
    STATUS_TRY(folding_make(c, true, call_int(c, "keepdims", 1) != 0, (int64_t[]){1}, &y));
    y->wholes[0] = 1;
    for (int64_t i = 0; i < x->count; i++)
        y->wholes[0] = calculate_whole('*', y->wholes[0], x->wholes[i]);
    return FV_OK;
}

const operation arithmetic_operations[] = {{"Constant", constant_node},
                                           {"ConstantOfShape", constant_of_shape},
                                           {"Range", range},
                                           {"Shape", shape_of},
                                           {"Add", arithmetic},
                                           {"Sub", arithmetic},
                                           {"Mul", arithmetic},
                                           {"Div", arithmetic},
                                           {"Mod", arithmetic},
                                           {"Min", arithmetic},
                                           {"Max", arithmetic},
                                           {"Pow", arithmetic},
                                           {"Equal", arithmetic},
                                           {"Where", where},
                                           {"Expand", expand},
                                           {"Neg", function},
                                           {"Floor", function},
                                           {"Ceil", function},
                                           {"Exp", function},
                                           {"Sqrt", function},
                                           {"Reciprocal", function},
                                           {"ReduceProd", product},
                                           {0}};
