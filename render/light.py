"""Light and weather: a painted sky, a sun lamp, haze and rain-wet ground."""

import math
from dataclasses import dataclass

import numpy as np

from .shapes import fractal_noise


@dataclass
class Weather:
    """One kind of weather; colours are linear RGB, a clear horizon is near 0.4."""

    name: str
    sun: tuple  # elevation, lowest and highest, degrees
    energy: float  # of the sun lamp
    zenith: tuple
    middle: tuple  # at about 35 degrees, where the image ends
    horizon: tuple
    clouds: tuple  # cover, lowest and highest
    haze: tuple  # distance at which 63 % of the light is haze, metres
    wet: tuple = (0.0, 0.0)
    toward: float | None = None  # azimuth of the sun against the driving direction, if it matters


# fmt: off
WEATHERS = {weather.name: weather for weather in (
    Weather("clear", sun=(25, 50), energy=8.0,
            zenith=(0.045, 0.085, 0.16), middle=(0.08, 0.118, 0.165), horizon=(0.39, 0.405, 0.39),
            clouds=(0.3, 0.7), haze=(2000, 5000)),
    Weather("cloudy", sun=(22, 45), energy=6.6,
            zenith=(0.05, 0.09, 0.16), middle=(0.09, 0.13, 0.18), horizon=(0.40, 0.41, 0.39),
            clouds=(0.55, 0.85), haze=(1500, 4000)),
    Weather("low sun", sun=(8, 20), energy=8.5,
            zenith=(0.045, 0.08, 0.15), middle=(0.08, 0.115, 0.165), horizon=(0.45, 0.42, 0.34),
            clouds=(0.3, 0.7), haze=(1200, 3500)),
    Weather("sun ahead", sun=(9, 28), energy=8.0,
            zenith=(0.045, 0.08, 0.14), middle=(0.07, 0.105, 0.155), horizon=(0.41, 0.40, 0.35),
            clouds=(0.2, 0.6), haze=(1200, 3500), toward=0.0),
    Weather("sun behind", sun=(9, 30), energy=8.5,
            zenith=(0.04, 0.08, 0.155), middle=(0.078, 0.118, 0.17), horizon=(0.40, 0.40, 0.37),
            clouds=(0.3, 0.75), haze=(1500, 4000), toward=180.0),
    Weather("overcast", sun=(25, 50), energy=2.4,
            zenith=(0.20, 0.22, 0.245), middle=(0.24, 0.26, 0.285), horizon=(0.40, 0.405, 0.40),
            clouds=(0.7, 1.0), haze=(600, 1800)),
    Weather("after rain", sun=(15, 45), energy=6.4,
            zenith=(0.05, 0.09, 0.15), middle=(0.09, 0.13, 0.175), horizon=(0.41, 0.415, 0.40),
            clouds=(0.45, 0.8), haze=(900, 3000), wet=(0.35, 0.9)),
    Weather("drizzle", sun=(20, 45), energy=2.8,
            zenith=(0.17, 0.19, 0.22), middle=(0.21, 0.235, 0.265), horizon=(0.38, 0.39, 0.39),
            clouds=(0.7, 1.0), haze=(350, 1200), wet=(0.6, 1.0)),
    Weather("fog", sun=(20, 45), energy=3.2,
            zenith=(0.20, 0.22, 0.245), middle=(0.27, 0.29, 0.31), horizon=(0.40, 0.405, 0.40),
            clouds=(0.2, 0.7), haze=(110, 320)),
    Weather("dusk", sun=(8, 13), energy=6.0,
            zenith=(0.05, 0.08, 0.15), middle=(0.115, 0.14, 0.18), horizon=(0.48, 0.39, 0.29),
            clouds=(0.3, 0.7), haze=(700, 2000)),
)}
# fmt: on


@dataclass
class Light:
    """The light of one drive, drawn from a weather."""

    name: str
    elevation: float
    azimuth: float  # clockwise from the driving direction
    energy: float
    warmth: float
    zenith: np.ndarray
    middle: np.ndarray
    horizon: np.ndarray
    clouds: float
    haze: float
    wet: float
    seed: float

    @property
    def direction(self):
        """Return the unit vector towards the sun."""
        e, a = math.radians(self.elevation), math.radians(self.azimuth)
        return np.array([math.sin(a) * math.cos(e), math.cos(a) * math.cos(e), math.sin(e)])

    @property
    def sun_colour(self):
        """Return the colour of sunlight: the lower the sun, the warmer."""
        w = min(1.0, self.elevation / 38)
        cool = np.array((1, 0.93, 0.84)) * w + np.array((1, 0.72, 0.46)) * (1 - w)
        return cool**self.warmth


