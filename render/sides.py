"""Styles of a side of the street: how wide its sidewalk is, and what stands along it."""

from dataclasses import dataclass


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
    avenue: float = 0.0  # chance of a row of trees at the kerb
    rock: float = 0.0  # height of a rock face right beside the street, 0 for none
    lake: bool = False
    sunk: float = -0.15  # how deep the far ground lies below the hills' foot
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
        barriers=fence(rng, 0.6, "iron", "picket", "wall", "wall", "wall", "balustrade", "boards"),
        hedge=0.5,
        trees=int(rng.integers(2, 8)),
        near=2.0,
        houses=tuple(pick(rng, *kinds) for _ in range(5)),
        setback=(3, 15),
        first=rng.uniform(-25, 30),
        spacing=(3, 22),
        rise=0.1,
        slope=8,
        avenue=0.2,
        lamps=pick(rng, 24.0, 32.0),
    )


def mixed(rng):
    """Stand flats, shops, houses and sheds at some distance."""
    kinds = ("apartments", "shop", "house", "tower", "bare_frame", "shed")
    barriers = ("iron", "picket", *3 * ("wall",), "retaining", *2 * ("guard",), "ranch", "mesh", "boards")
    return Side(
        walk=rng.uniform(2.2, 5),
        barriers=fence(rng, 0.75, *barriers),
        hedge=0.4,
        trees=int(rng.integers(4, 12)),
        near=2.5,
        houses=tuple(pick(rng, *kinds) for _ in range(5)),
        setback=(4, 20),
        first=rng.uniform(-10, 35),
        spacing=(4, 22),
        rise=rng.uniform(0.1, 1),
        slope=8,
        avenue=0.15,
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
    kinds = ("picket", "iron", "boards", "ranch", "wall", "wall", "wall", "balustrade", "wire")
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
        rise=rng.uniform(0.2, 4),
        slope=6,
        avenue=0.2,
        lamps=pick(rng, 0, 26.0, 35.0),
    )


def park(rng):
    """Leave a side to trees and grass."""
    return Side(
        walk=pick(rng, 1.8, 2.8, 4.0),
        barriers=fence(rng, 0.85, "iron", "ranch", "picket", "wall", "wall", "guard", "guard", "balustrade", "wire"),
        hedge=0.4,
        trees=int(rng.integers(14, 32)),
        near=rng.uniform(1.5, 5),
        rise=rng.uniform(1, 14),
        slope=rng.uniform(1, 7),
        avenue=0.35,
        lamps=pick(rng, 0, 26.0, 30.0),
    )


def walled(rng):
    """Run a wall or a fence along a boulevard."""
    kinds = (*4 * ("wall",), *2 * ("retaining",), *3 * ("guard",), "iron", "boards", "ranch")
    row = tuple(pick(rng, "apartments", "house", "shed", "tower") for _ in range(int(rng.integers(1, 6))))
    return Side(
        walk=pick(rng, 1.8, 2.8, 4.0),
        barriers=fence(rng, 1.0, *kinds, offset=(0.2, 1.0)),
        hedge=0.35,
        trees=int(rng.integers(10, 24)),
        near=rng.uniform(2, 6),
        houses=row,
        setback=(6, 24),
        first=rng.uniform(5, 50),
        spacing=(6, 35),
        rise=rng.uniform(2, 12),
        slope=rng.uniform(2, 8),
        avenue=0.2,
        lamps=pick(rng, 26.0, 30.0, 40.0),
    )


def highway(rng):
    """Line a highway with a barrier, slopes and woods."""
    rails = ((pick(rng, "jersey", "jersey", "guard", "guard", "orange"), rng.uniform(0.4, 1.2), -30, 200),)
    kinds = ("retaining", "retaining", "wall", "ranch", "iron", "mesh", "boards")
    return Side(
        walk=0,
        kerb=rng.random() < 0.3,
        barriers=rails + fence(rng, 0.55, *kinds, offset=(3, 6)),
        trees=int(rng.integers(10, 30)),
        near=rng.uniform(3, 9),
        houses=pick(rng, (), (), ("shed",), ("house",)),
        setback=(25, 50),
        first=rng.uniform(30, 90),
        spacing=(20, 60),
        rise=rng.uniform(6, 24),
        slope=rng.uniform(0.5, 4),
        lamps=pick(rng, 0, 0, 40.0),
    )


def rural(rng):
    """Leave a verge beside a country road."""
    return Side(
        walk=pick(rng, 0, 0, 0.4, 1.5),
        kerb=rng.random() < 0.6,
        hedge=0.15,
        barriers=fence(rng, 0.95, "ranch", "guard", "guard", "guard", "guard", "wire", "wall", offset=(0.7, 4)),
        trees=int(rng.integers(10, 30)),
        near=rng.uniform(3, 8),
        houses=pick(rng, (), ("house", "house"), ("shed",)),
        setback=(14, 35),
        first=rng.uniform(25, 60),
        spacing=(10, 40),
        rise=rng.uniform(3, 20),
        slope=rng.uniform(1, 6),
        lamps=pick(rng, 0, 35.0),
    )


def cutting(rng):
    """Raise rock right beside the road."""
    rails = fence(rng, 0.5, "guard", "guard", "jersey", "orange", offset=(0.3, 0.5))
    return Side(
        walk=0,
        kerb=rng.random() < 0.4,
        barriers=rails,
        trees=int(rng.integers(3, 10)),
        near=9.0,
        rise=rng.uniform(4, 12),
        slope=6,
        rock=rng.uniform(3, 10),
    )


def shore(rng):
    """Let the ground fall, at times to a lake."""
    rails = fence(rng, 0.95, "guard", "guard", "guard", "ranch", "iron", "balustrade", offset=(0.3, 0.8))
    return Side(
        walk=pick(rng, 0, 1.5, 3.0),
        barriers=rails,
        trees=int(rng.integers(0, 4)),
        near=2.0,
        rise=-1.4,
        slope=1.0,
        lamps=pick(rng, 0, 30.0),
        lake=rng.random() < 0.06,
        sunk=2.0,
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
        lake=rng.random() < 0.06,
        sunk=9.0,
        parapet=pick(rng, "parapet", "parapet", "parapet", "truss"),
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
