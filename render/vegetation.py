"""Trees, bushes and hedges: real leaves and needles, never photographs on cards."""

from functools import cache

import numpy as np

from .shapes import Matter, Shape, box, triangles, tube

BARK = Matter("noise", (0.10, 0.07, 0.045), 0.9)


def leaf(rng, kind="leaf"):
    """Choose a green: spruce, fresh, olive or autumnal yellow."""
    greens = [(0.24, 0.42, 0.22), (0.34, 0.54, 0.28), (0.46, 0.60, 0.29), (0.40, 0.47, 0.30), (0.52, 0.58, 0.34)]
    colour = np.array(greens[rng.integers(len(greens))]) * rng.uniform(0.75, 1.3)
    return Matter(kind, tuple(float(round(c, 4)) for c in colour), 0.8)


def conifer(rng, height=12.0, radius=2.6):
    """Build a spruce of drooping needle sprays."""
    sprays, base, whorls = [], rng.uniform(0.03, 0.14) * height, int(16 + height * 0.85)
    power, k = rng.uniform(0.65, 1.0), 6
    t = np.linspace(0.1, 1, k)
    for w in range(whorls):
        u = w / (whorls - 1)
        z, reach = base + (height - base) * u**0.92, radius * (1 - u) ** power * rng.uniform(0.8, 1.1) + 0.15
        for _ in range(rng.integers(11, 14)):
            a, length = rng.uniform(0, 2 * np.pi), reach * rng.uniform(0.7, 1.1)
            droop = rng.uniform(0.2, 0.55) * (1 - 0.8 * u)
            along, side = np.array([np.cos(a), np.sin(a), 0]), np.array([-np.sin(a), np.cos(a), 0])
            spine = np.outer(t * length, along)
            spine[:, 2] = z + 0.18 * length * np.sin(3 * t) - droop * length * t**1.6
            width = length * 0.52 * (1 - 0.55 * t) + 0.2
            for sign in (-1, 1):
                tip = spine + sign * side * width[:, None] + along * (0.8 * width)[:, None]
                tip += rng.normal(0, 0.06 * length + 0.02, (k, 3))
                tip[:, 2] -= width * rng.uniform(0.2, 0.7, k)
                sprays.append(np.stack([spine - along * 0.16 * length, spine + along * 0.16 * length, tip], 1))
    tree = Shape().add(leaf(rng), triangles(np.concatenate(sprays)))
    trunk = [[0, 0, -0.5], [0, 0, 0.5 * height], [0, 0, 0.97 * height]]
    return tree.add(BARK, tube(trunk, [height * 0.018 + 0.06, height * 0.012, 0.02], 7))


def leaf_cloud(rng, centres, radii, count, size):
    """Scatter leaves near the surface of a few blobs."""
    centres, radii = np.asarray(centres, float), np.asarray(radii, float).reshape(len(centres), -1)
    pick = rng.integers(len(centres), size=count)
    direction = rng.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    place = centres[pick] + direction * radii[pick] * rng.uniform(0.6, 1.05, (count, 1))
    return triangles(place[:, None] + rng.normal(0, size, (count, 3, 3)))


def broadleaf(rng, height=9.0):
    """Build a round-crowned tree with a visible trunk."""
    spread, n = height * rng.uniform(0.22, 0.36), rng.integers(6, 11)
    centres = np.column_stack([rng.normal(0, spread * 0.55, (n, 2)), rng.uniform(0.45, 0.88, n) * height])
    tree = Shape().add(leaf(rng), leaf_cloud(rng, centres, rng.uniform(0.45, 0.8, (n, 1)) * spread, 3200, 0.24))
    tree.add(BARK, tube([[0, 0, -0.4], [0.1, 0, 0.3 * height], [0, 0.1, 0.7 * height]], [0.25, 0.18, 0.05], 7))
    for c in centres[:5]:
        tree.add(BARK, tube([[0.05, 0, 0.35 * height], c], [0.1, 0.03], 5))
    return tree


def poplar(rng, height=9.0):
    """Build a slim, upright tree."""
    z = np.linspace(0.12, 0.95, 7) * height
    width = height * rng.uniform(0.07, 0.12) * np.sin(np.linspace(0.5, 2.8, 7))
    centres = np.column_stack([rng.normal(0, 0.12, (7, 2)), z])
    radii = np.column_stack([width, width, np.full(7, 0.11 * height)])
    tree = Shape().add(leaf(rng), leaf_cloud(rng, centres, radii, 1800, 0.16))
    return tree.add(BARK, tube([[0, 0, -0.4], [0, 0, 0.8 * height]], [0.15, 0.04], 6))


