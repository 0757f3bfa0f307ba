/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG with libjpeg-turbo. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "image/decode.h"

/* Progressive files need about 10 scans; each may cost a pass over all coefficients for a few bytes of file.
 */
enum {
    MAX_SCANS = 100
};

/* Everything lives here, not in local variables, whose values longjmp may lose. */
typedef struct jpeg_reader {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    const decode_source *source;
    fv_status status;
    bool file_ended;   /* libjpeg asked for more bytes than there are */
    bool data_missing; /* entropy-coded data ended before the picture did */
} jpeg_reader;

static void fail(j_common_ptr info)
{
    jpeg_reader *r = info->client_data;
    char text[JMSG_LENGTH_MAX];
    r->errors.format_message(info, text);
    int code = r->errors.msg_code;
    bool unsupported = code == JERR_BAD_PRECISION || code == JERR_SOF_UNSUPPORTED ||
                       code == JERR_ARITH_NOTIMPL || code == JERR_NOT_COMPILED ||
                       code == JERR_CONVERSION_NOTIMPL;
    r->status = unsupported ? status_set(FV_ERROR_UNSUPPORTED, "%s: this kind of JPEG is not supported: %s",
                                         r->source->name, text)
                : code == JERR_OUT_OF_MEMORY
                    ? status_set(FV_ERROR_MEMORY, "%s: not enough memory to decode it", r->source->name)
                    : status_set(FV_ERROR_FORMAT, "%s: damaged JPEG: %s", r->source->name, text);
    longjmp(r->escape, 1);
}

/* Warnings of damage that leaves a whole picture are ignored, as Pillow does; those of missing data are
 * noted: any at the end of the file, and more than the last row of blocks before an end-of-image marker. */
static void note(j_common_ptr common, int level)
{
    jpeg_reader *r = common->client_data;
    if (level >= 0)
        return;
    if (r->errors.msg_code == JWRN_JPEG_EOF)
        r->file_ended = true;
    if (r->errors.msg_code == JWRN_HIT_MARKER && r->info.unread_marker == JPEG_EOI)
        r->data_missing |= r->file_ended || r->info.input_iMCU_row + 1 < r->info.total_iMCU_rows;
}

static void discard_message(j_common_ptr info)
{
    (void)info;
}

static void check_scans(j_common_ptr common)
{
    jpeg_reader *r = common->client_data;
    if (r->info.input_scan_number <= MAX_SCANS)
        return;
    r->status = status_set(FV_ERROR_FORMAT, "%s: JPEG with more than %d scans", r->source->name, MAX_SCANS);
    longjmp(r->escape, 1);
}

/* To be called after setjmp(r->escape). */
static void read_header(jpeg_reader *r, const decode_source *s)
{
    jpeg_create_decompress(&r->info);
    r->progress.progress_monitor = check_scans;
    r->info.progress = &r->progress;
    jpeg_mem_src(&r->info, s->bytes, (unsigned long)s->size);
    jpeg_save_markers(&r->info, JPEG_APP0 + 1, 0xFFFF); /* EXIF */
    if (!s->options.ignore_profile)
        jpeg_save_markers(&r->info, JPEG_APP0 + 2, 0xFFFF); /* ICC */
    jpeg_read_header(&r->info, TRUE);
}

static void reader_init(jpeg_reader *r, const decode_source *s)
{
    memset(r, 0, sizeof *r);
    r->source = s;
    r->info.err = jpeg_std_error(&r->errors);
    r->info.client_data = r;
    r->errors.error_exit = fail;
    r->errors.emit_message = note;
    r->errors.output_message = discard_message;
}

static int orientation_of(const jpeg_reader *r)
{
    if (r->source->options.ignore_orientation)
        return 1;
    for (jpeg_saved_marker_ptr m = r->info.marker_list; m; m = m->next)
        if (m->data_length > 6 && memcmp(m->data, "Exif\0", 6) == 0)
            return exif_orientation(m->data + 6, m->data_length - 6);
    return 1;
}

/* Every block of 8 x 8 samples takes at least one bit of Huffman code, and a picture has at least one block
 * for 128 pixels (components sampled 4 x 1 and 1 x 4): a file far too short is refused before anything is
 * allocated. */
static fv_status check_plausible(const jpeg_reader *r)
{
    STATUS_TRY(decode_check_size(r->source, r->info.image_height, r->info.image_width));
    uint64_t pixels = (uint64_t)r->info.image_height * r->info.image_width;
    if (!r->info.arith_code && pixels / (128 * 8) > r->source->size)
        return status_set(FV_ERROR_FORMAT, "%s: truncated JPEG: %zu bytes cannot hold %u x %u pixels",
                          r->source->name, r->source->size, r->info.image_width, r->info.image_height);
    return FV_OK;
}

static image_region scale_part(jpeg_reader *r, const image_region *whole)
{
    image_region part = *whole;
    jpeg_calc_output_dimensions(&r->info);
    int64_t num = r->info.scale_num, denom = r->info.scale_denom;
    image_scale_side(&part.top, &part.height, r->info.image_height, r->info.output_height, num, denom);
    image_scale_side(&part.left, &part.width, r->info.image_width, r->info.output_width, num, denom);
    return part;
}

/* Finds the part of the stored picture that is wanted, and sets the smallest scale at which it reaches its least size.
 * Powers of two only: the other inverse DCTs have no SIMD code and cost more than they save. */
