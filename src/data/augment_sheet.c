/* SPDX-License-Identifier: Apache-2.0 */
/* fv_augment_sheet: what the loader makes of a few pictures in the first epochs, drawn as a table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "image/draw.h"

enum {
    ROWS_DEFAULT = 6,
    ROWS_MOST = 64,
    COLUMNS_DEFAULT = 6,
    COLUMNS_MOST = 32,
    SIZE_DEFAULT = 224,
    SMALL = 64,     /* pixels: up to here pictures keep their size, as in training */
    TILE_MOST = 160 /* pixels of the longer side, to which pixels are repeated or the picture is shrunk */
};
static const double margin = 16, gap = 10, font = 12, line_height = 17;
static const uint32_t text_color = 0x1f2328, soft_color = 0x59636e;

typedef struct sheet {
    fv_augment_sheet_options o;
    fv_preprocess p;
    augment_policy policy;
    text words;    /* what the policy does */
    int64_t *rows; /* (o.rows): indices in the data */
    double tile_h, tile_w;
    double top;     /* where the first row begins */
    canvas *canvas; /* NULL: only measuring */
    image_space space;
    image scaled;
} sheet;

/* ---- options ---- */

static fv_status choose_input(sheet *s)
{
    fv_augment_sheet_options *o = &s->o;
    if (o->preprocess) {
        s->p = *o->preprocess;
    } else {
        STATUS_TRY(fv_dataset_shape(o->data, &s->p.height, &s->p.width, &s->p.channels));
        s->p.crop_fraction = 1;
        if (s->p.height > SMALL || s->p.width > SMALL)
            s->p.height = s->p.width = SIZE_DEFAULT;
        fv_window_choice window;
        STATUS_TRY(fv_dataset_window(o->data, &window));
        s->p.window = window.window;
        s->p.window_low = window.low;
        s->p.window_high = window.high;
    }
    if (o->height || o->width) {
        s->p.height = o->height;
        s->p.width = o->width;
    }
    return FV_OK;
}

/* The class of row `i` of `rows`: evenly over the classes where there are more of these. */
static int64_t class_of_row(int64_t i, int64_t rows, int64_t classes)
{
    return rows < classes ? i * classes / rows : i % classes;
}

/* The first pictures of each class. Where a class has too few, there are fewer rows. */
static fv_status choose_rows(sheet *s)
{
    fv_augment_sheet_options *o = &s->o;
    int64_t classes = fv_dataset_class_count(o->data), size = fv_dataset_size(o->data), count = 0;
    if (!(s->rows = mem_array((size_t)o->rows, sizeof *s->rows)))
        return status_last();
    for (int64_t i = 0; i < o->rows && classes > 0; i++) {
        int64_t wanted = class_of_row(i, o->rows, classes), before = o->rows < classes ? 0 : i / classes;
        int64_t k = 0;
        while (k < size && (fv_dataset_label(o->data, k) != wanted || before-- > 0))
            k++;
        if (k < size)
            s->rows[count++] = k;
    }
    o->rows = count;
    return count > 0 ? FV_OK : status_set(FV_ERROR_INVALID, "augment: the data has no pictures with a class");
}

static fv_status make_policy(sheet *s)
{
    const fv_augment_sheet_options *o = &s->o;
    augment_context c = {.height = s->p.height, .width = s->p.width, .channels = s->p.channels};
    c.class_count = fv_dataset_class_count(o->data);
    const char **names = mem_array((size_t)c.class_count, sizeof *names);
    if (!names)
        return status_last();
    for (int64_t i = 0; i < c.class_count; i++)
        names[i] = fv_dataset_class_name(o->data, i);
    c.classes = names;
    const char *words = o->augment ? o->augment : "standard";
    fv_status status = augment_policy_init(&s->policy, words, &c);
    if (status == FV_OK)
        status = augment_policy_add_extras(&s->policy, o->erase, o->mixup, o->cutmix);
    if (status == FV_OK) {
        augment_policy_tell(&s->policy, words, &c, &s->words);
        status = text_status(&s->words);
    }
    free(names);
    return status;
}

/* As large as fits; small pictures by a whole factor, so that their pixels stay even. */
static void choose_tile(sheet *s)
{
    double side = (double)(s->p.height > s->p.width ? s->p.height : s->p.width), scale = TILE_MOST / side;
    if (scale > 1)
        scale = floor(scale);
    s->tile_h = fmax(1, round((double)s->p.height * scale));
    s->tile_w = fmax(1, round((double)s->p.width * scale));
}

