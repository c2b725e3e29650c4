"""What passes over and under the street: overpasses, viaducts, bridges, ramps."""

import numpy as np

from . import labels
from .shapes import Matter, Shape, box, boxes, grid, tube, vary


def concrete(rng):
    """Choose what a bridge is made of: mostly dark, at times grey or rusty."""
    colours = [(0.05, 0.05, 0.05), (0.10, 0.095, 0.09), (0.14, 0.15, 0.16), (0.20, 0.12, 0.08), (0.32, 0.30, 0.28)]
    colour = colours[rng.integers(5)]
    return vary(rng, Matter("noise", colour), 0.15)


def overpass(world, y, half=45.0, clearance=5.2, depth=1.6):
    """Carry a deck on piers over the street at y."""
    rng = world.rng
    matter = concrete(rng)
    shape = Shape().add(matter, box((0, y, clearance + depth / 2), (2 * half, 9, depth)))
    shape.add(
        matter,
        boxes([(0, y - 4.6, clearance + depth + 0.3), (0, y + 4.6, clearance + depth + 0.3)], (2 * half, 0.3, 1.0)),
    )
    for x in np.arange(-half + 2, half, 6.0):
        if abs(x) > 13:
            shape.add(matter, box((x, y, clearance / 2), (1.1, 3.5, clearance)))
    world.fixed(shape, labels.BRIDGE)


def viaduct(world, y, x0, x1, clearance=6.0):
    """Build a far railway viaduct across the view: its deck is rail track, as in CARLA's towns."""
    rng, level = world.rng, float(world.path.level(y))
    matter = vary(
        rng, Matter("noise", [(0.40, 0.36, 0.30), (0.32, 0.18, 0.10), (0.45, 0.30, 0.10)][rng.integers(3)]), 0.15
    )
    shape = Shape().add(matter, box(((x0 + x1) / 2, y, clearance + 0.55), (x1 - x0, 5, 1.1)))
    posts = np.arange(x0 + 1, x1, 3.0)
    shape.add(
        matter, boxes(np.column_stack([posts, 0 * posts + y - 2.3, 0 * posts + clearance + 1.5]), (0.25, 0.2, 0.9))
    )
    world.put(shape, labels.RAIL_TRACK, z=level, follows=False)
    legs = Shape()
    for x in np.arange(x0 + 3, x1, 14.0):
        if abs(x) > 12:
            legs.add(matter, box((x, y, clearance / 2), (1.2, 1.6, clearance)))
    world.put(legs, labels.BRIDGE, z=level, follows=False)


def elevated(world, x, begin, end):
    """Run a railway on dark legs along the street: its deck is rail track, what carries it is bridge."""
    rng, top = world.rng, world.rng.uniform(4.5, 6.5)
    steel, deck = concrete(rng), vary(rng, Matter("noise", (0.30, 0.22, 0.15)), 0.2)
    for low, high, half, matter, label in (
        (top - 1.3, top, 1.9, steel, labels.BRIDGE),
        (top, top + 0.7, 2.6, deck, labels.RAIL_TRACK),
    ):
        profile = [(x - half, low), (x - half, high), (x + half, high), (x + half, low), (x - half, low)]
        world.strip(profile, matter, label, begin, end)
    stations = np.arange(begin + 1, end, rng.uniform(8, 14))
    ys = [y for y in stations if world.free(y, 1) and world.claim(x, y, 2.3, 0.6)]
    if ys:
        legs = boxes([(x + o, y, top / 2) for y in ys for o in (-1.7, 1.7)], (0.5, 0.6, top))
        braces = boxes([(x, y, top - 1.6) for y in ys], (3.4, 0.4, 0.4))
        world.fixed(Shape().add(steel, legs).add(steel, braces), labels.BRIDGE)


