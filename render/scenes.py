"""Nine kinds of street, each composed anew for every drive."""

from dataclasses import dataclass

import numpy as np

from . import buildings, furniture, labels, light, look, people, streets, vegetation, vehicles
from .shapes import Matter, Shape, box, vary
from .world import Path, World

FRAMES = 8
KINDS = ["boulevard", "highway", "downtown", "junction", "curve", "bridge", "rail", "bus stop", "water"]
SKIES = [
    "clear",
    "low sun",
    "cloudy",
    "sun ahead",
    "after rain",
    "sun behind",
    "overcast",
    "low sun",
    "dusk",
    "clear",
    "fog",
    "sun ahead",
    "cloudy",
    "sun behind",
]


@dataclass
class Side:
    """What stands along one side of the street."""

    walk: float = 2.5  # width of the sidewalk, 0 for none
    kerb: bool = True
    barriers: tuple = ()  # (kind, metres from the end of the sidewalk, begin, end)
    hedge: float = 0.0  # chance of a hedge
    trees: int = 10  # in the first 120 m
    near: float = 5.0  # metres from the sidewalk to the first trees
    houses: tuple = ()  # kinds of buildings, one after the other
    setback: tuple = (10, 25)
    first: float = 20.0  # station of the first building
    spacing: tuple = (4, 30)
    rise: float = 1.0  # height of the slope behind
    slope: float = 6.0  # metres to where it begins
    lamps: float = 0.0  # metres between lamps, 0 for none


@dataclass
class Drive:
    """One drive: its world, light, camera look and the camera's way."""

    index: int
    seed: int
    kind: str
    light: light.Light
    world: World
    look: dict
    views: list


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


def side_of(kind, rng, sign):
    """Choose the dressing of one side of a street of this kind."""
    any_of = lambda *names: names[rng.integers(len(names))]  # noqa: E731
    r = rng.random()
    if kind == "highway" or (kind in ("bridge", "water") and r < 0.5):
        barriers = ((any_of("jersey", "jersey", "guard", "orange"), rng.uniform(0.4, 1.2), -30, 200),)
        if rng.random() < 0.35:
            barriers += (
                (any_of("retaining", "ranch", "iron"), rng.uniform(3, 6), rng.uniform(-10, 30), rng.uniform(80, 160)),
            )
        return Side(
            walk=0,
            kerb=rng.random() < 0.3,
            barriers=barriers,
            hedge=0,
            trees=int(rng.integers(6, 22)),
            near=rng.uniform(3, 9),
            houses=any_of((), (), ("shed",), ("house",)),
            setback=(25, 50),
            first=rng.uniform(30, 90),
            spacing=(20, 60),
            rise=rng.uniform(3, 16),
            slope=rng.uniform(1, 5),
            lamps=any_of(0, 0, 40.0),
        )
    if kind == "curve":
        barriers = any_of(
            (),
            (("ranch", rng.uniform(2, 6), -20, 120),),
            (("guard", 0.7, rng.uniform(-10, 20), 150),),
            (("wall", 1.0, 5, 90),),
        )
        return Side(
            walk=any_of(0.4, 1.5, 2.5),
            kerb=True,
            barriers=barriers,
            hedge=0.15,
            trees=int(rng.integers(8, 24)),
            near=rng.uniform(3, 8),
            houses=any_of((), ("house", "house"), ("shed",)),
            setback=(14, 35),
            first=rng.uniform(25, 60),
            spacing=(10, 40),
            rise=rng.uniform(2, 11),
            slope=rng.uniform(2, 8),
            lamps=any_of(0, 35.0),
        )
    if kind == "downtown":
        row = [any_of("tower", "tower", "apartments", "bare_frame", "round_tower", "shop") for _ in range(5)]
        barriers = (
            ((any_of("iron", "picket", "wall"), 0.3, rng.uniform(0, 10), rng.uniform(30, 60)),) if r < 0.6 else ()
        )
        return Side(
            walk=rng.uniform(2.5, 5),
            kerb=True,
            barriers=barriers,
            hedge=0.65,
            trees=int(rng.integers(2, 7)),
            near=2.0,
            houses=tuple(row),
            setback=(5, 19),
            first=rng.uniform(-25, 30),
            spacing=(3, 22),
            rise=0.1,
            slope=8,
            lamps=any_of(24.0, 32.0),
        )
    if kind in ("junction", "bus stop"):
        row = [any_of("apartments", "shop", "house", "tower", "bare_frame", "shed") for _ in range(4)]
        barriers = (
            ((any_of("iron", "picket", "wall", "ranch", "iron"), 0.4, rng.uniform(-5, 15), rng.uniform(30, 90)),)
            if r < 0.65
            else ()
        )
        return Side(
            walk=rng.uniform(2.5, 5),
            kerb=True,
            barriers=barriers,
            hedge=0.5,
            trees=int(rng.integers(4, 12)),
            near=2.5,
            houses=tuple(row),
            setback=(5, 26),
            first=rng.uniform(-10, 35),
            spacing=(5, 35),
            rise=rng.uniform(0.1, 1),
            slope=8,
            lamps=any_of(0, 24.0, 30.0),
        )
    barrier = any_of("wall", "wall", "wall", "iron", "ranch", "retaining", "guard", "picket", "iron")
    barriers = ((barrier, rng.uniform(0.2, 1.0), rng.uniform(-20, 10), rng.uniform(60, 180)),) if r < 0.85 else ()
    row = [any_of("apartments", "house", "apartments", "shed", "tower") for _ in range(int(rng.integers(0, 4)))]
    return Side(
        walk=any_of(1.8, 2.8, 4.0),
        kerb=True,
        barriers=barriers,
        hedge=0.35,
        trees=int(rng.integers(7, 20)),
        near=rng.uniform(2, 6),
        houses=tuple(row),
        setback=(7, 30),
        first=rng.uniform(5, 50),
        spacing=(8, 50),
        rise=rng.uniform(1.5, 10),
        slope=rng.uniform(2, 8),
        lamps=any_of(26.0, 30.0, 40.0),
    )


