# SPDX-License-Identifier: Apache-2.0
"""bench_loader with tf.data: reads lines "WHAT DATA SIDE CHANNELS BATCH PICTURES", answers each with "SECONDS CPU PICTURES".

Usage: loader_tf.py THREADS

As TensorFlow's guides do it: the crop's place is drawn by sample_distorted_bounding_box from the header's size, decode_and_crop_jpeg
decodes only that, then resize (bilinear), flip, batch, prefetch, as many of each at a time as tf.data finds best; "float" normalises, "crop" casts back to bytes.
"""
import glob
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf

WARM_UP, READY = 30, 10  # batches
MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


def make(what, data, side, batch, threads):
    files = sorted(glob.glob(f"{glob.escape(data)}/*/*"))
    names = sorted(os.listdir(data))
    labels = [names.index(os.path.basename(os.path.dirname(f))) for f in files]

    def read(path, label):
        data = tf.io.read_file(path)
        begin, size, _ = tf.image.sample_distorted_bounding_box(
            tf.io.extract_jpeg_shape(data), tf.zeros([1, 0, 4]), min_object_covered=0, aspect_ratio_range=(3 / 4, 4 / 3),
            area_range=(0.08, 1), max_attempts=10, use_image_if_no_bounding_boxes=True)
        window = tf.stack([begin[0], begin[1], size[0], size[1]])
        picture = tf.io.decode_and_crop_jpeg(data, window, channels=3)
        picture = tf.image.resize(picture, [side, side])
        picture = tf.image.random_flip_left_right(picture)
        picture = (picture - MEAN) / STD if what == "float" else tf.cast(tf.round(picture), tf.uint8)
        return picture, label

    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    options.deterministic = True
    d = tf.data.Dataset.from_tensor_slices((files, labels)).shuffle(len(files)).repeat()
    return d.map(read, num_parallel_calls=tf.data.AUTOTUNE).batch(batch).prefetch(tf.data.AUTOTUNE).with_options(options)


def main(threads):
    asked = None
    for line in sys.stdin:
        what, data, side, _, batch, pictures = line.split()
        if (what, data, side, batch) != asked:
            stream = iter(make(what, data, int(side), int(batch), int(threads)))
            asked = (what, data, side, batch)
            for _ in range(WARM_UP):  # until the tuner has settled
                next(stream)
        for _ in range(READY):  # what was made ready in between
            next(stream)
        start, cpu, count = time.perf_counter(), time.process_time(), 0
        while count < int(pictures):
            count += int(next(stream)[0].shape[0])
        print(time.perf_counter() - start, time.process_time() - cpu, count, flush=True)


main(sys.argv[1])
