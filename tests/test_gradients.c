/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Autodiff against central differences, in double: for every row of op_cases.h, for a network in which the operations meet, and
 * for the same network after fusion. The error allowed is 1e-6 of the largest element of the gradient.
 */
#include "op_cases.h"
#include "op_network.h"

static const double tolerance = 1e-6;
/* The difference of f(x + h) - f(x - h) carries 1e-16 / h of rounding and h^2 of curvature. */
static const double first_step = 1e-5;

static engine *wide;

/* A scalar function of one value's elements: <seed, output>, or a loss itself. */
typedef struct function {
    plan *p;
    value_id output;
    const double *seed; /* NULL: the output is the scalar */
} function;

static double evaluate(const function *f)
{
    assert_ok(plan_run(f->p));
    double *y = plan_get(f->p, wide, f->output), sum = 0;
    for (int64_t i = 0; i < shape_count(&plan_graph(f->p)->values[f->output].shape); i++)
        sum += y[i] * (f->seed ? f->seed[i] : 1);
    free(y);
    return sum;
}

static double slope(const function *f, value_id v, double *x, int64_t i, double step)
{
    double kept = x[i];
    x[i] = kept + step;
    plan_put(f->p, wide, v, x);
    double above = evaluate(f);
    x[i] = kept - step;
    plan_put(f->p, wide, v, x);
    double below = evaluate(f);
    x[i] = kept;
    plan_put(f->p, wide, v, x);
    return (above - below) / (2 * step);
}

/* Compares `gradient` with the slopes in every element of v. A step across a kink (of ReLU, of a maximum) misleads; then a
 * hundredth of it does not, while a wrong gradient stays wrong. */
static int check_slopes(const char *name, const function *f, value_id v, double *x, const double *gradient)
{
    const value *info = &plan_graph(f->p)->values[v];
    int64_t count = shape_count(&info->shape);
    double largest = largest_magnitude(gradient, count), allowed = tolerance * (largest > 0 ? largest : 1);
    for (int64_t i = 0; i < count; i++) {
        double s = slope(f, v, x, i, first_step);
        if (!(fabs(s - gradient[i]) <= allowed))
            s = slope(f, v, x, i, first_step / 100);
        if (fabs(s - gradient[i]) <= allowed)
            continue;
        print_error("%s: gradient of %s [%lld] is %.12g, by differences %.12g (largest %.3g)\n", name,
                    info->name, (long long)i, gradient[i], s, largest);
        return 1;
    }
    return 0;
}

/* ---- single operations ---- */

static int check_case(const op_case *c)
{
    op_graph whole = op_graph_build(c, true), forward = op_graph_build(c, false);
    double *data[CASE_DATA];
    plan *p;
    function f = {.output = forward.output};
    int failures = 0;
    case_data_make(c, &whole, data);
    assert_ok(plan_create(wide, whole.g, &p));
    assert_ok(plan_create(wide, forward.g, &f.p));
    case_data_put(p, wide, &whole, data);
    assert_ok(plan_run(p));
    f.seed = data[OP_CASE_INPUTS];
    for (int i = 0; i < OP_CASE_INPUTS; i++)
        if (data[i])
            plan_put(f.p, wide, forward.inputs[i], data[i]);
    for (int i = 0; i < whole.wrt_count; i++) {
        double *gradient = plan_get(p, wide, whole.gradients[i]);
        int input = 0;
        while (whole.inputs[input] != whole.wrt[i])
            input++;
        failures += check_slopes(c->name, &f, forward.inputs[input], data[input], gradient);
        free(gradient);
    }
    plan_destroy(p);
    plan_destroy(f.p);
    case_data_free(data);
    graph_destroy(whole.g);
    graph_destroy(forward.g);
    return failures;
}

static void test_every_case(void **state)
{
    (void)state;
    int failures = 0;
    for (int i = 0; i < OP_CASE_COUNT; i++)
        if (is_differentiable(&op_cases[i]) && !is_straight_through(op_cases[i].kind))
            failures += check_case(&op_cases[i]);
    assert_int_equal(failures, 0);
}

