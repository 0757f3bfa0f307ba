/* SPDX-License-Identifier: Apache-2.0 */
/* The policy language (docs/augmentation.md): YAML to steps, and steps to YAML. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/file.h"
#include "core/memory.h"
#include "core/yaml.h"
#include "data/augment.h"

enum {
    STEPS_MOST = 64,
    NAME_SIZE = 64
};

/* What every step has besides its own parameters. */
typedef struct common {
    float p, strength;
} common;

static const option common_options[] = {{.name = "p",
                                         .type = OPTION_FLOAT,
                                         .offset = offsetof(common, p),
                                         .low = 0,
                                         .high = 1,
                                         .zero_is_off = true,
                                         .help = "the probability"},
                                        {.name = "strength",
                                         .type = OPTION_FLOAT,
                                         .offset = offsetof(common, strength),
                                         .low = 0,
                                         .high = 10,
                                         .zero_is_off = true,
                                         .help = "multiplies how far the change goes"},
                                        {0}};

typedef struct reader {
    yaml_file file;
    augment_policy *policy;
    const augment_context *context;
} reader;

static float or_else(float given, float usual)
{
    return given == 0 ? usual : given == FV_OFF ? 0 : given;
}

/* "RandomHorizontalFlip" as "random_horizontal_flip"; names that are too long are cut, and then not found. */
static void to_snake_case(const char *name, char out[NAME_SIZE])
{
    size_t n = 0;
    for (const char *s = name; *s && n + 2 < NAME_SIZE; s++) {
        if (isupper((unsigned char)*s) && s > name)
            out[n++] = '_';
        out[n++] = (char)tolower((unsigned char)*s);
    }
    out[n] = 0;
}

/* By name; class names that the table does not have are tried in snake case. */
static fv_status find(const char *name, const augmentation **out)
{
    char snake[NAME_SIZE];
    fv_status status = augmentation_find(name, out);
    if (status == FV_OK || !isupper((unsigned char)name[0]))
        return status;
    to_snake_case(name, snake);
    return augmentation_find(snake, out);
}

static fv_status read_parameter(reader *r, const augmentation *what, const char *key,
                                const yaml_node_t *given, common *c, void *parameters)
{
    static const option none[] = {{0}};
    const option *own = what->options ? what->options : none;
    text where = {0}, list = {0};
    text_add(&where, "%s:%d: %s: ", r->file.source, yaml_file_line(given), what->name);
    const char *value = yaml_file_value(&r->file, given, &list);
    fv_status status;
    if (!value)
        status = yaml_file_wrong(&r->file, given,
                                 "a parameter must be a number, a word, or a short list of numbers");
    else if (options_find(common_options, key))
        status = options_set(common_options, c, key, value, text_string(&where));
    else if (options_find(own, key))
        status = options_set(own, parameters, key, value, text_string(&where));
    else
        status =
            options_unknown((const option *const[]){own, common_options, NULL}, key, text_string(&where));
    text_release(&list);
    text_release(&where);
    return status;
}

/* `pairs` NULL: none. */
static fv_status read_parameters(reader *r, const augmentation *what, const yaml_node_t *pairs, common *c,
                                 void *parameters)
{
    if (!pairs || yaml_file_is_empty(pairs))
        return FV_OK;
    if (pairs->type != YAML_MAPPING_NODE)
        return yaml_file_wrong(&r->file, pairs, "parameters must be written as {parameter: value, …}");
    for (yaml_node_pair_t *i = pairs->data.mapping.pairs.start; i < pairs->data.mapping.pairs.top; i++) {
        const char *key = yaml_file_scalar(yaml_file_node(&r->file, i->key));
        if (!key)
            return yaml_file_wrong(&r->file, pairs, "a parameter's name must be a word");
        STATUS_TRY(read_parameter(r, what, key, yaml_file_node(&r->file, i->value), c, parameters));
    }
    return FV_OK;
}

static fv_status read_step(reader *r, const yaml_node_t *item, const char *name, const yaml_node_t *pairs)
{
    const augmentation *what;
    common c = {0};
    fv_status status = find(name, &what);
    if (status != FV_OK)
        return status_prefix(status, "%s:%d", r->file.source, yaml_file_line(item));
    void *parameters = mem_array(1, what->size);
    if (!parameters)
        return status_last();
    status = read_parameters(r, what, pairs, &c, parameters);
    if (status == FV_OK) {
        status = augment_policy_add_step(r->policy, what, parameters, or_else(c.strength, 1),
                                         or_else(c.p, what->probability > 0 ? what->probability : 1));
        if (status != FV_OK)
            status = status_prefix(status, "%s:%d", r->file.source, yaml_file_line(item));
    }
    free(parameters);
    return status;
}

static fv_status read_preset(reader *r, const yaml_node_t *given)
{
    const char *name = yaml_file_scalar(given);
    const char *steps = name ? augment_preset(name, r->context) : NULL;
    if (steps)
        return augment_policy_add(r->policy, steps, r->context);
    return status_prefix(augment_preset_unknown(name ? name : ""), "%s:%d", r->file.source,
                         yaml_file_line(given));
}