def dress(world, side, sign, edge, nursery):
    """Put barriers, hedges, buildings, trees and lamps along one side; return where buildings stand."""
    rng = world.rng
    for kind, offset, begin, end in side.barriers:
        streets.BARRIERS[kind](world, edge + sign * offset, begin, end, rng)
    if rng.random() < side.hedge:
        length, height = 4.0, rng.uniform(0.7, 1.9)
        piece, offset = vegetation.hedge(rng, length, height, rng.uniform(0.8, 1.6)), rng.uniform(0.9, 2.2)
        offset += max((barrier[1] for barrier in side.barriers), default=0)  # behind the wall or fence
        begin = rng.uniform(-6, 25)
        for y in np.arange(begin, begin + rng.uniform(16, 60), length * 0.99):
            if world.free(y, 3):
                world.put(piece, labels.VEGETATION, edge + sign * offset, y)
    taken, y = [], side.first
    for kind in side.houses:
        shape, width, depth = buildings.KINDS[kind](rng)
        y += width / 2
        while not world.roomy(y, width / 2 + 2):
            y += 2
        x = edge + sign * (rng.uniform(*side.setback) + depth / 2)
        z, front = float(world.height(x, y)), float(world.height(x - sign * (depth / 2 + 1), y))
        if float(world.height(x + sign * depth / 2, y)) - front > 4:
            continue  # too steep to build on
        plinth = abs(z - front) + 1.5  # levels the ground below a building on a slope
        shape.add(furniture.CONCRETE, box((0, 0, 0.1 - plinth / 2), (width + 0.4, depth + 0.4, plinth)))
        turn = -sign * np.pi / 2 + rng.choice([0, 0, 0, 0.2])
        world.put(shape, labels.BUILDING, x, y, z=z - 0.05, heading=turn)
        taken.append((x, y, max(width, depth) / 2 + 1.5))
        y += width / 2 + rng.uniform(*side.spacing)
    kinds, weights = nursery
    for _ in range(int(1.8 * side.trees)):
        x, y = edge + sign * (side.near + rng.exponential(8)), rng.uniform(-15, 120)
        plant(world, kinds, weights, x, y, taken)
    if side.lamps:
        post = furniture.lamp_post(rng, rng.uniform(7, 10), rng.uniform(1.5, 2.8))
        # at the kerb, or behind the barrier
        x = edge - sign * (side.walk - 0.3) if side.walk > 1 else edge + sign * 1.9
        for y in np.arange(rng.uniform(8, 30), 150, side.lamps):
            if world.free(y, 0.5):
                world.put(post, labels.POLE, x, y, heading=0 if sign > 0 else np.pi)
    return taken


