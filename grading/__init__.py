"""What the checks of `test_utils` are made of: build what a function makes, read it as a graph, judge it."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_stream, _nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
os.dup2(_nowhere, 2)  # TensorFlow writes its first log lines to the error stream below Python
try:
    import keras  # noqa: F401
    import tensorflow as tf
    tf.config.list_physical_devices()  # looks for GPUs, and complains if there are none
finally:
    os.dup2(_stream, 2)
    os.close(_stream)
    os.close(_nowhere)
