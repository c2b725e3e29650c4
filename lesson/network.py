"""The graded network, built from the rows that its exercise compares with: for pretraining and for prediction."""
import outputs


def build_from_rows(input_size=None, n_classes=None, weights=None):
    """Build the network whose summary is `outputs.unet_model_output`.

    Its layers follow one another. What goes into a pooling is kept for the concatenation that has its size.

    Args:
        input_size: (height, width, channels) instead of that of the rows; the filters stay.
        n_classes: int, the filters of the last row instead of its own.
        weights: list of arrays in the order of `get_weights()` instead of those that it starts from.

    Returns:
        keras.Model from images to logits.
    """
    import keras
    from keras import layers
    (_, [(_, *size)], _), *rows = outputs.unet_model_output
    tensor = inputs = layers.Input(input_size or size)
    height, skips = size[0], []
    for number, (kind, shape, parameters, *settings) in enumerate(rows, start=1):
        filters = n_classes if n_classes and number == len(rows) else shape[-1]
        kernel_size = round(((parameters / shape[-1] - 1) / tensor.shape[-1]) ** 0.5) if parameters else None
        if kind == "MaxPooling2D":
            skips.append(tensor)
            layer = layers.MaxPooling2D(*settings)
        elif kind == "Dropout":
            layer = layers.Dropout(*settings)
        elif kind == "Conv2D":
            padding, activation, initializer = settings
            layer = layers.Conv2D(filters, kernel_size, padding=padding, activation=activation,
                                  kernel_initializer=initializer)
        elif kind == "Conv2DTranspose":
            layer = layers.Conv2DTranspose(filters, kernel_size, strides=shape[1] // height, padding="same")
        else:   # a Concatenate
            tensor = [tensor, *(skip for skip in skips if skip.shape[:3] == tensor.shape[:3])]
            layer = layers.Concatenate()
        tensor, height = layer(tensor), shape[1]
    network = keras.Model(inputs, tensor)
    if weights is not None:
        network.set_weights(weights)
    return network
