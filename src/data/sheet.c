/* SPDX-License-Identifier: Apache-2.0 */
/* fv_sheet_write: a contact sheet. Classes are blocks in columns, each a line of text over rows of thumbnails. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/ordered.h"
#include "data/store.h"
#include "image/draw.h"

enum {
    MAX_CLASSES = 200,
    MAX_PER_CLASS = 24,
    MAX_THREADS = 1024,
    LEAST_ACROSS = 2,  /* thumbnails, for the caption to have room */
    LEAST_WIDTH = 480, /* for the title */
    MARGIN = 28,
    GAP = 6,          /* between thumbnails */
    COLUMN_GAP = 28,  /* between blocks */
    CAPTION = 26,     /* over a block's thumbnails */
    BLOCK_GAP = 14,   /* under them */
    TITLE = 44,       /* height of the title */
    CAPTION_SIZE = 14 /* of letters */
};

enum {
    INK = 0x1f2933,
    FAINT = 0x7b8794,
    TILE = 0xeef1f4,
    LINE = 0xd5dbe1
};

typedef struct sheet {
    const fv_sheet_options *o;
    canvas *board;
    int64_t *classes, class_count;   /* those that are shown */
    int64_t *counts;                 /* (all classes) pictures of each */
    int64_t *chosen;                 /* (class_count, per_class) indices, -1: none */
    int64_t per_class, across, rows; /* thumbnails of a block: in all, in a row; rows of them */
    int64_t columns, side;           /* blocks side by side; a thumbnail's side */
    int64_t width;                   /* within the margins */
    image_space *spaces;             /* by thread */
    image *decoded, *slots;          /* by thread; see core/ordered.h */
} sheet;

/* ---- layout ---- */

static int64_t block_width(const sheet *s)
{
    return s->across * (s->side + GAP) - GAP;
}

/* Pictures of the largest class that is shown. */
static int64_t most_pictures(const sheet *s)
{
    int64_t most = 0;
    for (int64_t b = 0; b < s->class_count; b++)
        most = s->counts[s->classes[b]] > most ? s->counts[s->classes[b]] : most;
    return most;
}

/* Many classes get small blocks side by side, few get wide ones, on a sheet of about the same width. Where all classes have
 * fewer pictures than a block has room for, blocks are smaller and more stand side by side. */
static void choose_layout(sheet *s)
{
    static const struct {
        int64_t classes, across, rows, columns, side;
    } layouts[] = {{3, 12, 2, 1, 96}, {12, 12, 1, 1, 96}, {40, 6, 1, 2, 96}, {MAX_CLASSES, 4, 1, 4, 72}};
    size_t i = 0;
    while (s->class_count > layouts[i].classes)
        i++;
    s->side = layouts[i].side;
    s->across = layouts[i].across;
    int64_t room = layouts[i].columns * (block_width(s) + COLUMN_GAP), most = most_pictures(s);
    most = most > LEAST_ACROSS ? most : LEAST_ACROSS;
    s->per_class = s->o->per_class ? s->o->per_class : s->across * layouts[i].rows;
    s->per_class = s->per_class < most ? s->per_class : most;
    s->across = s->per_class < s->across ? s->per_class : s->across;
    s->rows = (s->per_class + s->across - 1) / s->across;
    s->columns = room / (block_width(s) + COLUMN_GAP);
    s->columns = s->columns < s->class_count ? s->columns : s->class_count;
    int64_t width = s->columns * (block_width(s) + COLUMN_GAP) - COLUMN_GAP;
    s->width = width > LEAST_WIDTH ? width : LEAST_WIDTH;
}

static int64_t block_height(const sheet *s)
{
    return CAPTION + s->rows * (s->side + GAP) - GAP + BLOCK_GAP;
}

static int64_t blocks_down(const sheet *s)
{
    return (s->class_count + s->columns - 1) / s->columns;
}

