"""Show a frame as other cameras would have taken it: another place and zoom, other light, another lens and sensor."""
import tensorflow as tf

WHOLE = 0.5                          # of the views show the whole frame, as it will be predicted; the others a window
WINDOW, ASPECT = 0.55, 0.1           # smallest window as a share of the frame; how far its proportions differ
EXPOSURE, GAMMA, TINT = 0.3, 0.2, 0.08   # largest logarithms: of the gain, the exponent, and the gain of one colour
CONTRAST, COLOUR = 0.2, 0.35         # how far contrast and saturation leave 1
BLUR, NOISE = 0.25, 0.02             # largest weight of a neighbour; largest deviation, of 1 for white


def preprocess(frame, size):
    """Bring a frame to what the network takes, as the lesson does.

    Args:
        frame: uint8 (height, width, 4): red, green, blue, class id. size: (height, width) of what is returned.

    Returns:
        image, float32 (*size, 3) from -1 to 1; mask, uint8 (*size, 1).
    """
    image = tf.round(tf.image.resize(frame[..., :3], size, antialias=True))
    return image / 127.5 - 1, tf.image.resize(frame[..., 3:], size, method="nearest")


def augment(frame, seed, size):
    """Bring a random view of a frame to what the network takes.

    Args:
        frame: uint8 (height, width, 4): red, green, blue, class id. size: (height, width) of what is returned.
        seed: int (2,); the same seed gives the same view.

    Returns:
        image, float32 (*size, 3) from -1 to 1; mask, uint8 (*size, 1).
    """
    seeds = tf.random.split(seed, 4)
    frame = _cut(frame, tf.random.stateless_uniform([6], seeds[0]))
    image = tf.image.resize(frame[..., :3], size, antialias=True) / 255
    image = _light(_blur(image, seeds[1]), seeds[2])
    amount = tf.random.stateless_uniform([], seeds[3], 0, NOISE)
    image = tf.clip_by_value(image + amount * tf.random.stateless_normal([*size, 3], seeds[3]), 0, 1)
    return 2 * image - 1, tf.image.resize(frame[..., 3:], size, method="nearest")


def _cut(frame, draws):
    """Return a frame or a window of it, mirrored or not, by six numbers from 0 to 1."""
    full = tf.cast(tf.shape(frame)[:2], tf.float32)
    shares = (WINDOW + (1 - WINDOW) * draws[0]) * tf.stack([1, 1 + ASPECT * (2 * draws[1] - 1)])
    sides = tf.where(draws[5] < WHOLE, 1.0, tf.minimum(shares, 1)) * full
    (top, left), (height, width) = (tf.unstack(tf.cast(tf.round(part), tf.int32))
                                    for part in (draws[2:4] * (full - sides), sides))
    frame = frame[top:top + height, left:left + width]
    return tf.cond(draws[4] < 0.5, lambda: frame[:, ::-1], lambda: frame)


def _blur(image, seed):
    """Return an image as it is, or blurred by a random amount; one is as likely as the other."""
    side = tf.maximum(tf.random.stateless_uniform([], seed, -BLUR, BLUR), 0)
    line = tf.stack([side, 1 - 2 * side, side])
    kernel = tf.tile((line[:, None] * line)[..., None, None], [1, 1, 3, 1])
    padded = tf.pad(image, [[1, 1], [1, 1], [0, 0]], "REFLECT")
    return tf.nn.depthwise_conv2d(padded[None], kernel, [1, 1, 1, 1], "VALID")[0]


def _light(image, seed):
    """Return an image from 0 to 1 with another exposure, tone curve, contrast and colour of the light."""
    draws = tf.random.stateless_uniform([7], seed, -1, 1)
    image = image ** tf.exp(GAMMA * draws[0]) * tf.exp(EXPOSURE * draws[1] + TINT * draws[2:5])
    grey, mean = tf.reduce_mean(image, axis=-1, keepdims=True), tf.reduce_mean(image)
    image = grey + (1 + COLOUR * draws[5]) * (image - grey)
    return mean + (1 + CONTRAST * draws[6]) * (image - mean)