static fv_status prepare(sheet *s, const fv_augment_sheet_options *options)
{
    fv_augment_sheet_options *o = &s->o;
    if (options)
        memcpy(o, options, options->struct_size < sizeof *o ? options->struct_size : sizeof *o);
    if (!o->data || !o->out)
        return status_set(FV_ERROR_INVALID, "augment: data and out are required");
    o->rows = o->rows ? o->rows : ROWS_DEFAULT;
    o->columns = o->columns ? o->columns : COLUMNS_DEFAULT;
    o->threads = o->threads ? o->threads : 1;
    if (o->rows < 1 || o->rows > ROWS_MOST || o->columns < 1 || o->columns > COLUMNS_MOST)
        return status_set(FV_ERROR_INVALID,
                          "augment: a sheet has 1..%d rows and 1..%d columns, not %lld and %lld", ROWS_MOST,
                          COLUMNS_MOST, (long long)o->rows, (long long)o->columns);
    STATUS_TRY(choose_input(s));
    choose_tile(s);
    STATUS_TRY(choose_rows(s));
    STATUS_TRY(make_policy(s));
    if (o->on_log)
        o->on_log(text_string(&s->words), o->user);
    return FV_OK;
}

/* ---- drawing ---- */

static double tile_x(const sheet *s, int64_t column)
{
    return margin + (double)column * (s->tile_w + gap) + (column > 0 ? gap : 0);
}

static double tile_y(const sheet *s, int64_t row)
{
    return s->top + (double)row * (s->tile_h + line_height + gap);
}

/* Draws words broken at spaces into lines of `width`; returns where the next line begins. */
static double draw_words(canvas *c, const char *words, double x, double y, double width)
{
    text line = {0};
    while (*words) {
        size_t word = strcspn(words, " "), kept = line.length;
        text_add(&line, "%s%.*s", kept ? " " : "", (int)word, words);
        if (kept > 0 && canvas_text_width(c, text_string(&line), font) > width) {
            line.data[kept] = 0;
            canvas_text(c, text_string(&line), x, y, font, 0, 0);
            y += line_height;
            text_release(&line);
            text_add(&line, "%.*s", (int)word, words);
        }
        words += word + strspn(words + word, " ");
    }
    canvas_text(c, text_string(&line), x, y, font, 0, 0);
    text_release(&line);
    return y + line_height;
}

/* Cut to the tile's width, with "..." at the end. */
static void draw_caption(const sheet *s, const char *words, int64_t column, int64_t row)
{
    text cut = {0};
    text_add(&cut, "%s", words);
    double width = s->tile_w + gap - 2;
    for (size_t n = strlen(words); n > 1 && canvas_text_width(s->canvas, text_string(&cut), font) > width;
         n--) {
        text_release(&cut);
        text_add(&cut, "%.*s…", (int)n - 1, words);
    }
    canvas_text(s->canvas, text_string(&cut), tile_x(s, column), tile_y(s, row) + s->tile_h + font + 1, font,
                0, 0);
    text_release(&cut);
}

static fv_status draw_tile(sheet *s, const uint8_t *pixels, int64_t column, int64_t row)
{
    const fv_preprocess *p = &s->p;
    image im = {.height = p->height, .width = p->width, .channels = p->channels, .data = (uint8_t *)pixels};
    const image *shown = &im;
    if (s->tile_h < (double)p->height || s->tile_w < (double)p->width) {
        STATUS_TRY(image_resize(&im, NULL, (int64_t)s->tile_h, (int64_t)s->tile_w, FV_BILINEAR, &s->space,
                                &s->scaled));
        shown = &s->scaled;
    }
    canvas_picture(s->canvas, shown, tile_x(s, column), tile_y(s, row), s->tile_w, s->tile_h);
    return FV_OK;
}

/* The classes of a picture, or their shares where it was mixed: "cat", "70 % cat + 30 % dog". */
static void add_classes(const sheet *s, const batch *b, int64_t row, text *out)
{
    const fv_dataset *d = s->o.data;
    int64_t classes = fv_dataset_class_count(d);
    const float *shares = b->targets ? b->targets + row * classes : NULL;
    for (int64_t c = 0; shares && c < classes; c++)
        if (shares[c] > 0) {
            text_add(out, out->length ? " + " : "");
            if (shares[c] < 1)
                text_add(out, "%.0f %% ", 100 * (double)shares[c]);
            text_add(out, "%s", fv_dataset_class_name(d, c));
        }
    for (int64_t k = 0; !shares && k < fv_dataset_label_count(d, s->rows[row]); k++)
        text_add(out, "%s%s", k ? " + " : "",
                 fv_dataset_class_name(d, fv_dataset_label_at(d, s->rows[row], k)));
}