def palm(rng, height=8.0):
    """Build a palm with arched fronds."""
    bend = rng.uniform(-0.8, 0.8)
    t = np.linspace(0, 1, 6)
    tree = Shape().add(BARK, tube(np.column_stack([bend * t**2, 0 * t, height * t - 0.3]), 0.2 - 0.08 * t, 8))
    blades, s = [], np.linspace(0, 1, 12)
    for a in np.linspace(0, 2 * np.pi, 17)[:-1] + rng.normal(0, 0.15, 16):
        length, lift = rng.uniform(1.9, 2.9), rng.uniform(0.2, 1.1)
        along, side = np.array([np.cos(a), np.sin(a), 0]), np.array([-np.sin(a), np.cos(a), 0])
        spine = np.outer(s * length, along) + [bend, 0, height - 0.3]
        spine[:, 2] += lift * s - 1.9 * s**2
        for sign in (-1, 1):
            tip = spine + sign * side * (0.55 * np.sin(np.pi * np.clip(s + 0.08, 0, 1)))[:, None] + along * 0.25
            tip[:, 2] -= 0.22
            blades.append(np.stack([spine, spine + along * 0.16, tip], 1))
    return tree.add(leaf(rng), triangles(np.concatenate(blades)))


def hedge(rng, length=4.0, height=1.2, width=1.0):
    """Build a clipped hedge along y, often flowering yellow."""
    kinds = [(0.62, 0.54, 0.10), (0.46, 0.50, 0.15), (0.25, 0.36, 0.16), (0.16, 0.25, 0.13)]
    green = np.array(kinds[rng.integers(4)]) * rng.uniform(0.8, 1.2)
    count = 1500
    place = rng.uniform(-0.5, 0.5, (count, 3)) * [width, length, height]
    face = rng.integers(0, 3, count)
    sign = rng.choice([-0.5, 0.5], count)
    place[np.arange(count), face] = sign * np.array([width, length, height])[face]
    place[:, 2] = np.where(face == 2, height / 2, place[:, 2]) + height / 2
    leaves = triangles(place[:, None] + rng.normal(0, 0.085, (count, 3, 3)))
    matter = Matter("leaf", tuple(float(round(c, 4)) for c in green), 0.8)
    shape = Shape().add(matter, leaves)
    core = Matter("plain", tuple(float(round(0.35 * c, 4)) for c in green), 0.9)
    return shape.add(core, box((0, 0, height * 0.46), (width * 0.9, length, height * 0.9)))


def bush(rng, size=1.2):
    """Build a bush."""
    n = rng.integers(3, 6)
    centres = np.column_stack([rng.normal(0, 0.35 * size, (n, 2)), rng.uniform(0.35, 0.7, n) * size])
    return Shape().add(leaf(rng), leaf_cloud(rng, centres, rng.uniform(0.35, 0.6, (n, 1)) * size, 700, 0.1 * size))


@cache
def nursery():
    """Grow the trees, bushes and hedges of all drives, once; they are placed again and again.

    Returns:
        Lists of shapes by name; the same everywhere, because their seed is fixed.
    """
    rng = np.random.default_rng(11)
    return dict(
        conifer=[conifer(rng, rng.uniform(8, 17), rng.uniform(1.8, 3.4)) for _ in range(10)],
        broadleaf=[broadleaf(rng, rng.uniform(6, 11)) for _ in range(6)],
        poplar=[poplar(rng, rng.uniform(6, 10)) for _ in range(4)],
        palm=[palm(rng, rng.uniform(6, 9)) for _ in range(3)],
        bush=[bush(rng, rng.uniform(0.9, 1.8)) for _ in range(6)],
        hedge=[hedge(rng, 4.0, rng.uniform(0.7, 1.9), rng.uniform(0.8, 1.6)) for _ in range(8)],
    )


def grove(rng, conifers=0.75):
    """Choose the seven trees of a drive and how often each is planted, conifers most."""
    pick = lambda name, n: [nursery()[name][k] for k in rng.choice(len(nursery()[name]), n, replace=False)]  # noqa: E731
    trees = pick("conifer", 4) + pick("broadleaf", 1) + pick("poplar", 1) + pick("palm", 1)
    return trees, [conifers / 4] * 4 + [(1 - conifers) * share for share in (0.45, 0.35, 0.2)]