def plant(world, kinds, weights, x, y, taken, margin=1.0):
    """Plant a tree unless something stands there."""
    if any(abs(x - a) < r + margin and abs(y - b) < r + margin for a, b, r in taken) or not world.free(y, 2.5):
        return
    tree = kinds[world.rng.choice(len(kinds), p=weights)]
    world.put(tree, labels.VEGETATION, x, y, heading=world.rng.uniform(0, 6.28), scale=world.rng.uniform(0.6, 1.15))


def distance(world, nursery, hill, taken, kind):
    """Plant the woods that close the view, and put up a few far blocks."""
    rng, (kinds, weights) = world.rng, nursery
    for _ in range(int(rng.integers(120, 260))):
        a, r = rng.uniform(-1.05, 1.05), rng.uniform(105, 300)
        x, y = r * np.sin(a), r * np.cos(a)
        if any(abs(x - p) < q + 2 and abs(y - o) < q + 2 for p, o, q in taken):
            continue
        road_x, _, _ = world.path.pose(0, min(y, 300))
        if abs(x - road_x) < 15 and y < 300:
            continue
        tree = kinds[rng.choice(len(kinds), p=weights)]
        world.put(
            tree,
            labels.VEGETATION,
            x,
            y,
            z=float(max(hill(x, y), 0)) - 0.2,
            heading=rng.uniform(0, 6.28),
            scale=rng.uniform(0.6, 1.2),
            follows=False,
        )
    names = {"downtown": 6, "junction": 4, "bus stop": 3, "highway": 1, "curve": 1}
    for _ in range(rng.integers(0, names.get(kind, 2) + 1)):
        shape, width, _ = buildings.KINDS[rng.choice(["tower", "apartments", "round_tower", "bare_frame", "shed"])](rng)
        a, r = rng.choice([-1, 1]) * rng.uniform(0.12, 0.9), rng.uniform(170, 330)
        x, y = r * np.sin(a), r * np.cos(a)
        road_x, _, _ = world.path.pose(0, min(y, 300))
        if (
            abs(x - road_x) > 36
            and world.roomy(y, width)
            and all(np.hypot(x - p, y - o) > q + width for p, o, q in taken)
        ):
            world.put(shape, labels.BUILDING, x, y, z=0.0, heading=rng.uniform(0, 6.28), follows=False)
    for _ in range(int(rng.integers(0, 3))):  # out of sight behind the camera, to throw shadows on the road
        shape, width, depth = buildings.KINDS[rng.choice(["tower", "apartments"])](rng)
        world.put(
            shape,
            labels.BUILDING,
            rng.choice([-1, 1]) * (rng.uniform(18, 26) + width / 2),
            rng.uniform(-50, -18),
            z=0.0,
        )


