"""The camera: its way along the street, and what it makes of the light (haze, exposure, bloom, blur, film, noise)."""

import numpy as np
from PIL import Image

from . import labels
from .shapes import value_noise

FIELD_OF_VIEW = 95.0  # degrees, from the left edge to the right


def motion(rng, frames, apart):
    """Draw how far and how steadily the camera moves.

    Args:
        rng: random generator of the drive.
        frames: how many frames the drive has.
        apart: lowest and highest distance between two frames, in metres.

    Returns:
        Distance between frames in metres, and the whole way from the first frame to the last.
    """
    step = rng.uniform(*apart)
    return step, step * (frames - 1)


def views(rng, frames, step, own):
    """Draw position and direction of the camera for each frame; it is low above the road and nearly level."""
    height = rng.uniform(0.6, 0.85) if rng.random() < 0.85 else rng.uniform(0.85, 1.7)
    yaw = rng.normal(0, 0.035) + (rng.normal(0, 0.14) if rng.random() < 0.25 else 0.0)
    pitch, roll = rng.normal(0, 0.006), rng.normal(0, 0.012) * (3 if rng.random() < 0.15 else 1)
    drift = rng.normal(0, 0.012)
    wobble = rng.normal(0, 1, (frames, 3)) * [0.0015, 0.0018, 0.003]
    return [
        dict(
            x=float(own + rng.normal(0, 0.02) + drift * step * t),
            y=float(step * t),
            height=float(height),
            pitch=float(pitch + wobble[t, 0]),
            roll=float(roll + wobble[t, 1]),
            yaw=float(yaw + wobble[t, 2]),
        )
        for t in range(frames)
    ]


def draw(rng, light):
    """Draw the settings of a drive's camera."""
    return dict(
        grain=rng.uniform(0.6, 1.2),
        haze=light.haze,
        horizon=light.horizon,
        warm=np.array((1.14, 1, 0.83)) * rng.normal(1, 0.025, 3),
        falloff=rng.uniform(0.5, 1.1),
        mean=float(np.clip(rng.normal(147, 12), 120, 182)),
        travel=rng.uniform(0.003, 0.02),
        bloom=rng.uniform(0.5, 1.6),
        black=rng.uniform(0.0, 0.035),
        colour=rng.uniform(0.9, 1.2),
        noise=rng.uniform(0.001, 0.003),
    )


def film(x):
    """Compress linear light to display values."""
    x = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    return np.where(x < 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)


def resize(image, size, how):
    """Resize an array of floats channel by channel to (width, height)."""
    return np.dstack(
        [np.asarray(Image.fromarray(np.ascontiguousarray(c)).resize(size, how)) for c in image.T.swapaxes(1, 2)]
    )


def blur(image, sigma):
    """Blur an image with a separable Gaussian."""
    k = int(3 * sigma)
    x = np.arange(-k, k + 1)
    weight = np.exp(-x * x / (2 * sigma**2))
    weight = (weight / weight.sum()).astype(np.float32)
    for axis in (0, 1):
        pad = [(0, 0)] * 3
        pad[axis] = (k, k)
        wide = np.pad(image, pad, "edge")
        image = sum(w * np.take(wide, range(i, i + image.shape[axis]), axis=axis) for i, w in enumerate(weight))
    return image


def bloom(light, strength):
    """Let bright places glow; the glow is computed on 160 x 120 cells, whatever the size."""
    height, width, _ = light.shape
    bright = np.clip(resize(light, (160, 120), Image.BOX) - 0.8, 0, 5)
    glow = 0.10 * blur(bright, 1.5) + 0.10 * blur(bright, 5)
    return light + strength * resize(glow.astype(np.float32), (width, height), Image.BILINEAR)


class Lens:
    """Where the pixels of a frame of some size lie, seen from its centre."""

    def __init__(self, height, width):
        rows, columns = np.mgrid[:height, :width].astype(np.float32)
        self.rows, self.columns = rows, columns
        self.right, self.down = columns - (width - 1) / 2, rows - (height - 1) / 2
        self.focal = width / 2 / np.tan(np.radians(FIELD_OF_VIEW / 2))