static fv_status choose_part(jpeg_reader *r, int orientation, image_region *part)
{
    const image_decode_options *o = &r->source->options;
    int64_t height = r->info.image_height, width = r->info.image_width;
    bool swap = exif_swaps_sides(orientation);
    image_region whole = {.height = swap ? width : height,
                          .width = swap ? height : width,
                          .min_height = o->min_height,
                          .min_width = o->min_width};
    if (o->choose)
        STATUS_TRY(decode_choose(o, whole.height, whole.width, &whole));
    exif_find_stored(&whole, orientation, height, width);
    bool reduce = whole.min_height > 0 || whole.min_width > 0;
    r->info.scale_denom = 8;
    for (r->info.scale_num = reduce ? 1 : 8; r->info.scale_num < 8; r->info.scale_num *= 2) {
        *part = scale_part(r, &whole);
        if (part->height >= whole.min_height && part->width >= whole.min_width)
            return FV_OK;
    }
    *part = scale_part(r, &whole);
    return FV_OK;
}

/* The next out->height rows. */
static void read_rows(jpeg_reader *r, image *out)
{
    enum {
        ROWS = 16
    };
    int64_t stride = out->width * out->channels;
    for (int64_t y = 0; y < out->height;) {
        JSAMPROW rows[ROWS];
        int count = 0;
        for (; count < ROWS && y + count < out->height; count++)
            rows[count] = out->data + (y + count) * stride;
        y += jpeg_read_scanlines(&r->info, rows, (JDIMENSION)count);
    }
}

/* libjpeg-turbo 2.1 forgets when it crops that a reduced scale has enlarged the chroma already, which shows where more than
 * two samples of luma share one of chroma. */
static bool can_crop(const jpeg_reader *r)
{
    return r->info.scale_num == r->info.scale_denom || r->info.max_h_samp_factor <= 2;
}

/* Decodes the columns of the blocks that the part lies in, from its first row to its last; cuts the rest off. Interpolated
 * chroma needs its neighbours, so some more columns are asked for: the picture is then as from a whole decode. */
static fv_status read_part(jpeg_reader *r, const image_region *part, image *out)
{
    enum {
        NEIGHBOURS = 2
    };
    struct jpeg_decompress_struct *info = &r->info;
    int64_t from = part->left > NEIGHBOURS ? part->left - NEIGHBOURS : 0,
            to = part->left + part->width + NEIGHBOURS;
    to = to < info->output_width ? to : info->output_width;
    JDIMENSION first = (JDIMENSION)from, count = (JDIMENSION)(to - from);
    if (!can_crop(r))
        first = 0;
    else if (count < info->output_width)
        jpeg_crop_scanline(info, &first, &count); /* moves `first` down to where blocks begin */
    if (part->top > 0)
        jpeg_skip_scanlines(info, (JDIMENSION)part->top);
    STATUS_TRY(image_reshape(out, part->height, info->output_width, info->out_color_components));
    read_rows(r, out);
    image_cut(out, &(image_region){.left = part->left - first, .height = part->height, .width = part->width});
    return FV_OK;
}

static fv_status keep_profile(jpeg_reader *r)
{
    JOCTET *profile;
    unsigned size;
    if (!jpeg_read_icc_profile(&r->info, &profile, &size))
        return FV_OK;
    fv_status status = decode_keep_profile(r->source, profile, size);
    free(profile);
    return status;
}

/* Inks are stored as Adobe has them, 255 for none, whether a file says that it is Adobe's or not: so Pillow takes them, too. */
static fv_status decode(jpeg_reader *r, image *out, int *orientation)
{
    struct jpeg_decompress_struct *info = &r->info;
    image_region part;
    STATUS_TRY(check_plausible(r));
    *orientation = orientation_of(r);
    STATUS_TRY(choose_part(r, *orientation, &part));
    bool inks = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
    bool grey = info->jpeg_color_space == JCS_GRAYSCALE;
    if (!inks && !grey && info->num_components != 3)
        return status_set(FV_ERROR_UNSUPPORTED, "%s: JPEG with %d components is not supported",
                          r->source->name, info->num_components);
    info->out_color_space = inks ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_RGB;
    info->do_fancy_upsampling = !r->source->options.fast;
    STATUS_TRY(keep_profile(r));
    jpeg_start_decompress(info);
    STATUS_TRY(read_part(r, &part, out));
    /* Whether later scans are missing, too, cannot be seen from the entropy-coded data. What lies behind the part's last row
     * has not been looked at. */
    bool scans_missing = r->file_ended && (jpeg_has_multiple_scans(info) || info->arith_code);
    if (r->data_missing || scans_missing)
        return status_set(FV_ERROR_FORMAT, "%s: truncated JPEG: the picture's data ends early",
                          r->source->name);
    return FV_OK;
}

static fv_status jpeg_decode(const decode_source *s, image *out, int *orientation)
{
    jpeg_reader r;
    reader_init(&r, s);
    if (setjmp(r.escape) == 0) {
        read_header(&r, s);
        r.status = decode(&r, out, orientation);
    }
    jpeg_destroy_decompress(&r.info);
    return r.status;
}

static fv_status jpeg_probe(const decode_source *s, image_info *info, int *orientation)
{
    jpeg_reader r;
    reader_init(&r, s);
    if (setjmp(r.escape) == 0) {
        read_header(&r, s);
        info->height = r.info.image_height;
        info->width = r.info.image_width;
        info->channels = r.info.num_components == 1 ? 1 : 3;
        info->depth = r.info.data_precision;
        info->mode = r.info.num_components == 4 ? "CMYK" : NULL;
        *orientation = orientation_of(&r);
    }
    jpeg_destroy_decompress(&r.info);
    return r.status;
}

static bool jpeg_matches(const uint8_t *bytes, size_t size)
{
    return size >= 2 && bytes[0] == 0xFF && bytes[1] == 0xD8;
}

const image_format jpeg_format = {"JPEG", jpeg_matches, jpeg_decode, jpeg_probe, true};
