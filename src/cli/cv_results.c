/* SPDX-License-Identifier: Apache-2.0 */
/* What a cross-validation writes and prints. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cv.h"
#include "cli/evaluation.h"
#include "core/file.h"
#include "core/memory.h"

enum {
    LOSS = FV_SCORE_COUNT, /* one score more than fv_score has */
    SCORES
};

static const char *score_name(int score)
{
    return score == LOSS ? "loss" : fv_score_name((fv_score)score);
}

static double score_of(const fv_evaluation *e, int score)
{
    return score == LOSS ? e->loss : fv_evaluation_score(e, (fv_score)score);
}

static fv_fold_spread spread_of(const cv_run *r, int score)
{
    double *values = mem_array((size_t)r->count, sizeof *values);
    for (int64_t i = 0; values && i < r->count; i++)
        values[i] = score_of(&r->held[i], score);
    fv_fold_spread s = fv_fold_spread_of(values, values ? r->count : 0, r->folds);
    free(values);
    return s;
}

/* ---- files ---- */

static void add_number(text *out, double value)
{
    text_add(out, ",");
    if (isfinite(value))
        text_add(out, "%.9g", value);
}

/* The file appears whole; takes the text. */
static fv_status write_text(const cv_run *r, const char *name, text *out)
{
    char *path = file_join(r->s.a.out, name);
    fv_status status = !path ? status_last() : text_status(out);
    if (status == FV_OK)
        status = file_write(path, out->data, out->length);
    free(path);
    text_release(out);
    return status;
}

static fv_status write_predictions(const cv_run *r)
{
    bool repeats = r->count > r->folds;
    text out = {0};
    text_add(&out, EVALUATION_COLUMNS ",fold%s\n", repeats ? ",repeat" : "");
    for (int64_t i = 0; i < r->count; i++) {
        char place[64];
        int n = snprintf(place, sizeof place, ",%lld", (long long)(i % r->folds + 1));
        if (repeats)
            snprintf(place + n, sizeof place - (size_t)n, ",%lld", (long long)(i / r->folds + 1));
        evaluation_add_rows(&out, &r->held[i], r->whole, place);
    }
    return write_text(r, "predictions.csv", &out);
}

static fv_status write_results(const cv_run *r)
{
    bool repeats = r->count > r->folds;
    text out = {0};
    text_add(&out, "fold,images");
    for (int s = 0; s < SCORES; s++)
        text_add(&out, ",%s", score_name(s));
    text_add(&out, "%s\n", repeats ? ",repeat" : "");
    for (int64_t i = 0; i < r->count; i++) {
        text_add(&out, "%lld,%lld", (long long)(i % r->folds + 1), (long long)r->held[i].images);
        for (int s = 0; s < SCORES; s++)
            add_number(&out, score_of(&r->held[i], s));
        if (repeats)
            text_add(&out, ",%lld", (long long)(i / r->folds + 1));
        text_add(&out, "\n");
    }
    return write_text(r, "results.csv", &out);
}

static fv_status write_summary(const cv_run *r)
{
    text out = {0};
    text_add(&out, "score,mean,deviation,low,high,out_of_fold,out_of_fold_low,out_of_fold_high,ensemble\n");
    for (int s = 0; s < SCORES; s++) {
        fv_fold_spread over = spread_of(r, s);
        text_add(&out, "%s", score_name(s));
        add_number(&out, over.mean);
        add_number(&out, over.deviation);
        add_number(&out, over.interval.low);
        add_number(&out, over.interval.high);
        add_number(&out, score_of(&r->pooled, s));
        add_number(&out, s == LOSS ? NAN : r->intervals[s].low);
        add_number(&out, s == LOSS ? NAN : r->intervals[s].high);
        add_number(&out, r->test ? score_of(&r->ensemble, s) : NAN);
        text_add(&out, "\n");
    }
    return write_text(r, "summary.csv", &out);
}

static fv_status write_report(const cv_run *r)
{
    text title = {0};
    text_add(&title, "%s on %s, %lld folds", fv_model_name(r->model), file_base_name(r->s.a.data),
             (long long)r->folds);
    fv_status status = fv_report_write(
        r->s.a.out, .model = r->model, .data = r->whole, .evaluation = &r->pooled, .intervals = r->intervals,
        .title = text_string(&title), .folds = r->folds, .ensemble = r->test ? &r->ensemble : NULL);
    text_release(&title);
    return status;
}

fv_status cv_write(const cv_run *r)
{
    STATUS_TRY(write_predictions(r));
    STATUS_TRY(write_results(r));
    STATUS_TRY(write_summary(r));
    return write_report(r);
}

/* ---- text ---- */

/* Of one class a picture some scores say nothing that the accuracy does not. */
static bool is_shown(const cv_run *r, int score)
{
    bool again =
        score == FV_SCORE_EXACT_MATCH || score == FV_SCORE_MICRO_F1 || score == FV_SCORE_HAMMING_LOSS;
    return isfinite(score_of(&r->pooled, score)) && (r->pooled.multi_label || !again);
}

static void print_folds(const cv_run *r)
{
    static const int columns[] = {FV_SCORE_ACCURACY, FV_SCORE_BALANCED_ACCURACY, FV_SCORE_MACRO_F1,
                                  FV_SCORE_MACRO_AUC, LOSS};
    bool repeats = r->count > r->folds;
    printf("\n%sfold  images", repeats ? "repeat  " : "");
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        if (is_shown(r, columns[k]))
            printf("  %s", score_name(columns[k]));
    printf("\n");
    for (int64_t i = 0; i < r->count; i++) {
        if (repeats)
            printf("%6lld  ", (long long)(i / r->folds + 1));
        printf("%4lld%8lld", (long long)(i % r->folds + 1), (long long)r->held[i].images);
        for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
            if (is_shown(r, columns[k]))
                printf("  %*.4f", cli_width(score_name(columns[k])), score_of(&r->held[i], columns[k]));
        printf("\n");
    }
}

static void print_scores(const cv_run *r)
{
    printf("\n%-27s    mean  deviation  95 %% interval     out of fold  95 %% interval%s\n", "",
           r->test ? "    ensemble" : "");
    for (int s = 0; s < SCORES; s++) {
        if (!is_shown(r, s))
            continue;
        fv_fold_spread over = spread_of(r, s);
        printf("%-27s%8.4f%11.4f  %.4f..%.4f%16.4f", score_name(s), over.mean, over.deviation,
               over.interval.low, over.interval.high, score_of(&r->pooled, s));
        if (s != LOSS && isfinite(r->intervals[s].low))
            printf("  %.4f..%.4f", r->intervals[s].low, r->intervals[s].high);
        else
            printf("%18s", "");
        if (r->test)
            printf("%10.4f", score_of(&r->ensemble, s));
        printf("\n");
    }
}

void cv_print(const cv_run *r)
{
    print_folds(r);
    print_scores(r);
    printf(
        "\nThe first interval is Student's over the %lld folds. It takes them for independent; any two share "
        "most of\ntheir training pictures, so it is rather too narrow. The second, by the bootstrap over the "
        "pictures, leaves\nout what another training run would change. Neither covers pictures of another "
        "origin.\n",
        (long long)r->count);
    if (r->count > r->folds)
        printf(
            "Of the repeats the first makes the predictions out of fold; Student's interval is corrected for "
            "them\n(Nadeau & Bengio 2003).\n");
    if (r->test)
        printf("ensemble    the models of all folds, their probabilities averaged, on %lld test pictures\n",
               (long long)r->ensemble.images);
    printf("predictions %s/predictions.csv\nreport      %s/report.html\n", r->s.a.out, r->s.a.out);
}
