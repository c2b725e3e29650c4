"""Roads, lines, kerbs, verges, barriers, hills, rails, overpasses and water."""

from dataclasses import dataclass

import numpy as np

from . import labels
from .furniture import CONCRETE, STEEL, WOOD
from .shapes import Matter, Shape, box, boxes, extrude, fractal_noise, grid, plain, quads, tube, vary

BEGIN, END = -40.0, 300.0


@dataclass
class Road:
    """Lanes of one street; x = 0 is the line between the two directions."""

    left: int
    right: int
    lane: float
    shoulder: float
    asphalt: Matter
    wet: bool = False

    @property
    def edges(self):
        """Return the x of the left and the right kerb."""
        return -self.left * self.lane - self.shoulder, self.right * self.lane + self.shoulder


def line_paints(rng, asphalt, worn=None):
    """Return white and yellow line paint, fresh or worn down to the asphalt."""
    worn = rng.uniform(0.0, 0.6) if worn is None else worn
    white = np.array((0.84, 0.82, 0.78)) * rng.choice([0.6, 0.75, 0.9, 1.05])
    yellow = np.array([(0.72, 0.56, 0.10), (0.70, 0.66, 0.25), (0.66, 0.66, 0.35)][rng.integers(3)]) * rng.uniform(
        0.8, 1.15
    )
    return [Matter("worn", tuple(c.round(4)), 0.6, float(round(worn, 2))) for c in (white, yellow)]


def flat(x0, x1, y0, y1, z):
    """Make a level rectangle, finely divided along y so that it can bend."""
    return extrude([(x0, z), (x1, z)], np.linspace(y0, y1, max(2, int((y1 - y0) / 3) + 1)))


def draw_road(world, road, paints):
    """Lay the asphalt and paint lane and edge lines."""
    rng, (low, high) = world.rng, road.edges
    world.fixed(Shape().add(road.asphalt, flat(low - 0.2, high + 0.2, BEGIN, END + 60, 0.0)), labels.ROAD)
    white, yellow = paints
    marks, z = Shape(), 0.005

    def line(x, width, matter, begin=BEGIN, end=END):
        for y0, y1 in world.stretches(begin, end):
            marks.add(matter, flat(x - width / 2, x + width / 2, y0, y1, z))

    width, period = rng.uniform(0.14, 0.21), rng.choice([8.0, 10.0])
    dash, phase = rng.uniform(2.8, 4.2), rng.uniform(0, 9)
    for k in range(-road.left + 1, road.right):
        if k == 0:
            continue
        for y in np.arange(BEGIN + phase, END, period):
            if world.free(y + dash / 2, dash):
                marks.add(white, flat(k * road.lane - width / 2, k * road.lane + width / 2, y, y + dash, z))
    if road.left:
        style = rng.random()
        if style < 0.55:
            line(-0.16, width, yellow)
            line(0.16, width, yellow)
        else:
            line(0, width, yellow if style < 0.85 else white)
    else:
        line(0.2, width, yellow if rng.random() < 0.6 else white)
    if road.shoulder > 0.3:
        line(high - road.shoulder + 0.1, width * 1.1, white)
        if road.left:
            line(low + road.shoulder - 0.1, width * 1.1, white)
        if road.shoulder > 0.5 and rng.random() < 0.4:  # a second line along the kerb
            line(high - 0.25, width, white)
    world.fixed(marks, labels.ROAD_LINE)


def zebra(world, road, paint, y, stop=True):
    """Paint a pedestrian crossing and its stop line across the street."""
    rng, (low, high) = world.rng, road.edges
    bar, gap, length, z = rng.uniform(0.4, 0.65), rng.uniform(0.5, 0.75), rng.uniform(2.5, 4.0), 0.006
    marks = Shape()
    if rng.random() < 0.75:
        for x in np.arange(low + 0.8, high - 0.8 - bar, bar + gap):
            marks.add(paint, flat(x, x + bar, y, y + length, z))
    else:  # two plain lines
        for y0 in (y, y + length):
            marks.add(paint, flat(low + 0.2, high - 0.2, y0, y0 + 0.3, z))
    if stop:
        marks.add(
            paint, flat(0.2 if road.left else low + 0.2, high - 0.2, y - 1.9, y - 1.9 + rng.uniform(0.35, 0.6), z)
        )
    world.fixed(marks, labels.ROAD_LINE)


