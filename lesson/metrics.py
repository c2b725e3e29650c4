"""Pixel accuracy where some pixels have no class."""
import keras

NO_CLASS = 255  # in masks that the network learns from; `lesson.images.read_pair` writes it where the label is ignored


@keras.saving.register_keras_serializable("lesson")
class PixelAccuracy(keras.metrics.SparseCategoricalAccuracy):
    """Compute the share of pixels with the right label among those that have a class."""

    def __init__(self, name="accuracy", **kwargs):
        super().__init__(name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Count a batch.

        Args:
            y_true: integers (batch, height, width, 1), class ids, NO_CLASS where there is none.
            y_pred: floats (batch, height, width, n_classes), logits.
            sample_weight: floats (batch, height, width) or None.
        """
        known = keras.ops.not_equal(y_true, NO_CLASS)
        weight = keras.ops.cast(known[..., 0], self.dtype)
        if sample_weight is not None:
            weight *= keras.ops.cast(sample_weight, self.dtype)
        return super().update_state(keras.ops.where(known, y_true, 0), y_pred, weight)
