# SPDX-License-Identifier: Apache-2.0
"""Reads a run's event files with TensorBoard's package and compares them with results.csv:

    python events.py RUN EPOCHS STEPS

STEPS: of an epoch. Exit status 77 where TensorBoard is not installed."""
import csv
import sys

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    print("TensorBoard's Python package is not installed")
    sys.exit(77)

run, epochs, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
events = EventAccumulator(run, size_guidance={"scalars": 0, "images": 0, "histograms": 0, "tensors": 0})
events.Reload()
tags = events.Tags()

rows = list(csv.DictReader(open(run + "/results.csv")))
assert len(rows) == epochs, len(rows)
for column in rows[0]:
    if column != "epoch":
        got = [(e.step, e.value) for e in events.Scalars(column)]
        got = list(dict(got).items())  # an epoch that was repeated stands twice
        assert [s for s, _ in got] == list(range(1, epochs + 1)), (column, got)
        for (_, value), row in zip(got, rows):
            assert abs(value - float(row[column])) <= 1e-5 * max(1, abs(value)), (column, value, row[column])

points = [e.step for e in events.Scalars("step/loss")]
assert points == list(range(1, epochs * steps + 1)), points

for tag in ("train/batch", "val/confusion"):
    for picture in events.Images(tag):
        png = picture.encoded_image_string
        assert png[:8] == b"\x89PNG\r\n\x1a\n" and png[-8:-4] == b"IEND", tag
        assert int.from_bytes(png[16:20], "big") == picture.width and int.from_bytes(png[20:24], "big") == picture.height
assert [e.step for e in events.Images("val/confusion")][0] == 1

assert tags["histograms"], tags
for tag in tags["histograms"]:
    assert sorted({e.step for e in events.Histograms(tag)}) == list(range(1, epochs + 1)), tag
    for e in events.Histograms(tag):
        h = e.histogram_value
        assert sum(h.bucket) == h.num and h.min <= h.max and h.bucket_limit[-1] == h.max, (tag, h)

text = events.Tensors("options")[0].tensor_proto.string_val[0].decode()
assert "| epochs | %d |" % epochs in text, text
print("ok")
