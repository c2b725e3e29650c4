"""Load TensorFlow without its start-up log lines, for commands: in the lesson, `lesson.devices` does so."""
import os


def load_tensorflow():
    """Load TensorFlow and Keras, and drop what they write to the error stream meanwhile, below Python too."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stream, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        import keras  # noqa: F401
        import tensorflow as tf
        tf.config.list_physical_devices()  # looks for GPUs, and complains if there are none
    finally:
        os.dup2(stream, 2)
        os.close(stream)
        os.close(nowhere)
