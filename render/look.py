"""Camera look: haze, surface grain, white balance, exposure, bloom, motion blur, lens falloff, film curve, noise."""

import numpy as np
from PIL import Image

from . import labels
from .shapes import value_noise

FOCAL = 320 / np.tan(np.radians(47.5))
ROWS, COLUMNS = np.mgrid[:480, :640].astype(np.float32)
OFF_X, OFF_Y = COLUMNS - 319.5, ROWS - 239.5


def film(x):
    """Compress linear light to display values."""
    x = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    return np.where(x < 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)


def blur(picture, sigma):
    """Blur a picture with a separable Gaussian."""
    k = int(3 * sigma)
    x = np.arange(-k, k + 1)
    weight = np.exp(-x * x / (2 * sigma**2))
    weight = (weight / weight.sum()).astype(np.float32)
    for axis in (0, 1):
        pad = [(0, 0)] * 3
        pad[axis] = (k, k)
        wide = np.pad(picture, pad, "edge")
        picture = sum(w * np.take(wide, range(i, i + picture.shape[axis]), axis=axis) for i, w in enumerate(weight))
    return picture


def halve(picture, times=1):
    """Average blocks of 2 x 2 pixels."""
    for _ in range(times):
        picture = (picture[::2, ::2] + picture[1::2, ::2] + picture[::2, 1::2] + picture[1::2, 1::2]) / 4
    return picture


def enlarge(picture, times):
    """Interpolate a picture to 2**times its size."""
    h, w, _ = picture.shape
    size = (w << times, h << times)
    return np.dstack([np.asarray(Image.fromarray(picture[..., c]).resize(size, Image.BILINEAR)) for c in range(3)])


def bloom(light):
    """Let bright places glow."""
    bright = np.clip(halve(light, 2) - 0.8, 0, 5).astype(np.float32)
    return light + enlarge(0.10 * blur(bright, 1.5) + 0.10 * blur(bright, 5), 2)


def grain(light, depth, ids, pose, strength):
    """Roughen asphalt and ground in world space: denoising has made them too smooth."""
    x, y, heading = pose
    for label, amount, cells in (
        (labels.ROAD, strength, ((20, 0.35), (55, 0.6), (120, 0.5))),
        (labels.TERRAIN, 0.7, ((9, 0.6), (30, 0.6))),
    ):
        mask = (ids == label) & (depth < 40)
        if not mask.any():
            continue
        d = depth[mask]
        right = OFF_X[mask] / FOCAL * d
        wx = x + right * np.cos(heading) - d * np.sin(heading)
        wy = y + right * np.sin(heading) + d * np.cos(heading)
        total = np.zeros((len(d), 3), np.float32)
        for scale, weight in cells:
            fade = weight * np.clip(1 - d / FOCAL * scale / 1.2, 0, 1)
            common = value_noise(wx * scale + 7, wy * scale) - 0.5
            for channel in range(3):
                own = value_noise(wx * scale + 31 * channel, wy * scale + 57) - 0.5
                total[:, channel] += fade * (0.75 * common + 0.25 * own)
        light[mask] *= np.clip(1 + amount * total, 0.25, 2.4)


def motion_blur(picture, depth, travel):
    """Smear along the rays from the centre, the nearer the more."""
    share = travel / np.clip(depth, 1, 1e4)
    total = np.zeros_like(picture)
    for t in np.linspace(-0.5, 0.5, 5):
        column = np.clip(np.rint(COLUMNS + OFF_X * share * t), 0, 639).astype(np.int32)
        row = np.clip(np.rint(ROWS + OFF_Y * share * t), 0, 479).astype(np.int32)
        total += picture[row, column]
    return total / 5


def finish(light, depth, ids, pose, look, seed):
    """Turn linear light into an 8-bit picture of 640 x 480."""
    rng = np.random.default_rng(seed)
    light = np.nan_to_num(light.astype(np.float32), posinf=50.0)
    sky = ids == labels.SKY
    grain(light, depth, ids, pose, look["grain"])
    near = light[190:238][sky[190:238]]
    haze = np.median(near, 0) if len(near) > 200 else np.array(look["horizon"], np.float32)
    share = (1 - np.exp(-np.where(sky, 0, depth) / look["haze"]))[..., None].astype(np.float32)
    light = light * (1 - share) + haze.astype(np.float32) * share
    mean = light[~np.isin(ids, (labels.SKY, labels.VEGETATION, labels.TERRAIN))].mean(0)
    light *= ((mean[1] / mean) * look["warm"]) ** 0.7
    light = light * (1 - look["falloff"] * ((OFF_X / 640) ** 2 + (OFF_Y / 480) ** 2))[..., None]
    small, exposure = halve(light, 3), 1.0
    for _ in range(12):
        exposure *= (look["mean"] / 255 / film(small * exposure).mean()) ** 1.4
    light = motion_blur(bloom(light * exposure), depth, look["travel"])
    picture = film(light)
    grey = (picture @ np.array([0.3, 0.59, 0.11], np.float32))[..., None]
    picture = look["black"] + (0.985 - look["black"]) * (grey + (picture - grey) * look["colour"])
    picture += rng.normal(0, look["noise"], picture.shape)
    return np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)


def draw(rng, light):
    """Draw the settings of a drive's camera."""
    return dict(
        grain=rng.uniform(0.6, 1.2),
        haze=light.haze,
        horizon=light.horizon,
        warm=np.array((1.14, 1, 0.83)) * rng.normal(1, 0.02, 3),
        falloff=rng.uniform(0.5, 1.1),
        mean=float(np.clip(rng.normal(147, 11), 126, 182)),
        travel=rng.uniform(0.003, 0.02),
        black=rng.uniform(0.0, 0.035),
        colour=rng.uniform(0.9, 1.2),
        noise=rng.uniform(0.002, 0.007),
    )
