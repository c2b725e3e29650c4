"""Kinds of street: a table with one line for each, and what only some of them have."""

from dataclasses import dataclass

import numpy as np

from . import bridges, furniture, labels, people, placing, posts, streets, traffic, vehicles
from .shapes import Shape


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
    shoulder: tuple = (0.25, 0.6, 1.5)  # width beside the last lane, if no cars park there
    rails: bool = False  # rails cross the street
    parked: float = 0.0  # chance of cars at the kerb
    people: float = 0.8  # how much stands on the sidewalks
    cars: float = 0.6  # vehicles a lane
    rocky: float = 0.15  # chance that the ground is not grass
    hills: float = 26  # highest hills at the horizon
    blocks: int = 3  # most far buildings
    early: tuple = ()  # (function of world and street, chance), before the ground is laid
    extras: tuple = ()  # the same, after


def rails(world, street):
    """Raise gates beside the rails that cross."""
    for sign in (-1, 1):
        gap = world.gaps[-1][0]
        world.put(streets.rail_gate(sign, world.rng), labels.STATIC, street.edge(sign) + sign * 0.6, gap - 1.2)


def overpass(world, street):
    """Carry a road over the street."""
    bridges.overpass(world, world.decks[0])


def footbridge(world, street):
    """Carry people over the street."""
    bridges.footbridge(world, world.decks[0], street.end(-1), street.end(1))


def shelter(world, street):
    """Put up a bus shelter, and people who wait."""
    rng = world.rng
    sign = 1 if rng.random() < 0.7 else -1
    y = placing.ahead(world, 6, 35, street.travel, 4)
    if y is None or street.walk(sign) < 2.2:
        return
    x = street.end(sign) - sign * 0.95
    if world.claim(x, y, 1.0, 3.0):
        world.put(furniture.shelter(rng), labels.STATIC, x, y, z=0.15, heading=-sign * np.pi / 2)
        for _ in range(int(rng.integers(0, 4))):
            here = street.edge(sign) + sign * rng.uniform(0.4, 1.2), y + rng.uniform(-3, 3)
            if world.claim(*here, 0.3):
                shape = people.stander(rng)
                world.put(shape, labels.PEDESTRIAN, *here, z=0.15, heading=sign * np.pi / 2 + rng.normal(0, 0.6))


def gantry(world, street):
    """Span signs over the road."""
    rng, y = world.rng, placing.ahead(world, 14, 70, street.travel)
    low, high = street.end(-1) - 1.5, street.end(1) + 1.5
    world.put(posts.gantry(low, high), labels.POLE, 0, y, z=0.0)
    world.put(posts.gantry_plates(rng, max(low, -2) + 1, high), labels.TRAFFIC_SIGN, 0, y, z=0.0)


def opposite(world, street):
    """Lay the other half of a highway beyond the barrier, with its traffic; the ground begins behind it."""
    rng, x0 = world.rng, street.end(-1) - 1.6
    lanes, style = int(rng.integers(2, 4)), street.styles[0]
    x1 = streets.carriageway(world, street.road, x0, lanes, street.paints)
    style.barriers, style.lamps = style.barriers[:1] + (("guard", x0 - x1 + 2.2, -30, 200),), 0
    style.near += x0 - x1 + 2
    street.bounds = (x1 - 0.3, street.bounds[1])
    for _ in range(int(rng.integers(1, 6))):
        y, lane = traffic.log_uniform(rng, 8, 150) + street.travel, rng.integers(lanes)
        x = x0 - 0.6 - (lane + 0.5) * street.road.lane
        if world.claim(x, y, 1.2, 6):
            way = dict(z=0.0, heading=np.pi, speed=rng.uniform(1, 5))
            world.put(vehicles.traffic(rng), labels.VEHICLES, x, y, **way)
    world.taken.append(((x0 + x1) / 2, 120.0, (x0 - x1) / 2, 180.0))


def exit_ramp(world, street):
    """Let a ramp leave to the right; the barrier of the road is open there."""
    rng, style = world.rng, street.styles[1]
    y = street.travel * rng.uniform(0, 1) + rng.uniform(4, 35)
    bridges.ramp(world, street.road, y, street.paints[0])
    streets.hatching(world, street.edge(1) - 0.5, street.edge(1) + 0.9, y + 16, y + 27, street.paints[0])
    kind, offset, begin, end = style.barriers[0]
    style.barriers = ((kind, offset, begin, y - 1), (kind, offset, y + 34, end))
    style.rise, style.slope = rng.uniform(0, 3), 8.0


def tram(world, street):
    """Lay tram rails along the street."""
    lane = world.rng.choice([-0.5, 0.5]) * street.road.lane
    streets.tram_rails(world, lane)


