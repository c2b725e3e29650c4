"""Kinds of street, each composed anew for every drive."""

from dataclasses import dataclass, field

import numpy as np

from . import (
    bridges,
    camera,
    furniture,
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
from .shapes import Matter, Shape, vary
from .world import Path, World


@dataclass
class Kind:
    """What a kind of street has."""

    left: tuple  # styles of the left side; one is drawn
    right: tuple
    lanes: tuple = ((2, 2), (2, 3), (3, 3), (0, 4), (3, 2))  # towards us and with us
    lane: tuple = (3.4, 3.9)  # width in metres
    bend: tuple = (250, 700, 0.4)  # smallest and largest radius, chance
    relief: tuple = (0.6, 2.4, 0.3)  # lowest and highest crest in metres, chance
    cross: tuple = (45, 90, 0.0)  # where a side street crosses, chance
    parked: float = 0.0  # chance of cars at the kerb
    people: float = 0.8  # how much stands on the sidewalks
    cars: float = 0.7  # vehicles a lane
    rocky: float = 0.15  # chance that the ground is not grass
    hills: float = 26  # highest hills at the horizon
    blocks: int = 2  # most far buildings
    extras: tuple = field(default=())  # functions of (world, street, paints, travel)


def rails(world, street, paints, travel):
    """Raise gates where rails cross, which were laid before the kerbs."""
    for sign in (-1, 1):
        gap = world.gaps[-1][0]
        world.put(streets.rail_gate(sign, world.rng), labels.STATIC, street.edge(sign) + sign * 0.6, gap - 1.2)


def overpass(world, street, paints, travel):
    """Carry a road over the street."""
    bridges.overpass(world, world.decks[0])


def footbridge(world, street, paints, travel):
    """Carry people over the street."""
    bridges.footbridge(world, world.decks[0], street.end(-1), street.end(1))


def shelter(world, street, paints, travel):
    """Put up a bus shelter, and people who wait."""
    rng = world.rng
    sign = 1 if rng.random() < 0.7 else -1
    y = placing.ahead(world, 6, 35, travel, 4)
    if y is None or street.walk(sign) < 2.2:
        return
    x = street.end(sign) - sign * 0.95
    if world.claim(x, y, 1.0, 3.0):
        world.put(furniture.shelter(rng), labels.STATIC, x, y, z=0.15, heading=-sign * np.pi / 2)
        for _ in range(int(rng.integers(0, 4))):
            here = street.edge(sign) + sign * rng.uniform(0.4, 1.2), y + rng.uniform(-3, 3)
            if world.claim(*here, 0.3):
                shape = placing.people.stander(rng)
                world.put(shape, labels.PEDESTRIAN, *here, z=0.15, heading=sign * np.pi / 2 + rng.normal(0, 0.6))


def gantry(world, street, paints, travel):
    """Span signs over the road."""
    rng, y = world.rng, placing.ahead(world, 14, 70, travel)
    low, high = street.end(-1) - 1.5, street.end(1) + 1.5
    world.put(posts.gantry(low, high), labels.POLE, 0, y, z=0.0)
    world.put(posts.gantry_plates(rng, max(low, -2) + 1, high), labels.TRAFFIC_SIGN, 0, y, z=0.0)


def opposite(world, street, paints, travel):
    """Lay the other half of a highway beyond the barrier, with its traffic."""
    rng, x0 = world.rng, street.end(-1) - 1.6
    x1 = streets.carriageway(world, street.road, x0, int(rng.integers(2, 4)), paints)
    for _ in range(int(rng.integers(1, 6))):
        y, x = traffic.log_uniform(rng, 8, 150) + travel, rng.uniform(x1 + 2, x0 - 2)
        if world.claim(x, y, 1.5, 5):
            place = dict(z=0.0, heading=np.pi, speed=rng.uniform(1, 5))
            world.put(vehicles.traffic(rng), labels.VEHICLES, x, y, **place)


def exit_ramp(world, street, paints, travel):
    """Let a ramp leave to the right."""
    y = travel + world.rng.uniform(8, 45)
    bridges.ramp(world, street.road, y, paints[0])


def tram(world, street, paints, travel):
    """Lay tram rails along the street."""
    lane = world.rng.choice([-0.5, 0.5]) * street.road.lane
    streets.tram_rails(world, lane)


def cables(world, street, paints, travel):
    """Run a line of utility poles with cables along the street."""
    rng = world.rng
    x = street.end(1) + 1.6 if rng.random() < 0.6 else street.end(-1) - 1.6
    pole, stations = posts.utility_pole(rng), np.arange(rng.uniform(2, 20), 170, 28.0)
    wires = Shape()
    for y0, y1 in zip(stations, stations[1:]):
        for o in (-0.9, 0.0, 0.9):
            wires.add(furniture.BLACK, posts.cable((x + o, y0, 9.2), (x + o, y1, 9.2)))
    for y in stations:
        if world.free(y, 0.5):
            world.put(pole, labels.POLE, x, y)
    world.fixed(wires, labels.POLE)


KINDS = {
    "boulevard": Kind(("walled", "park", "walled"), ("walled", "walled", "park"), cross=(45, 90, 0.4), parked=0.3,
                      extras=((cables, 0.5), (shelter, 0.3))),
    "highway": Kind(("highway",), ("highway", "highway", "cutting"), ((0, 4), (0, 3), (0, 5), (0, 2)), people=0.12,
                    relief=(1, 3, 0.4), rocky=0.7, hills=55, blocks=1, extras=((opposite, 0.7), (gantry, 0.5))),
    "downtown": Kind(("city",), ("city", "city", "plaza"), ((2, 2), (3, 3), (0, 4), (1, 2)), bend=(250, 700, 0),
                     relief=(0, 0, 0), cross=(20, 90, 0.6), parked=0.5, people=1.5, blocks=6,
                     extras=((shelter, 0.3), (tram, 0.15))),
    "junction": Kind(("mixed", "city", "homes"), ("mixed", "city", "homes"), bend=(250, 700, 0), relief=(0, 0, 0),
                     cross=(13, 48, 1.0), parked=0.3, people=1.2, blocks=4, extras=((cables, 0.3),)),
    "curve": Kind(("rural", "cutting", "shore"), ("rural", "cutting", "homes"), ((0, 2), (1, 1), (2, 2), (0, 3)),
                  bend=(80, 200, 1.0), relief=(1, 3, 0.6), people=0.5, rocky=0.4, hills=55, blocks=1,
                  extras=((cables, 0.3),)),
    "overpass": Kind(("highway", "mixed", "walled"), ("highway", "mixed", "walled"), rocky=0.4, hills=45, people=0.7,
                     relief=(0.5, 1.5, 0.3), extras=((overpass, 1.0), (gantry, 0.25))),
    "rail": Kind(("park", "walled", "mixed"), ("park", "walled", "homes"), ((1, 1), (2, 2), (2, 3)), bend=(250, 700, 0),
                 relief=(0, 0, 0), parked=0.2, extras=((rails, 1.0), (cables, 0.4))),
    "bus stop": Kind(("mixed", "homes", "city"), ("mixed", "city", "park"), parked=0.5, people=1.3, cross=(45, 90, 0.4),
                     blocks=3, extras=((shelter, 1.0), (shelter, 0.4), (tram, 0.2))),
    "shore": Kind(("shore", "rural", "park"), ("shore", "park", "rural"), ((1, 1), (0, 2), (2, 2)), hills=55, rocky=0.3,
                  people=0.7),
    "narrow": Kind(("row", "row", "homes"), ("row", "row", "homes"), ((0, 1), (1, 1), (1, 1)), lane=(2.8, 3.4),
                   bend=(60, 250, 0.4), relief=(0.5, 2, 0.4), parked=0.5, people=1.5, cars=0.5, cross=(25, 80, 0.4),
                   extras=((cables, 0.3),)),
    "plaza": Kind(("plaza", "city", "park"), ("plaza",), ((1, 1), (2, 2), (0, 2)), bend=(250, 700, 0),
                  relief=(0, 0, 0), people=2.2, cross=(15, 70, 0.4), blocks=4, extras=((tram, 0.4), (shelter, 0.4))),
    "ramp": Kind(("highway",), ("highway",), ((0, 3), (0, 4), (0, 2)), bend=(400, 900, 0.3), relief=(0, 0, 0),
                 people=0.15, rocky=0.5, hills=45, extras=((exit_ramp, 1.0), (opposite, 0.6), (gantry, 0.6))),
    "bridge": Kind(("over",), ("over",), ((1, 1), (2, 2), (0, 3)), bend=(250, 700, 0.3), people=0.5, hills=45,
                   extras=((gantry, 0.2),)),
    "suburb": Kind(("homes",), ("homes", "homes", "park"), ((1, 1), (1, 1), (1, 2)), parked=0.5, people=1.0,
                   cross=(25, 90, 0.4), extras=((cables, 0.5), (footbridge, 0.15))),
}  # fmt: skip
SKIES = [
    "clear", "low sun", "cloudy", "sun ahead", "after rain", "sun behind", "overcast",
    "low sun", "dusk", "clear", "fog", "sun ahead", "cloudy", "sun behind", "clear",
]  # fmt: skip


@dataclass
class Collection:
    """A set of drives: how many frames each has, how far apart, and the seeds that no other collection uses."""

    frames: int
    apart: tuple  # metres between two frames, lowest and highest
    first_seed: int
    most: int  # drives


EMBEDDED = Collection(frames=8, apart=(1.3, 3.2), first_seed=1000, most=1000)
PRETRAINING = Collection(frames=2, apart=(9, 22), first_seed=1_000_000, most=3300)


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
    """Return the seed of a drive; collections have ranges of their own."""
    if not 0 <= index < collection.most:
        raise ValueError(f"drive {index} does not exist: there are {collection.most}, from 0")
    return collection.first_seed + index


def plan(index):
    """Return kind and weather of a drive; as many drives in a row as there are kinds show all of them."""
    names = list(KINDS)
    return names[index % len(names)], SKIES[(index * 4 + index // len(names)) % len(SKIES)]


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


def lay_street(world, kind, name, travel, sun):
    """Lay the road with everything painted on it, the sidewalks and the ground beside them."""
    rng = world.rng
    parked = rng.random() < kind.parked
    left, right = kind.lanes[rng.integers(len(kind.lanes))]
    shoulder = 2.4 if parked else rng.choice([0.25, 0.6, 1.5]) if name != "highway" else rng.choice([1.5, 2.5, 3.2])
    road = streets.Road(left, right, rng.uniform(*kind.lane), shoulder, asphalt(rng, sun.wet))
    paints = streets.line_paints(rng, road.asphalt)
    cross, half = None, rng.uniform(6, 11)
    if rng.random() < kind.cross[2]:
        cross = rng.uniform(*kind.cross[:2]) + half
        world.path = Path()
        streets.side_street(world, road, paints, cross, half, rng.random() < 0.75)
    if name not in ("highway", "ramp") and rng.random() < 0.3:
        streets.zebra(world, road, paints[0], rng.uniform(3, 22), rng.random() < 0.7)
    if name == "rail":
        streets.rail_crossing(world, road, travel + rng.uniform(7, 30))
    streets.draw_road(world, road, paints)
    if rng.random() < 0.3:
        streets.arrows(world, road, paints[0], rng.uniform(6, 40))
    streets.manholes(world, road, rng, int(rng.integers(0, 6)))
    dressing = [sides.STYLES[names[rng.integers(len(names))]](rng) for names in (kind.left, kind.right)]
    ends = [
        streets.pavement(world, sign, edge, s.walk, rng) if s.kerb else edge + sign * 0.3
        for s, sign, edge in zip(dressing, (-1, 1), road.edges)
    ]
    return streets.Street(road, tuple(ends)), dressing, paints, parked, cross, half


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
    street, dressing, paints, parked, cross, half = lay_street(world, kind, name, travel, sun)
    road = street.road
    soil = [ground(rng, kind.rocky), ground(rng, kind.rocky)]
    terrain.verges(world, *street.ends, [dict(rise=s.rise, near=s.slope) for s in dressing], soil)
    sunk = 9.0 if name == "bridge" else 2.0 if any(s.lake for s in dressing) else None
    hill = terrain.hills(world, ground(rng, 0.35), 8, kind.hills, sunk)
    world.decks = [travel + rng.uniform(6, 80), travel + rng.uniform(90, 150)]
    grove = vegetation.grove(rng, rng.uniform(0.5, 0.95))
    own = (int(rng.choice([road.right - 1, rng.integers(0, road.right)])) + 0.5) * road.lane
    own += rng.normal(0, 0.25) if rng.random() < 0.7 else rng.uniform(-1.6, 1.6)
    own = min(own, road.edges[1] - (1.0 if not parked else 2.9))
    world.taken.append((own, travel / 2, 1.1, travel / 2 + 3.5))  # the camera's own way
    for function, chance in kind.extras:
        if rng.random() < chance:
            function(world, street, paints, travel)
    if name != "overpass" and rng.random() < 0.25:
        bridges.overpass(world, travel + rng.uniform(120, 200))
    if rng.random() < 0.5:
        x0, x1 = (-75, rng.uniform(0, 45)) if rng.random() < 0.5 else (rng.uniform(-45, 0), 75)
        bridges.viaduct(world, world.decks[1], x0, x1)
    if cross:
        signals(world, street, cross - half - 1, cross + half + 1)
        traffic.cross(world, road, cross, half)
    elif rng.random() < 0.35:
        y = travel + rng.uniform(9, 60)
        signals(world, street, y, y + 0.5)
    for side, sign, earth in zip(dressing, (-1, 1), soil):
        sides.dress(world, side, sign, street, earth)
    if parked:
        for sign in (-1, 1):
            if rng.random() < 0.65:
                traffic.park(world, road, sign, own)
    traffic.drive(world, road, own, step, travel, kind.cars)
    placing.furnish(world, street, own, travel, kind.people)
    for side, sign in zip(dressing, (-1, 1)):
        sides.plant(world, side, sign, street, grove)
    sides.distance(world, grove, hill, kind.blocks)
    world.ego = vehicles.car(rng, rng.choice(["saloon", "hatch", "suv"]))
    views = camera.views(rng, collection.frames, step, own)
    return Drive(seed, name, sun, world, camera.draw(rng, sun), views)