def small_things(world, road, walks, kind):
    """Place the rare classes where they show as a few tens of pixels."""
    rng, (low, high) = world.rng, road.edges
    ends = {-1: walks[0], 1: walks[1]}
    pick = lambda: 1 if rng.random() < 0.62 else -1  # noqa: E731

    def spot(begin, end, inset=0.5):
        """Choose a place on the outer part of a sidewalk or just beyond."""
        sign, y = pick(), rng.uniform(begin, end)
        for _ in range(40):
            if world.free(y, 1.5):
                break
            y = rng.uniform(begin, end + 15)
        edge = high if sign > 0 else low
        return sign, ends[sign] - sign * inset if abs(ends[sign] - edge) > 1.4 else ends[sign] + sign * 2.0, y

    for _ in range(int(rng.integers(1, 3))):
        sign, x, y = spot(34, 62)
        height = rng.uniform(2.0, 2.7)
        world.put(furniture.sign_post(height), labels.POLE, x, y)
        world.put(furniture.sign_plate(rng, height), labels.TRAFFIC_SIGN, x, y)
    for _ in range(int(rng.integers(2, 5))):
        sign, x, y = spot(26, 60, rng.uniform(0.4, 1.3))
        clothes, way = people.outfit(rng), rng.choice([0, np.pi])
        phase = rng.uniform(0, 6.28)
        poses = [people.person(clothes, phase + 2.2 * k) for k in range(4)]
        world.put(poses, labels.PEDESTRIAN, x, y, heading=way + rng.normal(0, 0.05), speed=rng.uniform(0.2, 0.5))
    for _ in range(int(rng.integers(1, 4))):
        name = rng.choice(list(furniture.STATIC))
        sign, x, y = spot(26, 55, 0.4)
        world.put(
            furniture.STATIC[name](rng),
            labels.STATIC,
            x + (sign * 3 if name == "billboard" else 0),
            y,
            heading=rng.choice([0, -sign * np.pi / 2]) if name != "billboard" else rng.normal(0, 0.3),
        )
    for _ in range(int(rng.integers(2, 4))):
        name = rng.choice(list(furniture.DYNAMIC))
        sign, x, y = spot(24, 42, 0.7)
        for k in range(int(rng.integers(1, 4))):
            world.put(furniture.DYNAMIC[name](rng), labels.DYNAMIC, x, y + 2.2 * k)
    for _ in range(int(rng.integers(1, 3))):
        sign, x, y = spot(28, 48, 0.3)
        world.put(furniture.mailbox(rng), labels.OTHER, x, y, heading=rng.choice([0, -sign * np.pi / 2]))
    gravel = Matter("noise", [(0.36, 0.32, 0.26), (0.30, 0.28, 0.26), (0.40, 0.35, 0.30)][rng.integers(3)], 0.9)
    y = next((y for y in rng.uniform(24, 44, 40) if world.free(y, 8) and world.free(y + 6, 8)), 45.0)
    for sign in (-1, 1):
        x = ends[sign] + sign * 0.02
        streets.patch(world, x, x + sign * rng.uniform(4, 10), y, y + 12, 0.2, gravel, labels.GROUND)
    sign, x, y = spot(34, 52, 0.6)
    if rng.random() < 0.7:
        world.put(furniture.basin(rng), labels.STATIC, x, y)
        world.put(furniture.jet(rng), labels.WATER, x, y)
    sign = pick()
    streets.pond(world, ends[sign] + sign * rng.uniform(2.2, 3.5), rng.uniform(36, 46), 3.5, 8, 0.32)


