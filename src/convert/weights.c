/* SPDX-License-Identifier: Apache-2.0 */
/* Pretrained weights: which tensor of a file goes to which of the network, and in what form. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/adapt.h"
#include "convert/epsilon.h"
#include "convert/tensor_names.h"
#include "convert/tensors.h"
#include "core/memory.h"
#include "core/text.h"
#include "model/file.h"
#include "model/zoo.h"

typedef struct assignment {
    const named_tensor *from; /* NULL: none */
    fv_weight_fate fate;
    adaptation how;
} assignment;

typedef struct plan {
    fv_model *model;
    const tensor_file *file;
    assignment *of;      /* a network's tensor each */
    unsigned char *used; /* a file's tensor each */
} plan;

/* ---- matching ---- */

/* Tensors of the very names go first: others must not take their places. */
static fv_status match_names(plan *p)
{
    tensor_names names = {0};
    STATUS_TRY(tensor_names_init(&names, p->model));
    for (int exact = 1; exact >= 0; exact--)
        for (size_t i = 0; i < p->file->count; i++) {
            const network_tensor *t =
                p->used[i] ? NULL : tensor_names_find(&names, p->file->list[i].name, exact == 1);
            if (!t || p->of[t - p->model->tensors].from)
                continue;
            p->of[t - p->model->tensors].from = &p->file->list[i];
            p->used[i] = 1;
        }
    tensor_names_release(&names);
    return FV_OK;
}

static void decide(plan *p)
{
    for (int32_t i = 0; i < p->model->tensor_count; i++) {
        assignment *a = &p->of[i];
        bool head = model_file_is_head(p->model, &p->model->tensors[i]);
        a->how = a->from ? adapt_find(p->model, i, a->from) : ADAPT_IMPOSSIBLE;
        if (a->how == ADAPT_NOTHING)
            a->fate = FV_WEIGHT_TAKEN;
        else if (a->how != ADAPT_IMPOSSIBLE)
            a->fate = FV_WEIGHT_ADAPTED;
        else
            a->fate = head ? FV_WEIGHT_KEPT : a->from ? FV_WEIGHT_MISFIT : FV_WEIGHT_MISSING;
    }
}

/* ---- telling ---- */

static void add_shape(text *t, const int64_t *sides, int rank)
{
    text_add(t, "(");
    for (int i = 0; i < rank; i++)
        text_add(t, "%s%" PRId64, i ? ", " : "", sides[i]);
    text_add(t, ")");
}

static void add_note(text *note, const assignment *a, const network_tensor *t)
{
    if (!a->from || a->fate == FV_WEIGHT_TAKEN)
        return;
    if (a->fate == FV_WEIGHT_ADAPTED)
        text_add(note, "%s: ", adapt_describe(a->how));
    add_shape(note, a->from->shape, a->from->rank);
    text_add(note, " where the network has ");
    add_shape(note, t->shape.d, t->shape.rank);
}

/* Counters of batch norm layers are of no use to anyone. */
static bool is_counter(const char *name)
{
    static const char end[] = "num_batches_tracked";
    size_t length = strlen(name);
    return length >= sizeof end - 1 && strcmp(name + length - (sizeof end - 1), end) == 0;
}

static fv_status tell(const plan *p, const fv_weights_options *o)
{
    fv_status status = FV_OK;
    if (!o->on_tensor)
        return FV_OK;
    for (int32_t i = 0; status == FV_OK && i < p->model->tensor_count; i++) {
        const assignment *a = &p->of[i];
        text note = {0};
        add_note(&note, a, &p->model->tensors[i]);
        status = text_status(&note);
        const fv_weight w = {a->fate, p->model->tensors[i].name, a->from ? a->from->name : NULL,
                             text_string(&note)};
        if (status == FV_OK)
            o->on_tensor(&w, o->user);
        text_release(&note);
    }
    for (size_t i = 0; status == FV_OK && i < p->file->count; i++)
        if (!p->used[i] && !is_counter(p->file->list[i].name))
            o->on_tensor(&(const fv_weight){FV_WEIGHT_LEFT_OVER, NULL, p->file->list[i].name, ""}, o->user);
    return status;
}

/* ---- taking ---- */

