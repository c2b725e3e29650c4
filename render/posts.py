"""What stands on poles: lamps, traffic lights, signs, gantries, cables; poles stand on the origin."""

import numpy as np

from .furniture import BLACK, STEEL, WOOD, coloured
from .shapes import Matter, Shape, box, boxes, disc, plain, tube

RED, WHITE, YELLOW, BLUE, GREEN = (
    plain(*colour, rough=0.4)
    for colour in ((0.5, 0.03, 0.02), (0.7, 0.7, 0.68), (0.65, 0.42, 0.02), (0.03, 0.10, 0.40), (0.02, 0.18, 0.09))
)


def lamp_post(rng, height=8.0, reach=2.4):
    """Build a lamp post whose arm reaches towards -x."""
    metal = STEEL if rng.random() < 0.8 else BLACK
    t = np.linspace(0, 1, 7)
    arm = np.stack([-reach * t, 0 * t, height + 0.6 * np.sin(t * np.pi / 2)], 1)
    post = Shape().add(metal, tube([[0, 0, 0], [0, 0, 1], [0, 0, height]], [0.17, 0.13, 0.09], 10))
    return post.add(metal, tube(arm, 0.065)).add(metal, box(arm[-1] + [-0.3, 0, -0.03], (0.85, 0.3, 0.14)))


def lantern(rng):
    """Build a lower lamp for plazas and parks: a lantern on a post."""
    metal, height = BLACK if rng.random() < 0.7 else STEEL, rng.uniform(3.2, 4.5)
    shape = Shape().add(metal, tube([[0, 0, 0], [0, 0, 0.8], [0, 0, height]], [0.13, 0.07, 0.05], 8))
    shape.add(WHITE, tube([[0, 0, height], [0, 0, height + 0.5]], [0.14, 0.22], 8))
    return shape.add(metal, tube([[0, 0, height + 0.5], [0, 0, height + 0.7]], [0.3, 0.04], 8))


def signal_mast(height=6.2, reach=7.0):
    """Build the pole of a traffic signal, its arm towards -x."""
    pole = Shape().add(STEEL, tube([[0, 0, 0], [0, 0, height]], [0.19, 0.14], 10))
    return pole.add(STEEL, tube([[0, 0, height - 0.3], [-reach, 0, height]], [0.1, 0.06]))


def signal_head(rng, shape, x, y, z, lit, body):
    """Add one head of three lamps that faces -y."""
    glow = [Matter("emit", c) for c in ((1.0, 0.03, 0.02), (1.0, 0.45, 0.02), (0.05, 0.9, 0.25))]
    shape.add(body, box((x, y, z), (0.46, 0.25, 1.25)))
    if rng.random() < 0.3:  # a back plate
        shape.add(BLACK, box((x, y + 0.1, z), (0.75, 0.04, 1.55)))
    for i in range(3):
        matter = glow[i] if i == lit else plain(0.03, 0.035, 0.03, rough=0.3)
        shape.add(matter, disc((x, y - 0.14, z + 0.38 - 0.38 * i), 0.15, 12))
        shape.add(body, box((x, y - 0.22, z + 0.55 - 0.38 * i), (0.34, 0.2, 0.03)))


def signal_heads(rng, height=6.2, reach=7.0):
    """Build the heads of a mast: along its arm, and one on the pole; they face -y."""
    shape, lit = Shape(), int(rng.integers(3))
    body = plain(0.35, 0.22, 0.02) if rng.random() < 0.35 else BLACK
    shares = np.linspace(0.97, 0.4, int(rng.integers(1, 4)))
    for share in shares:
        signal_head(rng, shape, -reach * share, -0.25, height - 0.5, lit, body)
    if rng.random() < 0.7:
        signal_head(rng, shape, 0, -0.3, 2.9, lit, body)
    return shape


def signal_post(height=3.4):
    """Build the post of a traffic light beside the road."""
    return Shape().add(STEEL, tube([[0, 0, 0], [0, 0, height]], [0.1, 0.08], 10))


def post_head(rng, height=3.4):
    """Build the head of a traffic light beside the road, at times one for people below."""
    shape, lit = Shape(), int(rng.integers(3))
    body = plain(0.35, 0.22, 0.02) if rng.random() < 0.35 else BLACK
    signal_head(rng, shape, 0, -0.24, height - 0.5, lit, body)
    if rng.random() < 0.5:
        shape.add(body, box((0.3, 0, height - 1.1), (0.25, 0.35, 0.6)))
    return shape