def signals(world, road, y, walks):
    """Put mast signals at the far corners of a junction."""
    rng, (low, high) = world.rng, road.edges
    height, reach = rng.uniform(5.6, 6.6), rng.uniform(5, 8)
    for sign, x in ((1, high), (-1, low)):
        if sign < 0 and rng.random() < 0.35:
            continue
        end = walks[(sign + 1) // 2]
        x = end - sign * 0.6 if abs(end - x) > 1.4 else end + sign * 2  # on the sidewalk, or behind the barrier
        turn = 0 if sign > 0 else np.pi
        world.put(furniture.signal_mast(height, reach), labels.POLE, x, y, heading=turn)
        heads = furniture.signal_heads(rng, height, reach)
        if sign < 0:  # mirrored, so that the lamps still face the driver
            heads.warp(lambda v: v * [-1, 1, 1])
        world.put(heads, labels.TRAFFIC_LIGHT, x, y)


def traffic(world, road, own, parked):
    """Let vehicles drive in the lanes and park at the kerb."""
    rng, (low, high) = world.rng, road.edges
    for lane in range(-road.left, road.right):
        x = (lane + 0.5) * road.lane
        way, speed, y = 1 if lane >= 0 else -1, rng.uniform(1.5, 3.5), 0.0
        for _ in range(int(rng.choice([0, 1, 1, 1, 2]))):
            near = 40 if abs(x - own) < 2.5 else 13 if way > 0 else 30
            y = max(y + 14, near) + rng.exponential(30)
            if abs(x - own) < 2.5:
                speed = max(speed, 2.6)
            world.put(
                vehicles.traffic(rng),
                labels.VEHICLES,
                x + rng.normal(0, 0.2),
                y,
                z=0.0,
                heading=0 if way > 0 else np.pi,
                speed=speed,
            )
    if parked:
        sign = 1 if rng.random() < 0.6 else -1
        x, y = (high if sign > 0 else low) - sign * 1.15, rng.uniform(6, 24)
        while y < 95:
            if rng.random() < 0.6 and world.free(y, 5):
                parked_car = vehicles.car(rng, bus=False)
                world.put(parked_car, labels.VEHICLES, x, y, z=0.0, heading=0 if sign > 0 else np.pi)
            y += rng.uniform(6, 10)


def seed_of(index):
    """Return the seed of a drive."""
    return 1000 + index


def plan(index):
    """Return scene and weather of a drive; nine drives in a row show all nine scenes."""
    return KINDS[index % len(KINDS)], SKIES[(index * 5 + index // len(KINDS)) % len(SKIES)]


def compose(index, frames=FRAMES):
    """Compose a drive from its number alone."""
    seed = seed_of(index)
    rng = np.random.default_rng(seed)
    kind, weather = plan(index)
    sun = light.draw(rng, weather)
    bend = 0.0
    if kind == "curve":
        bend = rng.choice([-1, 1]) / rng.uniform(90, 200)
    elif kind in ("highway", "boulevard", "bus stop", "water") and rng.random() < 0.5:
        bend = rng.choice([-1, 1]) / rng.uniform(250, 700)
    world = World(rng, Path(bend, rng.uniform(-40, 25), rng.uniform(70, 160)))
    lanes = {
        "highway": [(0, 4), (0, 3), (0, 5)],
        "curve": [(0, 2), (1, 1), (2, 2), (0, 3)],
        "downtown": [(2, 2), (3, 3), (0, 4)],
    }
    options = lanes.get(kind, [(2, 2), (2, 3), (3, 3), (0, 4), (3, 2)])
    left, right = options[rng.integers(len(options))]
    parked = kind == "bus stop" or (kind in ("downtown", "boulevard", "junction", "rail") and rng.random() < 0.5)
    road = streets.Road(
        left, right, rng.uniform(3.4, 3.9), 2.4 if parked else rng.choice([0.25, 0.6, 1.5]), asphalt(rng, sun.wet)
    )
    paints = streets.line_paints(rng, road.asphalt)
    low, high = road.edges
    cross = None
    if kind == "junction":
        cross = rng.uniform(30, 48)
    elif kind in ("downtown", "bus stop", "rail", "boulevard") and rng.random() < 0.6:
        cross = rng.uniform(52, 90)
    if cross:
        world.path = Path(0)
        streets.side_street(world, road, paints, cross, rng.uniform(6, 11), rng.random() < 0.75)
    if kind != "highway" and rng.random() < 0.36:
        streets.zebra(world, road, paints[0], rng.uniform(3, 22), rng.random() < 0.7)
    if kind == "rail":
        world.path = Path(0)
        streets.rail_crossing(world, road, rng.uniform(31, 40) if not cross else min(cross - 20, rng.uniform(31, 38)))
    streets.draw_road(world, road, paints)
    streets.manholes(world, road, rng, int(rng.integers(0, 6)))
    sides = [side_of(kind, rng, -1), side_of(kind, rng, 1)]
    walks = [
        streets.pavement(world, sign, edge, s.walk, rng) if s.kerb else edge + sign * 0.3
        for s, sign, edge in zip(sides, (-1, 1), (low, high))
    ]
    rocky = {"highway": 0.7, "bridge": 0.5, "curve": 0.35, "water": 0.4}.get(kind, 0.15)
    soil = [ground(rng, rocky), ground(rng, rocky)]
    streets.verges(world, *walks, [dict(rise=s.rise, near=s.slope) for s in sides], soil)
    hill = streets.hills(world, ground(rng, 0.35), 8, 55 if kind in ("highway", "bridge", "water", "curve") else 26)
    bridge = rng.uniform(62, 95) if kind == "bridge" else rng.uniform(165, 215) if rng.random() < 0.5 else None
    rails = rng.uniform(105, 150) if kind != "bridge" and rng.random() < 0.75 else None
    world.decks = [y for y in (bridge, rails) if y]
    nursery = vegetation.kinds(rng, rng.uniform(0.55, 0.95))
    taken = []
    for side, sign, edge in zip(sides, (-1, 1), walks):
        taken += dress(world, side, sign, edge, nursery)
    distance(world, nursery, hill, taken, kind)
    own = (int(rng.choice([right - 1, rng.integers(0, right)])) + 0.5) * road.lane
    if kind == "curve":
        own = (right - 0.5) * road.lane + rng.uniform(0, 0.6)
    elif rng.random() < 0.3:  # between lanes
        own += rng.uniform(-1.6, 1.6)
    traffic(world, road, own, parked)
    small_things(world, road, walks, kind)
    if cross:
        signals(world, road, cross + (world.gaps[0][1] - world.gaps[0][0]) / 2 + 1, walks)
    elif rng.random() < 0.65:
        signals(world, road, rng.uniform(48, 66), walks)
    if bridge:
        streets.overpass(world, bridge, rng)
    if rails:
        streets.viaduct(
            world, rails, rng, *((-75, rng.uniform(0, 45)) if rng.random() < 0.5 else (rng.uniform(-45, 0), 75))
        )
    if kind == "rail":
        for sign, edge in ((-1, low), (1, high)):
            gap = world.gaps[-1][0]
            world.put(streets.rail_gate(sign, rng), labels.STATIC, edge + sign * 0.6, gap - 1.2)
    if kind == "bus stop" or rng.random() < 0.6:
        sign = 1 if rng.random() < 0.7 else -1
        y = next((y for y in rng.uniform(22, 42, 30) if world.free(y, 4)), 30.0)
        edge, end = (high, walks[1]) if sign > 0 else (low, walks[0])
        if abs(end - edge) > 2.4:
            world.put(furniture.shelter(rng), labels.STATIC, end - sign * 0.95, y, z=0.15, heading=-sign * np.pi / 2)
    if kind == "water":
        sign = rng.choice([-1, 1])
        streets.pond(world, (walks[1] if sign > 0 else walks[0]) + sign * 7, 44, 9, 14, 0.32)
    if kind in ("boulevard", "curve", "junction") and rng.random() < 0.5:
        cables(world, walks[1] + 1.6 if rng.random() < 0.6 else walks[0] - 1.6)
    world.ego = vehicles.car(rng, rng.choice(["saloon", "hatch", "suv"]))
    step, yaw = rng.uniform(1.3, 3.2), rng.normal(0, 0.03) + (rng.choice([0, 0, 0, rng.normal(0, 0.15)]))
    height, drift = rng.uniform(0.6, 0.8), rng.normal(0, 0.012)
    wobble = rng.normal(0, 1, (frames, 3)) * [0.0012, 0.0018, 0.003]
    views = [
        dict(
            x=own + rng.normal(0, 0.02) + drift * step * t,
            y=step * t,
            yaw=float(yaw + wobble[t, 2]),
            height=float(height),
            pitch=float(wobble[t, 0]),
            roll=float(wobble[t, 1]),
        )
        for t in range(frames)
    ]
    return Drive(index, seed, kind, sun, world, look.draw(rng, sun), views)


def cables(world, x):
    """Run a line of utility poles with cables along the street."""
    rng = world.rng
    pole, stations = furniture.utility_pole(rng), np.arange(rng.uniform(2, 20), 170, 28.0)
    wires = Shape()
    for y0, y1 in zip(stations, stations[1:]):
        for o in (-0.9, 0.0, 0.9):
            wires.add(furniture.BLACK, furniture.cable((x + o, y0, 9.2), (x + o, y1, 9.2)))
    for y in stations:
        if world.free(y, 0.5):
            world.put(pole, labels.POLE, x, y)
    world.fixed(wires, labels.POLE)
