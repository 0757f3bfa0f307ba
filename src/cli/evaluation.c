/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/evaluation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"

enum {
    MATRIX_CLASSES = 60, /* a larger matrix is not readable as text: the most frequent mistakes instead */
    MISTAKES_SHOWN = 30
};

static void print_number(double value)
{
    if (isfinite(value))
        printf("%9.4f", value);
    else
        printf("%9s", "-");
}

static void print_scores(const char *name, int width, const fv_class_score *s)
{
    cli_print_padded(name, width);
    printf("%11.4f", s->precision);
    print_number(s->recall);
    print_number(s->f1);
    print_number(s->auc);
    print_number(s->average_precision);
    printf("%10lld\n", (long long)s->support);
}

static int widest_name(const fv_evaluation *e)
{
    int width = 13; /* "weighted mean" */
    for (int64_t c = 0; c < e->class_count; c++)
        if (cli_width(e->classes[c].name) > width)
            width = cli_width(e->classes[c].name);
    return width;
}

static void print_matrix(const fv_evaluation *e, int width)
{
    int64_t n = e->class_count;
    printf("\nconfusion matrix (row: true class, column: predicted, in the same order)\n");
    int64_t largest = 0;
    for (int64_t i = 0; i < n * n; i++)
        largest = e->confusion[i] > largest ? e->confusion[i] : largest;
    int cell = snprintf(NULL, 0, "%lld", (long long)largest) + 1;
    for (int64_t row = 0; row < n; row++) {
        cli_print_padded(e->classes[row].name, width);
        for (int64_t column = 0; column < n; column++)
            printf("%*lld", cell < 4 ? 4 : cell, (long long)e->confusion[row * n + column]);
        putchar('\n');
    }
}

/* The most frequent pairs, found one after the other; ties in the order of the classes. */
static void print_mistakes(const fv_evaluation *e)
{
    int64_t n = e->class_count, count = -1, place = -1;
    printf("\nmost frequent mistakes (--json has the whole matrix)\n");
    for (int shown = 0; shown < MISTAKES_SHOWN; shown++) {
        int64_t best = -1;
        for (int64_t i = 0; i < n * n; i++) {
            bool later = count < 0 || e->confusion[i] < count || (e->confusion[i] == count && i > place);
            if (i / n != i % n && e->confusion[i] > 0 && later &&
                (best < 0 || e->confusion[i] > e->confusion[best]))
                best = i;
        }
        if (best < 0)
            break;
        count = e->confusion[best];
        place = best;
        printf("%8lld  %s taken for %s\n", (long long)count, e->classes[best / n].name,
               e->classes[best % n].name);
    }
}

static void print_single(const fv_evaluation *e)
{
    printf("accuracy    %.4f  (95 %% interval %.4f..%.4f)\ntop-5       %.4f\n", e->accuracy, e->accuracy_low,
           e->accuracy_high, e->top5);
    if (e->top_k != 5)
        printf("top-%-7lld %.4f\n", (long long)e->top_k, e->top_k_accuracy);
    printf("balanced    %.4f  (accuracy, every class counting the same)\n", e->balanced_accuracy);
    if (isfinite(e->kappa))
        printf("kappa       %.4f  (Cohen's)\n", e->kappa);
    printf("matthews    %.4f\n", e->matthews);
}

static void print_multi_label(const fv_evaluation *e)
{
    printf("accuracy    %.4f  (of all answers, one for each picture and class)\nexact match %.4f\n"
           "hamming     %.4f  (loss: the share of wrong answers)\nmicro F1    %.4f\n",
           e->accuracy, e->exact_match, e->hamming_loss, e->micro.f1);
    if (isfinite(e->macro.average_precision))
        printf("mAP         %.4f  (mean average precision)\n", e->macro.average_precision);
}

static void print_overall(const fv_evaluation *e)
{
    printf("images      %lld\n", (long long)e->images);
    if (e->views > 1)
        printf("views       %lld of each picture, their probabilities averaged\n", (long long)e->views);
    printf("loss        %.4f\n", e->loss);
    (e->multi_label ? print_multi_label : print_single)(e);
    if (fabs(e->log_loss - e->loss) > 1e-4) /* a softmax's are the same */
        printf("log loss    %.4f  (of the true class)\n", e->log_loss);
    printf("Brier       %.4f\ncalibration %.4f  (expected error of the probabilities)\n", e->brier, e->ece);
    if (e->unknown)
        printf("left out    %lld pictures of classes that the model does not know\n", (long long)e->unknown);
    if (e->skipped)
        printf("skipped     %lld pictures that cannot be read\n", (long long)e->skipped);
}

void evaluation_print(const fv_evaluation *e)
{
    int width = widest_name(e);
    print_overall(e);
    putchar('\n');
    cli_print_padded("class", width);
    printf("%11s%9s%9s%9s%9s%10s\n", "precision", "recall", "f1", "auc", "ap", "support");
    for (int64_t c = 0; c < e->class_count; c++)
        print_scores(e->classes[c].name, width, &e->classes[c]);
    print_scores("macro mean", width, &e->macro);
    print_scores("weighted mean", width, &e->weighted);
    if (e->multi_label)
        print_scores("micro mean", width, &e->micro);
    if (!e->confusion)
        return;
    if (e->class_count <= MATRIX_CLASSES)
        print_matrix(e, width);
    else
        print_mistakes(e);
}

/* Quoted where RFC 4180 asks for it. */
static void add_field(text *out, const char *field)
{
    if (!strpbrk(field, ",\"\r\n")) {
        text_add(out, "%s", field);
        return;
    }
    text_add(out, "\"");
    for (; *field; field++)
        text_add(out, *field == '"' ? "\"\"" : "%c", *field);
    text_add(out, "\"");
}

/* Multi-label data; `at` in the rows of probabilities. */
static bool is_predicted(const fv_evaluation *e, int64_t at)
{
    return e->probabilities[at] > (e->thresholds ? e->thresholds[at % e->class_count] : 0.5f);
}

/* The classes of picture `i`, true or predicted, as "a|b". */
static void add_classes(text *out, const fv_evaluation *e, int64_t i, bool predicted)
{
    text names = {0};
    for (int64_t k = i * e->class_count; k < (i + 1) * e->class_count; k++)
        if (predicted ? is_predicted(e, k) : e->targets[k])
            text_add(&names, "%s%s", names.length ? "|" : "", e->classes[k % e->class_count].name);
    add_field(out, text_string(&names));
    text_release(&names);
}

static void add_answer(text *out, const fv_evaluation *e, int64_t i, bool predicted)
{
    if (e->multi_label)
        add_classes(out, e, i, predicted);
    else
        add_field(out, e->classes[predicted ? e->predicted[i] : e->label[i]].name);
}

void evaluation_add_rows(text *out, const fv_evaluation *e, const fv_dataset *data, const char *more)
{
    char file[4096];
    for (int64_t i = 0; i < e->images; i++) {
        add_field(out, fv_dataset_file(data, e->index[i], file, sizeof file));
        text_add(out, ",");
        add_answer(out, e, i, false);
        text_add(out, ",");
        add_answer(out, e, i, true);
        text_add(out, ",%.6f%s\n", (double)e->probability[i], more);
    }
}

fv_status evaluation_write_csv(const fv_evaluation *e, const fv_dataset *data, const char *path)
{
    text out = {0};
    text_add(&out, EVALUATION_COLUMNS "\n");
    evaluation_add_rows(&out, e, data, "");
    fv_status status = text_status(&out);
    if (status == FV_OK)
        status = file_write(path, out.data, out.length);
    text_release(&out);
    return status;
}
