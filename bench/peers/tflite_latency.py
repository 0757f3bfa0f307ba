# SPDX-License-Identifier: Apache-2.0
"""tflite_latency.py FILE.tflite reference|xnnpack: processor milliseconds for a picture with TensorFlow Lite's interpreter, one thread."""
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

RESOLVERS = tf.lite.experimental.OpResolverType
net = tf.lite.Interpreter(sys.argv[1], num_threads=1,
                          experimental_op_resolver_type=RESOLVERS.BUILTIN_REF if sys.argv[2] == "reference" else RESOLVERS.AUTO)
net.allocate_tensors()
taken = net.get_input_details()[0]
net.set_tensor(taken["index"], np.random.default_rng(1).uniform(-1, 1, taken["shape"]).astype(taken["dtype"]))
for _ in range(3):
    net.invoke()
runs, begin = 0, time.process_time()
while runs < 10 or time.process_time() - begin < 0.3:
    net.invoke()
    runs += 1
print(1e3 * (time.process_time() - begin) / runs)
