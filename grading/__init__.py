"""What the checks of `test_utils` are made of: build what a function makes, read it as a graph, judge it."""
import ctypes
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The memory of a long training stays flat so: tensors come from a pool of TensorFlow's, which may be as large as memory
# (its own limit is 64 GB), and all else from one arena (-8 is M_ARENA_MAX of malloc.h). By default each thread has its
# own, and what is free lies in ever more pieces: after 50 epochs a training had 4 to 7 % more memory than after 2.
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
os.environ.setdefault("TF_CPU_BFC_MEM_LIMIT_IN_MB", str(2**30))
if sys.platform == "linux":
    ctypes.CDLL(None).mallopt(-8, 1)
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
