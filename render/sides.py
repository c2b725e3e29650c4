"""What stands along one side of a street: barriers, hedges, buildings, trees, lamps."""

from dataclasses import dataclass

import numpy as np

from . import barriers, bridges, buildings, furniture, labels, posts, terrain, vegetation
from .shapes import box


@dataclass
class Side:
    """The dressing of one side; lengths in metres."""

    walk: float = 2.5  # width of the sidewalk, 0 for none
    kerb: bool = True
    barriers: tuple = ()  # (kind, metres from the end of the sidewalk, begin, end)
    hedge: float = 0.0  # chance of a hedge
    trees: int = 10  # in the first 120 m
    near: float = 5.0  # from the sidewalk to the first trees
    houses: tuple = ()  # kinds of buildings, one after the other
    setback: tuple = (10, 25)
    first: float = 20.0  # station of the first building
    spacing: tuple = (4, 30)
    rise: float = 1.0  # height of the slope behind, below 0 if the ground falls
    slope: float = 6.0  # to where it begins
    lamps: float = 0.0  # between lamps, 0 for none
    rock: float = 0.0  # height of a rock face right beside the street, 0 for none
    lake: bool = False
    parapet: str = ""  # "parapet" or "truss", where the street runs on a bridge


def pick(rng, *names):
    """Choose one of the names."""
    return names[rng.integers(len(names))]


def fence(rng, chance, *kinds, offset=(0.2, 0.8)):
    """Draw one barrier along the sidewalk, or none."""
    if rng.random() > chance:
        return ()
    return ((pick(rng, *kinds), rng.uniform(*offset), rng.uniform(-20, 12), rng.uniform(40, 150)),)


def city(rng):
    """Stand towers and slabs behind a wide sidewalk."""
    kinds = ("tower", "tower", "apartments", "bare_frame", "round_tower", "shop")
    return Side(
        walk=rng.uniform(2.5, 5),
        barriers=fence(rng, 0.45, "iron", "picket", "wall", "balustrade", "boards"),
        hedge=0.5,
        trees=int(rng.integers(2, 8)),
        near=2.0,
        houses=tuple(pick(rng, *kinds) for _ in range(5)),
        setback=(4, 18),
        first=rng.uniform(-25, 30),
        spacing=(3, 22),
        rise=0.1,
        slope=8,
        lamps=pick(rng, 24.0, 32.0),
    )


def mixed(rng):
    """Stand flats, shops, houses and sheds at some distance."""
    kinds = ("apartments", "shop", "house", "tower", "bare_frame", "shed")
    return Side(
        walk=rng.uniform(2.2, 5),
        barriers=fence(rng, 0.6, "iron", "picket", "wall", "ranch", "mesh", "boards"),
        hedge=0.4,
        trees=int(rng.integers(4, 12)),
        near=2.5,
        houses=tuple(pick(rng, *kinds) for _ in range(4)),
        setback=(5, 26),
        first=rng.uniform(-10, 35),
        spacing=(5, 35),
        rise=rng.uniform(0.1, 1),
        slope=8,
        lamps=pick(rng, 0, 24.0, 30.0),
    )


def row(rng):
    """Stand a closed row of low houses right behind the sidewalk."""
    kinds = ("shop", "apartments", "house", "shop", "house")
    return Side(
        walk=rng.uniform(0.9, 2.4),
        hedge=0.1,
        trees=int(rng.integers(0, 3)),
        near=1.0,
        houses=tuple(pick(rng, *kinds) for _ in range(9)),
        setback=(0.2, 1.6),
        first=rng.uniform(-22, 2),
        spacing=(0.1, 3),
        rise=0.1,
        slope=10,
        lamps=pick(rng, 18.0, 26.0),
    )


