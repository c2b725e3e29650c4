"""Kinds of street, each composed anew for every drive."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import (
    bridges,
    camera,
    dressing,
    labels,
    light,
    placing,
    posts,
    sides,
    streets,
    terrain,
    traffic,
    vegetation,
    vehicles,
)
from .kinds import KINDS
from .shapes import Matter, vary
from .world import Path, World

SKIES = [
    "clear", "low sun", "cloudy", "sun ahead", "after rain", "sun behind", "overcast",
    "low sun", "dusk", "clear", "fog", "drizzle", "sun ahead", "cloudy", "sun behind", "clear",
]  # fmt: skip


@dataclass
class Collection:
    """A set of drives: how many frames each has, how far apart, and the seeds that no other collection uses."""

    frames: int
    apart: tuple  # metres between two frames, lowest and highest
    seeds: Sequence  # one for each drive


# Not 36 in a row: eleven were exchanged, for the shares and the spread of classes that tests/test_embedded_frames.py
# asks for. A renderer that is changed draws other streets from them, and they have to be chosen anew.
EMBEDDED = Collection(frames=8, apart=(1.3, 3.2), seeds=(
    1036, 1001, 1038, 1003, 1004, 1221, 1222, 1007, 1008, 1009, 1010, 1227,
    1012, 1229, 1014, 1015, 1016, 1017, 1234, 1091, 1020, 1021, 1238, 1203,
    1024, 1025, 1026, 1027, 1028, 1029, 1030, 1031, 1032, 1141, 1034, 1035,
))  # fmt: skip
PRETRAINING = Collection(frames=2, apart=(9, 22), seeds=range(1_000_000, 1_003_300))


@dataclass
class Drive:
    """One drive: its world, light, camera look and the camera's way."""

    seed: int
    kind: str
    light: light.Light
    world: World
    look: dict
    views: list


def seed_of(collection, index):
    """Return the seed of a drive."""
    if not 0 <= index < len(collection.seeds):
        raise ValueError(f"drive {index} does not exist: there are {len(collection.seeds)}, from 0")
    return collection.seeds[index]