def sign_post(height=2.4):
    """Build the post of a sign."""
    return Shape().add(STEEL, tube([[0, 0, 0], [0, 0, height + 0.3]], 0.04, 7))


def sign_plate(rng, height=2.4):
    """Build the plates of a sign that face -y: round, octagon, diamond, triangle or rectangle, at times two."""
    shape, kind, k = Shape(), rng.choice(7, p=[0.25, 0.12, 0.12, 0.08, 0.08, 0.1, 0.25]), rng.uniform(0.8, 1.15)
    face = lambda matter, radius, sides, y=-0.07: shape.add(matter, disc((0, y, height), k * radius, sides))  # noqa: E731
    if kind == 0:  # a limit
        face(RED, 0.4, 20), face(WHITE, 0.3, 20, -0.09)
        shape.add(BLACK, box((0, -0.12, height), (0.28 * k, 0.02, 0.22 * k)))
    elif kind == 1:  # stop
        face(RED, 0.42, 8)
        shape.add(WHITE, box((0, -0.1, height), (0.5 * k, 0.02, 0.14 * k)))
    elif kind == 2:  # a warning
        face(YELLOW, 0.5, 4)
        shape.add(BLACK, box((0, -0.1, height), (0.08, 0.02, 0.4 * k)))
    elif kind == 3:  # give way
        face(RED, 0.5, 3), face(WHITE, 0.3, 3, -0.09)
    elif kind == 4:  # a direction
        face(BLUE, 0.4, 20)
        shape.add(WHITE, box((0, -0.1, height), (0.1 * k, 0.02, 0.45 * k)))
    elif kind == 5:  # a name
        shape.add(GREEN if rng.random() < 0.5 else BLUE, box((0, -0.07, height), (1.1 * k, 0.04, 0.3 * k)))
        shape.add(WHITE, box((0, -0.1, height), (0.8 * k, 0.02, 0.1 * k)))
    else:
        shape.add(WHITE, box((0, -0.07, height), (0.62 * k, 0.04, 0.78 * k)))
        shape.add(BLACK, box((0, -0.1, height - 0.05), (0.3 * k, 0.02, 0.35 * k)))
    if rng.random() < 0.3:
        shape.add(WHITE, box((0, -0.07, height - 0.62 * k), (0.5 * k, 0.03, 0.22 * k)))
    return shape


def gantry(low, high, height=5.8):
    """Build a frame over the road from x = low to x = high."""
    shape = Shape()
    for x in (low, high):
        shape.add(STEEL, tube([[x, 0, 0], [x, 0, height + 0.9]], 0.2, 10))
    for z in (height, height + 0.9):
        shape.add(STEEL, tube([[low, 0, z], [high, 0, z]], 0.09, 6))
    x = np.arange(low, high - 1.4, 1.5)
    for k, a in enumerate(x):
        ends = (height, height + 0.9) if k % 2 else (height + 0.9, height)
        shape.add(STEEL, tube([[a, 0, ends[0]], [a + 1.5, 0, ends[1]]], 0.05, 5))
    return shape


def gantry_plates(rng, low, high, height=5.8):
    """Build the plates of a gantry; they face -y."""
    shape, x = Shape(), low + rng.uniform(1, 3)
    while x < high - 3:
        width, tall = rng.uniform(1.3, 2.8), rng.uniform(0.6, 1.2)
        if rng.random() < 0.5:
            centre = np.array((x + width / 2, -0.2, height + 0.45))
            shape.add(GREEN if rng.random() < 0.5 else BLUE, box(centre, (width, 0.1, tall)))
            for z in (-0.25, 0.15):
                line = centre + (rng.uniform(-0.1, 0.1) * width, -0.07, z * tall)
                shape.add(WHITE, box(line, (width * rng.uniform(0.4, 0.7), 0.02, 0.16 * tall)))
        x += width + rng.uniform(0.3, 2)
    return shape


def flag(rng):
    """Build a flag or banner on a tall pole."""
    height = rng.uniform(5, 8)
    shape = Shape().add(STEEL, tube([[0, 0, 0], [0, 0, height]], [0.07, 0.04], 8))
    return shape.add(coloured(rng, 0.8), box((0.5, 0, height - 1.3), (0.9, 0.03, 2.4)))


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
