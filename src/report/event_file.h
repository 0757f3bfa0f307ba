/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TensorBoard's event files: records of TFRecord framing, each an Event in protobuf's wire format. Only the few fields are written that
 * TensorBoard reads.
 *
 *     event_file f;
 *     STATUS_TRY(event_file_open(&f, path, event_wall_clock));
 *     text summary = {0};
 *     summary_add_scalar(&summary, "train/loss", 0.5f);
 *     event_file_add(&f, 1, &summary);              // an event at step 1; empties the summary
 *     return event_file_close(&f);                  // reports the first failure
 */
#ifndef REPORT_EVENT_FILE_H
#define REPORT_EVENT_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "core/text.h"
#include "image/image.h"

typedef double (*event_clock)(void); /* seconds since 1970 */
double event_wall_clock(void);

typedef struct event_file {
    FILE *stream;
    char *path;
    event_clock clock;
} event_file;

/* A new file; an error when there is one of that name. Begins with the version of the format. */
fv_status event_file_open(event_file *f, const char *path, event_clock clock);
/* Tells TensorBoard that the run goes on at `step`: what older files say of this and later steps is void. */
fv_status event_file_begin_session(event_file *f, int64_t step);
/* An event with these values; the summary is released. */
fv_status event_file_add(event_file *f, int64_t step, text *summary);
fv_status event_file_flush(event_file *f);
fv_status event_file_close(event_file *f);

/* Values of a summary. A failure is remembered by the text. */
void summary_add_scalar(text *summary, const char *tag, float value);
fv_status summary_add_image(text *summary, const char *tag, const image *picture); /* as PNG */
/* 64 bins of equal width between the least and the greatest value; what is not finite is left out. */
void summary_add_histogram(text *summary, const char *tag, const float *values, int64_t count);
void summary_add_markdown(text *summary, const char *tag, const char *markdown);

/* CRC-32C (Castagnoli), for tests. */
uint32_t event_crc(const void *bytes, size_t size);

#endif
