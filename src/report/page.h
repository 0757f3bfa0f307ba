/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pieces that the page is put together from. Whatever comes from folders, files or options passes text_add_html; labels and
 * notes are our own HTML.
 *
 *     html_heading(out, "Training");
 *     html_percent(out, 0.987);   // 98.70 %
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report/report.h"

/* ---- html.c ---- */

void html_percent(text *out, double part); /* a dash for what is not finite */
void html_number(text *out, double value); /* likewise */
void html_count(text *out, int64_t value); /* 1,234,567 */
/* All of a page that comes before and after what is in its <main>. */
void html_begin(text *out, const char *title);
void html_end(text *out);
void html_heading(text *out, const char *heading);
void html_card(text *out, const char *label, const char *value, const char *note);
void html_percent_card(text *out, const char *label, double part, const char *note);

/* ---- html_picture.c ---- */

/* What src= is to hold: the run's PNG file itself, as a data URI; its name where it cannot be read. */
void html_picture(text *out, const char *run, const char *file);

/* ---- page_curves.c ---- */

void page_add_curves(text *out, const report_content *c);
void page_add_reliability(text *out, const report_content *c);

/* ---- page_evaluation.c ---- */

void page_add_headline(text *out, const fv_evaluation *e); /* cards */
void page_add_left_out(text *out, const fv_evaluation *e); /* pictures that were not counted */
void page_add_evaluation(text *out, const report_content *c);

/* ---- page_scores.c ---- */

void page_add_scores(text *out, const report_content *c);

/* ---- page_data.c: nothing where there is none ---- */

void page_add_pictures(text *out, const report_content *c); /* of each class and part */
void page_add_problems(text *out, const report_input *in);

/* ---- page_groups.c: nothing where the input has none ---- */

void page_add_groups(text *out, const report_content *c);

/* ---- page_folds.c: the table of the folds, and what they say together ---- */

void page_add_folds(text *out, const report_content *c);

/* ---- style.c ---- */

extern const char page_style[]; /* CSS */

#endif
