"""What the checks of `test_utils` are made of: build what a function makes, read it as a graph, judge it."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Tensors come from one pool, which is used again: with malloc, what is free lies in ever more pieces, and the memory of
# a training grows by 4 to 7 % in 50 epochs. The pool may take all memory; TensorFlow's own limit is 64 GB.
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
os.environ.setdefault("TF_CPU_BFC_MEM_LIMIT_IN_MB", str(2**30))
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
