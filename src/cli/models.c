/* SPDX-License-Identifier: Apache-2.0 */
/* fovea models: the zoo's table, and all that is known of one network. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "core/text.h"

typedef struct models_options {
    int json;
} models_options;

static const option table[] = {{.name = "json",
                                .type = OPTION_BOOL,
                                .offset = offsetof(models_options, json),
                                .help = "JSON instead of a table, with everything"},
                               {0}};

static const char *const interpolations[] = {"bilinear", "bicubic", "lanczos", "box"}; /* fv_interpolation */

/* ---- JSON ---- */

static json_t *three(const float values[3])
{
    return json_pack("[o, o, o]", cli_number((double)values[0]), cli_number((double)values[1]),
                     cli_number((double)values[2]));
}

static json_t *weights_json(const fv_pretrained *p)
{
    return json_pack("{s:s, s:b, s:s, s:o, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:s}", "name", p->name,
                     "default", fv_pretrained_find(p->network) == p, "data", p->data, "top1",
                     cli_number((double)p->top1), "source", p->source, "licence", p->licence, "url", p->url,
                     "sha256", p->sha256, "size", (json_int_t)p->size, "mean", three(p->mean), "std",
                     three(p->std), "crop_fraction", cli_number((double)p->crop_fraction), "interpolation",
                     interpolations[p->interpolation]);
}

static json_t *describe(const fv_zoo_entry *e)
{
    json_t *weights = json_array();
    const fv_pretrained *p;
    for (int64_t i = 0; (p = fv_pretrained_get(i)) != NULL; i++)
        if (strcmp(p->network, e->name) == 0)
            json_array_append_new(weights, weights_json(p));
    return json_pack("{s:s, s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "name", e->name,
                     "description", e->description, "paper", e->paper, "parameters",
                     (json_int_t)e->parameters, "multiply_adds", (json_int_t)e->multiply_adds, "flops",
                     (json_int_t)(2 * e->multiply_adds), "height", (json_int_t)e->height, "width",
                     (json_int_t)e->width, "channels", (json_int_t)e->channels, "classes",
                     (json_int_t)e->classes, "weights", weights);
}

/* ---- text ---- */

/* "72.2 %  tv2_in1k tv_in1k": the default's accuracy and the tags of all; else what the network is. */
static void print_weights(const fv_zoo_entry *e)
{
    const fv_pretrained *p = fv_pretrained_find(e->name);
    if (!p) {
        printf("        %s\n", e->description);
        return;
    }
    printf("%6.1f ", (double)p->top1);
    for (int64_t i = 0; (p = fv_pretrained_get(i)) != NULL; i++)
        if (strcmp(p->network, e->name) == 0)
            printf(" %s", strchr(p->name, '.') + 1);
    printf("\n");
}

static void print_row(const fv_zoo_entry *e)
{
    char input[48];
    snprintf(input, sizeof input, "%lldx%lldx%lld", (long long)e->height, (long long)e->width,
             (long long)e->channels);
    printf("%-33s%9.2f%9.1f  %-11s", e->name, (double)e->parameters / 1e6, (double)e->multiply_adds / 1e6,
           input);
    print_weights(e);
}

static void print_one_weights(const fv_pretrained *p)
{
    printf("\nweights     %s%s\n", p->name, fv_pretrained_find(p->network) == p ? " (the default)" : "");
    printf("accuracy    %.2f %% of %s, as published\n", (double)p->top1, p->data);
    printf(
        "input       %lldx%lld, the middle %.4g of the shorter side, %s; mean %.6g %.6g %.6g, std %.6g %.6g "
        "%.6g\n",
        (long long)p->size, (long long)p->size, (double)p->crop_fraction, interpolations[p->interpolation],
        (double)p->mean[0], (double)p->mean[1], (double)p->mean[2], (double)p->std[0], (double)p->std[1],
        (double)p->std[2]);
    printf("source      %s, %s\n            %s\n", p->source, p->licence, p->url);
    printf("sha-256     %s%s\n", *p->sha256 ? p->sha256 : "not published",
           strlen(p->sha256) == 8 ? "..., of which more is not published" : "");
}

static void print_network(const fv_zoo_entry *e)
{
    const fv_pretrained *p;
    printf("network     %s: %s\n", e->name, e->description);
    if (e->paper)
        printf("paper       %s\n", e->paper);
    printf("parameters  %lld (%.1f MB)\n", (long long)e->parameters, 4 * (double)e->parameters / 1e6);
    printf("madds       %lld multiply-adds a picture; FLOPs are twice as many\n",
           (long long)e->multiply_adds);
    printf("input       %lldx%lldx%lld, %lld classes, unless told otherwise\n", (long long)e->height,
           (long long)e->width, (long long)e->channels, (long long)e->classes);
    for (int64_t i = 0; (p = fv_pretrained_get(i)) != NULL; i++)
        if (strcmp(p->network, e->name) == 0)
            print_one_weights(p);
}

/* ---- the verb ---- */

static int list_all(bool json)
{
    const fv_zoo_entry *e;
    json_t *list = json ? json_array() : NULL;
    if (!json)
        printf("%-33s%9s%9s  %-11s%6s  %s\n", "name", "params/M", "madds/M", "input", "top-1",
               "published weights, or what it is");
    for (int64_t i = 0; (e = fv_zoo_get(i)) != NULL; i++)
        if (json)
            json_array_append_new(list, describe(e));
        else
            print_row(e);
    return json ? cli_print_json(list, true) : EXIT_DONE;
}

/* The network as its name says it: a row of the table, or another width of one, whose numbers are counted. */
static int show(const char *name, bool json)
{
    fv_model *m = fv_zoo_create(name);
    if (!m)
        return cli_fail();
    fv_zoo_entry e = *fv_zoo_find(name);
    char other[128];
    if (strcmp(e.name, name) != 0) {
        snprintf(other, sizeof other, "as %s, of another size", e.name);
        e.description = other;
    }
    e.name = name;
    e.parameters = fv_model_parameter_count(m);
    e.multiply_adds = fv_model_multiply_adds(m);
    fv_model_destroy(m);
    if (json)
        return cli_print_json(describe(&e), true);
    print_network(&e);
    return EXIT_DONE;
}

static int run(const invocation *call)
{
    const models_options *o = call->options;
    if (call->count == 0)
        return list_all(o->json > 0);
    const fv_pretrained *p = fv_pretrained_find(call->arguments[0]);
    return show(p ? p->network : call->arguments[0], o->json > 0);
}

const verb verb_models = {
    .name = "models",
    .arguments = "[NAME]",
    .summary = "Lists the networks that 'train --model' knows by name",
    .description = "With a name, of a network or of weights, tells all of one network: its paper, and for "
                   "each of its published weights "
                   "accuracy, preprocessing, licence and address. 'fovea models get' downloads them.\n\n"
                   "Counts are for each network's own input size; other sizes, channels and classes are "
                   "chosen by train. A multiply-add is one multiplication and one addition: FLOPs are twice "
                   "as many. Accuracies are "
                   "those published for the default weights. mobilenet_v1 and mobilenet_v2 exist in any "
                   "width from 0.1 to 4, "
                   "as mobilenet_v1_075, and wide_resnet in any depth and width, as wide_resnet22_2.",
    .example = "fovea models resnet50",
    .options = table,
    .size = sizeof(models_options),
    .most = 1,
    .run = run,
};
