"""Where people and small things stand: a table with one line for each kind."""

from collections import namedtuple

import numpy as np

from . import furniture, labels, people, posts
from .shapes import Matter
from .terrain import patch, pond
from .traffic import lean_bicycles, log_uniform

# make: function of a random generator that returns a shape (or a list of poses), or several (shape, label);
# label: its class, None if make returns several; where: a function below; rate: how many a drive has on average;
# near, far: metres ahead, drawn so that each doubling is as likely; radius: half the ground it takes.
Row = namedtuple("Row", "make label where rate near far radius")


def kerb(rng, street, sign):
    """Stand between kerb and sidewalk, facing the road."""
    return street.edge(sign) + sign * rng.uniform(0.4, 0.8), -sign * np.pi / 2


def walk(rng, street, sign):
    """Stand on the outer part of the sidewalk, facing the road."""
    return street.end(sign) - sign * rng.uniform(0.3, 0.35 * street.walk(sign) + 0.2), -sign * np.pi / 2


def anywhere(rng, street, sign):
    """Stand somewhere on the sidewalk, turned anyhow."""
    return street.edge(sign) + sign * rng.uniform(0.5, max(street.walk(sign), 1.0)), rng.uniform(0, 2 * np.pi)


def yard(rng, street, sign):
    """Stand behind the sidewalk, towards the driver."""
    return street.end(sign) + sign * rng.uniform(2, 9), sign * rng.uniform(-0.5, 0.1)


def shoulder(rng, street, sign):
    """Stand at the edge of the road."""
    return street.edge(sign) - sign * rng.uniform(0.4, 1.3), rng.normal(0, 0.2)


def facing(rng, street, sign):
    """Stand at the kerb towards the driver; where there is no sidewalk, behind the barrier."""
    x = street.edge(sign) + sign * 0.5 if street.walk(sign) > 1 else street.end(sign) + sign * 1.6
    return x, (0 if sign > 0 or rng.random() < 0.5 else np.pi) + rng.normal(0, 0.06)


def sign(rng):
    """Build a sign on its post."""
    height = rng.uniform(2.0, 2.8)
    return [(posts.sign_post(height), labels.POLE), (posts.sign_plate(rng, height), labels.TRAFFIC_SIGN)]


def traffic_light(rng):
    """Build a traffic light beside the road."""
    height = rng.uniform(3.0, 4.0)
    return [(posts.signal_post(height), labels.POLE), (posts.post_head(rng, height), labels.TRAFFIC_LIGHT)]


def fountain(rng):
    """Build a basin with its jet."""
    return [(furniture.basin(rng), labels.STATIC), (furniture.jet(rng), labels.WATER)]


TABLE = (
    Row(furniture.hydrant, labels.STATIC, kerb, 0.5, 4, 40, 0.3),
    Row(furniture.bin_, labels.STATIC, kerb, 0.5, 4, 40, 0.4),
    Row(furniture.bench, labels.STATIC, walk, 0.6, 4, 40, 0.8),
    Row(furniture.kiosk, labels.STATIC, walk, 0.3, 6, 50, 1.0),
    Row(furniture.planter, labels.OTHER, walk, 0.5, 5, 40, 0.8),
    Row(furniture.dumpster, labels.STATIC, walk, 0.3, 6, 45, 1.1),
    Row(furniture.bollards, labels.STATIC, kerb, 0.3, 4, 30, 0.4),
    Row(furniture.cabinet, labels.STATIC, walk, 0.4, 4, 40, 0.8),
    Row(furniture.mailbox, labels.OTHER, walk, 0.5, 4, 35, 0.6),
    Row(furniture.column, labels.STATIC, walk, 0.25, 8, 50, 0.9),
    Row(furniture.billboard, labels.STATIC, yard, 0.3, 20, 80, 2.0),
    Row(furniture.cone, labels.DYNAMIC, shoulder, 0.9, 4, 40, 0.4),
    Row(furniture.barrel, labels.DYNAMIC, shoulder, 0.5, 5, 40, 0.5),
    Row(furniture.barricade, labels.DYNAMIC, shoulder, 0.3, 6, 45, 0.9),
    Row(furniture.water_barrier, labels.DYNAMIC, shoulder, 0.15, 8, 45, 1.5),
    Row(furniture.cafe_table, labels.DYNAMIC, walk, 0.5, 5, 40, 1.2),
    Row(furniture.rubbish, labels.DYNAMIC, kerb, 0.4, 4, 40, 0.7),
    Row(furniture.crates, labels.DYNAMIC, walk, 0.3, 4, 40, 0.8),
    Row(furniture.chairs, labels.DYNAMIC, walk, 0.3, 4, 30, 0.9),
    Row(posts.lantern, labels.POLE, walk, 0.5, 4, 40, 0.3),
    Row(posts.flag, labels.POLE, walk, 0.15, 5, 50, 0.3),
    Row(sign, None, facing, 1.1, 5, 60, 0.3),
    Row(traffic_light, None, facing, 0.25, 7, 45, 0.3),
    Row(fountain, None, yard, 0.2, 8, 40, 1.0),
    Row(people.walker, labels.PEDESTRIAN, anywhere, 2.0, 4, 50, 0.35),
    Row(people.stander, labels.PEDESTRIAN, kerb, 0.5, 4, 40, 0.35),
    Row(people.stander, labels.PEDESTRIAN, anywhere, 1.0, 4, 50, 0.35),
)
RIGHT = 0.62  # share of things on the right, which is nearer to the camera