def homes(rng):
    """Stand houses in gardens behind fences and hedges."""
    kinds = ("picket", "iron", "boards", "ranch", "wall", "balustrade", "wire")
    return Side(
        walk=rng.uniform(1.2, 2.6),
        barriers=fence(rng, 0.85, *kinds),
        hedge=0.5,
        trees=int(rng.integers(6, 16)),
        near=3.0,
        houses=tuple(pick(rng, "house", "house", "house", "apartments", "shed") for _ in range(6)),
        setback=(5, 14),
        first=rng.uniform(-5, 25),
        spacing=(4, 16),
        rise=rng.uniform(0.2, 2),
        slope=6,
        lamps=pick(rng, 0, 26.0, 35.0),
    )


def park(rng):
    """Leave a side to trees and grass."""
    return Side(
        walk=pick(rng, 1.8, 2.8, 4.0),
        barriers=fence(rng, 0.6, "iron", "ranch", "picket", "balustrade", "wire"),
        hedge=0.4,
        trees=int(rng.integers(10, 24)),
        near=rng.uniform(1.5, 5),
        rise=rng.uniform(0.3, 6),
        slope=rng.uniform(3, 9),
        lamps=pick(rng, 0, 26.0, 30.0),
    )


def walled(rng):
    """Run a wall or a fence along a boulevard."""
    kinds = ("wall", "wall", "wall", "retaining", "guard", "iron", "boards", "ranch")
    row = tuple(pick(rng, "apartments", "house", "shed", "tower") for _ in range(int(rng.integers(0, 4))))
    return Side(
        walk=pick(rng, 1.8, 2.8, 4.0),
        barriers=fence(rng, 0.9, *kinds, offset=(0.2, 1.0)),
        hedge=0.35,
        trees=int(rng.integers(7, 20)),
        near=rng.uniform(2, 6),
        houses=row,
        setback=(7, 30),
        first=rng.uniform(5, 50),
        spacing=(8, 50),
        rise=rng.uniform(1.5, 10),
        slope=rng.uniform(2, 8),
        lamps=pick(rng, 26.0, 30.0, 40.0),
    )


def highway(rng):
    """Line a highway with a barrier, slopes and woods."""
    rails = ((pick(rng, "jersey", "jersey", "guard", "guard", "orange"), rng.uniform(0.4, 1.2), -30, 200),)
    kinds = ("retaining", "ranch", "iron", "mesh", "boards")
    return Side(
        walk=0,
        kerb=rng.random() < 0.3,
        barriers=rails + fence(rng, 0.4, *kinds, offset=(3, 6)),
        trees=int(rng.integers(6, 22)),
        near=rng.uniform(3, 9),
        houses=pick(rng, (), (), ("shed",), ("house",)),
        setback=(25, 50),
        first=rng.uniform(30, 90),
        spacing=(20, 60),
        rise=rng.uniform(3, 16),
        slope=rng.uniform(1, 5),
        lamps=pick(rng, 0, 0, 40.0),
    )


def rural(rng):
    """Leave a verge beside a country road."""
    return Side(
        walk=pick(rng, 0, 0, 0.4, 1.5),
        kerb=rng.random() < 0.6,
        hedge=0.15,
        barriers=fence(rng, 0.65, "ranch", "guard", "guard", "wire", "wall", offset=(0.7, 4)),
        trees=int(rng.integers(8, 24)),
        near=rng.uniform(3, 8),
        houses=pick(rng, (), ("house", "house"), ("shed",)),
        setback=(14, 35),
        first=rng.uniform(25, 60),
        spacing=(10, 40),
        rise=rng.uniform(2, 11),
        slope=rng.uniform(2, 8),
        lamps=pick(rng, 0, 35.0),
    )


def cutting(rng):
    """Raise rock right beside the road."""
    rails = fence(rng, 0.35, "guard", "jersey", "orange", offset=(0.3, 0.5))
    return Side(
        walk=0,
        kerb=rng.random() < 0.4,
        barriers=rails,
        trees=int(rng.integers(3, 10)),
        near=9.0,
        rise=rng.uniform(4, 12),
        slope=6,
        rock=rng.uniform(2.5, 8),
    )