static bool is_cut(const sheet *s)
{
    return s->class_count < s->o->data->class_count;
}

/* Classes run down the first column, then down the next. */
static void block_place(const sheet *s, int64_t block, int64_t *x, int64_t *y)
{
    *x = MARGIN + block / blocks_down(s) * (block_width(s) + COLUMN_GAP);
    *y = MARGIN + (s->o->title ? TITLE : 0) + block % blocks_down(s) * block_height(s);
}

static fv_status make_board(sheet *s)
{
    int64_t height = 2 * MARGIN + (s->o->title ? TITLE : 0) + blocks_down(s) * block_height(s) - BLOCK_GAP +
                     (is_cut(s) ? CAPTION : 0);
    return canvas_create(2 * MARGIN + s->width, height, &s->board);
}

/* ---- which pictures ---- */

static fv_status count_pictures(sheet *s)
{
    const fv_dataset *d = s->o->data;
    if (!(s->counts = mem_array((size_t)d->class_count, sizeof *s->counts)))
        return status_last();
    for (int64_t i = 0; i < d->count; i++) {
        const int32_t *labels;
        for (int64_t k = dataset_labels(d, i, &labels); k-- > 0;)
            s->counts[labels[k]]++;
    }
    return FV_OK;
}

static fv_status choose_classes(sheet *s)
{
    int64_t all = s->o->data->class_count;
    s->class_count = all < MAX_CLASSES ? all : MAX_CLASSES;
    if (!(s->classes = mem_array((size_t)s->class_count, sizeof *s->classes)))
        return status_last();
    for (int64_t i = 0; i < s->class_count; i++)
        s->classes[i] = i * all / s->class_count;
    return FV_OK;
}

/* Spread evenly over the pictures of the class: neighbours in a folder are often alike. The k-th of n is the one in place
 * k * count / n. */
static fv_status choose_pictures(sheet *s)
{
    const fv_dataset *d = s->o->data;
    int64_t *block_of = mem_array((size_t)d->class_count, sizeof *block_of);
    int64_t *seen = mem_array((size_t)d->class_count, sizeof *seen);
    int64_t *taken = mem_array((size_t)s->class_count, sizeof *taken);
    s->chosen = mem_array((size_t)(s->class_count * s->per_class), sizeof *s->chosen);
    fv_status status = block_of && seen && taken && s->chosen ? FV_OK : status_last();
    for (int64_t i = 0; status == FV_OK && i < s->class_count * s->per_class; i++)
        s->chosen[i] = -1;
    for (int64_t c = 0; status == FV_OK && c < d->class_count; c++)
        block_of[c] = -1;
    for (int64_t b = 0; status == FV_OK && b < s->class_count; b++)
        block_of[s->classes[b]] = b;
    for (int64_t i = 0; status == FV_OK && i < d->count; i++) {
        const int32_t *labels;
        for (int64_t k = dataset_labels(d, i, &labels); k-- > 0;) {
            int64_t c = labels[k], b = block_of[c], place = seen[c]++;
            int64_t n = s->counts[c] < s->per_class ? s->counts[c] : s->per_class;
            if (b >= 0 && taken[b] < n && place == taken[b] * s->counts[c] / n)
                s->chosen[b * s->per_class + taken[b]++] = i;
        }
    }
    free(block_of);
    free(seen);
    free(taken);
    return status;
}

/* ---- drawing ---- */

/* Cut at a character so that it takes at most `width`, with an ellipsis where something is missing. */
static void draw_cut(canvas *board, const char *utf8, double x, double y, double size, double width)
{
    char shown[1024];
    size_t length = strlen(utf8);
    bool whole = length < sizeof shown - 4;
    length = whole ? length : sizeof shown - 4;
    snprintf(shown, sizeof shown, "%.*s%s", (int)length, utf8, whole ? "" : "…");
    while (length > 0 && canvas_text_width(board, shown, size) > width) {
        do
            length--;
        while (length > 0 && (utf8[length] & 0xc0) == 0x80);
        snprintf(shown, sizeof shown, "%.*s…", (int)length, utf8);
    }
    canvas_text(board, shown, x, y, size, 0, 0);
}