def draw(rng, weather):
    """Draw the light of a drive."""
    w, tint = WEATHERS[weather], rng.normal(1, 0.035, 3)
    azimuth = rng.uniform(0, 360) if w.toward is None else w.toward + rng.uniform(-32, 32)
    shade = rng.uniform(0.95, 1.35)
    return Light(
        weather,
        rng.uniform(*w.sun),
        azimuth,
        w.energy * rng.uniform(0.8, 1.2),
        rng.uniform(0.7, 1.1),
        np.array(w.zenith) * tint * shade * (0.92, 1.0, 1.12),
        np.array(w.middle) * tint * shade * (0.92, 1.0, 1.12),
        np.array(w.horizon) * rng.normal(1, 0.03, 3),
        rng.uniform(*w.clouds),
        rng.uniform(*w.haze),
        rng.uniform(*w.wet),
        rng.uniform(0, 90),
    )


def sky_image(light, width=1024):
    """Paint the sky as an equirectangular image of linear RGBA, bottom row first.

    Args:
        light: the light of the drive.
        width: of the image, twice its height; 1024 columns are finer than a frame of 320 columns.

    Returns:
        float32 array of shape (width / 2, width, 4).
    """
    height = width // 2
    u, v = (np.arange(width) + 0.5) / width, (np.arange(height // 2) + 0.5) / height + 0.5  # the upper half
    phi, theta = (-(u - 0.5) * 2 * np.pi).astype(np.float32), ((v - 0.5) * np.pi).astype(np.float32)
    z = np.sin(theta)[:, None] + 0 * phi
    x, y = np.cos(theta)[:, None] * np.cos(phi), np.cos(theta)[:, None] * np.sin(phi)
    t = (1 - np.exp(-z / 0.24))[..., None]
    horizon, middle, zenith = (np.float32(colour) for colour in (light.horizon, light.middle, light.zenith))
    sky = horizon * (1 - t) + middle * t
    s = np.clip((z - 0.45) / 0.55, 0, 1)[..., None]
    sky = sky * (1 - s) + zenith * s
    cosine = np.clip(x * light.direction[0] + y * light.direction[1] + z * light.direction[2], -1, 1)
    glow = 0.13 * np.exp(6.0 * (cosine - 1)) + 0.7 * np.exp(70 * (cosine - 1))
    clearness = min(1.0, light.energy / 5)
    sky = sky + clearness * glow[..., None] * light.sun_colour * 0.75
    px, py = x / (z + 0.12), y / (z + 0.12)
    bend = fractal_noise(px * 0.35 + light.seed, py * 0.35, 3) * 1.6
    angle = light.seed
    along, across = px * np.cos(angle) + py * np.sin(angle), -px * np.sin(angle) + py * np.cos(angle)
    noise = fractal_noise(along * 0.42 + light.seed + bend, across * 0.9 + 2 * light.seed + bend, 6, 0.55)
    start = 0.68 - 0.36 * light.clouds
    cover = np.clip((noise - start) / 0.20, 0, 1) * np.clip(z / 0.05, 0, 1) * 0.92
    lit = ((0.34 + 0.17 * np.clip(cosine, 0, 1)) * (0.75 + 0.25 * clearness))[..., None] * np.array((1.0, 0.975, 0.94))
    body = np.maximum(lit, sky * 1.02) * (1.06 - 0.35 * cover[..., None] ** 2 * light.clouds)
    sky = sky * (1 - cover[..., None]) + body * cover[..., None]
    if light.energy > 2.2:
        disc = np.clip((cosine - math.cos(math.radians(1.1))) / (1 - math.cos(math.radians(1.1))) * 3, 0, 1)
        sky = sky + (disc * 9 * (1 - 0.6 * cover))[..., None]
    whole = np.ones((height, width, 4), np.float32)
    whole[: height // 2, :, :3], whole[height // 2 :, :, :3] = horizon * 0.35, sky
    return whole
