"""The ground beside the street: verges, slopes, rock faces, hills and water."""

import numpy as np

from . import labels
from .shapes import Matter, Shape, box, extrude, fractal_noise, grid, quads
from .world import BEGIN, END


def verges(world, left, right, styles, matters):
    """Lay the ground beside the street and remember its height.

    Args:
        world: what it is added to.
        left: x where the ground begins on the left, and
        right: on the right.
        styles: for each side a dict: by how many metres the ground rises (below 0: it falls to a shore or a valley),
            and how near to the street that begins.
        matters: for each side what the ground is made of.
    """
    rng, sides = world.rng, {}
    offsets = np.concatenate([[0, 0.6, 1.5, 3, 5, 8, 12], np.geomspace(16, 75, 9)])
    for side, edge, style in ((-1, left, styles[0]), (1, right, styles[1])):
        amount, near, wave = style["rise"], style["near"], rng.uniform(25, 60)
        seed = rng.uniform(0, 100)

        def height(d, y, amount=amount, near=near, wave=wave, seed=seed):
            bumps = fractal_noise(d / 14 + seed, y / wave + seed, 4)
            if amount < 0:
                return 0.1 + amount * np.clip((d - near) / 6, 0, 1) * (0.8 + 0.4 * bumps)
            slope = np.clip((d - near) / 22, 0, 1)
            fade = np.clip((y + 30) / 60, 0.3, 1)
            return 0.1 + amount * slope**1.3 * (0.35 + 1.3 * bumps) * fade + 0.08 * (d > 1) * (bumps - 0.5)

        sides[side] = (edge, height)
        for y0, y1 in world.stretches(BEGIN, END + 40):
            d, y = np.meshgrid(offsets, np.linspace(y0, y1, max(2, int((y1 - y0) / 4) + 1)))
            ground = Shape().add(matters[(side + 1) // 2], grid(edge + side * d, y, height(d, y)), True)
            world.fixed(ground, labels.TERRAIN)

    def ground_height(x, y):
        if left < x < right:
            return 0.0
        edge, height = sides[1 if x >= right else -1]
        return float(height(np.array(min(abs(x - edge), 75.0)), np.array(float(y))))

    world.height = ground_height


def rock_face(world, x, begin, end, matter, tall):
    """Raise a rough rock face beside the street; the street side is at x."""
    side, seed = np.sign(x), world.rng.uniform(0, 100)
    out = np.array([0, 0.15, 0.5, 0.9, 1.1, 1.6, 2.4, 4.0, 7.0, 12.0, 20.0])
    up = np.array([-0.1, 0.12, 0.3, 0.5, 0.66, 0.8, 0.92, 1.0, 1.04, 0.9, -0.1])
    for y0, y1 in world.stretches(begin, end):
        o, y = np.meshgrid(out, np.linspace(y0, y1, max(4, int((y1 - y0) / 0.9))))
        u = np.broadcast_to(up, o.shape)
        ends = np.clip(np.minimum(y - y0, y1 - y) / 9, 0, 1) ** 0.7
        rough = fractal_noise(y / 5 + seed, u * 3 + seed, 5) - 0.5
        crest = 0.55 + 0.9 * fractal_noise(y / 22 + seed, 0 * y, 3)
        z = -0.1 + (u + 0.1) * tall * crest * ends + 0.9 * rough * ends * (u > 0.05)
        world.fixed(Shape().add(matter, grid(x + side * (o + 0.3 + 2.2 * rough * (o > 0)), y, z)), labels.TERRAIN)
    world.taken.append((x + side * 6, (begin + end) / 2, 7.0, (end - begin) / 2))


def lake(world, x, begin, end, level):
    """Lay a wide water beside the street, from x outwards."""
    water = Matter("water", (0.02, 0.035, 0.04), 0.05)
    a, b = sorted((x, x + np.sign(x) * 220))
    shape = Shape().add(water, extrude([(a, level), (b, level)], np.linspace(begin, end, 12)))
    world.fixed(shape, labels.WATER)


def hills(world, matter, low=3.0, high=25.0, sunk=-0.15):
    """Close the horizon with a ring of hills; return a function of their height."""
    rng = world.rng
    seed, amount, base = rng.uniform(0, 100), rng.uniform(low, high), world.path.lowest - 0.6
    angle = np.linspace(0, 2 * np.pi, 181)
    radius = np.concatenate([[140, 200, 260], np.geomspace(320, 900, 8)])
    a, r = np.meshgrid(angle, radius)

    def height(x, y):
        r = np.hypot(x, y - 60)
        a = np.arctan2(y - 60, x)
        wave = fractal_noise(np.cos(a) * 4 + seed, np.sin(a) * 4 + seed + r / 400, 5)
        return base + amount * np.clip((r - 230) / 330, 0, 1) ** 1.1 * np.clip(2.6 * (wave - 0.28), 0.05, 2)

    x, y = r * np.cos(a), 60 + r * np.sin(a)
    world.put(Shape().add(matter, grid(x, y, height(x, y)), True), labels.TERRAIN, z=0.0, follows=False)
    flat = base - sunk
    apron = quads([(-300, -300, flat), (300, -300, flat), (300, 420, flat), (-300, 420, flat)])
    world.put(Shape().add(matter, apron), labels.TERRAIN, z=0.0, follows=False)
    return height


def pond(world, x, y, width, length, z):
    """Lay open water."""
    a = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rim = np.column_stack([x + width / 2 * np.cos(a), y + length / 2 * np.sin(a), 0 * a + z])
    faces = [(24, i, (i + 1) % 24) for i in range(24)]
    water = Matter("water", (0.03, 0.05, 0.05), 0.05)
    world.fixed(Shape().add(water, (np.vstack([rim, [x, y, z]]), faces)), labels.WATER)


def patch(world, x0, x1, y0, y1, z, matter, label):
    """Lay a raised rectangle of another ground."""
    centre, size = ((x0 + x1) / 2, (y0 + y1) / 2, z / 2), (abs(x1 - x0), y1 - y0, z)
    world.fixed(Shape().add(matter, box(centre, size)), label)
