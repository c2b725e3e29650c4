"""Cut the skip connections of a trained network."""
import keras


def cut_skips(model, skips):
    """Copy a U-Net, its weights too, and hand zeros to some of its concatenations in place of the skip connection.

    Args:
        model: keras.Model with four concatenations of two tensors, the one from below first.
        skips: list of int, from 1 (that of encoder 1, of full size) to 4 (that of encoder 4).

    Returns:
        keras.Model with as many layers and parameters.

    Raises:
        ValueError: if there are not four concatenations.
    """
    joins = [operation.name for operation in model.operations if type(operation).__name__ == "Concatenate"]
    if len(joins) != 4:
        raise ValueError(f"Expected 4 concatenations to cut in the network, found {len(joins)}. For this section let "
                         "upsampling_block join its tensors by concatenate, and build one model, without models in it.")
    names = {joins[4 - skip] for skip in skips}  # the decoder meets the skip of encoder 4 first

    def call(layer, *args, **kwargs):
        if layer.name not in names:
            return layer(*args, **kwargs)
        from_below, skip = args[0]
        return layer([from_below, keras.ops.zeros_like(skip)])

    copy = keras.models.clone_model(model, call_function=call)
    copy.set_weights(model.get_weights())
    return copy