def side_street(world, road, paints, y, half=8.0, crossing=True):
    """Cross the street at y: asphalt to both sides, stop lines, zebra crossings. Call before kerbs are drawn."""
    low, high = road.edges
    world.gaps.append((y - half, y + half))
    white, yellow = paints
    shape = Shape()
    for x0, x1 in ((low - 140, low), (high, high + 140)):
        shape.add(
            road.asphalt, quads([(x0, y - half, 0.0), (x1, y - half, 0.0), (x1, y + half, 0.0), (x0, y + half, 0.0)])
        )
    world.fixed(shape, labels.ROAD)
    marks, z = Shape(), 0.005

    def rectangle(x0, x1, y0, y1, matter=white):
        marks.add(matter, quads([(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)]))

    rectangle(0.3, high - 0.3, y - half - 5.6, y - half - 5.1)
    rectangle(low + 0.3, -0.3, y + half + 5.1, y + half + 5.6)
    for x0, x1 in ((low - 130, low - 8), (high + 8, high + 130)):
        for o in (-0.15, 0.15):
            rectangle(x0, x1, y + o - 0.07, y + o + 0.07, yellow)
    if crossing:
        for y0 in (y - half - 4.2, y + half + 1.2):
            for x in np.arange(low + 0.6, high - 0.6, 1.1):
                rectangle(x, x + 0.55, y0, y0 + 3.0)
    world.fixed(marks, labels.ROAD_LINE)


def pavement(world, side, edge, width, rng):
    """Lay kerb and sidewalk; return the x where they end."""
    stone = vary(rng, Matter("noise", (0.48, 0.45, 0.41)), 0.12)
    slab = vary(rng, Matter(rng.choice(["pavers", "noise"]), (0.46, 0.41, 0.36)), 0.15)
    kerb = [(edge, -0.05), (edge, 0.13), (edge + side * 0.04, 0.15), (edge + side * 0.32, 0.15)]
    world.strip(kerb, stone, labels.SIDEWALK, BEGIN, END)
    if rng.random() < 0.35:  # a concrete gutter, level with the road
        gutter = [(edge - side * rng.uniform(0.3, 0.6), 0.004), (edge, 0.004)]
        world.strip(gutter, vary(rng, stone, 0.1), labels.SIDEWALK, BEGIN, END)
    end = edge + side * (0.32 + width)
    if width > 0:
        world.strip([(edge + side * 0.32, 0.15), (end, 0.15), (end, -0.05)], slab, labels.SIDEWALK, BEGIN, END)
    return end


