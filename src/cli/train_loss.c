/* SPDX-License-Identifier: Apache-2.0 */
/* What fovea train minimises: the loss, the weights of its classes, the models that it learns from, and what tells the best epoch. */
#include <stdlib.h>
#include <string.h>

#include "cli/train.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/yaml.h"

/* ---- weights of classes ---- */

/* Reads the number as an option's value is read. */
static fv_status read_number(const char *class_name, const char *number, float *weight)
{
    static const option table[] = {{.name = "weight", .type = OPTION_FLOAT, .low = 1e-6, .high = 1e6}, {0}};
    text where = {0};
    text_add(&where, "--class-weights: '%s': ", class_name);
    fv_status status = text_status(&where);
    if (status == FV_OK)
        status = options_set(table, weight, "weight", number, text_string(&where));
    text_release(&where);
    return status;
}

static fv_status set_weight(train_setup *s, const char *name, size_t length, const char *number)
{
    for (int64_t c = 0; c < fv_dataset_class_count(s->train); c++) {
        const char *class_name = fv_dataset_class_name(s->train, c);
        if (strlen(class_name) == length && strncmp(class_name, name, length) == 0)
            return read_number(class_name, number, &s->class_weights[c]);
    }
    return status_set(FV_ERROR_INVALID, "--class-weights: the data has no class '%.*s'", (int)length, name);
}

/* cat=2,dog=0.5 */
static fv_status read_list(train_setup *s, const char *words)
{
    char *copy = mem_string(words), *rest = NULL;
    fv_status status = copy ? FV_OK : status_last();
    for (char *part = copy ? strtok_r(copy, ",", &rest) : NULL; part && status == FV_OK;
         part = strtok_r(NULL, ",", &rest)) {
        char *equals = strrchr(part, '=');
        status = equals ? set_weight(s, part, (size_t)(equals - part), equals + 1)
                        : status_set(FV_ERROR_INVALID, "--class-weights: '%s' is not CLASS=WEIGHT", part);
    }
    free(copy);
    return status;
}

static fv_status read_mapping(train_setup *s, yaml_file *f)
{
    const yaml_node_t *top = yaml_document_get_root_node(&f->document);
    if (!top || top->type != YAML_MAPPING_NODE)
        return status_set(FV_ERROR_INVALID, "%s: has no 'CLASS: WEIGHT' lines", f->source);
    for (yaml_node_pair_t *i = top->data.mapping.pairs.start; i < top->data.mapping.pairs.top; i++) {
        const yaml_node_t *key = yaml_file_node(f, i->key);
        const char *name = yaml_file_scalar(key), *weight = yaml_file_scalar(yaml_file_node(f, i->value));
        if (!name || !weight)
            return yaml_file_wrong(f, key, "is no 'CLASS: WEIGHT'");
        STATUS_TRY(set_weight(s, name, strlen(name), weight));
    }
    return FV_OK;
}

static fv_status read_file(train_setup *s, const char *path)
{
    uint8_t *bytes;
    size_t size;
    yaml_file file;
    STATUS_TRY(file_read(path, YAML_FILE_LIMIT, &bytes, &size));
    fv_status status = yaml_file_parse(&file, path, bytes, size);
    if (status == FV_OK) {
        status = read_mapping(s, &file);
        yaml_file_release(&file);
    }
    free(bytes);
    return status;
}

static fv_status read_weights(train_setup *s)
{
    const char *words = s->a.class_weights;
    int64_t classes = fv_dataset_class_count(s->train);
    if (!words)
        return FV_OK;
    if (!(s->class_weights = mem_array((size_t)classes, sizeof *s->class_weights)))
        return status_last();
    for (int64_t c = 0; c < classes; c++)
        s->class_weights[c] = 1;
    if (strchr(words, '='))
        return read_list(s, words);
    STATUS_TRY(read_file(s, words));
    char *full = realpath(words, NULL);
    s->a.class_weights = full ? pool_keep(&s->pool, full) : words;
    return FV_OK;
}

/* ---- teachers ---- */

