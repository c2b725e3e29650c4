"""Street furniture: benches, bins, shelters, billboards, tables, cones; it stands on the origin, front to -y."""

import numpy as np

from .shapes import Matter, Shape, box, boxes, disc, plain, tube, vary

STEEL = Matter("noise", (0.58, 0.56, 0.53), 0.55, 0.15)
BLACK, WHITE, CONCRETE = (
    plain(0.02, 0.02, 0.022, rough=0.5),
    plain(0.65, 0.65, 0.62),
    Matter("noise", (0.40, 0.38, 0.35)),
)
WOOD = Matter("noise", (0.20, 0.11, 0.06), 0.85)
COLOURS = [
    (0.5, 0.04, 0.02),
    (0.45, 0.25, 0.03),
    (0.05, 0.12, 0.3),
    (0.06, 0.2, 0.08),
    (0.5, 0.5, 0.48),
    (0.05, 0.05, 0.05),
]


def coloured(rng, rough=0.5):
    """Choose one of the loud colours street things have."""
    return vary(rng, plain(*COLOURS[rng.integers(len(COLOURS))], rough=rough), 0.2)


def bin_(rng):
    """Build a litter bin."""
    return (
        Shape()
        .add(coloured(rng), tube([[0, 0, 0], [0, 0, 0.95]], [0.26, 0.32], 14))
        .add(BLACK, disc((0, 0, 0.97), 0.3, 14, "z"))
    )


def bench(_rng):
    """Build a park bench."""
    shape = Shape()
    for z, y in ((0.45, -0.15), (0.45, 0.05), (0.62, 0.25), (0.8, 0.28)):
        shape.add(WOOD, box((0, y, z), (1.7, 0.15, 0.05)))
    return shape.add(BLACK, boxes([(-0.7, 0.05, 0.3), (0.7, 0.05, 0.3)], (0.07, 0.45, 0.6)))


def shelter(rng):
    """Build a bus shelter open towards -y, dark under a wide roof, with advertisements on both ends."""
    frame, width, post = (BLACK if rng.random() < 0.85 else STEEL), rng.uniform(3.2, 6.5), rng.uniform(0.1, 0.28)
    shape = Shape().add(frame, box((0, -0.2, 2.65), (width + 1, 2.3, rng.uniform(0.16, 0.35))))
    shape.add(frame, boxes([(x, y, 1.3) for x in (-width / 2, 0, width / 2) for y in (-0.7, 0.75)], (post, post, 2.6)))
    if rng.random() < 0.5:
        shape.add(Matter("glass", (0.10, 0.12, 0.13), 0.1), box((0, 0.75, 1.4), (width, 0.04, 1.9)))
    poster = vary(rng, plain(0.75, 0.68, 0.5), 0.1) if rng.random() < 0.4 else coloured(rng)
    ends = [(-width / 2, 0.02, 1.35), (width / 2, 0.02, 1.35)]
    shape.add(frame, boxes(ends, (0.16, 1.5, 2.1))).add(poster, boxes(ends, (0.2, 1.15, 1.7)))
    return shape.add(WOOD, box((0, 0.4, 0.5), (width * 0.7, 0.4, 0.07))).add(
        frame, box((0.3, 0.4, 0.25), (0.1, 0.3, 0.5))
    )


def billboard(rng):
    """Build a billboard on two legs."""
    width, height, low = rng.uniform(4, 8), rng.uniform(2, 3.2), rng.uniform(2.5, 6)
    shape = Shape().add(coloured(rng), box((0, 0, low + height / 2), (width, 0.25, height)))
    shape.add(WHITE, box((rng.uniform(-1, 1), -0.14, low + height / 2), (width * 0.45, 0.04, height * 0.4)))
    return shape.add(STEEL, boxes([(-width * 0.3, 0.1, low / 2), (width * 0.3, 0.1, low / 2)], (0.2, 0.2, low)))


def kiosk(rng):
    """Build a kiosk or ticket machine."""
    size = rng.uniform(0.8, 2.0)
    return (
        Shape()
        .add(coloured(rng), box((0, 0, 1.15), (size, 1.0, 2.3)))
        .add(BLACK, box((0, -0.51, 1.4), (size * 0.7, 0.03, 0.9)))
    )


def cone(_rng):
    """Build a traffic cone with its collar."""
    orange = plain(0.75, 0.16, 0.02)
    shape = (
        Shape()
        .add(orange, tube([[0, 0, 0.04], [0, 0, 0.75]], [0.19, 0.04], 12))
        .add(orange, box((0, 0, 0.03), (0.45, 0.45, 0.05)))
    )
    return shape.add(WHITE, tube([[0, 0, 0.36], [0, 0, 0.52]], [0.135, 0.1], 12))


