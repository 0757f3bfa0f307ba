# SPDX-License-Identifier: Apache-2.0
"""events.h: an event file as TensorBoard's own protobufs and record writer make it; test_events.c writes the same.

    python make_events.py      # needs tensorboard, protobuf, numpy
"""
import io
import os

from tensorboard.compat.proto import event_pb2, summary_pb2, types_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

CLOCK = 1234.5


def main():
    out = io.BytesIO()
    writer = RecordWriter(out)

    def add(**fields):
        writer.write(event_pb2.Event(wall_time=CLOCK, **fields).SerializeToString(deterministic=True))

    add(file_version="brain.Event:2")
    add(step=301, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))

    summary = summary_pb2.Summary()
    summary.value.add(tag="train/loss", simple_value=0.5)
    summary.value.add(tag="val/accuracy", simple_value=-0.25)
    add(step=7, summary=summary)

    values = [-2.0, 2.0, 0.0, 0.25, 0.25, 1.5]
    limits = [-2 + 4 * (i + 1) / 64 for i in range(64)]
    bins = [0] * 64
    for v in values:
        bins[min(63, int((v + 2) * 16))] += 1
    histogram = summary_pb2.HistogramProto(min=-2, max=2, num=len(values), sum=sum(values),
                                           sum_squares=sum(v * v for v in values), bucket_limit=limits, bucket=bins)
    summary = summary_pb2.Summary()
    summary.value.add(tag="conv1.weight", histo=histogram)
    constant = summary_pb2.HistogramProto(min=1, max=1, num=3, sum=3, sum_squares=3, bucket_limit=[1], bucket=[3])
    summary.value.add(tag="bias", histo=constant)
    add(step=2, summary=summary)

    summary = summary_pb2.Summary()
    value = summary.value.add(tag="options")
    value.metadata.plugin_data.plugin_name = "text"
    value.tensor.dtype = types_pb2.DT_STRING
    value.tensor.tensor_shape.dim.add(size=1)
    value.tensor.string_val.append("| option | value |".encode())
    add(summary=summary)

    words = out.getvalue()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "events.h")
    with open(path, "w") as f:
        f.write("/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by make_events.py. */\nstatic const uint8_t golden_events[] = {\n")
        for i in range(0, len(words), 20):
            f.write("    " + ", ".join(str(b) for b in words[i:i + 20]) + ",\n")
        f.write("};\n")


main()
