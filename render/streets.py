"""The street itself: asphalt, lines, crossings, junctions, kerbs, sidewalks, rails."""

from dataclasses import dataclass

import numpy as np

from . import labels
from .furniture import STEEL, WOOD
from .shapes import Matter, Shape, box, boxes, extrude, plain, quads, tube, vary
from .world import BEGIN, END


@dataclass
class Road:
    """Lanes of one street; x = 0 is the line between the two directions."""

    left: int
    right: int
    lane: float
    shoulder: float
    asphalt: Matter

    @property
    def edges(self):
        """Return the x of the left and the right kerb."""
        return -self.left * self.lane - self.shoulder, self.right * self.lane + self.shoulder


@dataclass
class Street:
    """A road with its two sides."""

    road: Road
    ends: tuple  # x where the left and the right sidewalk end
    bounds: tuple  # x where the ground begins on the left and on the right
    styles: list  # of the left and the right side
    paints: list  # white and yellow
    travel: float  # metres that the camera moves
    parked: bool  # there is room for cars at the kerb
    cross: tuple | None  # begin and end of a side street

    def edge(self, sign):
        """Return the x of the kerb on one side (-1 left, 1 right)."""
        return self.road.edges[(sign + 1) // 2]

    def end(self, sign):
        """Return the x where the sidewalk of one side ends."""
        return self.ends[(sign + 1) // 2]

    def walk(self, sign):
        """Return the width of one sidewalk."""
        return abs(self.end(sign) - self.edge(sign))


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


def arrows(world, road, paint, y):
    """Paint an arrow into each lane of the driving direction."""
    rng, marks, z = world.rng, Shape(), 0.006
    for lane in range(road.right):
        x, turn = (lane + 0.5) * road.lane, rng.integers(3) - 1
        marks.add(paint, flat(x - 0.08, x + 0.08, y, y + 2.6, z))
        tip = [(x - 0.4, y + 2.5, z), (x + 0.4, y + 2.5, z), (x, y + 4.0, z)]
        marks.add(paint, (np.array(tip), [(0, 1, 2)]))
        if turn:
            a, b = sorted((x, x + turn * 0.9))
            marks.add(paint, flat(a, b, y + 1.2, y + 1.5, z))
            tip = [(x + turn * 0.85, y + 0.9, z), (x + turn * 0.85, y + 1.8, z), (x + turn * 1.5, y + 1.35, z)]
            marks.add(paint, (np.array(tip), [(0, 1, 2) if turn > 0 else (0, 2, 1)]))
    world.fixed(marks, labels.ROAD_LINE)


def hatching(world, x0, x1, begin, end, paint):
    """Paint slanted bars between two lines, where nobody drives."""
    marks, z = Shape(), 0.006
    for x in (x0, x1):
        marks.add(paint, flat(x - 0.08, x + 0.08, begin, end, z))
    for y in np.arange(begin, end - 2, 2.5):
        bar = [(x0, y, z), (x0, y + 0.45, z), (x1, y + 1.6, z), (x1, y + 1.15, z)]
        marks.add(paint, quads([bar[0], bar[3], bar[2], bar[1]]))
    world.fixed(marks, labels.ROAD_LINE)


def tram_rails(world, x):
    """Let the two rails of a tram into the asphalt around x."""
    steel = Matter("noise", (0.30, 0.27, 0.25), 0.3, 0.6)
    rails = Shape()
    for o in (-0.72, 0.72):
        for begin, end in ((x + o - 0.1, x + o - 0.03), (x + o, x + o + 0.1)):
            rails.add(steel, flat(begin, end, BEGIN, END, 0.007))
    world.fixed(rails, labels.RAIL_TRACK)


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


def carriageway(world, road, x0, lanes, paints):
    """Lay a second road beside the first, from x = x0 to the left, for those who come towards us."""
    x1 = x0 - lanes * road.lane - 1.5
    world.fixed(Shape().add(road.asphalt, flat(x1, x0, BEGIN, END + 60, 0.0)), labels.ROAD)
    marks, z = Shape(), 0.005
    for x in (x0 - 0.4, x1 + 0.8):
        marks.add(paints[0], flat(x - 0.08, x + 0.08, BEGIN, END, z))
    for k in range(1, lanes):
        x = x0 - 0.6 - k * road.lane
        for y in np.arange(BEGIN, END, 10.0):
            marks.add(paints[0], flat(x - 0.08, x + 0.08, y, y + 3.5, z))
    world.fixed(marks, labels.ROAD_LINE)
    return x1