def barrel(_rng):
    """Build a construction barrel."""
    shape, orange = Shape(), plain(0.7, 0.15, 0.02)
    for k in range(5):
        shape.add(WHITE if k % 2 else orange, tube([[0, 0, 0.22 * k], [0, 0, 0.22 * k + 0.22]], 0.3 - 0.012 * k, 14))
    return shape


def barricade(_rng):
    """Build a striped construction barricade."""
    shape = Shape().add(WHITE, boxes([(s * 0.75, 0, 0.55) for s in (-1, 1)], (0.09, 0.4, 1.1)))
    for z in (0.45, 0.9):
        for k in range(8):
            shape.add((plain(0.7, 0.13, 0.02), WHITE)[k % 2], box((-0.7 + 0.2 * k, -0.06, z), (0.2, 0.05, 0.26)))
    return shape


def cafe_table(rng):
    """Build a table with two chairs and a parasol."""
    shape = Shape().add(WHITE, disc((0, 0, 0.74), 0.42, 14, "z")).add(BLACK, tube([[0, 0, 0], [0, 0, 2.3]], 0.035, 6))
    shape.add(coloured(rng), tube([[0, 0, 2.05], [0, 0, 2.5]], [1.15, 0.05], 10))
    for s in (-1, 1):
        shape.add(WOOD, box((s * 0.75, 0, 0.45), (0.42, 0.42, 0.05))).add(
            WOOD, box((s * 0.95, 0, 0.7), (0.05, 0.42, 0.5))
        )
        shape.add(
            BLACK, boxes([(s * 0.75 + a, b, 0.22) for a in (-0.18, 0.18) for b in (-0.18, 0.18)], (0.04, 0.04, 0.44))
        )
    return shape


def rubbish(rng):
    """Build a heap of sacks and cartons."""
    shape = Shape()
    for _ in range(rng.integers(3, 6)):
        x, y, s = rng.uniform(-0.6, 0.6), rng.uniform(-0.3, 0.3), rng.uniform(0.35, 0.6)
        matter = BLACK if rng.random() < 0.5 else plain(0.32, 0.2, 0.1)
        shape.add(matter, box((x, y, s * 0.45), (s, s, s * 0.9), rng.uniform(0, 3)))
    return shape


def mailbox(rng):
    """Build a mailbox, a meter cabinet or a vending machine."""
    w, h = rng.uniform(0.45, 1.0), rng.uniform(1.0, 1.9)
    return (
        Shape()
        .add(coloured(rng), box((0, 0, h / 2), (w, 0.6, h)))
        .add(STEEL, box((0, -0.31, h * 0.75), (w * 0.6, 0.03, 0.12)))
    )


def planter(rng):
    """Build a concrete planter, or a row of tall flower vases along y."""
    soil = plain(0.05, 0.035, 0.02)
    if rng.random() < 0.5:
        shape = Shape().add(CONCRETE, box((0, 0, 0.32), (1.3, 1.3, 0.64)))
        return shape.add(soil, box((0, 0, 0.65), (1.1, 1.1, 0.04)))
    shape, matter, high = Shape(), vary(rng, plain(0.5, 0.47, 0.43), 0.2), rng.uniform(0.7, 1.5)
    for y in np.arange(int(rng.integers(1, 5))) * 1.8:
        profile = [[0, y, z * high] for z in (0, 0.08, 0.12, 0.6, 0.9, 1.0)]
        shape.add(matter, tube(profile, [0.28, 0.25, 0.12, 0.2, 0.38, 0.42], 12))
        shape.add(soil, disc((0, y, high + 0.01), 0.36, 12, "z"))
    return shape


def basin(_rng):
    """Build the rim of a small fountain."""
    return Shape().add(plain(0.10, 0.095, 0.09), tube([[0, 0, 0], [0, 0, 0.42]], [0.75, 0.65], 16))


def jet(rng):
    """Build the water of a fountain: a foaming jet."""
    t = np.linspace(0, 1, 8)
    foam = Matter("water", (0.45, 0.48, 0.48), 0.25)
    height = rng.uniform(0.7, 1.2)
    return Shape().add(
        foam, tube(np.stack([0 * t, 0 * t, 0.42 + height * t], 1), 0.03 + 0.16 * (1 - t) ** 0.6 * (0.5 + t), 10), True
    )