def grain(light, depth, ids, pose, strength, lens):
    """Roughen asphalt and ground in world space: denoising has made them too smooth."""
    x, y, heading = pose
    for label, amount, cells in (
        (labels.ROAD, strength, ((20, 0.3), (55, 0.8), (120, 1.7))),
        (labels.TERRAIN, 0.7, ((9, 0.6), (30, 0.6))),
    ):
        mask = (ids == label) & (depth < 40)
        if not mask.any():
            continue
        d = depth[mask]
        right = lens.right[mask] / lens.focal * d
        wx = x + right * np.cos(heading) - d * np.sin(heading)
        wy = y + right * np.sin(heading) + d * np.cos(heading)
        total = np.zeros((len(d), 3), np.float32)
        for scale, weight in cells:
            fade = weight * np.clip(1 - d / lens.focal * scale / 1.2, 0, 1)
            common = value_noise(wx * scale + 7, wy * scale) - 0.5
            for channel in range(3):
                own = value_noise(wx * scale + 31 * channel, wy * scale + 57) - 0.5
                total[:, channel] += fade * (0.75 * common + 0.25 * own)
        light[mask] *= np.clip(1 + amount * total, 0.25, 2.4)


def motion_blur(image, depth, travel, lens):
    """Smear along the rays from the centre, the nearer the more."""
    share = travel / np.clip(depth, 1, 1e4)
    total, (height, width, _) = np.zeros_like(image), image.shape
    for t in np.linspace(-0.5, 0.5, 5):
        column = np.clip(np.rint(lens.columns + lens.right * share * t), 0, width - 1).astype(np.int32)
        row = np.clip(np.rint(lens.rows + lens.down * share * t), 0, height - 1).astype(np.int32)
        total += image[row, column]
    return total / 5


def develop(light, depth, ids, pose, look, seed):
    """Turn linear light into an 8-bit image.

    Args:
        light: linear RGB, float, (height, width, 3).
        depth: metres, (height, width).
        ids: class of each pixel, (height, width).
        pose: the camera's x, y in metres and its heading in radians.
        look: settings of the camera, as `draw` returns them.
        seed: of the noise.

    Returns:
        uint8 array of shape (height, width, 3).
    """
    rng, (height, width) = np.random.default_rng(seed), ids.shape
    lens, light = Lens(height, width), np.nan_to_num(light.astype(np.float32), posinf=50.0)
    sky = ids == labels.SKY
    grain(light, depth, ids, pose, look["grain"], lens)
    band = slice(int(0.40 * height), int(0.495 * height))
    near = light[band][sky[band]]
    haze = np.median(near, 0) if len(near) > 0.03 * sky[band].size else np.array(look["horizon"], np.float32)
    share = (1 - np.exp(-np.where(sky, 0, depth) / look["haze"]))[..., None].astype(np.float32)
    light = light * (1 - share) + haze.astype(np.float32) * share
    lit = light[~np.isin(ids, (labels.SKY, labels.VEGETATION, labels.TERRAIN))]
    mean = lit.mean(0) if len(lit) else np.ones(3)
    light *= (((mean[1] / mean) * look["warm"]) ** 0.7).astype(np.float32)
    light = light * (1 - look["falloff"] * ((lens.right / width) ** 2 + (lens.down / height) ** 2))[..., None]
    small, exposure = resize(light.astype(np.float32), (80, 60), Image.BOX), 1.0
    for _ in range(12):
        exposure *= (look["mean"] / 255 / film(small * exposure).mean()) ** 1.4
    light = motion_blur(bloom((light * exposure).astype(np.float32), look["bloom"]), depth, look["travel"], lens)
    image = film(light)
    grey = (image @ np.array([0.3, 0.59, 0.11], np.float32))[..., None]
    image = look["black"] + (0.985 - look["black"]) * (grey + (image - grey) * look["colour"])
    image += rng.normal(0, look["noise"], image.shape)
    return np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)