/* An operation whose gradient no row checks is a mistake; so is a row that asks for no gradient at all. */
static void test_every_gradient_has_a_case(void **state)
{
    (void)state;
    int missing = 0;
    for (int kind = 0; kind < OP_KIND_COUNT; kind++) {
        int checked = 0;
        for (int i = 0; i < OP_CASE_COUNT; i++)
            for (int k = 0;
                 op_cases[i].kind == (op_kind)kind && is_differentiable(&op_cases[i]) && k < OP_CASE_INPUTS;
                 k++)
                checked += fill_wants_gradient(op_cases[i].in[k].fill) && !op_cases[i].in[k].state;
        if (op_info_of(kind)->gradient && !checked) {
            print_error("the gradient of %s has no row in op_cases.h\n", op_info_of(kind)->name);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

/* An activation that cannot be differentiated from its output must not be fused before autodiff: it is an error, not a
 * wrong gradient. */
static void test_fused_activation_that_needs_its_input(void **state)
{
    (void)state;
    for (int i = 0; i < OP_CASE_COUNT; i++) {
        const op_case *c = &op_cases[i];
        if (!op_info_of(c->kind)->gradient || is_differentiable(c))
            continue;
        op_graph b = op_graph_build(c, false);
        assert_int_not_equal(graph_gradients(b.g, b.output,
                                             graph_input(b.g, "seed", TYPE_F32, b.g->values[b.output].shape),
                                             b.wrt, b.wrt_count, b.gradients),
                             FV_OK);
        graph_destroy(b.g);
    }
}

/* ---- the network ---- */

enum {
    NETWORK_WRT = NETWORK_PARAMETERS + 3
};

/* A network, and the gradients of its loss by its parameters, input, probe and middle. */
typedef struct differentiated {
    network n;
    value_id wrt[NETWORK_WRT], gradients[NETWORK_WRT];
    int count;
    plan *p;
} differentiated;

static differentiated differentiate_network(bool fuse)
{
    differentiated d = {.n = network_build(4)};
    if (fuse)
        assert_ok(graph_fuse(d.n.g, true));
    for (; d.count < d.n.parameter_count; d.count++)
        d.wrt[d.count] = d.n.parameters[d.count];
    d.wrt[d.count++] = d.n.x;
    d.wrt[d.count++] = d.n.probe;
    d.wrt[d.count++] = d.n.middle;
    assert_ok(graph_gradients(d.n.g, d.n.loss, NO_VALUE, d.wrt, d.count, d.gradients));
    for (int i = 0; i < d.count; i++) {
        assert_int_not_equal(d.gradients[i], NO_VALUE);
        graph_mark_output(d.n.g, d.gradients[i]);
    }
    assert_ok(graph_remove_dead(d.n.g));
    assert_ok(plan_create(wide, d.n.g, &d.p));
    network_put(d.p, wide, &d.n);
    assert_ok(plan_run(d.p));
    return d;
}

static void differentiated_release(differentiated *d)
{
    plan_destroy(d->p);
    graph_destroy(d->n.g);
}

static void test_network(void **state)
{
    (void)state;
    differentiated d = differentiate_network(false);
    network plain = network_build(4);
    function f = {.output = plain.loss};
    int failures = 0;
    assert_ok(plan_create(wide, plain.g, &f.p));
    network_put(f.p, wide, &plain);
    for (int i = 0; i < d.count; i++) {
        if (d.wrt[i] == d.n.middle) /* nothing can be written into it: the probe stands for it */
            continue;
        double *gradient = plan_get(d.p, wide, d.gradients[i]), *x = network_data(&plain, d.wrt[i]);
        failures += check_slopes("network", &f, d.wrt[i], x, gradient);
        free(gradient);
        free(x);
    }
    assert_int_equal(failures, 0);
    plan_destroy(f.p);
    graph_destroy(plain.g);
    differentiated_release(&d);
}

static void test_gradient_inside_the_network(void **state)
{
    (void)state;
    differentiated d = differentiate_network(false);
    int64_t count = shape_count(&d.n.g->values[d.n.probe].shape);
    double *probe = plan_get(d.p, wide, d.gradients[d.count - 2]);
    double *middle = plan_get(d.p, wide, d.gradients[d.count - 1]);
    assert_true(largest_magnitude(probe, count) > 0);
    assert_int_equal(check_close("network", "middle", probe, middle, count, 0), 0);
    free(probe);
    free(middle);
    differentiated_release(&d);
}

static int count_kind(const graph *g, op_kind kind)
{
    int count = 0;
    for (int32_t i = 0; i < g->op_count; i++)
        count += g->ops[i].kind == kind;
    return count;
}

static void test_fused_network(void **state)
{
    (void)state;
    network n = network_build(4);
    assert_int_equal(count_kind(n.g, OP_ACTIVATION), 4);
    assert_int_equal(count_kind(n.g, OP_ADD), 2);
    assert_ok(graph_fuse(n.g, true));
    assert_int_equal(count_kind(n.g, OP_ACTIVATION), 1); /* SiLU's gradient needs its input */
    assert_int_equal(count_kind(n.g, OP_ADD), 1);        /* the residual sum is gone, the probe's is not */
    graph_destroy(n.g);
    differentiated plain = differentiate_network(false), fused = differentiate_network(true);
    int failures = 0;
    for (int i = 0; i < plain.count; i++) {
        const value *v = &plain.n.g->values[plain.wrt[i]];
        double *a = plan_get(plain.p, wide, plain.gradients[i]),
               *b = plan_get(fused.p, wide, fused.gradients[i]);
        failures +=
            check_close("fused network", v->name ? v->name : "middle", a, b, shape_count(&v->shape), 1e-12);
        free(a);
        free(b);
    }
    assert_int_equal(failures, 0);
    differentiated_release(&plain);
    differentiated_release(&fused);
}

static int open_wide(void **state)
{
    (void)state;
    return reference64_engine_api.create(1, &wide) == FV_OK ? 0 : -1;
}

static int close_wide(void **state)
{
    (void)state;
    engine_close(wide);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_gradient_has_a_case),
        cmocka_unit_test(test_every_case),
        cmocka_unit_test(test_fused_activation_that_needs_its_input),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_gradient_inside_the_network),
        cmocka_unit_test(test_fused_network),
    };
    return cmocka_run_group_tests(tests, open_wide, close_wide);
}
