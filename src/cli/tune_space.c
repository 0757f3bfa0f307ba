/* SPDX-License-Identifier: Apache-2.0 */
/* The space of a study, and what a trial's values mean as options of its run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/tune.h"
#include "core/file.h"
#include "core/memory.h"

/* Trials must be comparable: the same pictures, measured in the same way; and the study itself says where they go. */
static const char *const fixed[] = {"data",     "val",     "val_split", "test",   "keep_together",
                                    "on_error", "monitor", "out",       "time",   "resume",
                                    "config",   "watch",   "seed",      "threads"};

/* ---- the default ---- */

/* Each is left out where the command line has the option. */
typedef struct standard {
    const char *name, *dimension;
} standard;

static const standard standards[] = {
    {"label_smoothing", "{type: float, low: 0, high: 0.2, default: 0}"},
    {"erase", "{type: float, low: 0, high: 0.5, default: 0}"},
    {"augment", "{choices: [none, light, standard, strong], default: standard}"},
};

static void add_standard(const train_arguments *a, text *yaml, text *said, const char *name,
                         const char *dimension)
{
    if (!options_is_default(options_find(train_table, name), a))
        return;
    text_add(yaml, "%s: %s\n", name, dimension);
    text_add(said, "%s%s", said->length ? ", " : "", name);
}

/* The first trial has the usual value; searched is from a tenth of it to ten times as much. */
static void add_around(const train_arguments *a, text *yaml, text *said, const char *name, double usual)
{
    char dimension[128];
    snprintf(dimension, sizeof dimension, "{type: float, low: %.6g, high: %.6g, log: yes, default: %.6g}",
             usual / 10, usual * 10, usual);
    add_standard(a, yaml, said, name, dimension);
}

static fv_space *make_standard(const tune_run *r)
{
    const train_arguments *a = &r->s.a;
    text yaml = {0}, said = {0};
    float rate, decay;
    fv_optimizer_usual(a->optimizer, &rate, &decay);
    add_around(a, &yaml, &said, "lr", (double)(a->weights ? train_transfer_rate(a) : rate));
    if (decay > 0) /* else the optimizer usually has none */
        add_around(a, &yaml, &said, "weight_decay", (double)decay);
    for (size_t i = 0; i < sizeof standards / sizeof *standards; i++)
        add_standard(a, &yaml, &said, standards[i].name, standards[i].dimension);
    fv_space *s = NULL;
    if (yaml.length == 0)
        status_set(FV_ERROR_INVALID,
                   "everything that is searched without --space is given as an option; name a space");
    else if (text_status(&yaml) == FV_OK)
        s = fv_space_parse(yaml.data, "the default space");
    if (s)
        cli_say("searched are %s, from the usual values on; --space names other dimensions",
                text_string(&said));
    text_release(&yaml);
    text_release(&said);
    return s;
}

fv_status tune_space_make(tune_run *r)
{
    r->space = r->a.space ? fv_space_load(r->a.space) : make_standard(r);
    return r->space ? FV_OK : status_last();
}

/* ---- values ---- */

static void print_value(const fv_dimension *d, double value, text *out)
{
    if (!isfinite(value))
        text_add(out, "-");
    else if (d->type == FV_DIMENSION_CATEGORICAL)
        text_add(out, "%s", d->choices[(int64_t)value]);
    else
        text_add(out, d->type == FV_DIMENSION_INT ? "%.0f" : "%.6g", value);
}

void tune_value_print(const fv_trial *t, int64_t dimension, text *out)
{
    print_value(fv_space_dimension(t->space, dimension), t->values[dimension], out);
}

/* ---- a trial's run ---- */

/* The network's dimensions, as tune_network_make takes them. */
typedef struct places {
    const char *names[64], *values[64]; /* a space has no more dimensions */
    int64_t count;
} places;

static fv_status set_value(const fv_trial *t, int64_t i, string_pool *pool, train_arguments *a,
                           places *network)
{
    const fv_dimension *d = fv_space_dimension(t->space, i);
    text value = {0};
    if (!isfinite(t->values[i]))
        return FV_OK;
    tune_value_print(t, i, &value);
    const char *kept = pool_keep(pool, value.data);
    if (!kept)
        return status_last();
    if (!tune_network_is(d->name))
        return options_set(train_table, a, d->name, kept, "");
    network->names[network->count] = d->name;
    network->values[network->count++] = kept;
    return FV_OK;
}