static void draw_caption(const sheet *s, int64_t block)
{
    char count[32];
    int64_t x, y, width = block_width(s), class = s->classes[block];
    block_place(s, block, &x, &y);
    snprintf(count, sizeof count, "%lld", (long long)s->counts[class]);
    double taken = canvas_text_width(s->board, count, CAPTION_SIZE - 1);
    canvas_color(s->board, FAINT, 1);
    canvas_text(s->board, count, (double)(x + width), (double)y + 16, CAPTION_SIZE - 1, 1, 0);
    canvas_color(s->board, INK, 1);
    draw_cut(s->board, fv_dataset_class_name(s->o->data, class), (double)x, (double)y + 16, CAPTION_SIZE,
             (double)width - taken - 12);
}

static void tile_place(const sheet *s, int64_t item, int64_t *x, int64_t *y)
{
    int64_t k = item % s->per_class;
    block_place(s, item / s->per_class, x, y);
    *x += k % s->across * (s->side + GAP);
    *y += CAPTION + k / s->across * (s->side + GAP);
}

/* Small pictures are enlarged by a whole number, so that their pixels stay square. */
static void draw_thumbnail(const sheet *s, int64_t item, const image *im)
{
    int64_t x, y, longer = im->height > im->width ? im->height : im->width, scale = s->side / longer;
    scale = scale > 1 ? scale : 1;
    tile_place(s, item, &x, &y);
    int64_t height = im->height * scale, width = im->width * scale;
    canvas_picture(s->board, im, (double)(x + (s->side - width) / 2), (double)(y + (s->side - height) / 2),
                   (double)width, (double)height);
}

static void draw_frame(const sheet *s)
{
    if (s->o->title) {
        canvas_color(s->board, INK, 1);
        draw_cut(s->board, s->o->title, MARGIN, MARGIN + 18, 20, (double)s->width);
        canvas_color(s->board, LINE, 1);
        canvas_rectangle(s->board, MARGIN, MARGIN + 28, (double)s->width, 1);
    }
    for (int64_t b = 0; b < s->class_count; b++)
        draw_caption(s, b);
    canvas_color(s->board, TILE, 1);
    for (int64_t i = 0; i < s->class_count * s->per_class; i++) {
        int64_t x, y;
        tile_place(s, i, &x, &y);
        if (s->chosen[i] >= 0)
            canvas_rectangle(s->board, (double)x, (double)y, (double)s->side, (double)s->side);
    }
    if (is_cut(s)) {
        char more[100];
        int64_t x, y;
        block_place(s, 0, &x, &y);
        snprintf(more, sizeof more, "%lld more classes are not shown",
                 (long long)(s->o->data->class_count - s->class_count));
        canvas_color(s->board, FAINT, 1);
        canvas_text(s->board, more, (double)x, (double)(y + blocks_down(s) * block_height(s) + 8),
                    CAPTION_SIZE, 0, 0);
    }
}

/* ---- thumbnails ---- */

static fv_status make_thumbnail(void *user, int thread, int64_t item, int slot)
{
    sheet *s = user;
    image *im = &s->decoded[thread], *out = &s->slots[slot];
    if (s->chosen[item] < 0)
        return FV_OK;
    const image_decode_options o = {.min_height = 2 * s->side, .min_width = 2 * s->side};
    STATUS_TRY(dataset_decode(s->o->data, s->chosen[item], &o, &s->spaces[thread], im));
    int64_t longer = im->height > im->width ? im->height : im->width, height = im->height, width = im->width;
    if (longer > s->side) {
        height = height * s->side / longer;
        width = width * s->side / longer;
    }
    return image_resize(im, NULL, height > 0 ? height : 1, width > 0 ? width : 1, FV_BICUBIC,
                        &s->spaces[thread], out);
}