/* `name`, `name:`, `name: {parameter: value, …}` or `preset: name`. */
static fv_status read_item(reader *r, const yaml_node_t *item)
{
    if (r->policy->count >= STEPS_MOST)
        return yaml_file_wrong(&r->file, item, "there are too many steps");
    if (yaml_file_scalar(item) && !yaml_file_is_empty(item))
        return read_step(r, item, yaml_file_scalar(item), NULL);
    const yaml_node_pair_t *pair = item->data.mapping.pairs.start;
    if (item->type != YAML_MAPPING_NODE || item->data.mapping.pairs.top - pair != 1 ||
        !yaml_file_scalar(yaml_file_node(&r->file, pair->key)))
        return yaml_file_wrong(&r->file, item, "a step must be written as `- NAME: {parameter: value, …}`");
    const char *name = yaml_file_scalar(yaml_file_node(&r->file, pair->key));
    const yaml_node_t *value = yaml_file_node(&r->file, pair->value);
    return strcmp(name, "preset") == 0 ? read_preset(r, value) : read_step(r, item, name, value);
}

static fv_status read_list(augment_policy *p, const char *source, const void *bytes, size_t size,
                           const augment_context *c)
{
    reader r = {.policy = p, .context = c};
    STATUS_TRY(yaml_file_parse(&r.file, source, bytes, size));
    const yaml_node_t *top = yaml_document_get_root_node(&r.file.document);
    fv_status status = FV_OK;
    if (top && top->type != YAML_SEQUENCE_NODE)
        status = yaml_file_wrong(&r.file, top, "a policy must be a list of augmentations");
    else if (top)
        for (yaml_node_item_t *i = top->data.sequence.items.start;
             status == FV_OK && i < top->data.sequence.items.top; i++)
            status = read_item(&r, yaml_file_node(&r.file, *i));
    yaml_file_release(&r.file);
    return status;
}

static bool is_path(const char *words)
{
    size_t n = strlen(words);
    return (n > 5 && strcasecmp(words + n - 5, ".yaml") == 0) ||
           (n > 4 && strcasecmp(words + n - 4, ".yml") == 0);
}

static fv_status read_policy_file(augment_policy *p, const char *path, const augment_context *c)
{
    uint8_t *bytes;
    size_t size;
    STATUS_TRY(file_read(path, YAML_FILE_LIMIT, &bytes, &size));
    fv_status status = read_list(p, path, bytes, size, c);
    free(bytes);
    return status;
}

fv_status augment_policy_add(augment_policy *p, const char *words, const augment_context *c)
{
    const char *preset = augment_preset(words, c);
    if (preset)
        words = preset;
    /* A comment may stand before the list. */
    const char *first = words + strspn(words, " \t\r\n");
    if (*first && strchr("[-#", *first))
        return read_list(p, "augment", words, strlen(words), c);
    return is_path(words) ? read_policy_file(p, words, c) : augment_preset_unknown(words);
}

fv_status fv_augment_check(const char *augment)
{
    /* What a preset stands for depends on the pictures, not whether there is one of that name. */
    static const augment_context any = {.height = 32, .width = 32, .channels = 3};
    augment_policy p;
    if (!augment)
        return status_set(FV_ERROR_INVALID, "augment: a policy is required");
    STATUS_TRY(augment_policy_init(&p, augment, &any));
    augment_policy_release(&p);
    return FV_OK;
}

/* ---- writing ---- */

static void describe_value(const option *o, const void *fields, text *out)
{
    text value = {0};
    options_print(o, fields, &value);
    bool list = strchr(text_string(&value), ',') != NULL;
    text_add(out, "%s: %s%s%s", o->name, list ? "[" : "", text_string(&value), list ? "]" : "");
    text_release(&value);
}

static void describe_options(const option *table, const void *fields, text *out)
{
    for (const option *o = table; o && o->name; o++)
        if (!options_is_default(o, fields)) {
            text_add(out, "%s", out->length ? ", " : "");
            describe_value(o, fields, out);
        }
}

static void describe_step(const augment_step *s, text *out)
{
    bool always = s->probability >= 1 && s->what->probability == 0; /* which is the default then */
    common c = {.p = always ? 0 : s->probability, .strength = s->strength != 1 ? s->strength : 0};
    text parameters = {0};
    describe_options(s->what->options, s->parameters, &parameters);
    describe_options(common_options, &c, &parameters);
    text_add(out, "%s", s->what->name);
    if (parameters.length)
        text_add(out, ": {%s}", text_string(&parameters));
    text_release(&parameters);
}

void augment_policy_describe(const augment_policy *p, text *out)
{
    if (p->count == 0) {
        text_add(out, "none");
        return;
    }
    text_add(out, "[");
    for (size_t i = 0; i < p->count; i++) {
        if (i > 0)
            text_add(out, ", ");
        describe_step(&p->steps[i], out);
    }
    text_add(out, "]");
}

void augment_policy_tell(const augment_policy *p, const char *words, const augment_context *c, text *out)
{
    text_add(out, "augmentation: ");
    augment_policy_describe(p, out);
    if (p->count > 0 && augment_preset(words, c))
        text_add(out, " (%s, for %s)", words, augment_kind(c));
}