/* The first tensor that the network cannot do without, and how many there are. */
static fv_status check(const plan *p)
{
    int32_t first = -1, wrong = 0, taken = 0;
    for (int32_t i = 0; i < p->model->tensor_count; i++) {
        bool bad = p->of[i].fate == FV_WEIGHT_MISSING || p->of[i].fate == FV_WEIGHT_MISFIT;
        first = bad && first < 0 ? i : first;
        wrong += bad;
        taken += p->of[i].fate <= FV_WEIGHT_ADAPTED;
    }
    if (first < 0)
        return FV_OK;
    const network_tensor *t = &p->model->tensors[first];
    const assignment *a = &p->of[first];
    char others[192] = "";
    if (wrong > 1)
        snprintf(others, sizeof others, ", and %d more do not fit", wrong - 1);
    if (taken == 0)
        snprintf(others, sizeof others, "; not one of its %zu tensors is of this network%s%.80s",
                 p->file->count, p->file->count ? ": it has " : "",
                 p->file->count ? p->file->list[0].name : "");
    const char *advice = p->file->advice;
    if (!a->from)
        return status_set(FV_ERROR_FORMAT, "%s: tensor %s of the network %s is missing%s%s%s", p->file->path,
                          t->name, fv_model_name(p->model), others, advice ? "; " : "", advice ? advice : "");
    text note = {0};
    add_note(&note, a, t);
    fv_status status = status_set(FV_ERROR_FORMAT, "%s: tensor %s has the shape %s%s", p->file->path,
                                  a->from->name, text_string(&note), others);
    text_release(&note);
    return status;
}

static fv_status take(plan *p)
{
    for (int32_t i = 0; i < p->model->tensor_count; i++) {
        const assignment *a = &p->of[i];
        network_tensor *t = &p->model->tensors[i];
        if (a->fate == FV_WEIGHT_TAKEN)
            STATUS_TRY(p->file->read(p->file, a->from, t->data));
        else if (a->fate == FV_WEIGHT_ADAPTED)
            STATUS_TRY(adapt_read(a->how, p->file, a->from, t));
        else
            continue;
        STATUS_TRY(model_file_check_finite(p->file->path, t));
    }
    epsilon_adapt(p->model, p->file);
    network_changed(p->model);
    return FV_OK;
}

/* Weights work with the normalisation that they were trained with. */
static fv_status take_normalisation(const plan *p)
{
    bool found = false;
    if (p->model->statistics_set)
        return FV_OK;
    if (p->file->read_normalisation)
        STATUS_TRY(p->file->read_normalisation(p->file, p->model, &found));
    return found ? FV_OK : zoo_set_normalisation(p->model);
}

static fv_status load(plan *p, const fv_weights_options *o)
{
    p->of = mem_array((size_t)p->model->tensor_count, sizeof *p->of);
    p->used = mem_array(p->file->count, 1);
    if (!p->of || !p->used)
        return status_last();
    STATUS_TRY(match_names(p));
    decide(p);
    STATUS_TRY(tell(p, o));
    STATUS_TRY(check(p));
    STATUS_TRY(take(p));
    return take_normalisation(p);
}

fv_status fv_weights_load_with(const fv_weights_options *options)
{
    fv_weights_options o = {0};
    memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    if (!o.model || !o.path)
        return status_set(FV_ERROR_INVALID, "loading weights needs a model and a path");
    STATUS_TRY(network_check(o.model));
    tensor_file *f;
    STATUS_TRY(tensor_file_open(o.path, &f));
    plan p = {.model = o.model, .file = f};
    fv_status status = load(&p, &o);
    free(p.of);
    free(p.used);
    tensor_file_destroy(f);
    return status;
}

typedef struct counts {
    int64_t matched, left;
} counts;

static void count(const fv_weight *w, void *user)
{
    counts *c = user;
    c->matched += w->fate <= FV_WEIGHT_ADAPTED;
    c->left += w->fate > FV_WEIGHT_ADAPTED && w->fate != FV_WEIGHT_LEFT_OVER;
}

fv_status fv_model_load_weights(fv_model *m, const char *path, int64_t *matched, int64_t *left)
{
    counts c = {0};
    fv_status status = fv_weights_load(m, .path = path, .on_tensor = count, .user = &c);
    if (matched)
        *matched = c.matched;
    if (left)
        *left = c.left;
    return status;
}