def ahead(world, near, far, travel, margin=1.0):
    """Draw a station ahead that no side street takes; the camera moves on by the travel."""
    for _ in range(20):
        y = log_uniform(world.rng, near, far) + world.rng.uniform(0, 0.8 * travel)
        if world.free(y, margin):
            return y
    return None


def furnish(world, street, own, travel, density):
    """Place every kind of the table."""
    rng = world.rng
    for line in TABLE:
        for _ in range(rng.poisson(line.rate * density)):
            side = 1 if rng.random() < RIGHT else -1
            y = ahead(world, line.near, line.far, travel, line.radius + 0.5)
            if y is None or (street.walk(side) < 1 and line.where in (kerb, walk, anywhere)):
                continue
            x, heading = line.where(rng, street, side)
            if abs(x - own) < 1.6 or not world.claim(x, y, line.radius):
                continue
            if line.label == labels.PEDESTRIAN and line.make is people.walker:
                place(world, line, x, y, rng.choice([0, np.pi]) + rng.normal(0, 0.15), rng.uniform(0.2, 0.6))
            else:
                place(world, line, x, y, heading)
    for _ in range(rng.poisson(0.35 * density)):
        side = 1 if rng.random() < RIGHT else -1
        y = ahead(world, 4, 40, travel)
        if y and street.walk(side) > 2:
            lean_bicycles(world, street, side, y)
    gather(world, street, travel, density)
    puddles(world, street, travel)


def place(world, line, x, y, heading=0.0, speed=0.0):
    """Put what a line of the table makes on its place."""
    made = line.make(world.rng)
    for shape, label in made if line.label is None else [(made, line.label)]:
        world.put(shape, label, x, y, heading=heading, speed=speed)


def gather(world, street, travel, density):
    """Let groups stand on the sidewalk, and people cross the road ahead of the camera."""
    rng, (low, high) = world.rng, street.road.edges
    for _ in range(rng.poisson(0.4 * density)):
        side, y = 1 if rng.random() < RIGHT else -1, ahead(world, 6, 35, travel)
        if y is None or street.walk(side) < 2:
            continue
        x, _ = anywhere(rng, street, side)
        for _ in range(int(rng.integers(3, 7))):
            a, b = x + rng.normal(0, 0.8), y + rng.normal(0, 0.9)
            if world.claim(a, b, 0.3):
                world.put(people.stander(rng), labels.PEDESTRIAN, a, b, heading=rng.uniform(0, 6.28))
    for _ in range(rng.poisson(0.5 * density)):
        y, way = travel + log_uniform(rng, 5, 35), rng.choice([-1, 1])
        for k in range(int(rng.choice([1, 1, 1, 2, 3]))):
            x, b = rng.uniform(low, high), y + 0.9 * k
            if world.claim(x, b, 0.35):
                heading = way * np.pi / 2 + rng.normal(0, 0.2)
                world.put(
                    people.walker(rng), labels.PEDESTRIAN, x, b, z=0.0, heading=heading, speed=rng.uniform(0, 0.4)
                )


def puddles(world, street, travel):
    """Lay gravel and at times a pond beside the street."""
    rng = world.rng
    colour = [(0.36, 0.32, 0.26), (0.30, 0.28, 0.26), (0.40, 0.35, 0.30)][rng.integers(3)]
    for side in (-1, 1):
        y = ahead(world, 8, 45, travel, 8)
        if y is not None and rng.random() < 0.75:
            x = street.end(side) + side * 0.05
            x1, y1 = x + side * rng.uniform(1.5, 6), y + rng.uniform(8, 14)
            patch(world, x, x1, y, y1, 0.2, Matter("noise", colour, 0.9), labels.GROUND)
    y, side = ahead(world, 12, 50, travel, 6), rng.choice([-1, 1])
    if y is not None and rng.random() < 0.3:
        pond(world, street.end(side) + side * rng.uniform(2.5, 5), y, 2.5, 5, 0.32)