static fv_status take_thumbnail(void *user, int64_t item, int slot, fv_status status)
{
    const sheet *s = user;
    int64_t x, y;
    if (status == FV_ERROR_MEMORY || s->chosen[item] < 0)
        return status;
    if (status == FV_OK) {
        draw_thumbnail(s, item, &s->slots[slot]);
        return FV_OK;
    }
    tile_place(s, item, &x, &y);
    canvas_color(s->board, FAINT, 1);
    canvas_text(s->board, "unreadable", (double)(x + s->side / 2), (double)(y + s->side / 2 + 4), 11, 0.5, 0);
    return FV_OK;
}

static fv_status draw_thumbnails(sheet *s)
{
    s->spaces = mem_array((size_t)s->o->threads, sizeof *s->spaces);
    s->decoded = mem_array((size_t)s->o->threads, sizeof *s->decoded);
    s->slots = mem_array((size_t)ordered_slots(s->o->threads), sizeof *s->slots);
    if (!s->spaces || !s->decoded || !s->slots)
        return status_last();
    return ordered_run(&(ordered_work){.count = s->class_count * s->per_class,
                                       .threads = s->o->threads,
                                       .work = make_thumbnail,
                                       .take = take_thumbnail,
                                       .user = s});
}

/* ---- all ---- */

static fv_status draw(sheet *s)
{
    STATUS_TRY(choose_classes(s));
    STATUS_TRY(count_pictures(s));
    choose_layout(s);
    STATUS_TRY(choose_pictures(s));
    STATUS_TRY(make_board(s));
    draw_frame(s);
    STATUS_TRY(draw_thumbnails(s));
    image whole = {0};
    fv_status status = canvas_image(s->board, &whole);
    if (status == FV_OK)
        status = image_save_png(&whole, s->o->path);
    image_release(&whole);
    return status;
}

static void release(sheet *s)
{
    canvas_destroy(s->board);
    for (int i = 0; i < s->o->threads; i++) {
        if (s->spaces)
            image_space_release(&s->spaces[i]);
        if (s->decoded)
            image_release(&s->decoded[i]);
    }
    for (int i = 0; s->slots && i < ordered_slots(s->o->threads); i++)
        image_release(&s->slots[i]);
    free(s->spaces);
    free(s->decoded);
    free(s->slots);
    free(s->classes);
    free(s->counts);
    free(s->chosen);
}

static fv_status resolve(const fv_sheet_options *given, fv_sheet_options *o)
{
    *o = (fv_sheet_options){0};
    if (!given || given->struct_size < sizeof given->struct_size)
        return status_set(FV_ERROR_INVALID,
                          "sheet: options without struct_size: use fv_sheet_write(data, ...)");
    memcpy(o, given, given->struct_size < sizeof *o ? given->struct_size : sizeof *o);
    if (!o->data || o->data->count == 0 || o->data->class_count == 0 || !o->path || !*o->path)
        return status_set(FV_ERROR_INVALID, "sheet: pictures with classes and a path are needed");
    o->threads = o->threads ? o->threads : ordered_cores();
    if (o->per_class < 0 || o->per_class > MAX_PER_CLASS || o->threads < 1 || o->threads > MAX_THREADS)
        return status_set(FV_ERROR_INVALID,
                          "sheet: per_class must be 1 to %d and threads 1 to %d, not %lld and %d",
                          MAX_PER_CLASS, MAX_THREADS, (long long)o->per_class, o->threads);
    return FV_OK;
}

fv_status fv_sheet_write_with(const fv_sheet_options *options)
{
    fv_sheet_options o;
    STATUS_TRY(resolve(options, &o));
    sheet s = {.o = &o};
    fv_status status = draw(&s);
    release(&s);
    return status;
}