static fv_status add_teacher(train_setup *s, const char *path, text *paths)
{
    if (s->teacher_count == TEACHERS_MOST)
        return status_set(FV_ERROR_INVALID, "--teacher: more than %d models", TEACHERS_MOST);
    fv_model *m = fv_model_load(path);
    if (!m)
        return status_last();
    s->teachers[s->teacher_count++] = m;
    char *full = realpath(path, NULL);
    text_add(paths, "%s%s", paths->length > 0 ? "," : "", full ? full : path);
    free(full);
    return FV_OK;
}

/* A file whose name has a comma is one all the same. */
static fv_status load_teachers(train_setup *s)
{
    text paths = {0};
    if (!s->a.teacher)
        return FV_OK;
    char *copy = mem_string(s->a.teacher), *rest = NULL;
    fv_status status = copy ? FV_OK : status_last();
    if (copy && file_exists(copy))
        status = add_teacher(s, copy, &paths);
    else
        for (char *path = copy ? strtok_r(copy, ",", &rest) : NULL; path && status == FV_OK;
             path = strtok_r(NULL, ",", &rest))
            status = add_teacher(s, path, &paths);
    free(copy);
    if (status == FV_OK)
        status = text_status(&paths);
    if (status == FV_OK && !(s->a.teacher = pool_keep(&s->pool, paths.data)))
        return status_last();
    if (status != FV_OK)
        text_release(&paths);
    return status;
}

/* ---- all of it ---- */

static bool has_sigmoids(const train_setup *s)
{
    return fv_dataset_is_multi_label(s->train) || fv_model_class_count(s->model) == 1;
}

static bool has_validation(const train_setup *s)
{
    return s->validation && fv_dataset_size(s->validation) > 0;
}

/* No "auto" stays in args.yaml. */
static void settle_choices(train_setup *s)
{
    train_arguments *a = &s->a;
    if (a->loss == LOSS_FOCAL && a->focal_gamma == 0)
        a->focal_gamma = 2;
    if (a->loss == LOSS_AUTO)
        a->loss = has_sigmoids(s) ? LOSS_BINARY : LOSS_CATEGORICAL;
    if (a->monitor == FV_MONITOR_DEFAULT)
        a->monitor = !fv_dataset_is_multi_label(s->train) ? FV_MONITOR_ACCURACY
                     : has_validation(s)                  ? FV_MONITOR_MAP
                                                          : FV_MONITOR_LOSS;
    if (!a->teacher)
        return;
    if (a->distill_alpha == 0)
        a->distill_alpha = 0.9f;
    if (a->distill_temperature == 0)
        a->distill_temperature = 4;
}

/* What fv_fit would refuse, too, but only once there is a run folder. */
static fv_status check_choices(const train_setup *s)
{
    const train_arguments *a = &s->a;
    bool softmax = a->loss == LOSS_CATEGORICAL || (a->loss == LOSS_FOCAL && !has_sigmoids(s));
    bool ranked = a->monitor == FV_MONITOR_F1 || a->monitor == FV_MONITOR_MAP;
    if (!a->teacher && (a->distill_alpha || a->distill_temperature))
        return status_set(FV_ERROR_INVALID,
                          "--distill-alpha and --distill-temperature need a --teacher to learn from");
    if (a->focal_alpha > 0 && softmax)
        return status_set(
            FV_ERROR_INVALID,
            "--focal-alpha is of sigmoids (--loss binary); --class-weights weigh the classes of a softmax");
    if (a->class_weights && (a->balance == FV_BALANCE_WEIGHTS || a->balance == FV_BALANCE_EFFECTIVE))
        return status_set(FV_ERROR_INVALID, "--class-weights and --balance %s exclude each other",
                          a->balance == FV_BALANCE_WEIGHTS ? "weights" : "effective");
    if (ranked && !has_validation(s))
        return status_set(FV_ERROR_INVALID,
                          "--monitor: F1 and mAP are measured on validation pictures, of which there "
                          "are none");
    return FV_OK;
}

fv_status train_loss_settle(train_setup *s)
{
    settle_choices(s);
    STATUS_TRY(check_choices(s));
    STATUS_TRY(read_weights(s));
    return load_teachers(s);
}

void train_loss_release(train_setup *s)
{
    for (int64_t i = 0; i < s->teacher_count; i++)
        fv_model_destroy(s->teachers[i]);
    free(s->class_weights);
}