def verges(world, left, right, styles, matters):
    """Lay the ground beside the street and remember its height."""
    rng = world.rng
    offsets = np.concatenate([[0, 0.6, 1.5, 3, 5, 8, 12], np.geomspace(16, 75, 9)])
    shapes = {}
    for side, edge, style in ((-1, left, styles[0]), (1, right, styles[1])):
        amount, near, wave = style["rise"], style["near"], rng.uniform(25, 60)
        seed = rng.uniform(0, 100)

        def height(d, y, amount=amount, near=near, wave=wave, seed=seed):
            slope = np.clip((d - near) / 22, 0, 1)
            bumps = fractal_noise(d / 14 + seed, y / wave + seed, 4)
            fade = np.clip((y + 30) / 60, 0.3, 1)
            return 0.1 + amount * slope**1.3 * (0.35 + 1.3 * bumps) * fade + 0.08 * (d > 1) * (bumps - 0.5)

        shapes[side] = (edge, height)
        for y0, y1 in world.stretches(BEGIN, END + 40):
            d, y = np.meshgrid(offsets, np.linspace(y0, y1, max(2, int((y1 - y0) / 4) + 1)))
            ground = Shape().add(matters[(side + 1) // 2], grid(edge + side * d, y, height(d, y)), True)
            world.fixed(ground, labels.TERRAIN)

    def ground_height(x, y):
        if left < x < right:
            return 0.0
        edge, height = shapes[1 if x >= right else -1]
        return float(height(np.array(min(abs(x - edge), 75.0)), np.array(float(y))))

    world.height = ground_height


def hills(world, matter, low=3.0, high=25.0):
    """Close the horizon with a ring of hills; return a function of their height."""
    rng = world.rng
    seed, amount = rng.uniform(0, 100), rng.uniform(low, high)
    angle = np.linspace(0, 2 * np.pi, 181)
    radius = np.concatenate([[140, 200, 260], np.geomspace(320, 900, 8)])
    a, r = np.meshgrid(angle, radius)

    def height(x, y):
        r = np.hypot(x, y - 60)
        a = np.arctan2(y - 60, x)
        wave = fractal_noise(np.cos(a) * 4 + seed, np.sin(a) * 4 + seed + r / 400, 5)
        return -0.6 + amount * np.clip((r - 230) / 330, 0, 1) ** 1.1 * np.clip(2.6 * (wave - 0.28), 0.05, 2)

    x, y = r * np.cos(a), 60 + r * np.sin(a)
    world.put(Shape().add(matter, grid(x, y, height(x, y)), True), labels.TERRAIN, z=0.0, follows=False)
    apron = quads([(-300, -300, -0.45), (300, -300, -0.45), (300, 420, -0.45), (-300, 420, -0.45)])
    world.put(Shape().add(matter, apron), labels.TERRAIN, z=0.0, follows=False)
    return height


# Barriers and walls: each draws one kind along x from begin to end.


def brick_wall(world, x, begin, end, rng, height=None):
    """Build a brick or stone wall with piers and a coping."""
    height = height or rng.uniform(1.3, 2.6)
    kinds = [
        ("brick", (0.58, 0.33, 0.22)),
        ("brick", (0.68, 0.48, 0.35)),
        ("noise", (0.78, 0.62, 0.46)),
        ("noise", (0.70, 0.63, 0.55)),
    ]
    kind, colour = kinds[rng.integers(4)]
    matter = vary(rng, Matter(kind, colour, 0.85), 0.12)
    world.strip(
        [(x - 0.13, -0.2), (x - 0.13, height), (x + 0.13, height), (x + 0.13, -0.2)], matter, labels.WALL, begin, end
    )
    world.strip(
        [(x - 0.2, height), (x - 0.2, height + 0.12), (x + 0.2, height + 0.12), (x + 0.2, height)],
        CONCRETE,
        labels.WALL,
        begin,
        end,
    )
    piers = [y for y in np.arange(begin + 0.3, end, rng.uniform(4, 8)) if world.free(y, 0.5)]
    ys = np.array(piers)
    if len(ys):
        world.fixed(
            Shape().add(
                matter, boxes(np.column_stack([0 * ys + x, ys, 0 * ys + height / 2]), (0.5, 0.5, height + 0.5))
            ),
            labels.WALL,
        )


def retaining_wall(world, x, begin, end, rng):
    """Build a tall retaining wall of concrete or rock."""
    brick_wall(world, x, begin, end, rng, rng.uniform(2.5, 4.5))


def guard_rail(world, x, begin, end, rng):
    """Build a steel W-beam rail on posts."""
    metal = Matter("noise", (0.53, 0.50, 0.46), 0.5, 0.2)
    side = -np.sign(x)
    beam = [
        (x + side * o, z)
        for o, z in ((0.02, 0.42), (0.09, 0.47), (0.02, 0.56), (0.02, 0.6), (0.09, 0.68), (0.02, 0.74))
    ]
    world.strip(beam, metal, labels.GUARD_RAIL, begin, end)
    ys = np.array([y for y in np.arange(begin + 0.3, end, 3.0) if world.free(y)])
    post = vary(rng, WOOD if rng.random() < 0.4 else STEEL)
    if len(ys):
        world.fixed(
            Shape().add(
                post, boxes(np.column_stack([0 * ys + x - side * 0.08, ys, 0 * ys + 0.36]), (0.14, 0.14, 0.76))
            ),
            labels.GUARD_RAIL,
        )


def jersey_barrier(world, x, begin, end, rng):
    """Build a concrete safety barrier."""
    h, matter = rng.uniform(0.85, 1.25), vary(rng, Matter("noise", (0.45, 0.41, 0.365)), 0.2)
    profile = [
        (x - 0.32, 0),
        (x - 0.3, 0.1),
        (x - 0.16, 0.35),
        (x - 0.1, h),
        (x + 0.1, h),
        (x + 0.16, 0.35),
        (x + 0.3, 0.1),
        (x + 0.32, 0),
    ]
    world.strip(profile, matter, labels.GUARD_RAIL, begin, end)


def orange_barrier(world, x, begin, end, rng):
    """Build a heavy painted steel barrier with ribs."""
    matter = vary(rng, Matter("noise", (0.62, 0.30, 0.04), 0.5), 0.12)
    h = rng.uniform(0.9, 1.3)
    world.strip([(x - 0.2, 0), (x - 0.2, h), (x + 0.2, h), (x + 0.2, 0)], matter, labels.GUARD_RAIL, begin, end)
    ys = np.array([y for y in np.arange(begin, end, 1.6) if world.free(y)])
    if len(ys):
        world.fixed(
            Shape().add(matter, boxes(np.column_stack([0 * ys + x, ys, 0 * ys + h / 2]), (0.56, 0.16, h))),
            labels.GUARD_RAIL,
        )


def picket_fence(world, x, begin, end, rng):
    """Build a wooden picket fence."""
    matter = vary(rng, plain(0.75, 0.74, 0.70) if rng.random() < 0.7 else WOOD, 0.1)
    ys, h = np.array([y for y in np.arange(begin, end, 0.26) if world.free(y)]), rng.uniform(0.9, 1.4)
    if not len(ys):
        return
    world.fixed(
        Shape().add(matter, boxes(np.column_stack([0 * ys + x, ys, 0 * ys + h / 2]), (0.03, 0.13, h))), labels.FENCE
    )
    for z in (0.3, 0.75):
        world.strip([(x + 0.03, z * h), (x + 0.03, z * h + 0.08)], matter, labels.FENCE, begin, end)


def iron_fence(world, x, begin, end, rng):
    """Build iron railings on a low plinth."""
    matter = plain(0.03, 0.03, 0.03, rough=0.5) if rng.random() < 0.4 else vary(rng, plain(0.45, 0.28, 0.2))
    ys, h = np.array([y for y in np.arange(begin, end, 0.2) if world.free(y)]), rng.uniform(1.2, 2.2)
    if not len(ys):
        return
    world.fixed(
        Shape().add(matter, boxes(np.column_stack([0 * ys + x, ys, 0 * ys + h / 2 + 0.2]), (0.045, 0.045, h))),
        labels.FENCE,
    )
    world.strip(
        [(x - 0.15, -0.2), (x - 0.15, 0.45), (x + 0.15, 0.45), (x + 0.15, -0.2)],
        vary(rng, Matter("brick", (0.55, 0.33, 0.23))),
        labels.FENCE,
        begin,
        end,
    )
    world.strip([(x, h + 0.1), (x, h + 0.2)], matter, labels.FENCE, begin, end)


def rail_fence(world, x, begin, end, rng):
    """Build a ranch fence of posts and two or three rails."""
    matter, h = vary(rng, WOOD if rng.random() < 0.5 else plain(0.7, 0.68, 0.64)), rng.uniform(0.9, 1.3)
    for z in (0.35, 0.65, 0.95)[rng.integers(2) :]:
        world.strip(
            [(x - 0.04, z * h - 0.08), (x - 0.04, z * h + 0.08), (x + 0.04, z * h + 0.08), (x + 0.04, z * h - 0.08)],
            matter,
            labels.FENCE,
            begin,
            end,
        )
    ys = np.array([y for y in np.arange(begin, end, 2.4) if world.free(y)])
    if len(ys):
        world.fixed(
            Shape().add(matter, boxes(np.column_stack([0 * ys + x, ys, 0 * ys + h / 2]), (0.14, 0.14, h + 0.1))),
            labels.FENCE,
        )


BARRIERS = dict(
    wall=brick_wall,
    retaining=retaining_wall,
    guard=guard_rail,
    jersey=jersey_barrier,
    orange=orange_barrier,
    picket=picket_fence,
    iron=iron_fence,
    ranch=rail_fence,
)


def overpass(world, y, rng, half=45.0, clearance=5.2, depth=1.6, label=labels.BRIDGE):
    """Carry a deck on piers over the street at y."""
    matter = vary(
        rng, Matter("noise", [(0.36, 0.34, 0.31), (0.30, 0.20, 0.13), (0.20, 0.21, 0.22)][rng.integers(3)]), 0.15
    )
    shape = Shape().add(matter, box((0, y, clearance + depth / 2), (2 * half, 9, depth)))
    shape.add(
        matter,
        boxes([(0, y - 4.6, clearance + depth + 0.3), (0, y + 4.6, clearance + depth + 0.3)], (2 * half, 0.3, 1.0)),
    )
    for x in np.arange(-half + 2, half, 6.0):
        if abs(x) > 13:
            shape.add(matter, box((x, y, clearance / 2), (1.1, 3.5, clearance)))
    world.put(shape, label, z=0.0, follows=False) if world.path.straight else world.fixed(shape, label)


def viaduct(world, y, rng, x0, x1, clearance=6.0):
    """Build a far railway viaduct across the view: its deck is rail track, as in CARLA's towns."""
    matter = vary(
        rng, Matter("noise", [(0.40, 0.36, 0.30), (0.32, 0.18, 0.10), (0.45, 0.30, 0.10)][rng.integers(3)]), 0.15
    )
    shape = Shape().add(matter, box(((x0 + x1) / 2, y, clearance + 0.55), (x1 - x0, 5, 1.1)))
    posts = np.arange(x0 + 1, x1, 3.0)
    shape.add(
        matter, boxes(np.column_stack([posts, 0 * posts + y - 2.3, 0 * posts + clearance + 1.5]), (0.25, 0.2, 0.9))
    )
    world.put(shape, labels.RAIL_TRACK, z=0.0, follows=False)
    legs = Shape()
    for x in np.arange(x0 + 3, x1, 14.0):
        if abs(x) > 12:
            legs.add(matter, box((x, y, clearance / 2), (1.2, 1.6, clearance)))
    world.put(legs, labels.BRIDGE, z=0.0, follows=False)


def rail_crossing(world, road, y):
    """Lay two rails with their bed across the street at y."""
    low, high = road.edges
    steel, bed = Matter("noise", (0.24, 0.17, 0.12), 0.45, 0.5), Matter("noise", (0.22, 0.17, 0.13), 0.9)
    world.gaps.append((y - 1.9, y + 1.9))
    shape = Shape()
    for o in (-0.72, 0.72):
        shape.add(steel, box((0, y + o, 0.0), (160, 0.14, 0.07)))
    for x0, x1 in ((low - 70, low), (high, high + 70)):
        shape.add(bed, box(((x0 + x1) / 2, y, 0.02), (x1 - x0, 3.8, 0.16)))
        sleepers = np.arange(x0, x1, 0.7)
        shape.add(WOOD, boxes(np.column_stack([sleepers, 0 * sleepers + y, 0 * sleepers + 0.11]), (0.24, 2.4, 0.06)))
    world.put(shape, labels.RAIL_TRACK, z=0.0, follows=False)


def rail_gate(side, rng):
    """Build a raised crossing gate beside the rails."""
    arm = Shape().add(STEEL, tube([[0, 0, 0], [0, 0, 3.2]], 0.07)).add(STEEL, box((0, 0, 0.6), (0.5, 0.5, 1.2)))
    for k in range(7):
        a, z = k * 0.75, 1.2 + k * 0.75
        colour = plain(0.6, 0.04, 0.03) if k % 2 else plain(0.65, 0.65, 0.62)
        arm.add(colour, tube([[-side * 0.12 * a, 0.2, z], [-side * 0.12 * (a + 0.75), 0.2, z + 0.75]], 0.05, 6))
    return arm


def pond(world, x, y, width, length, z):
    """Lay open water."""
    a = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rim = np.column_stack([x + width / 2 * np.cos(a), y + length / 2 * np.sin(a), 0 * a + z])
    faces = [(24, i, (i + 1) % 24) for i in range(24)]
    water = Matter("water", (0.03, 0.05, 0.05), 0.05)
    world.fixed(Shape().add(water, (np.vstack([rim, [x, y, z]]), faces)), labels.WATER)


def patch(world, x0, x1, y0, y1, z, matter, label):
    """Lay a raised rectangle of another ground."""
    centre, size = ((x0 + x1) / 2, (y0 + y1) / 2, z / 2), (abs(x1 - x0), y1 - y0, z)
    world.fixed(Shape().add(matter, box(centre, size)), label)


def manholes(world, road, rng, count=5):
    """Set manhole covers into the asphalt; they are road."""
    low, high = road.edges
    shape = Shape()
    for _ in range(count):
        x, y, a = rng.uniform(low + 1, high - 1), rng.uniform(3, 70), np.linspace(0, 2 * np.pi, 18, endpoint=False)
        rim = np.column_stack([x + 0.33 * np.cos(a), y + 0.33 * np.sin(a), 0 * a + 0.004])
        shape.add(
            plain(0.05, 0.05, 0.05, rough=0.5),
            (np.vstack([rim, [x, y, 0.004]]), [(18, i, (i + 1) % 18) for i in range(18)]),
        )
    world.fixed(shape, labels.ROAD)