/* A batch of all rows. Captions stand under the first column, and where pictures are mixed under all. */
static fv_status draw_column(sheet *s, const batch *b, int64_t column)
{
    size_t bytes = (size_t)(s->p.height * s->p.width * s->p.channels);
    fv_status status = FV_OK;
    canvas_color(s->canvas, text_color, 1);
    for (int64_t row = 0; status == FV_OK && row < b->count; row++) {
        text caption = {0};
        if (b->weights[row] == 0)
            text_add(&caption, "(not readable)");
        else if (column == 0 || b->targets)
            add_classes(s, b, row, &caption);
        if (b->weights[row] > 0)
            status = draw_tile(s, b->pixels + (size_t)row * bytes, column, row);
        draw_caption(s, text_string(&caption), column, row);
        text_release(&caption);
    }
    return status;
}

/* All epochs from 0 up to `epochs` of one loader, from column `column` on. */
static fv_status draw_epochs(sheet *s, const augment_policy *policy, int64_t column, int64_t epochs)
{
    const fv_augment_sheet_options *o = &s->o;
    bool mixes = policy && augment_policy_mixes(policy);
    loader *l;
    const batch *b;
    STATUS_TRY(loader_create(&(loader_options){.data = o->data,
                                               .preprocess = s->p,
                                               .augment = policy,
                                               .batch = o->rows,
                                               .reduced_decode = true,
                                               .seed = o->seed,
                                               .threads = o->threads,
                                               .only = s->rows,
                                               .only_count = o->rows,
                                               .classes = mixes ? fv_dataset_class_count(o->data) : 0},
                             &l));
    fv_status status = FV_OK;
    for (int64_t epoch = 0; status == FV_OK && epoch < epochs; epoch++) {
        status = loader_start(l, epoch, 0);
        if (status == FV_OK)
            status = loader_next(l, &b);
        if (status == FV_OK) {
            status = draw_column(s, b, column + epoch);
            loader_done(l, b);
        }
    }
    for (int64_t i = 0; !policy && o->on_log && i < loader_skipped(l); i++)
        o->on_log(loader_skipped_message(l, i), o->user);
    loader_destroy(l);
    return status;
}

/* The policy's words and the columns' titles; returns where the pictures begin. */
static double draw_head(const sheet *s, canvas *c, double width)
{
    text title = {0};
    canvas_color(c, soft_color, 1);
    double y = draw_words(c, text_string(&s->words), margin, margin + font, width) + 6;
    canvas_text(c, "before", tile_x(s, 0), y, font, 0, 0);
    for (int64_t epoch = 1; epoch <= s->o.columns; epoch++) {
        text_add(&title, "epoch %lld", (long long)epoch);
        canvas_text(c, text_string(&title), tile_x(s, epoch), y, font, 0, 0);
        text_release(&title);
    }
    return y + 6;
}

/* How high the head is depends on the font: it is drawn for trial first. */
static fv_status draw(sheet *s, image *out)
{
    double width = tile_x(s, s->o.columns) + s->tile_w + margin;
    canvas *trial;
    STATUS_TRY(canvas_create(1, 1, &trial));
    s->top = draw_head(s, trial, width - 2 * margin);
    canvas_destroy(trial);
    STATUS_TRY(canvas_create((int64_t)width, (int64_t)(tile_y(s, s->o.rows) + margin - gap), &s->canvas));
    draw_head(s, s->canvas, width - 2 * margin);
    STATUS_TRY(draw_epochs(s, NULL, 0, 1));
    STATUS_TRY(draw_epochs(s, s->policy.count > 0 ? &s->policy : NULL, 1, s->o.columns));
    return canvas_image(s->canvas, out);
}

fv_status fv_augment_sheet_with(const fv_augment_sheet_options *options)
{
    sheet s = {0};
    image out = {0};
    fv_status status = prepare(&s, options);
    if (status == FV_OK)
        status = draw(&s, &out);
    if (status == FV_OK)
        status = image_save_png(&out, s.o.out);
    canvas_destroy(s.canvas);
    augment_policy_release(&s.policy);
    text_release(&s.words);
    image_space_release(&s.space);
    image_release(&s.scaled);
    image_release(&out);
    free(s.rows);
    return status;
}