def footbridge(world, y, low, high):
    """Carry people over the street at y, with stairs down to both sides."""
    rng, top = world.rng, 5.4
    matter, shape = vary(rng, Matter("noise", (0.34, 0.36, 0.37), 0.6)), Shape()
    a, b = low - 2.5, high + 2.5
    shape.add(matter, box(((a + b) / 2, y, top + 0.2), (b - a, 2.4, 0.45)))
    for o in (-1.15, 1.15):
        shape.add(matter, boxes([((a + b) / 2, y + o, top + z) for z in (0.8, 1.15, 1.5)], (b - a, 0.07, 0.09)))
        posts = np.arange(a, b, 1.6)
        shape.add(matter, boxes(np.column_stack([posts, 0 * posts + y + o, 0 * posts + top + 0.9]), (0.08, 0.08, 1.2)))
    for x in (a + 0.5, b - 0.5):
        shape.add(matter, box((x, y, top / 2), (0.6, 1.4, top)))
        steps = np.arange(18)
        centres = np.column_stack([0 * steps + x, y + 1.6 + 0.42 * steps, top - 0.3 * (steps + 0.5)])
        shape.add(matter, boxes(centres, (1.6, 0.45, 0.32)))
    world.fixed(shape, labels.BRIDGE)


def parapet(world, x, begin, end):
    """Line the bridge that the street itself runs on with a parapet: a low wall and rails."""
    rng, matter = world.rng, concrete(world.rng)
    low = rng.uniform(0.3, 0.9)
    profile = [(x - 0.2, -1.5), (x - 0.2, low), (x + 0.2, low), (x + 0.2, -1.5)]
    world.strip(profile, matter, labels.BRIDGE, begin, end)
    for z in (low + 0.25, low + 0.5):
        rail = [(x - 0.05, z - 0.05), (x - 0.05, z + 0.05), (x + 0.05, z + 0.05), (x + 0.05, z - 0.05)]
        world.strip(rail, matter, labels.BRIDGE, begin, end)
    ys = np.arange(begin + 0.5, end, 2.0)
    posts = boxes(np.column_stack([0 * ys + x, ys, 0 * ys + low + 0.25]), (0.1, 0.1, 0.6))
    world.fixed(Shape().add(matter, posts), labels.BRIDGE)


def truss(world, x, begin, end, tall=5.5):
    """Put one side of a steel truss beside the street."""
    matter, shape = concrete(world.rng), Shape()
    ys = np.arange(begin, end, 6.0)
    for z in (0.5, tall):
        shape.add(matter, boxes([(x, (begin + ys[-1]) / 2, z)], (0.4, ys[-1] - begin, 0.45)))
    for k, y in enumerate(ys[:-1]):
        low, high = (0.5, tall) if k % 2 else (tall, 0.5)
        shape.add(matter, tube([[x, y, low], [x, y + 6, high]], 0.16, 6))
        shape.add(matter, box((x, y, tall / 2), (0.28, 0.28, tall)))
    world.fixed(shape, labels.BRIDGE)


def ramp(world, road, y, paint):
    """Let a ramp leave to the right at y and climb on a wall between two barriers."""
    rng, (_, high) = world.rng, road.edges
    t, wide = np.linspace(0, 1, 40), 4.6
    ys = y + 130 * t
    inner = high - 0.4 + 26 * t**1.7
    z = 0.01 + 0.15 * np.clip(t * 30 - 1, 0, 1) + rng.uniform(3.5, 7) * np.clip(t - 0.15, 0, 1) ** 1.6
    matter, rail = concrete(rng), vary(rng, Matter("noise", (0.45, 0.41, 0.365)), 0.2)

    def lay(stuff, label, profile):
        """Sweep a profile of (across, above) along the ramp."""
        across, above = np.array(profile).T
        sweep = grid(inner[:, None] + across, np.repeat(ys[:, None], len(across), 1), z[:, None] + above)
        world.fixed(Shape().add(stuff, sweep), label)

    lay(road.asphalt, labels.ROAD, [(0, 0), (wide, 0)])
    for x in (0.4, wide - 0.5):
        lay(paint, labels.ROAD_LINE, [(x, 0.01), (x + 0.16, 0.01)])
    for x in (0.0, wide):
        lay(matter, labels.WALL, [(x - 0.05, -9), (x - 0.05, 0), (x + 0.05, 0), (x + 0.05, -9)])
        lay(rail, labels.GUARD_RAIL, [(x - 0.2, 0), (x - 0.1, 0.9), (x + 0.1, 0.9), (x + 0.2, 0)])
    world.taken += [(x + wide / 2, b, 4.5, 4.5) for x, b in zip(inner[::2], ys[::2])]