static fv_status write_network(const tune_run *r, const places *network, const char *folder,
                               string_pool *pool, train_arguments *a)
{
    text yaml = {0}, path = {0};
    text_add(&path, "%s-network.yaml", folder);
    const char *kept = pool_keep(pool, path.data);
    fv_status status = kept ? FV_OK : status_last();
    if (status == FV_OK)
        status = tune_network_make(r->s.a.model, network->names, network->values, network->count, &yaml);
    if (status == FV_OK)
        status = file_write(kept, yaml.data, yaml.length);
    text_release(&yaml);
    a->model = kept;
    return status;
}

fv_status tune_trial_arguments(const tune_run *r, const fv_trial *t, const char *folder, string_pool *pool,
                               train_arguments *a)
{
    places network = {.count = 0};
    *a = r->s.a;
    a->out = folder;
    a->threads = r->threads;
    for (int64_t i = 0; i < t->count; i++)
        STATUS_TRY(set_value(t, i, pool, a, &network));
    STATUS_TRY(train_setup_check(a));
    return network.count ? write_network(r, &network, folder, pool, a) : FV_OK;
}

/* ---- the check ---- */

static fv_status check_option(const tune_run *r, const fv_dimension *d)
{
    const char *where = r->a.space ? r->a.space : "the space";
    const option *o = options_find(train_table, d->name);
    text prefix = {0};
    text_add(&prefix, "%s: ", where);
    fv_status status = FV_OK;
    if (!o)
        status = options_unknown((const option *const[]){train_table, NULL}, d->name, text_string(&prefix));
    for (size_t i = 0; o && i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(o->name, fixed[i]) == 0)
            status = status_set(FV_ERROR_INVALID, "%s: %s: is the same for all trials; give it as an option",
                                where, d->name);
    if (o && status == FV_OK && !options_is_default(o, &r->s.a))
        status = status_set(FV_ERROR_INVALID,
                            "%s: %s: is a dimension and an option of the command line; leave out one", where,
                            d->name);
    text_release(&prefix);
    return status;
}

/* One value of one dimension, with nothing else in its way. */
static fv_status check_value(const tune_run *r, int64_t i, double value)
{
    const fv_dimension *d = fv_space_dimension(r->space, i);
    text word = {0}, where = {0};
    train_arguments a = r->s.a;
    print_value(d, value, &word);
    text_add(&where, "%s: ", r->a.space ? r->a.space : "the space");
    fv_status status = text_status(&word);
    if (status == FV_OK && tune_network_is(d->name)) {
        status = tune_network_check(a.model, d->name, word.data);
    } else if (status == FV_OK) {
        status = options_set(train_table, &a, d->name, word.data, text_string(&where));
        if (status == FV_OK && (status = train_setup_check(&a)) != FV_OK)
            status_prefix(status, "%s", text_string(&where));
    }
    text_release(&word);
    text_release(&where);
    return status;
}

static fv_status check_network(const tune_run *r, const fv_dimension *d)
{
    const char *model = r->s.a.model;
    return model && train_model_is_network(model)
               ? FV_OK
               : status_set(FV_ERROR_INVALID,
                            "%s: --model must name the network it is a value of, as a .yaml file", d->name);
}

fv_status tune_space_check(const tune_run *r)
{
    for (int64_t i = 0; i < fv_space_dimension_count(r->space); i++) {
        const fv_dimension *d = fv_space_dimension(r->space, i);
        STATUS_TRY(tune_network_is(d->name) ? check_network(r, d) : check_option(r, d));
        if (d->type != FV_DIMENSION_CATEGORICAL) {
            STATUS_TRY(check_value(r, i, d->low));
            STATUS_TRY(check_value(r, i, d->high));
        }
        for (int64_t c = 0; c < d->choice_count; c++)
            STATUS_TRY(check_value(r, i, (double)c));
    }
    return FV_OK;
}
