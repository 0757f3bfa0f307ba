/* SPDX-License-Identifier: Apache-2.0 */
/* An evaluation and what belongs to it as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/evaluation.h"
#include "core/file.h"

static json_t *score_json(const fv_class_score *s)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "precision", cli_number(s->precision), "recall",
                     cli_number(s->recall), "f1", cli_number(s->f1), "auc", cli_number(s->auc),
                     "average_precision", cli_number(s->average_precision));
}

static json_t *class_json(const fv_class_score *s)
{
    json_t *json = json_pack("{s:s, s:I}", "name", s->name, "support", (json_int_t)s->support);
    json_t *scores = score_json(s);
    if (json)
        json_object_update(json, scores);
    json_decref(scores);
    return json;
}

static json_t *confusion_json(const fv_evaluation *e)
{
    if (!e->confusion)
        return json_null();
    json_t *rows = json_array();
    for (int64_t c = 0; c < e->class_count; c++) {
        json_t *row = json_array();
        for (int64_t k = 0; k < e->class_count; k++)
            json_array_append_new(row, json_integer(e->confusion[c * e->class_count + k]));
        json_array_append_new(rows, row);
    }
    return rows;
}

/* What has no place of its own. */
static void add_further_scores(json_t *all, const fv_evaluation *e)
{
    static const fv_score list[] = {FV_SCORE_BALANCED_ACCURACY, FV_SCORE_KAPPA, FV_SCORE_MATTHEWS,
                                    FV_SCORE_LOG_LOSS,          FV_SCORE_BRIER, FV_SCORE_HAMMING_LOSS,
                                    FV_SCORE_EXACT_MATCH};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        json_object_set_new(all, fv_score_name(list[i]), cli_number(fv_evaluation_score(e, list[i])));
    json_object_set_new(
        all, "top_k",
        json_pack("{s:I, s:o}", "k", (json_int_t)e->top_k, "accuracy", cli_number(e->top_k_accuracy)));
    if (e->multi_label)
        json_object_set_new(all, "micro", score_json(&e->micro));
}

json_t *evaluation_json(const fv_evaluation *e, const char *model, const char *data)
{
    json_t *classes = json_array();
    for (int64_t c = 0; c < e->class_count; c++)
        json_array_append_new(classes, class_json(&e->classes[c]));
    json_t *all = json_pack(
        "{s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:[o, o], s:I, s:I, s:I}", "model", model,
        "data", data, "images", (json_int_t)e->images, "loss", cli_number(e->loss), "accuracy",
        cli_number(e->accuracy), "top5", cli_number(e->top5), "macro", score_json(&e->macro), "weighted",
        score_json(&e->weighted), "classes", classes, "confusion", confusion_json(e), "ece",
        cli_number(e->ece), "accuracy_interval", cli_number(e->accuracy_low), cli_number(e->accuracy_high),
        "unknown", (json_int_t)e->unknown, "skipped", (json_int_t)e->skipped, "views", (json_int_t)e->views);
    if (all)
        add_further_scores(all, e);
    return all;
}

static json_t *pair_json(const fv_interval *i)
{
    return json_pack("[o, o]", cli_number(i->low), cli_number(i->high));
}

json_t *intervals_json(const fv_interval *intervals, int64_t resamples, uint64_t seed)
{
    json_t *all = json_pack("{s:I, s:I}", "resamples", (json_int_t)resamples, "seed", (json_int_t)seed);
    for (int s = 0; all && s < FV_SCORE_COUNT; s++)
        json_object_set_new(all, fv_score_name((fv_score)s), pair_json(&intervals[s]));
    return all;
}

json_t *comparison_json(const fv_comparison *c, const char *model)
{
    return json_pack("{s:s, s:I, s:[o, o], s:o, s:o, s:I, s:I, s:I, s:I, s:s, s:o, s:o}", "model", model,
                     "images", (json_int_t)c->images, "accuracy", cli_number(c->first_accuracy),
                     cli_number(c->second_accuracy), "difference", cli_number(c->difference), "interval",
                     pair_json(&c->interval), "both_right", (json_int_t)c->both_right, "only_first",
                     (json_int_t)c->only_first, "only_second", (json_int_t)c->only_second, "both_wrong",
                     (json_int_t)c->both_wrong, "test", c->exact ? "mcnemar exact" : "mcnemar chi-square",
                     "statistic", cli_number(c->statistic), "p", cli_number(c->p));
}

fv_status evaluation_emit_json(json_t *all, const char *path)
{
    char *words = all ? json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(all);
    if (!words)
        return status_set(FV_ERROR_FORMAT, "%s: a name is not UTF-8 and cannot be written as JSON", path);
    text out = {0};
    text_add(&out, "%s\n", words);
    free(words);
    fv_status status = text_status(&out);
    if (status == FV_OK && strcmp(path, "-") == 0)
        fputs(out.data, stdout);
    else if (status == FV_OK)
        status = file_write(path, out.data, out.length);
    text_release(&out);
    return status;
}
