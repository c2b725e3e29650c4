"""Barriers, walls and fences: each draws one kind along x from begin to end."""

import numpy as np

from . import labels
from .furniture import CONCRETE, STEEL, WOOD
from .shapes import Matter, Shape, boxes, plain, vary


def brick_wall(world, x, begin, end, rng, height=None):
    """Build a brick or stone wall with piers and a coping."""
    height = height or rng.uniform(1.5, 3.0)
    kinds = [
        ("brick", (0.58, 0.33, 0.22)),
        ("brick", (0.68, 0.48, 0.35)),
        ("noise", (0.78, 0.62, 0.46)),
        ("noise", (0.70, 0.63, 0.55)),
    ]
    kind, colour = kinds[rng.integers(4)]
    matter = vary(rng, Matter(kind, colour, 0.85), 0.12)
    world.strip(
        [(x - 0.13, -0.2), (x - 0.13, height), (x + 0.13, height), (x + 0.13, -0.2)], matter, labels.WALL, begin, end
    )
    world.strip(
        [(x - 0.2, height), (x - 0.2, height + 0.12), (x + 0.2, height + 0.12), (x + 0.2, height)],
        CONCRETE,
        labels.WALL,
        begin,
        end,
    )
    piers = [y for y in np.arange(begin + 0.3, end, rng.uniform(4, 8)) if world.free(y, 0.5)]
    ys = np.array(piers)
    if len(ys):
        world.fixed(
            Shape().add(
                matter, boxes(np.column_stack([0 * ys + x, ys, 0 * ys + height / 2]), (0.5, 0.5, height + 0.5))
            ),
            labels.WALL,
        )


def retaining_wall(world, x, begin, end, rng):
    """Build a tall retaining wall of concrete or rock."""
    brick_wall(world, x, begin, end, rng, rng.uniform(2.8, 5.0))


def guard_rail(world, x, begin, end, rng):
    """Build a steel W-beam rail on posts."""
    metal = Matter("noise", (0.53, 0.50, 0.46), 0.5, 0.2)
    side = -np.sign(x)
    beam = [
        (x + side * o, z)
        for o, z in ((0.02, 0.42), (0.09, 0.47), (0.02, 0.56), (0.02, 0.6), (0.09, 0.68), (0.02, 0.74))
    ]
    world.strip(beam, metal, labels.GUARD_RAIL, begin, end)
    ys = np.array([y for y in np.arange(begin + 0.3, end, 3.0) if world.free(y)])
    post = vary(rng, WOOD if rng.random() < 0.4 else STEEL)
    if len(ys):
        world.fixed(
            Shape().add(
                post, boxes(np.column_stack([0 * ys + x - side * 0.08, ys, 0 * ys + 0.36]), (0.14, 0.14, 0.76))
            ),
            labels.GUARD_RAIL,
        )


def jersey_barrier(world, x, begin, end, rng):
    """Build a concrete safety barrier."""
    h, matter = rng.uniform(0.85, 1.25), vary(rng, Matter("noise", (0.45, 0.41, 0.365)), 0.2)
    profile = [
        (x - 0.32, 0),
        (x - 0.3, 0.1),
        (x - 0.16, 0.35),
        (x - 0.1, h),
        (x + 0.1, h),
        (x + 0.16, 0.35),
        (x + 0.3, 0.1),
        (x + 0.32, 0),
    ]
    world.strip(profile, matter, labels.GUARD_RAIL, begin, end)


def orange_barrier(world, x, begin, end, rng):
    """Build a heavy painted steel barrier with ribs."""
    matter = vary(rng, Matter("noise", (0.62, 0.30, 0.04), 0.5), 0.12)
    h = rng.uniform(0.9, 1.3)
    world.strip([(x - 0.2, 0), (x - 0.2, h), (x + 0.2, h), (x + 0.2, 0)], matter, labels.GUARD_RAIL, begin, end)
    ys = np.array([y for y in np.arange(begin, end, 1.6) if world.free(y)])
    if len(ys):
        world.fixed(
            Shape().add(matter, boxes(np.column_stack([0 * ys + x, ys, 0 * ys + h / 2]), (0.56, 0.16, h))),
            labels.GUARD_RAIL,
        )


def picket_fence(world, x, begin, end, rng):
    """Build a wooden picket fence."""
    matter = vary(rng, plain(0.75, 0.74, 0.70) if rng.random() < 0.7 else WOOD, 0.1)
    ys, h = np.array([y for y in np.arange(begin, end, 0.26) if world.free(y)]), rng.uniform(0.9, 1.4)
    if not len(ys):
        return
    world.fixed(
        Shape().add(matter, boxes(np.column_stack([0 * ys + x, ys, 0 * ys + h / 2]), (0.03, 0.13, h))), labels.FENCE
    )
    for z in (0.3, 0.75):
        world.strip([(x + 0.03, z * h), (x + 0.03, z * h + 0.08)], matter, labels.FENCE, begin, end)


