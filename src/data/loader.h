/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader: threads decode, resize and augment pictures into a ring of batches while the engine computes.
 *
 *     loader *l;
 *     STATUS_TRY(loader_create(&options, &l));
 *     STATUS_TRY(loader_start(l, epoch, 0));
 *     const batch *b;
 *     while ((status = loader_next(l, &b)) == FV_OK && b) { ... use b ...; loader_done(l, b); }
 *     loader_destroy(l);
 *
 * A picture's bytes depend on (seed, epoch, sample index) only, never on the number of threads. A policy that mixes pictures mixes
 * those of a batch with one another: then its bytes depend on the batch, and still not on threads or where the epoch began.
 */
#ifndef DATA_LOADER_H
#define DATA_LOADER_H

#include "core/digest.h"
#include "data/augment.h"
#include "data/cache.h"
#include "data/dataset.h"
#include "image/views.h"

typedef struct loader_options {
    const fv_dataset *data; /* borrowed; outlives the loader */
    fv_preprocess preprocess;
    const augment_policy *augment; /* NULL: none. Borrowed */
    int64_t batch;
    bool shuffle;        /* by (seed, epoch); else the data set's order */
    bool reduced_decode; /* training: JPEG may be decoded at a reduced scale that is still large enough */
    uint64_t seed;
    int threads; /* at least 1 */
    int ring;    /* batches in flight; 0: 2 + threads */
    fv_on_error on_error;
    /* For every class of the data the model's class index, or -1 (its pictures are left out, before
     * shuffling); NULL: as they are. */
    const int32_t *class_map;
    int64_t
        classes; /* of the model: asks for batch.targets, which a policy that mixes needs; 0: labels alone */
    /* With shuffle: an epoch has every class equally often. In multi-label data a picture counts for the rarest of its classes, and those
     * without any are one class more. */
    bool balanced;
    /* Of the model's classes, for batch.weights; of data with one class a picture only. NULL: 1 each. Borrowed. */
    const float *class_weights;
    const char *
        cache; /* "none" (NULL), "ram", "disk" or "disk:FOLDER": keeps decoded pictures, see loader_cache.c */
    size_t cache_limit; /* bytes; 0: half of what is free there */
    const int64_t
        *only; /* the pictures that take part, in the order without `shuffle`; NULL: all. Borrowed */
    int64_t only_count;
    /* Order, labels, weights and targets alone: no picture is read. (pictures of the data), false where one is known to be unreadable,
     * which then has weight 0. NULL: pictures are read. Borrowed; not with a policy. */
    const bool *readable;
    image_views
        views; /* of each picture, one behind the other in a batch's pixels; with several nothing is augmented */
} loader_options;

typedef struct batch {
    int64_t count; /* real pictures; the rest up to the batch size are repeats with weight 0 */
    const uint8_t
        *pixels; /* (batch, height, width, channels) in RGB order; with views (batch, views, height, ...) */
    const int32_t
        *labels; /* (batch), the model's class indices; of several the first, -1 where there is none */
    /* (batch, classes) with loader_options.classes: what the outputs should be, 1 for each class of the picture, mixed as
     * the pictures were; else NULL. */
    const float *targets;
    /* (batch): of the loss, 1 or the class's weight (mixed likewise); 0 for repeats and pictures that could not be read */
    const float *weights;
    const int64_t *indices; /* (batch): in the data set */
    /* NULL from the loader: what the trainer may be given in place of pixels (train/features.h), (batch, ...) each. */
    const float *const *features;
} batch;

typedef struct loader loader;

fv_status loader_create(const loader_options *options, loader **out);
void loader_destroy(loader *l); /* stops and joins its threads; NULL is fine */

/* Batches an epoch, the last one padded: ceil(samples / batch). Samples: pictures that take part. */
int64_t loader_batches(const loader *l);
int64_t loader_samples(const loader *l);

/* Begins an epoch at its `first` batch (to resume within one); an epoch under way is dropped. */
fv_status loader_start(loader *l, int64_t epoch, int64_t first);

/* The next batch in order, NULL after the last. It stays valid until loader_done. With FV_FAIL the first
 * unreadable picture is the returned error; with FV_SKIP it has weight 0 (another picture's pixels stand in)
 * and is listed. */
fv_status loader_next(loader *l, const batch **out);
void loader_done(loader *l, const batch *b);

/* Seconds that loader_next has waited since loader_start. */
double loader_waited(const loader *l);

/* Pictures that could not be read so far (each counted once), and their messages. */
int64_t loader_skipped(const loader *l);
const char *loader_skipped_message(const loader *l, int64_t index);

/* A digest of all that a picture's pixels depend on before they are augmented: names, sizes and times of the files, the network's input, the
 * decoders. */
fv_status loader_fingerprint(const loader *l, char hex[DIGEST_SIZE]);

/* What is kept of decoded pictures; NULL: nothing. And what went wrong with it since it was asked last. */
const picture_cache *loader_cache(const loader *l);
bool loader_cache_problem(loader *l, text *out);

#endif
