"""Put up what the style of a side asks for: barriers, rock, water, buildings, lamps, trees, the distance."""

import numpy as np

from . import barriers, bridges, buildings, furniture, labels, posts, terrain, vegetation
from .shapes import Matter, box


def dress(world, side, sign, street):
    """Put up barriers, rock, water, buildings and lamps along one side."""
    rng, end, edge = world.rng, street.end(sign), street.edge(sign)
    for kind, offset, begin, far in side.barriers:
        barriers.BARRIERS[kind](world, end + sign * offset, begin, far, rng)
    if side.parapet:
        bridges.parapet(world, end + sign * 0.2, -40, 140)
        if side.parapet == "truss":
            bridges.truss(world, end + sign * 0.6, rng.uniform(-10, 25), rng.uniform(70, 110))
    if side.rock:
        colour = [(0.36, 0.32, 0.27), (0.45, 0.38, 0.30), (0.30, 0.29, 0.28)][rng.integers(3)]
        stone = Matter("rock", colour, 0.95, float(round(rng.uniform(0.0, 0.5), 2)))
        begin = rng.uniform(-30, 12)
        rock_x = end + sign * rng.uniform(0.8, 3.0)
        terrain.rock_face(world, rock_x, begin, begin + rng.uniform(40, 130), stone, side.rock)
    if side.lake:
        terrain.lake(world, end + sign * 2.5, -40, 330, -6.0 if side.parapet else -0.75)
    hedge(world, side, sign, end)
    build(world, side, sign, end)
    if side.lamps:
        post = posts.lamp_post(rng, rng.uniform(6.5, 10), rng.uniform(1.5, 2.8))
        # at the kerb, or behind the barrier
        x = edge + sign * 0.45 if side.walk > 1 else end + sign * (0.3 if side.parapet else 1.9)
        for y in np.arange(rng.uniform(3, 3 + side.lamps), 150, side.lamps):
            if world.free(y, 0.5) and world.claim(x, y, 0.3):
                world.put(post, labels.POLE, x, y, heading=0 if sign > 0 else np.pi)


def hedge(world, side, sign, end):
    """Plant a hedge behind the barriers."""
    rng = world.rng
    if rng.random() > side.hedge:
        return
    pieces = vegetation.nursery()["hedge"]
    piece, offset = pieces[rng.integers(len(pieces))], rng.uniform(0.9, 2.2)
    offset += max((barrier[1] for barrier in side.barriers), default=0)
    begin = rng.uniform(-6, 25)
    for y in np.arange(begin, begin + rng.uniform(16, 60), 3.96):
        if world.free(y, 3) and world.claim(end + sign * offset, y, 0.5, 1.9):
            world.put(piece, labels.VEGETATION, end + sign * offset, y)


def build(world, side, sign, end):
    """Put up buildings, each on a plinth that levels the ground below it."""
    rng, y = world.rng, side.first
    for kind in side.houses:
        shape, width, depth = buildings.KINDS[kind](rng)
        y += width / 2
        while not world.roomy(y, width / 2 + 2):
            y += 2
        if y > 170:
            return
        x = end + sign * (rng.uniform(*side.setback) + depth / 2)
        z, front = float(world.height(x, y)), float(world.height(x - sign * (depth / 2 + 1), y))
        steep = float(world.height(x + sign * depth / 2, y)) - front > 4
        if not steep and world.claim(x, y, depth / 2 + 0.1, width / 2):
            plinth = abs(z - front) + 1.5
            shape.add(furniture.CONCRETE, box((0, 0, 0.1 - plinth / 2), (width + 0.4, depth + 0.4, plinth)))
            turn = -sign * np.pi / 2 + (rng.choice([0, 0, 0, 0.2]) if side.setback[1] > 6 else 0)
            world.put(shape, labels.BUILDING, x, y, z=z - 0.05, heading=turn)
        y += width / 2 + rng.uniform(*side.spacing)


def plant(world, side, sign, street, grove):
    """Plant the trees and bushes of one side, where nothing stands: singly, as a wood further on, and as an avenue."""
    rng, end = world.rng, street.end(sign)
    for _ in range(int(1.6 * side.trees)):
        tree(world, grove, end + sign * (side.near + rng.exponential(8)), rng.uniform(-15, 120), 0.12)
    for _ in range(int(rng.integers(10, 60)) if side.rise >= 0 else 0):
        tree(world, grove, end + sign * min(side.near + 3 + rng.exponential(22), 70), rng.uniform(45, 260), 0.05)
    if rng.random() < side.avenue:
        pair = grove[0][rng.integers(7)], [1.0]
        x = street.edge(sign) + sign * min(1.4, street.walk(sign) + 0.8)
        for y in np.arange(rng.uniform(-8, 8), 120, rng.uniform(7, 14)):
            tree(world, ([pair[0]], pair[1]), x, y, 0, high=0.8)


def tree(world, grove, x, y, bushes, high=1.15):
    """Plant a tree, or by chance a bush, if the place is free."""
    rng, (kinds, weights) = world.rng, grove
    if not world.free(y, 2.5) or not world.claim(x, y, 0.8):
        return
    shape = kinds[rng.choice(len(kinds), p=weights)]
    if rng.random() < bushes:
        shape = vegetation.nursery()["bush"][rng.integers(6)]
    world.put(shape, labels.VEGETATION, x, y, heading=rng.uniform(0, 6.28), scale=rng.uniform(0.6, high))


def distance(world, grove, hill, blocks):
    """Plant the woods that close the view, put up far blocks, and some behind the camera that throw shadows."""
    rng, (kinds, weights) = world.rng, grove
    for _ in range(int(rng.integers(100, 220))):
        a, r = rng.uniform(-1.05, 1.05), rng.uniform(105, 300)
        x, y = r * np.sin(a), r * np.cos(a)
        road_x, _, _ = world.path.pose(0, min(y, 300))
        if abs(x - road_x) < 80 and y < 300 or not world.claim(x, y, 1.5):
            continue
        shape, z = kinds[rng.choice(len(kinds), p=weights)], float(max(hill(x, y), world.path.lowest)) - 0.2
        turn, scale = rng.uniform(0, 6.28), rng.uniform(0.6, 1.2)
        world.put(shape, labels.VEGETATION, x, y, z=z, heading=turn, scale=scale, follows=False)
    for _ in range(rng.integers(0, blocks + 1)):
        shape, width, _ = buildings.KINDS[rng.choice(["tower", "apartments", "round_tower", "bare_frame", "shed"])](rng)
        a, r = rng.choice([-1, 1]) * rng.uniform(0.12, 0.9), rng.uniform(170, 330)
        x, y = r * np.sin(a), r * np.cos(a)
        road_x, _, _ = world.path.pose(0, min(y, 300))
        if abs(x - road_x) > 36 and world.roomy(y, width) and world.claim(x, y, width / 2):
            z = world.path.lowest
            world.put(shape, labels.BUILDING, x, y, z=z, heading=rng.uniform(0, 6.28), follows=False)
    for _ in range(int(rng.integers(0, 3))):
        x, y = rng.choice([-1, 1]) * rng.uniform(26, 40), rng.uniform(-50, -18)
        world.put(buildings.KINDS[rng.choice(["tower", "apartments"])](rng)[0], labels.BUILDING, x, y, z=0.0)
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.choice([-1, 1]) * rng.uniform(9, 20), rng.uniform(-14, -4)
        if world.claim(x, y, 1.0):
            world.put(kinds[rng.choice(len(kinds), p=weights)], labels.VEGETATION, x, y, scale=rng.uniform(0.8, 1.3))
