"""Who drives, rides and parks where."""

import numpy as np

from . import labels, people, vehicles


def log_uniform(rng, low, high):
    """Draw a distance so that every doubling of it is as likely."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def ride(world, x, y, heading, speed, motor):
    """Put someone on a bicycle or motorcycle."""
    rng = world.rng
    machine = vehicles.motorcycle(rng) if motor else vehicles.bicycle(rng)
    for shape, label in ((machine, labels.VEHICLES), (people.rider(rng, motor), labels.PEDESTRIAN)):
        world.put(shape, label, x, y, z=0.0, heading=heading, speed=speed)


def drive(world, road, own, step, travel, density):
    """Let vehicles drive in the lanes: beside us, ahead of us, towards us, at any distance.

    Args:
        world: what they are added to.
        road: whose lanes they use.
        own: x of the camera.
        step: metres that the camera moves from frame to frame.
        travel: metres that it moves in all.
        density: mean number of vehicles a lane.
    """
    rng = world.rng
    for lane in range(-road.left, road.right):
        x = (lane + 0.5) * road.lane
        ahead, last = lane >= 0, -100.0
        in_the_way = abs(x - own) < 0.5 * road.lane + 1.2
        for y in sorted(log_uniform(rng, 3, 110) for _ in range(rng.poisson(density))):
            speed = rng.uniform(0.0, 1.2) * step if ahead else rng.uniform(0.2, 1.5) * step
            if in_the_way:  # never closer than it is in the first frame, and never behind
                y, speed = y + 6, step * rng.uniform(0.9, 1.2)
            elif not ahead:
                y += 0.5 * travel
            if y < last + 15 or not (in_the_way or world.claim(x, y, 1.1, 3.5)):
                continue
            last, kind = y, rng.random()
            heading = 0 if ahead else np.pi
            if kind < 0.14:
                ride(world, x + rng.normal(0, 0.4), y, heading, speed, rng.random() < 0.6)
            else:
                place = dict(z=0.0, heading=heading + rng.normal(0, 0.02), speed=speed)
                world.put(vehicles.traffic(rng), labels.VEHICLES, x + rng.normal(0, 0.2), y, **place)


def park(world, road, sign, own):
    """Park a row of vehicles at the kerb."""
    rng = world.rng
    x = road.edges[(sign + 1) // 2] - sign * 1.1
    if abs(x - own) < 2.4:
        return
    y, share = rng.uniform(-4, 12), rng.uniform(0.35, 0.95)
    while y < 95:
        if rng.random() < share and world.free(y, 5) and world.claim(x, y, 1.0, 2.6):
            heading = (0 if sign > 0 else np.pi) + rng.normal(0, 0.02)
            vehicle = vehicles.lorry(rng) if rng.random() < 0.05 else vehicles.car(rng)
            world.put(vehicle, labels.VEHICLES, x, y, z=0.0, heading=heading)
        y += rng.uniform(5.8, 9)


def lean_bicycles(world, street, sign, y):
    """Stand a few bicycles and motorcycles at the kerb."""
    rng = world.rng
    for _ in range(int(rng.integers(1, 5))):
        x = street.edge(sign) + sign * 0.9
        if world.free(y, 1) and world.claim(x, y, 0.8, 0.35):
            shape = vehicles.motorcycle(rng) if rng.random() < 0.3 else vehicles.bicycle(rng)
            world.put(shape, labels.VEHICLES, x, y, z=0.15, heading=np.pi / 2 + rng.normal(0, 0.1))
        y += 0.8


def cross(world, road, y, half):
    """Let vehicles cross or turn at a junction, and wait in the side street."""
    rng, (low, high) = world.rng, road.edges
    for _ in range(int(rng.integers(1, 5))):
        way = rng.choice([-1, 1])  # 1: from left to right
        x, lane = rng.uniform(low - 18, high + 18), y - way * rng.uniform(0.2, 0.6) * half
        turn = -way * np.pi / 2 + (rng.normal(0, 0.5) if low < x < high and rng.random() < 0.4 else 0)
        if world.claim(x, lane, 3.5, 1.5):
            if rng.random() < 0.2:
                ride(world, x, lane, turn, rng.uniform(0, 1.5), rng.random() < 0.5)
            else:
                speed = rng.choice([0.0, rng.uniform(0.3, 2)])
                world.put(vehicles.traffic(rng), labels.VEHICLES, x, lane, z=0.0, heading=turn, speed=speed)
