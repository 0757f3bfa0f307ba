/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader's parts share.
 *
 *     loader.c          making and ending, threads, epochs, handing out batches
 *     loader_order.c    which samples an epoch has, and in which order
 *     loader_balance.c  the order that makes classes count alike
 *     loader_sample.c   one sample: decoded, fitted, augmented
 *     loader_cache.c    what is kept of decoded pictures, and taken instead of decoding them again
 *     loader_batch.c    a slot of the ring: its memory, its places, its gaps
 *     loader_mix.c      what concerns a batch as a whole: mixing, targets
 */
#ifndef DATA_LOADER_PARTS_H
#define DATA_LOADER_PARTS_H

#include "core/random.h"
#include "data/cache.h"
#include "data/loader.h"
#include "data/names.h"
#include "data/ring.h"

/* `view` is first, so that the batch that was handed out leads back to its slot. */
typedef struct loader_slot {
    batch view;
    uint8_t *pixels;
    int32_t *labels;
    float *targets; /* (batch, classes); NULL without classes */
    float *weights;
    int64_t *indices;
    fv_status *statuses; /* (batch), and what went wrong */
    char **messages;
} loader_slot;

typedef struct loader_worker {
    pthread_t thread;
    loader *owner;
    image decoded, fitted;
    image reduced; /* loader_cache.c */
    image_space space;
} loader_worker;

struct loader {
    loader_options options;
    size_t picture_bytes; /* with all its views */
    int64_t samples;
    uint32_t *order;                /* (samples): indices in the data set */
    struct loader_balance *balance; /* NULL: none */
    int64_t epoch;
    image_decode_options decode;
    uint8_t fill[3]; /* of a letterbox */
    bool exact;      /* a picture of the network's size needs no fitting: no border is cut off */
    const augment_step
        *chooser;         /* the policy's first step that chooses a part to decode; NULL: there is none */
    picture_cache *cache; /* NULL: none */
    ring ring;
    loader_slot *slots;
    uint8_t *pixels; /* of all slots */
    loader_worker *workers;
    int started;     /* workers that run */
    uint8_t *listed; /* a bit a picture: it is among the skipped ones */
    name_list skipped;
};

/* loader_order.c: the samples that take part, and the order of an epoch. */
fv_status loader_order_create(loader *l);
void loader_order_release(loader *l);
void loader_order_epoch(loader *l);
/* The classes of a sample; `k`-th of them as the model's. */
int64_t loader_labels(const loader *l, int64_t index, const int32_t **labels);
int32_t loader_class(const loader *l, const int32_t *labels, int64_t k);
/* The first of them, -1 where there is none. */
int32_t loader_label(const loader *l, int64_t index);
/* A sample's weight in the loss. */
float loader_weight(const loader *l, int64_t index);
/* The stream that changes what stands at a place of the epoch: the sample's own, or the place's where samples may repeat. */
uint64_t loader_stream(const loader *l, int64_t place);

/* loader_balance.c, with the samples in l->order. */
fv_status loader_balance_create(loader *l);
void loader_balance_release(loader *l);
/* Fills l->order, not yet shuffled. */
void loader_balance_epoch(loader *l, rng *r);

/* loader_sample.c: what all samples have in common; and the pixels of one. */
void loader_sample_prepare(loader *l);
fv_status loader_sample_read(const loader *l, loader_worker *w, int64_t index, uint64_t stream, uint8_t *to);

/* loader_cache.c: after loader_sample_prepare, which decides what is kept. */
fv_status loader_cache_create(loader *l);
/* Without a chooser: the picture as it is fitted. */
bool loader_cache_find_fitted(const loader *l, int64_t index, image *fitted);
void loader_cache_put_fitted(const loader *l, int64_t index, const image *fitted);
/* With one: as dataset_decode to w->decoded, by way of the reduced picture that is kept. */
fv_status loader_cache_decode(const loader *l, loader_worker *w, int64_t index,
                              const image_decode_options *o);

/* loader_batch.c: the memory of all slots, which loader_batch_release frees on failure, too. */
fv_status loader_batch_create(loader *l);
void loader_batch_release(loader *l);
/* Fills place `i` of batch `number`. */
void loader_batch_place(const loader *l, loader_worker *w, loader_slot *s, int64_t number, int64_t i);
/* Notes what went wrong at place `i`: the thread's last error. */
void loader_batch_fail(loader_slot *s, int64_t i, fv_status status);
/* Gives places without pixels of their own those of another. */
void loader_batch_fill_gaps(const loader *l, loader_slot *s);

/* loader_mix.c: mixes what there is to mix in batch `number`, and writes the targets. */
void loader_mix(const loader *l, loader_worker *w, loader_slot *s, int64_t number);

#endif
