"""Street furniture: lamps, signals, signs, shelters, tables, cones; all stand on the origin."""

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


def lamp_post(rng, height=8.0, reach=2.4):
    """Build a lamp post whose arm reaches towards -x."""
    metal = STEEL if rng.random() < 0.8 else BLACK
    t = np.linspace(0, 1, 7)
    arm = np.stack([-reach * t, 0 * t, height + 0.6 * np.sin(t * np.pi / 2)], 1)
    post = Shape().add(metal, tube([[0, 0, 0], [0, 0, 1], [0, 0, height]], [0.17, 0.13, 0.09], 10))
    return post.add(metal, tube(arm, 0.065)).add(metal, box(arm[-1] + [-0.3, 0, -0.03], (0.85, 0.3, 0.14)))


def signal_mast(height=6.2, reach=7.0):
    """Build the pole of a traffic signal, its arm towards -x."""
    pole = Shape().add(STEEL, tube([[0, 0, 0], [0, 0, height]], [0.19, 0.14], 10))
    return pole.add(STEEL, tube([[0, 0, height - 0.3], [-reach, 0, height]], [0.1, 0.06]))


def signal_heads(rng, height=6.2, reach=7.0):
    """Build the signal heads of a mast; they face -y."""
    shape, lit = Shape(), int(rng.integers(3))
    body = plain(0.35, 0.22, 0.02) if rng.random() < 0.35 else BLACK
    glow = [Matter("emit", c) for c in ((1.0, 0.03, 0.02), (1.0, 0.45, 0.02), (0.05, 0.9, 0.25))]
    for x, z in ((-reach * 0.55, height - 0.62), (-reach * 0.97, height - 0.5), (0, 2.9)):
        shape.add(body, box((x, -0.25, z), (0.46, 0.25, 1.25)))
        for i in range(3):
            matter = glow[i] if i == lit else plain(0.03, 0.035, 0.03, rough=0.3)
            shape.add(matter, disc((x, -0.39, z + 0.38 - 0.38 * i), 0.15, 12))
    return shape


def sign_post(height=2.4):
    """Build the post of a sign."""
    return Shape().add(STEEL, tube([[0, 0, 0], [0, 0, height + 0.3]], 0.04, 7))


def sign_plate(rng, height=2.4):
    """Build a sign plate that faces -y: round, octagon, diamond or rectangle."""
    kind, shape = rng.integers(4), Shape()
    red, white, yellow = (
        plain(0.5, 0.03, 0.02, rough=0.4),
        plain(0.7, 0.7, 0.68, rough=0.4),
        plain(0.65, 0.42, 0.02, rough=0.4),
    )
    if kind == 0:
        return shape.add(red, disc((0, -0.07, height), 0.4, 20)).add(
            white, disc((0, -0.1, height), 0.29, 20, thickness=0.03)
        )
    if kind == 1:
        return shape.add(red, disc((0, -0.07, height), 0.42, 8)).add(white, box((0, -0.1, height), (0.5, 0.02, 0.14)))
    if kind == 2:
        return shape.add(yellow, disc((0, -0.07, height), 0.5, 4)).add(BLACK, box((0, -0.1, height), (0.08, 0.02, 0.4)))
    shape.add(white, box((0, -0.07, height), (0.62, 0.04, 0.78)))
    return shape.add(BLACK, box((0, -0.1, height - 0.05), (0.3, 0.02, 0.35)))


def hydrant(rng):
    """Build a fire hydrant."""
    paint = coloured(rng)
    body = Shape().add(paint, tube([[0, 0, 0], [0, 0, 0.5], [0, 0, 0.66], [0, 0, 0.76]], [0.15, 0.13, 0.16, 0.04], 12))
    return body.add(paint, tube([[-0.24, 0, 0.48], [0.24, 0, 0.48]], 0.07))


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


def planter(_rng):
    """Build a concrete planter."""
    return (
        Shape()
        .add(CONCRETE, box((0, 0, 0.32), (1.3, 1.3, 0.64)))
        .add(plain(0.05, 0.035, 0.02), box((0, 0, 0.65), (1.1, 1.1, 0.04)))
    )


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


def utility_pole(_rng, height=9.5):
    """Build a wooden pole with cross-arms."""
    shape = Shape().add(WOOD, tube([[0, 0, -0.2], [0, 0, height]], [0.17, 0.12], 8))
    return shape.add(WOOD, boxes([(0, 0, height - 0.4), (0, 0, height - 1.2)], (2.2, 0.1, 0.12)))


def cable(start, end, sag=0.7):
    """Hang a cable between two points."""
    t = np.linspace(0, 1, 12)[:, None]
    path = np.asarray(start) * (1 - t) + np.asarray(end) * t
    path[:, 2] -= sag * 4 * (t * (1 - t))[:, 0]
    return tube(path, 0.025, 4)


STATIC = dict(hydrant=hydrant, bin=bin_, bench=bench, billboard=billboard, kiosk=kiosk, planter=planter)
DYNAMIC = dict(cone=cone, barrel=barrel, barricade=barricade, cafe=cafe_table, rubbish=rubbish)
OTHER = dict(mailbox=mailbox)