def plan(index):
    """Return kind and weather of a drive; as many drives in a row as there are kinds show all of them."""
    names = list(KINDS)
    return names[index % len(names)], SKIES[(index * 5 + index // len(names)) % len(SKIES)]


def asphalt(rng, wet):
    """Choose an asphalt from dark to bleached, cool to sandy."""
    level = rng.choice([0.13, 0.165, 0.20, 0.25, 0.33]) * rng.uniform(0.9, 1.1)
    tint = np.array((1.0, 0.945, 0.89)) if rng.random() < 0.55 else np.array((1.0, 0.975, 0.96))
    return Matter(
        "asphalt", tuple((level * tint).round(4)), float(round(rng.uniform(0.68, 0.88), 2)), float(round(wet, 2))
    )


def ground(rng, rocky):
    """Choose what verges are made of."""
    if rng.random() < rocky:
        colour = [(0.52, 0.41, 0.28), (0.36, 0.32, 0.27), (0.60, 0.47, 0.32)][rng.integers(3)]
        return vary(rng, Matter("rock", colour, 0.95, float(round(rng.uniform(0.2, 0.9), 2))), 0.15)
    colour = [(0.12, 0.18, 0.035), (0.16, 0.21, 0.055), (0.20, 0.21, 0.07), (0.09, 0.14, 0.035)][rng.integers(4)]
    return vary(rng, Matter("grass", colour, 0.95, float(round(rng.uniform(0, 1), 2))), 0.15)


def signals(world, street, near, far):
    """Put traffic lights at a junction: masts beyond it, posts before it."""
    rng = world.rng
    height, reach = rng.uniform(5.6, 6.6), rng.uniform(4, 8)
    for sign in (1, -1):
        x = street.edge(sign) + sign * 0.7 if street.walk(sign) > 1.4 else street.end(sign) + sign * 2
        if sign > 0 or rng.random() < 0.6:
            heads = posts.signal_heads(rng, height, reach)
            if sign < 0:  # mirrored, so that the lamps still face the driver
                heads.warp(lambda v: v * [-1, 1, 1])
            turn = 0 if sign > 0 else np.pi
            world.put(posts.signal_mast(height, reach), labels.POLE, x, far, z=0.1, heading=turn)
            world.put(heads, labels.TRAFFIC_LIGHT, x, far, z=0.1)
        if near > 6 and rng.random() < 0.5:
            tall = rng.uniform(3, 4)
            world.put(posts.signal_post(tall), labels.POLE, x, near, z=0.1)
            world.put(posts.post_head(rng, tall), labels.TRAFFIC_LIGHT, x, near, z=0.1)


def lay_street(world, kind, travel, wet):
    """Lay the road with everything painted on it, the sidewalks, and the ground beside them."""
    rng = world.rng
    parked = rng.random() < kind.parked
    left, right = kind.lanes[rng.integers(len(kind.lanes))]
    shoulder = 2.4 if parked else rng.choice(kind.shoulder)
    road = streets.Road(left, right, rng.uniform(*kind.lane), shoulder, asphalt(rng, wet))
    paints = streets.line_paints(rng, road.asphalt)
    cross = None
    if rng.random() < kind.cross[2]:
        cross, half = rng.uniform(*kind.cross[:2]), rng.uniform(6, 11)
        world.path = Path()
        streets.side_street(world, road, paints, cross + half, half, rng.random() < 0.75)
        cross = (cross, cross + 2 * half)
    if kind.people > 0.2 and rng.random() < 0.22:
        streets.zebra(world, road, paints[0], rng.uniform(3, 22), rng.random() < 0.7)
    if kind.rails:
        streets.rail_crossing(world, road, rng.uniform(5, 28))
    streets.draw_road(world, road, paints)
    if rng.random() < 0.2:
        streets.arrows(world, road, paints[0], rng.uniform(6, 40))
    streets.manholes(world, road, rng, int(rng.integers(0, 6)))
    styles = [sides.STYLES[names[rng.integers(len(names))]](rng) for names in (kind.left, kind.right)]
    ends = tuple(
        streets.pavement(world, sign, edge, style.walk, rng) if style.kerb else edge + sign * 0.3
        for style, sign, edge in zip(styles, (-1, 1), road.edges)
    )
    street = streets.Street(road, ends, ends, styles, paints, travel, parked, cross)
    extras(world, street, kind.early)
    return street


def extras(world, street, functions):
    """Call each function with its chance."""
    for function, chance in functions:
        if world.rng.random() < chance:
            function(world, street)


def choose_lane(rng, street):
    """Choose where the camera drives: in the middle of a lane, beside it, or between two."""
    road = street.road
    own = (int(rng.choice([road.right - 1, rng.integers(0, road.right)])) + 0.5) * road.lane
    own += rng.normal(0, 0.25) if rng.random() < 0.7 else rng.uniform(-1.6, 1.6)
    return min(own, road.edges[1] - (2.9 if street.parked else 1.0))


def populate(world, street, kind, own, step):
    """Add signals, the dressing of both sides, traffic and people."""
    rng, road, travel = world.rng, street.road, street.travel
    if street.cross:
        begin, end = street.cross
        signals(world, street, begin - 1, end + 1)
        traffic.cross(world, road, (begin + end) / 2, (end - begin) / 2)
    elif rng.random() < 0.35:
        y = travel + rng.uniform(9, 60)
        signals(world, street, y, y + 0.5)
    for style, sign in zip(street.styles, (-1, 1)):
        dressing.dress(world, style, sign, street)
    for sign in (-1, 1):
        if street.parked and rng.random() < 0.65:
            traffic.park(world, road, sign, own)
    traffic.drive(world, road, own, step, travel, kind.cars)
    placing.furnish(world, street, own, travel, kind.people)


def compose(collection, index):
    """Compose a drive from its number alone.

    Args:
        collection: EMBEDDED or PRETRAINING.
        index: number of the drive, from 0.

    Returns:
        The drive: nothing in it depends on a renderer, on other drives or on the size of the frames.
    """
    seed = seed_of(collection, index)
    rng = np.random.default_rng(seed)
    name, weather = plan(index)
    kind, sun = KINDS[name], light.draw(rng, weather)
    step, travel = camera.motion(rng, collection.frames, collection.apart)
    bend = rng.choice([-1, 1]) / rng.uniform(*kind.bend[:2]) if rng.random() < kind.bend[2] else 0.0
    relief = rng.uniform(*kind.relief[:2]) if rng.random() < kind.relief[2] else 0.0
    path = Path(bend, rng.uniform(-40, 25), rng.uniform(70, 160), relief, rng.uniform(110, 200), rng.uniform(0, 6.28))
    world = World(rng, path)
    street = lay_street(world, kind, travel, sun.wet)
    slopes, soil = [dict(rise=style.rise, near=style.slope) for style in street.styles], ground(rng, kind.rocky)
    terrain.verges(world, *street.bounds, slopes, [soil, soil if rng.random() < 0.5 else ground(rng, kind.rocky)])
    hill = terrain.hills(world, ground(rng, 0.35), 8, kind.hills, max(style.sunk for style in street.styles))
    own = choose_lane(rng, street)
    world.taken.append((own, travel / 2, 1.1, travel / 2 + 3.5))  # the camera's own way
    world.decks = [travel + rng.uniform(12, 90), travel + rng.uniform(90, 150)]
    extras(world, street, kind.extras)
    if rng.random() < 0.2:
        bridges.overpass(world, travel + rng.uniform(120, 200))
    if rng.random() < 0.7:
        x0, x1 = (-75, rng.uniform(0, 45)) if rng.random() < 0.5 else (rng.uniform(-45, 0), 75)
        bridges.viaduct(world, world.decks[1], x0, x1)
    populate(world, street, kind, own, step)
    grove = vegetation.grove(rng, rng.uniform(0.5, 0.95))
    for style, sign in zip(street.styles, (-1, 1)):
        dressing.plant(world, style, sign, street, grove)
    dressing.distance(world, grove, hill, kind.blocks)
    world.ego = vehicles.car(rng, rng.choice(["saloon", "hatch", "suv"]))
    views = camera.views(rng, collection.frames, step, own)
    return Drive(seed, name, sun, world, camera.draw(rng, sun), views)
