"""What stands where: a list of things along a path, still without any renderer."""

from dataclasses import dataclass, field

import numpy as np

from .shapes import Shape, extrude

BEGIN, END = -40.0, 300.0  # stations between which a street is built


class Path:
    """The line the street follows: straight, then a bend of constant curvature that sets in gently; up and down."""

    def __init__(self, curvature=0.0, start=10.0, length=90.0, relief=0.0, wave=150.0, phase=0.0, begin=-80, end=420):
        self.s = np.arange(begin, end + 1.0)
        ease = np.clip((self.s - start) / 25, 0, 1) * np.clip((start + length - self.s) / 25, 0, 1)
        self.heading = np.cumsum(-curvature * ease)
        self.heading -= np.interp(0, self.s, self.heading)
        self.x, self.y = np.cumsum(-np.sin(self.heading)), np.cumsum(np.cos(self.heading))
        self.x -= np.interp(0, self.s, self.x)
        self.y -= np.interp(0, self.s, self.y)
        self.z = relief * (np.sin(2 * np.pi * self.s / wave + phase) - np.sin(phase))
        self.straight = curvature == 0 and relief == 0

    @property
    def lowest(self):
        """Return the lowest level of the street."""
        return float(self.z.min())

    def pose(self, x, y):
        """Return position and heading of a point x to the right of the path at station y."""
        heading = np.interp(y, self.s, self.heading)
        px = np.interp(y, self.s, self.x) + x * np.cos(heading)
        py = np.interp(y, self.s, self.y) + x * np.sin(heading)
        return px, py, heading

    def level(self, y):
        """Return the height of the street at a station."""
        return np.interp(y, self.s, self.z)

    def slope(self, y):
        """Return how steeply the street climbs at a station, as an angle."""
        return float(np.arctan((self.level(y + 1.0) - self.level(y - 1.0)) / 2))

    def warp(self, vertices):
        """Bend vertices given in street coordinates."""
        x, y, _ = self.pose(vertices[:, 0], vertices[:, 1])
        return np.stack([x, y, vertices[:, 2] + self.level(vertices[:, 1])], 1)


@dataclass
class Thing:
    """One object: a shape (or several poses of it), its class, where it is and how fast it moves along its heading."""

    poses: list
    label: int
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    heading: float = 0.0
    scale: float = 1.0
    speed: float = 0.0
    follows: bool = True


@dataclass
class World:
    """Everything of one drive."""

    rng: np.random.Generator
    path: Path
    things: list = field(default_factory=list)
    gaps: list = field(default_factory=list)  # (begin, end) of side streets
    decks: list = field(default_factory=list)  # stations that something passes over
    taken: list = field(default_factory=list)  # (x, y, half width, half length) where something stands
    height: object = None
    ego: Shape = None

    def put(self, shape, label, x=0.0, y=0.0, z=None, heading=0.0, scale=1.0, speed=0.0, follows=True):
        """Stand a shape (or a list of poses) at a street position, on the ground there."""
        poses = shape if isinstance(shape, list) else [shape]
        if not poses[0].count:
            return
        if z is None:
            z = float(self.height(x, y)) if self.height else 0.0
        self.things.append(
            Thing(poses, label, float(x), float(y), float(z), float(heading), float(scale), float(speed), follows)
        )

    def fixed(self, shape, label):
        """Add a shape given in street coordinates; it is bent with the street."""
        self.put(shape.warp(self.path.warp), label, z=0.0, follows=False)

    def strip(self, profile, matter, label, begin, end, step=2.0, smooth=False):
        """Draw a cross-section along the street, interrupted where side streets join."""
        shape = Shape()
        for low, high in self.stretches(begin, end):
            ys = np.linspace(low, high, max(2, int((high - low) / step) + 1))
            shape.add(matter, extrude(profile, ys), smooth)
            if len(profile) > 2 and np.ptp([p[0] for p in profile]) > 0.01:  # close both ends
                for y in (low, high):
                    ends = np.array([(x, y, z) for x, z in profile])
                    shape.add(matter, (ends, [(0, i, i + 1) for i in range(1, len(ends) - 1)]))
        if shape.count:
            self.fixed(shape, label)

    def stretches(self, begin, end):
        """Return the parts of an interval that no side street crosses."""
        parts, low = [], begin
        for gap_low, gap_high in sorted(self.gaps):
            if gap_high > begin and gap_low < end:
                parts.append((low, gap_low))
                low = gap_high
        parts.append((low, end))
        return [(a, b) for a, b in parts if b - a > 0.3]

    def roomy(self, y, margin):
        """Tell whether a building fits: clear of side streets and of what passes overhead."""
        return self.free(y, margin) and all(abs(y - deck) > margin + 6 for deck in self.decks)

    def free(self, y, margin=0.0):
        """Tell whether a station is clear of side streets."""
        return all(y < low - margin or y > high + margin for low, high in self.gaps)

    def claim(self, x, y, across, along=None):
        """Take a rectangle of ground, given by half its sizes; return whether it was free."""
        along = across if along is None else along
        if any(abs(x - a) < across + c and abs(y - b) < along + d for a, b, c, d in self.taken):
            return False
        self.taken.append((float(x), float(y), float(across), float(along)))
        return True