def iron_fence(world, x, begin, end, rng):
    """Build iron railings on a low plinth."""
    matter = plain(0.03, 0.03, 0.03, rough=0.5) if rng.random() < 0.4 else vary(rng, plain(0.45, 0.28, 0.2))
    ys, h = np.array([y for y in np.arange(begin, end, 0.2) if world.free(y)]), rng.uniform(1.2, 2.2)
    if not len(ys):
        return
    world.fixed(
        Shape().add(matter, boxes(np.column_stack([0 * ys + x, ys, 0 * ys + h / 2 + 0.2]), (0.045, 0.045, h))),
        labels.FENCE,
    )
    world.strip(
        [(x - 0.15, -0.2), (x - 0.15, 0.45), (x + 0.15, 0.45), (x + 0.15, -0.2)],
        vary(rng, Matter("brick", (0.55, 0.33, 0.23))),
        labels.FENCE,
        begin,
        end,
    )
    world.strip([(x, h + 0.1), (x, h + 0.2)], matter, labels.FENCE, begin, end)


def rail_fence(world, x, begin, end, rng):
    """Build a ranch fence of posts and two or three rails."""
    matter, h = vary(rng, WOOD if rng.random() < 0.5 else plain(0.7, 0.68, 0.64)), rng.uniform(0.9, 1.3)
    for z in (0.35, 0.65, 0.95)[rng.integers(2) :]:
        world.strip(
            [(x - 0.04, z * h - 0.08), (x - 0.04, z * h + 0.08), (x + 0.04, z * h + 0.08), (x + 0.04, z * h - 0.08)],
            matter,
            labels.FENCE,
            begin,
            end,
        )
    ys = np.array([y for y in np.arange(begin, end, 2.4) if world.free(y)])
    if len(ys):
        world.fixed(
            Shape().add(matter, boxes(np.column_stack([0 * ys + x, ys, 0 * ys + h / 2]), (0.14, 0.14, h + 0.1))),
            labels.FENCE,
        )


def board_fence(world, x, begin, end, rng):
    """Build a close fence of boards or panels between posts, taller than a person or not."""
    colours = [(0.20, 0.11, 0.06), (0.34, 0.24, 0.15), (0.45, 0.44, 0.42), (0.07, 0.12, 0.09), (0.08, 0.15, 0.3)]
    matter, h = vary(rng, Matter("noise", colours[rng.integers(len(colours))], 0.85), 0.15), rng.uniform(1.3, 2.3)
    profile = [(x - 0.03, 0.05), (x - 0.03, h), (x + 0.03, h), (x + 0.03, 0.05)]
    world.strip(profile, matter, labels.FENCE, begin, end)
    posts(world, x, begin, end, rng.uniform(1.8, 2.8), (0.16, 0.16, h + 0.15), vary(rng, matter, 0.3))


def balustrade(world, x, begin, end, rng):
    """Build a white stone balustrade."""
    matter, h = vary(rng, plain(0.66, 0.64, 0.60), 0.08), rng.uniform(0.8, 1.1)
    for low, high, half in ((-0.1, 0.15, 0.16), (h - 0.12, h, 0.16)):
        profile = [(x - half, low), (x - half, high), (x + half, high), (x + half, low)]
        world.strip(profile, matter, labels.FENCE, begin, end)
    posts(world, x, begin, end, 0.4, (0.15, 0.17, h), matter)
    posts(world, x, begin, end, 3.2, (0.4, 0.4, h + 0.2), matter)


def mesh_fence(world, x, begin, end, rng):
    """Build a fence of mesh, up to twice as tall as a person: bars instead of wires, so that they can be seen."""
    matter, h = vary(rng, plain(0.20, 0.21, 0.21, rough=0.5) if rng.random() < 0.6 else STEEL), rng.uniform(1.6, 3.8)
    posts(world, x, begin, end, 0.14, (0.035, 0.035, h), matter)
    posts(world, x, begin, end, 2.6, (0.09, 0.09, h + 0.1), matter)
    for z in np.arange(0.15, h, 0.3):
        world.strip([(x, z - 0.02), (x, z + 0.02)], matter, labels.FENCE, begin, end)


def wire_fence(world, x, begin, end, rng):
    """Build a fence of wooden posts and wires."""
    h = rng.uniform(1.0, 1.4)
    posts(world, x, begin, end, 2.0, (0.13, 0.13, h), WOOD)
    for z in np.linspace(0.3, 0.95, 4) * h:
        world.strip([(x, z - 0.025), (x, z + 0.025)], STEEL, labels.FENCE, begin, end)


def posts(world, x, begin, end, apart, size, matter):
    """Set posts of a fence along x."""
    ys = np.array([y for y in np.arange(begin, end, apart) if world.free(y)])
    if len(ys):
        centres = np.column_stack([0 * ys + x, ys, 0 * ys + size[2] / 2])
        world.fixed(Shape().add(matter, boxes(centres, size)), labels.FENCE)


BARRIERS = dict(
    wall=brick_wall,
    retaining=retaining_wall,
    guard=guard_rail,
    jersey=jersey_barrier,
    orange=orange_barrier,
    picket=picket_fence,
    iron=iron_fence,
    ranch=rail_fence,
    boards=board_fence,
    balustrade=balustrade,
    mesh=mesh_fence,
    wire=wire_fence,
)