def hydrant(rng):
    """Build a fire hydrant, red or yellow."""
    paint = vary(rng, plain(*[(0.5, 0.03, 0.02), (0.55, 0.38, 0.02)][rng.integers(2)], rough=0.4), 0.2)
    profile = [[0, 0, 0], [0, 0, 0.06], [0, 0, 0.08], [0, 0, 0.55], [0, 0, 0.7], [0, 0, 0.8]]
    body = Shape().add(paint, tube(profile, [0.2, 0.2, 0.15, 0.14, 0.17, 0.04], 12))
    body.add(paint, tube([[-0.26, 0, 0.5], [0.26, 0, 0.5]], 0.08))
    return body.add(STEEL, tube([[0, -0.22, 0.46], [0, 0, 0.46]], 0.09))


def dumpster(rng):
    """Build a rubbish container on wheels."""
    paint, width = coloured(rng), rng.uniform(1.2, 2.6)
    shape = (
        Shape().add(paint, box((0, 0, 0.7), (width, 1.1, 1.05))).add(BLACK, box((0, 0, 1.28), (width + 0.1, 1.2, 0.12)))
    )
    for x in (-0.4, 0.4):
        shape.add(BLACK, box((x * width, 0, 0.09), (0.12, 0.8, 0.18))).add(
            paint, box((x * width, -0.58, 0.7), (0.12, 0.08, 1))
        )
    return shape


def bollards(rng):
    """Build a row of bollards along y."""
    matter = BLACK if rng.random() < 0.5 else CONCRETE
    shape, height = Shape(), rng.uniform(0.7, 1.0)
    for y in np.arange(int(rng.integers(3, 7))) * 1.6:
        shape.add(matter, tube([[0, y, 0], [0, y, height], [0, y, height + 0.06]], [0.1, 0.09, 0.03], 10))
    return shape


def cabinet(rng):
    """Build a grey box for cables and switches."""
    width, height = rng.uniform(0.7, 1.8), rng.uniform(1.0, 1.7)
    shape = Shape().add(vary(rng, STEEL, 0.3), box((0, 0, height / 2 + 0.1), (width, 0.5, height)))
    shape.add(CONCRETE, box((0, 0, 0.06), (width + 0.1, 0.6, 0.12)))
    return shape.add(BLACK, box((0, -0.26, height / 2 + 0.1), (0.03, 0.02, height * 0.9)))


def column(rng):
    """Build an advertising column with posters."""
    shape = Shape().add(CONCRETE, tube([[0, 0, 0], [0, 0, 0.35]], 0.72, 20))
    for k in range(3):
        z = 0.35 + 0.85 * k
        shape.add(coloured(rng, 0.8), tube([[0, 0, z], [0, 0, z + 0.8]], 0.62, 20))
    return shape.add(BLACK, tube([[0, 0, 2.85], [0, 0, 3.0], [0, 0, 3.3]], [0.8, 0.75, 0.05], 20))


def water_barrier(rng):
    """Build a few plastic barriers in a row along y, red and white by turns."""
    shape, pair = Shape(), (plain(0.6, 0.05, 0.03), WHITE)
    for k in range(int(rng.integers(2, 6))):
        y, matter = 1.7 * k, pair[k % 2]
        shape.add(matter, box((0, y, 0.18), (0.5, 1.62, 0.36))).add(matter, box((0, y, 0.62), (0.24, 1.62, 0.55)))
    return shape


def crates(rng):
    """Build pallets with crates on them."""
    shape = Shape().add(WOOD, box((0, 0, 0.08), (1.2, 1.2, 0.16)))
    for _ in range(rng.integers(2, 6)):
        x, y, s = rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.3), rng.uniform(0.4, 0.6)
        matter = vary(rng, plain(0.36, 0.24, 0.12), 0.3)
        shape.add(matter, box((x, y, 0.16 + s / 2 + rng.integers(2) * 0.5), (s, s, s), rng.uniform(0, 0.4)))
    return shape


def chairs(rng):
    """Build a few plastic chairs."""
    shape, matter = Shape(), coloured(rng)
    for k in range(rng.integers(1, 4)):
        x, y = 0.75 * k, rng.uniform(-0.2, 0.2)
        shape.add(matter, box((x, y, 0.45), (0.45, 0.45, 0.05))).add(matter, box((x, y + 0.22, 0.7), (0.45, 0.05, 0.5)))
        legs = [(x + a, y + b, 0.22) for a in (-0.19, 0.19) for b in (-0.19, 0.19)]
        shape.add(matter, boxes(legs, (0.05, 0.05, 0.44)))
    return shape