def shore(rng):
    """Let the ground fall to a lake."""
    rails = fence(rng, 0.6, "guard", "ranch", "iron", "balustrade", offset=(0.3, 0.8))
    return Side(
        walk=pick(rng, 0, 1.5, 3.0),
        barriers=rails,
        trees=int(rng.integers(0, 4)),
        near=2.0,
        rise=-1.4,
        slope=1.0,
        lamps=pick(rng, 0, 30.0),
        lake=True,
    )


def over(rng):
    """Carry the street on a bridge over a valley."""
    return Side(
        walk=pick(rng, 0.5, 1.2, 2.0),
        trees=0,
        near=30.0,
        rise=-9.0,
        slope=0.3,
        lamps=pick(rng, 0, 30.0),
        lake=rng.random() < 0.5,
        parapet=pick(rng, "parapet", "parapet", "truss"),
    )


def plaza(rng):
    """Open a wide paved place with buildings behind."""
    return Side(
        walk=rng.uniform(9, 18),
        barriers=(),
        hedge=0.25,
        trees=int(rng.integers(3, 8)),
        near=-6.0,
        houses=tuple(pick(rng, "apartments", "shop", "tower", "shop") for _ in range(5)),
        setback=(0.5, 4),
        first=rng.uniform(-20, 15),
        spacing=(0.5, 12),
        rise=0.1,
        slope=9,
        lamps=pick(rng, 18.0, 24.0),
    )


STYLES = dict(
    city=city, mixed=mixed, row=row, homes=homes, park=park, walled=walled, highway=highway, rural=rural,
    cutting=cutting, shore=shore, over=over, plaza=plaza,
)  # fmt: skip


def dress(world, side, sign, street, soil):
    """Put up barriers, rock, water, buildings and lamps along one side."""
    rng, end, edge = world.rng, street.end(sign), street.edge(sign)
    for kind, offset, begin, far in side.barriers:
        barriers.BARRIERS[kind](world, end + sign * offset, begin, far, rng)
    if side.parapet:
        bridges.parapet(world, end + sign * 0.2, -40, 140)
        if side.parapet == "truss":
            bridges.truss(world, end + sign * 0.6, rng.uniform(-10, 25), rng.uniform(70, 110))
    if side.rock:
        stone = soil._replace(kind="rock", degree=float(rng.uniform(0.0, 0.5).__round__(2)))
        grey = [(0.36, 0.32, 0.27), (0.45, 0.38, 0.30), (0.30, 0.29, 0.28)][rng.integers(3)]
        stone = stone._replace(colour=grey, rough=0.95)
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
    """Plant the trees and bushes of one side, where nothing stands."""
    rng, (kinds, weights) = world.rng, grove
    for _ in range(int(1.8 * side.trees)):
        x, y = street.end(sign) + sign * (side.near + rng.exponential(8)), rng.uniform(-15, 120)
        small = rng.random() < 0.12
        if world.free(y, 2.5) and world.claim(x, y, 0.8):
            tree = kinds[rng.choice(len(kinds), p=weights)]
            if small:
                tree = vegetation.nursery()["bush"][rng.integers(6)]
            turn, scale = rng.uniform(0, 6.28), rng.uniform(0.6, 1.15)
            world.put(tree, labels.VEGETATION, x, y, heading=turn, scale=scale)


def distance(world, grove, hill, blocks):
    """Plant the woods that close the view, put up far blocks, and some behind the camera that throw shadows."""
    rng, (kinds, weights) = world.rng, grove
    for _ in range(int(rng.integers(100, 220))):
        a, r = rng.uniform(-1.05, 1.05), rng.uniform(105, 300)
        x, y = r * np.sin(a), r * np.cos(a)
        road_x, _, _ = world.path.pose(0, min(y, 300))
        if abs(x - road_x) < 17 and y < 300 or not world.claim(x, y, 1.5):
            continue
        tree, z = kinds[rng.choice(len(kinds), p=weights)], float(max(hill(x, y), world.path.lowest)) - 0.2
        turn, scale = rng.uniform(0, 6.28), rng.uniform(0.6, 1.2)
        world.put(tree, labels.VEGETATION, x, y, z=z, heading=turn, scale=scale, follows=False)
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