def elevated(world, street):
    """Run a railway on legs along one side."""
    rng = world.rng
    sign = 1 if rng.random() < 0.6 else -1
    bridges.elevated(world, street.end(sign) + sign * rng.uniform(3.5, 12), rng.uniform(-30, 25), rng.uniform(70, 180))


def cables(world, street):
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
    world.fixed(wires, labels.OTHER)  # so in CARLA's masks


KINDS = {
    "boulevard": Kind(("walled", "park", "walled"), ("walled", "walled", "park"), cross=(45, 90, 0.4), parked=0.3,
                      extras=((cables, 0.5), (shelter, 0.3), (elevated, 0.15))),
    "highway": Kind(("highway",), ("highway", "cutting"), ((0, 4), (0, 3), (0, 5), (0, 2)), people=0.12,
                    relief=(1, 3, 0.4), shoulder=(1.5, 2.5, 3.2), rocky=0.7, hills=55, blocks=1,
                    early=((opposite, 0.7),), extras=((gantry, 0.15),)),
    "downtown": Kind(("city",), ("city", "city", "plaza"), ((2, 2), (3, 3), (0, 4), (1, 2)), bend=(250, 700, 0),
                     relief=(0, 0, 0), cross=(20, 90, 0.6), parked=0.5, people=1.5, blocks=6,
                     extras=((shelter, 0.3), (tram, 0.3), (elevated, 0.25))),
    "junction": Kind(("mixed", "city", "homes"), ("mixed", "city", "homes"), bend=(250, 700, 0), relief=(0, 0, 0),
                     cross=(13, 48, 1.0), parked=0.3, people=1.2, blocks=4, extras=((cables, 0.3), (elevated, 0.15))),
    "curve": Kind(("rural", "cutting", "shore"), ("rural", "cutting", "homes"), ((0, 2), (1, 1), (2, 2), (0, 3)),
                  bend=(80, 200, 1.0), relief=(1, 3, 0.6), people=0.5, rocky=0.4, hills=55, blocks=1,
                  extras=((cables, 0.3),)),
    "overpass": Kind(("highway", "mixed", "walled"), ("highway", "mixed", "walled"), rocky=0.4, hills=45, people=0.7,
                     relief=(0.5, 1.5, 0.3), extras=((overpass, 1.0), (gantry, 0.1))),
    "rail": Kind(("park", "walled", "mixed"), ("park", "walled", "homes"), ((1, 1), (2, 2), (2, 3)), bend=(250, 700, 0),
                 relief=(0, 0, 0), rails=True, parked=0.2, extras=((rails, 1.0), (cables, 0.4), (elevated, 0.15))),
    "bus stop": Kind(("mixed", "homes", "city"), ("mixed", "city", "park"), parked=0.5, people=1.3, cross=(45, 90, 0.4),
                     blocks=3, extras=((shelter, 1.0), (shelter, 0.4), (tram, 0.35))),
    "shore": Kind(("shore", "rural", "park"), ("shore", "park", "rural"), ((1, 1), (0, 2), (2, 2)), hills=55, rocky=0.3,
                  people=0.7),
    "narrow": Kind(("row", "row", "homes"), ("row", "row", "homes"), ((0, 1), (1, 1), (1, 1)), lane=(2.8, 3.4),
                   bend=(60, 250, 0.4), relief=(0.5, 2, 0.4), parked=0.5, people=1.5, cars=0.5, cross=(25, 80, 0.4),
                   extras=((cables, 0.3),)),
    "plaza": Kind(("plaza", "city", "park"), ("plaza",), ((1, 1), (2, 2), (0, 2)), bend=(250, 700, 0),
                  relief=(0, 0, 0), people=2.2, cross=(15, 70, 0.4), blocks=4, extras=((tram, 0.5), (shelter, 0.4))),
    "ramp": Kind(("highway",), ("highway",), ((0, 3), (0, 4), (0, 2)), bend=(400, 900, 0.3), relief=(0, 0, 0),
                 people=0.15, rocky=0.5, hills=45, early=((exit_ramp, 1.0), (opposite, 0.6)),
                 extras=((gantry, 0.2),)),
    "bridge": Kind(("over",), ("over",), ((1, 1), (2, 2), (0, 3)), bend=(250, 700, 0.3), people=0.5, hills=45,
                   extras=((gantry, 0.1),)),
    "suburb": Kind(("homes",), ("homes", "homes", "park"), ((1, 1), (1, 1), (1, 2)), parked=0.5, people=1.0,
                   cross=(25, 90, 0.4), extras=((cables, 0.5), (footbridge, 0.15))),
}  # fmt: skip
